"""A small shop that is talked to in marked messages."""

import numpy as np
import pytest
from helpers.listening import PRODUCTS, make_listener

from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.nlu.intent import Intent


@pytest.fixture(scope="module")
def shop():
    return make_listener()


@pytest.fixture
def ask(shop):
    """Plays marked messages, each answered by the best product, and gives the last intent with its best products."""
    listener, tagger = shop

    def play(*messages):
        dialogue, intent, ranked = Dialogue(), Intent(), []
        for message in messages:
            text, keys = message if isinstance(message, tuple) else (message, {})
            dialogue = dialogue.say(tagger.say(text, **keys))
            intent = listener.read(dialogue)
            weights = listener.weigh(listener.conditions(intent))
            gone = intent.excluded | dialogue.rejected
            ranked = [PRODUCTS[row].id for row in np.argsort(-weights, kind="stable") if PRODUCTS[row].id not in gone]
            if intent.reference:
                ranked = [intent.reference, *(item for item in ranked if item != intent.reference)]
            shown = ranked if intent.wants_pick else []
            dialogue = dialogue.answer("words", shown)
        return intent, ranked

    return play
