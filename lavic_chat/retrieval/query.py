"""A dialogue as weighted texts to search by."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lavic_chat.dialogue.turns import SEEKER, Dialogue
from lavic_chat.features.vectors import unit
from lavic_chat.nlu.intent import Intent

AGEING = 0.6  # the weight of a turn against the next newer one
SENTENCE_WEIGHT = 0.2  # of the wish in plain words, beside its messages
OTHERS_WEIGHT = 0.25  # of what the recommender or others said


@dataclass(frozen=True)
class Query:
    """What to search by: texts and their weights."""

    texts: tuple[str, ...]
    weights: tuple[float, ...]

    def blend(self, vectors: np.ndarray) -> np.ndarray:
        """The texts' vectors [n, d] -> one unit vector [d], by the texts' weights."""
        return unit((np.array(self.weights, np.float32)[:, None] * vectors).sum(0))


def make_query(dialogue: Dialogue) -> Query:
    """The messages as they are, the newest weigh most."""
    texts, weights, weight = [], [], 1.0
    for turn in reversed(dialogue.turns):
        text = turn.text
        if not text.strip():
            continue
        if turn.role == SEEKER:
            texts.append(text)
            weights.append(weight)
            weight *= AGEING
        elif not turn.shown:  # our own answers repeat the last pick: they would hold the search there
            texts.append(text)
            weights.append(weight * OTHERS_WEIGHT)
    return Query(tuple(texts), tuple(weights))


def intent_query(intent: Intent, dialogue: Dialogue) -> Query:
    """The messages of a wish, and the wish in plain words; these alone where something is turned down in it, since the
    messages name that, too."""
    if intent.unwanted:
        return Query((intent.sentence,), (1.0,))
    said = make_query(dialogue.since(intent.since))
    weights = (*((1 - SENTENCE_WEIGHT) * weight for weight in said.weights), SENTENCE_WEIGHT)
    return Query((*said.texts, intent.sentence), weights)


def query_text(texts: Sequence[str]) -> str:
    """A conversation's messages, the newest first, as one text."""
    return " / ".join(texts)
