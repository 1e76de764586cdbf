"""What questions ask, of which products: named ones, two that are compared, several things at once."""

from functools import cache

import pytest
from helpers.listening import PRODUCTS, make_listener
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.acts import settle_act
from lavic_chat.nlu.intent import Limit
from lavic_chat.nlu.questions import asked_in, is_bare, limits_aside
from lavic_chat.nlu.reading import Reading
from lavic_chat.nlu.subjects import place_in
from lavic_chat.training.marked_turns import unmark

SHOWN = ("a sofa", ("red-sofa", "blue-sofa", "brown-sofa")), ("and a rug", ("rug", "plain-rug"))


@pytest.fixture(scope="module")
def shop():
    return make_listener()


def reply(shop, marked: str, asks: str = "", before=SHOWN, **keys):
    """What is answered to a question after some answers, and its intent."""
    listener, tagger = shop
    dialogue = Dialogue()
    for message, items in before:
        dialogue = dialogue.say(tagger.say(message)).answer("words", items)
    said = {"act": "question", **keys}
    dialogue = dialogue.say(tagger.say(marked, **({**said, "asks": asks} if asks else said)))
    intent = listener.read(dialogue)
    return listener.reply(dialogue, intent), intent


@pytest.mark.parametrize(
    ("text", "asks", "found"),
    [
        ("how much is that one, and how tall is it?", "height", ("price", "height")),
        ("how wide and how deep is it", "depth", ("width", "depth")),
        ("and what would that set me back?", "colour", ("price",)),
        ("what does it cost and what is it made of?", "material", ("price", "material")),
        ("how much ground does it take up? i need width and depth", "depth", ("width", "depth")),
        ("left arm to right arm, how much?", "width", ("width", "price")),
        ("from arm to arm?", "width", ("width",)), ("which is the cheapest", "cheapest", ("cheapest",)),
        ("what style is it, it must match the room", "goes_with", ("style",)),
        ("which colour goes with it", "goes_with", ("goes_with",)),
        ("does it come in other colours", "other_colours", ("other_colours",)),
        ("I'm colour-blind, how big is it", "size", ("size",)), ("what sizes does it come in", "size", ("sizes",)),
        ("is it nice", "other", ("other",)),
    ],
)  # fmt: skip
def test_all_that_a_question_asks_is_found(text, asks, found):
    assert asked_in(Reading(r.QUESTION, asks=asks), text) == found


def test_two_things_that_are_asked_at_once_are_both_answered(shop):
    said, _ = reply(shop, "how much is [ref:that one], and how tall is [ref:it]?", "height", SHOWN[:1])
    assert "costs 500." in said and "80 cm high" in said
    assert reply(shop, "its price? the price please", "price", SHOWN[:1])[0].count("costs") == 1


@pytest.mark.parametrize(
    "text", ["price?", "price", "and the price?", "What would I pay for it?", "the dimensions please"]
)
@pytest.mark.parametrize("act", [r.SERVICE, r.REFINE, r.CHATTER])
def test_a_fact_alone_is_a_question_about_the_pick(shop, text, act):
    read = settle_act(Reading(act, compared=frozenset({"price-"})), text, shop[0].reader.kinds, False)
    assert read.act == r.QUESTION and read.asks in ("price", "size") and not read.compared


@pytest.mark.parametrize("text", ["wider", "longer please", "a lower price", "how do I pay", "deliver?", ""])
def test_what_says_more_than_a_fact_is_no_question_about_it(text):
    assert not is_bare(text)


def test_one_that_is_called_by_name_is_asked_about(shop):
    said, intent = reply(shop, "how wide is [ref:the marlo sofa]?", "width")
    assert intent.reference == "blue-sofa" and "260" in said
    assert "300" in reply(shop, "how much is the [title:ostra wing armchair]?", "price")[0]
    assert "300" in reply(shop, "how much is the [title:ostra wing armchair]?", "price", ())[0]


def test_a_thing_that_was_shown_before_is_asked_about(shop):
    said, intent = reply(shop, "what does the sofa cost?", "price")
    assert intent.reference == "red-sofa" and "500" in said


def test_parts_and_things_are_no_names(shop):
    for said in ("how tall are the sides?", "how tall is the thing?", "how tall is the back"):
        assert "Tessa round rug is 2 cm high" in reply(shop, said, "height")[0]


def test_a_thing_that_is_sold_and_was_not_shown_is_asked_about(shop):
    assert "Pico table lamp costs 40." in reply(shop, "how much is the lamp?", "price")[0]
    said, _ = reply(shop, "how much are the rugs?", "price", SHOWN[:1])
    assert "2 rugs here" in said and "90 to 150" in said and "hall rug" in said


@pytest.mark.parametrize(
    ("text", "asks", "said"),
    [
        (
            "which is cheaper, the Marlo sofa or the Ostra armchair?",
            "cheapest",
            "Ostra wing armchair is cheaper: it costs",
        ),
        ("is the first cheaper than the second?", "cheapest", "Tessa hall rug is cheaper"),
        (
            "which of the two is wider",
            "width",
            "Tessa round rug is wider: it is 200 cm, the Bella two-seat sofa 160 cm",
        ),
        ("is the sofa bigger than the rug?", "size", "sofa is bigger: it measures 160 x 80 x 80 cm"),
        ("is number two cheaper?", "cheapest", "Tessa hall rug is cheaper"),
        ("is it taller than the sofa", "height", "Bella two-seat sofa is taller"),
        ("which is taller, the rug or the 2nd?", "height", "There is no difference: The Tessa"),
    ],
)
def test_two_are_compared(shop, text, asks, said):
    assert said in reply(shop, text, asks)[0]


def test_what_is_compared_with_a_number_or_with_nothing_is_a_plain_question(shop):
    assert "200 cm wide" in reply(shop, "is it wider than 90 cm?", "width")[0]
    assert "160 cm wide" in reply(shop, "is it any wider?", "width", SHOWN[:1])[0]


def test_the_sizes_that_a_thing_comes_in_are_told(shop):
    assert "only size" in reply(shop, "what sizes does it come in", "size")[0]


def test_too_dear_for_a_question_is_a_refusal_with_a_limit(shop):
    _, intent = reply(shop, "how much?? it can't be over [price<:two hundred]", "price", SHOWN[:1])
    assert intent.act == r.REJECT and "red-sofa" in intent.excluded and intent.price == Limit("price", most=200)
    said, intent = reply(shop, "how much?? it can't be over [price<:two hundred]", "price")
    assert intent.act == r.QUESTION and "150" in said and intent.price == Limit("price", most=200)
    assert reply(shop, "is it under [price<:two hundred]?", "price", SHOWN[:1])[1].limits == ()


def test_a_limit_beside_a_question_is_kept():
    text, spans = unmark("how wide is it? my gap is [width<:90 cm]")
    assert limits_aside(Reading(r.QUESTION, tuple(spans)), text) == (Limit("width", most=90),)
    text, spans = unmark("does it fit a [width<:90 cm] gap? is it longer than 2 metres?")
    assert limits_aside(Reading(r.QUESTION, tuple(spans)), text) == ()


@pytest.mark.parametrize(
    ("part", "place"),
    [
        ("the first", 1),
        ("number two", 2),
        ("#3", 3),
        ("the 10th one", 10),
        ("the last", -1),
        ("the sofa", 0),
        ("12", 0),
    ],
)
def test_places_are_read(part, place):
    assert place_in(part) == place


@given(text=st.text(min_size=1, max_size=80).filter(str.strip), asks=st.sampled_from(r.ASKS))
def test_any_question_has_an_answer(text, asks):
    listener, tagger = listener_once()
    dialogue = Dialogue().say("a sofa").answer("words", [one.id for one in PRODUCTS[:3]]).say(text)
    tagger.known[dialogue.turns[-1].text] = Reading(r.QUESTION, asks=asks)
    intent = listener.read(dialogue)
    assert intent.wants_pick or listener.reply(dialogue, intent)


@cache
def listener_once():
    """Made when the first example needs it."""
    return make_listener()
