"""One intent a turn: the act, the kinds, what is wanted, the limits, what is spoken of."""

from dataclasses import fields
from pathlib import Path

import pytest
from helpers.toys import said
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.catalog import Catalog, Product
from lavic_chat.catalog.filters import NO_LIMITS, PriceRange
from lavic_chat.dialogue import OTHER, Dialogue, Turn
from lavic_chat.nlu.intent import ACCEPT, ASK, REFINE, REJECT, Intent, IntentReader, searchable_text

LAMP = Product("l", "Beacon table lamp", "Lamps", attributes={"type": "table lamp"}, price=80.0)
SOFA = Product("s", "Harbour sofa", "Sofas", attributes={"type": "sofa"}, price=500.0)
READER = IntentReader(Catalog(Path("nowhere"), (LAMP, SOFA)), ["black metal", "red velvet"])
SHOWN = said("a lamp under $100").answer("This one.", ["l", "s"])


def test_a_first_wish_is_asked_for():
    intent = READER.read(said("a red lamp under $100"))
    assert intent == Intent(ASK, frozenset({"lamp"}), frozenset({"red"}), limits=PriceRange(highest=100.0))


@pytest.mark.parametrize(
    ("text", "act", "reference"),
    [
        ("the same in red", REFINE, LAMP),
        ("I love it, I take it", ACCEPT, LAMP),
        ("not that one", REJECT, None),
        ("now a sofa", ASK, None),
    ],
)
def test_what_a_message_does_with_the_pick(text, act, reference):
    intent = READER.read(SHOWN.say(text))
    assert (intent.act, intent.reference) == (act, reference)


def test_limits_and_kinds_stay_until_another_thing_is_asked_for():
    kept, afresh = READER.read(SHOWN.say("the same in red")), READER.read(SHOWN.say("now a sofa"))
    assert kept.limits == PriceRange(highest=100.0) and kept.kinds == {"lamp"} and kept.wanted == {"red"}
    assert afresh.limits == NO_LIMITS and afresh.kinds == {"sofa"}


def test_cheaper_is_than_the_pick():
    assert READER.read(SHOWN.say("something cheaper")).limits == PriceRange(highest=79.99)


def test_a_product_is_of_a_kind_by_title_or_type():
    lamps = Intent(kinds=frozenset({"lamp"}))
    assert lamps.is_of_kind(LAMP) and not lamps.is_of_kind(SOFA) and Intent().is_of_kind(SOFA)


@pytest.mark.parametrize("dialogue", [Dialogue(), Dialogue((Turn(OTHER, "Hello!"),))])
def test_where_nobody_asked_nothing_is_understood(dialogue):
    assert READER.read(dialogue) == Intent()


@given(st.lists(st.text(max_size=40), max_size=4))
def test_any_words_give_an_intent(messages):
    dialogue = Dialogue()
    for text in messages:
        if text.strip():
            dialogue = Dialogue((*dialogue.turns, Turn("seeker", text))).answer("This?", ["l"])
    intent = READER.read(dialogue)
    assert {item.name for item in fields(intent)} >= {"act", "kinds", "wanted", "unwanted", "limits", "reference"}
    assert intent.wanted <= READER.appearance and intent.kinds <= READER.kinds


@pytest.mark.parametrize(
    ("text", "rest"),
    [("not that one, please", ""), ("too expensive", ""), ("a sofa", "a sofa"), ("something else in red", "  in red")],
)
def test_what_is_searched_for_of_a_message(text, rest):
    assert searchable_text(text).strip() == rest.strip()
