"""What questions ask, of which products: named ones, two that are compared, several things at once."""

import re
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


def test_the_shops_own_pick_is_what_it_likes_best(shop):
    said, _ = reply(shop, "which one do you like best?", "dearest", SHOWN[:1])
    assert "my pick, the Bella two-seat sofa: 500, 160 x 80 x 80 cm" in said and "scarlet" in said
    said, intent = reply(shop, "which rug would you recommend?", "count", SHOWN[:1])
    assert intent.act == r.ASK and intent.kinds == ("rug",)


def test_two_are_told_apart_by_what_differs(shop):
    said, _ = reply(shop, "what's the difference between the first and the second?", "price", SHOWN[:1])
    assert "Bella two-seat sofa costs 500, measures 160 x 80 x 80 cm" in said
    assert "Marlo corner sofa costs 1,200" in said and "striped" in said
    said, _ = reply(shop, "compare the first and the third", before=SHOWN[:1])
    assert said == (
        "Both are the Bella two-seat sofa: the one costs 500 and is red (scarlet) velvet in the picture; the other "
        "costs 800 and is brown (cognac) leather in the picture. Each measures 160 x 80 x 80 cm."
    )
    said, _ = reply(shop, "what's the difference in price between the first and the second?", before=SHOWN[:1])
    assert "cm" not in said and "500" in said and "1,200" in said


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("is it the same colour as the sofa?", "Nearly: the Tessa round rug is red (burgundy)"),
        ("does it match the second one?", "No: the Tessa round rug is red (burgundy)"),
        ("is it the same height as the second?", "Yes: the Tessa round rug is 2 cm high"),
        ("is it the same material as the second?", "Yes: the Tessa round rug"),
        ("is it the same pattern as the second?", "No: the Tessa round rug"),
    ],
)  # fmt: skip
def test_two_are_compared_in_a_facet(shop, text, begins):
    assert reply(shop, text, "other_colours")[0].startswith(begins)


def test_those_shown_are_gone_through(shop):
    said, intent = reply(shop, "which of them is made of leather?", "material", SHOWN[:1])
    assert intent.subjects == ("brown-sofa",) and said.startswith(
        "1 of the 3 shown, as far as I can see in the pictures"
    )
    assert "No. 3, the Bella two-seat sofa (brown (cognac) leather)" in said
    assert reply(shop, "which of them are not red?", "colour", SHOWN[:1])[1].subjects == ("blue-sofa", "brown-sofa")
    assert reply(shop, "which ones are under [price<:600]?", "cheapest", SHOWN[:1])[1].subjects == ("red-sofa",)
    assert reply(shop, "which ones are under 600?", "cheapest", SHOWN[:1])[1].subjects == ("red-sofa",)
    assert reply(shop, "which of them are green?", "colour", SHOWN[:1])[0].startswith("None of the 3 shown")


def test_what_nobody_sees_of_those_shown_is_said_so(shop):
    assert "I do not know of those shown" in reply(shop, "which of these have armrests?", "count", SHOWN[:1])[0]


@pytest.mark.parametrize(
    ("text", "asks", "said"),
    [
        ("which one is most popular?", "biggest", "That I do not know of those shown"),
        ("which would suit a small hall best?", "biggest", "I would take my pick, the Bella"),
        ("which one costs the most?", "dearest", "it is the Marlo corner sofa"),
    ],
)
def test_an_extreme_needs_a_word_for_it(shop, text, asks, said):
    assert said in reply(shop, text, asks, SHOWN[:1])[0]


def test_all_of_them_have_the_same_or_not(shop):
    assert reply(shop, "are they all the same price?", "price", SHOWN[:1])[0] == "No: from 500 to 1,200."
    assert reply(shop, "are they all the same height?", "height", SHOWN[:1])[0] == "Yes: 80 cm each."


def test_the_first_three_are_told_apart(shop):
    said, intent = reply(shop, "compare the first three", before=SHOWN[:1])
    assert len(intent.subjects) == 3 and "scarlet" in said and "navy" in said and "cognac" in said


def test_the_range_of_prices_is_that_of_the_kind(shop):
    assert "500 to 1,200" in reply(shop, "what is the price range?", "cheapest", (("a [kind:sofa]", SHOWN[0][1]),))[0]


def test_those_shown_are_ordered_by_lightness(shop):
    said, _ = reply(shop, "which are the lightest in colour?", "tallest", SHOWN[:1])
    assert "is No. 3, the Bella two-seat sofa (brown (cognac) leather); then No. 1, the Bella" in said
    assert "is No. 2, the Marlo corner sofa" in reply(shop, "which is the darkest?", "smallest", SHOWN[:1])[0]


def test_what_things_of_a_kind_cost_is_a_range_even_where_some_were_shown(shop):
    said, intent = reply(shop, "what do [kind:rugs] cost?", act="ask")
    assert intent.act == r.QUESTION and "2 rugs here, which cost 90 to 150" in said and said.endswith("show you some?")


def test_the_kind_that_is_asked_about_is_counted(shop):
    said, intent = reply(shop, "how many rugs do you have?", "count", SHOWN[:1])
    assert said == "There are 2 rugs here. Shall I show you some?" and intent.kinds == ("rugs",)
    assert "1 of them blue in the pictures" in reply(shop, "how many blue sofas do you have?", "count", SHOWN[:1])[0]


@pytest.mark.parametrize("yes", ["yes please", "show me some", "sure"])
def test_a_yes_to_the_shops_own_question_is_done(shop, yes):
    listener, tagger = shop
    dialogue = Dialogue().say(tagger.say("a [kind:sofa]")).answer("words", ("red-sofa", "blue-sofa"))
    dialogue = dialogue.say(tagger.say("how much do rugs cost?", act="question", asks="price")).answer("Shall I?")
    intent = listener.read(dialogue.say(tagger.say(yes, act="small_talk")))
    assert intent.wants_pick and intent.kinds == ("rugs",)
    dialogue = dialogue.say(tagger.say("how wide is it?", act="question", asks="width")).answer("160")
    assert not listener.read(dialogue.say(tagger.say(yes, act="small_talk"))).wants_pick


def test_a_sum_is_made_of_what_was_shown_and_else_of_the_cheapest(shop):
    said, _ = reply(shop, "what's the total price for the sofa and two rugs?", "price", SHOWN[:1])
    assert said.startswith("Together from 680: the Bella two-seat sofa, at 500 and 2 of the Tessa hall rug, at 90 each")
    assert said.endswith(", the cheapest rugs here.")
    assert reply(shop, "how much for 3?", "price", SHOWN[:1])[0].startswith("Together 1,500: 3 of the Bella")
    assert reply(shop, "how much are the first two together?", "price", SHOWN[:1])[0].startswith("Together 1,700")
    said, _ = reply(shop, "what's the total for a rug and a lawnmower?", "price", SHOWN[:1])
    assert said.startswith("I have found no lawnmower here.")


def test_questions_to_the_shop_are_answered(shop):
    assert "programme" in reply(shop, "are you a robot?", act="small_talk")[0]
    assert "7 products here: Home (7)" in reply(shop, "what do you sell?", "other", ())[0]
    _, intent = reply(shop, "what do you have in blue?", "other", ())
    assert intent.act == r.ASK and intent.wanted == ("blue",) and not intent.kinds
    _, intent = reply(shop, "blue sofas, what do you have", "other", ())
    assert intent.act == r.ASK and intent.wanted == ("blue",) and intent.kinds
    _, intent = reply(shop, "what else is made of leather?", "material", SHOWN[:1])
    assert intent.act == r.ASK and intent.wanted == ("leather",) and "red-sofa" in intent.excluded


WORDS = re.findall(
    r"\S+",
    "which what how much many of them these is are the a same colour as sofa rug first second two made wood red not in "
    "stock difference between total for and cost do you like best have lightest else 600 under 3 ? , yes",
)


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=9), st.sampled_from(r.ASKS), st.booleans())
def test_every_question_has_an_answer(words, asks, opens):
    listener, tagger = whole_shop()
    said, intent = reply((listener, tagger), " ".join(words), asks, () if opens else SHOWN)
    assert intent.wants_pick or (said[-1] in ".!?" and "nan" not in said and "None" not in said.replace("None of", ""))
    assert all(item in listener.grounding.row for item in intent.subjects)


@cache
def whole_shop():
    return make_listener()
