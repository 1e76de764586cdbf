"""What a message's own words leave no doubt of: refusals in few words, a facet that is blamed, other colours."""

import pytest
from helpers.listening import make_grounding

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.acts import facet_blamed, settle_act
from lavic_chat.nlu.kinds import Kinds
from lavic_chat.nlu.reading import Reading, Span


@pytest.fixture(scope="module")
def kinds() -> Kinds:
    return Kinds(make_grounding())


@pytest.mark.parametrize(
    "text",
    [
        "nope",
        "nor that. third time lucky?",
        "no no no",
        "nope again",
        "cos that's not it",
        "that is not the one",
        "he says no again",
    ],
)
def test_a_refusal_in_few_words_is_no_small_talk(kinds, text):
    assert settle_act(Reading(r.CHATTER), text, kinds, False).act == r.REJECT


@pytest.mark.parametrize("text", ["thanks, that's it", "no worries", "no thanks, I am done", "is that not lovely"])
def test_small_talk_stays_small_talk(kinds, text):
    assert settle_act(Reading(r.CHATTER), text, kinds, False).act == r.CHATTER


@pytest.mark.parametrize(
    ("text", "facet"),
    [("That colour is for the young", "colour"), ("not that pattern", "pattern"), ("that style?", "style"), ("no", "")],
)
def test_what_a_refusal_blames_shall_be_another(kinds, text, facet):
    assert facet_blamed(text) == facet
    assert settle_act(Reading(r.REJECT), text, kinds, False).other == ({facet} if facet else set())


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("do those get made in any other colours too?", r.QUESTION),
        ("does it come in a different shade?", r.QUESTION),
        ("I want other colours", r.REFINE),
        ("the same in another colour", r.REFINE),
    ],
)
def test_whether_there_are_other_colours_is_a_question(kinds, text, act):
    assert settle_act(Reading(r.REFINE, compared=frozenset({"pattern+"})), text, kinds, False).act == act


@pytest.mark.parametrize("text", ["give us all three measurements", "the dimensions please", "how big is it"])
def test_measurements_are_asked_for(kinds, text):
    read = settle_act(Reading(r.REFINE), text, kinds, False)
    assert (read.act, read.asks) == (r.QUESTION, "size")
    assert settle_act(Reading(r.REFINE, spans=(Span(r.KIND, "sofa", 0, 4),)), text, kinds, False).act == r.REFINE


def slots(kinds: Kinds, text: str, spans: tuple[Span, ...]) -> list[str]:
    return [one.slot for one in kinds.with_appearance(Reading(spans=spans), text).spans]


def test_what_stands_before_one_is_a_look_unless_it_is_sold(kinds):
    assert slots(kinds, "a sliding-door one", (Span(r.KIND, "sliding-door", 2, 14),)) == [r.WANTED]
    assert slots(kinds, "a sofa one", (Span(r.KIND, "sofa", 2, 6),)) == [r.KIND]


def test_a_look_right_before_a_thing_is_no_second_thing(kinds):
    spans = Span(r.KIND, "yellow", 0, 6), Span(r.KIND, "sofa", 7, 11)
    assert slots(kinds, "yellow sofa", spans) == [r.WANTED, r.KIND]
    apart = Span(r.KIND, "yellow", 0, 6), Span(r.KIND, "sofa", 17, 21)
    assert slots(kinds, "yellow, such as a sofa", apart) == [r.WANTED, r.KIND]
    things = Span(r.KIND, "lamp", 0, 4), Span(r.KIND, "sofa", 5, 9)
    assert slots(kinds, "lamp sofa", things) == [r.KIND, r.KIND]


@pytest.mark.parametrize("text", ["material: lacquer", "velvet", "in turquoise"])
def test_a_look_that_nothing_is_called_by_is_no_thing(kinds, text):
    word = text.split()[-1]
    start = text.index(word)
    assert slots(kinds, text, (Span(r.KIND, word, start, len(text)),)) == [r.WANTED]


def test_a_broad_name_is_bare_of_looks(kinds):
    whole = Span(r.KIND, "plum floor covering", 0, 19)
    assert kinds.bare(whole).text == "floor covering"
    for text in ("seating", "plum zzyzx", "red"):
        assert kinds.bare(Span(r.KIND, text, 0, len(text))).text == text


@pytest.mark.parametrize(("text", "facet"), [("can't stand the colour", "colour"), ("the colour is fine", "")])
def test_a_facet_that_is_disliked_is_blamed(kinds, text, facet):
    assert facet_blamed(text) == facet
    assert settle_act(Reading(r.REFINE), text, kinds, False).act == (r.REJECT if facet else r.REFINE)


@pytest.mark.parametrize(
    ("text", "act", "opens", "settled"),
    [
        ("no, and no plastic ones", r.REFINE, False, r.REJECT),
        ("no plastic ones", r.REFINE, False, r.REFINE),
        ("sofa", r.SERVICE, True, r.ASK),
        ("sofa", r.SERVICE, False, r.SERVICE),
        ("pop the rug back up, would you", r.CHATTER, False, r.RECALL),
        ("the red sofa", r.REFINE, True, r.ASK),
        ("no", r.REJECT, True, r.CHATTER),
        ("anything for my cat?", r.REJECT, False, r.ASK),
        ("how much?! for a rug? come on. cheaper.", r.QUESTION, False, r.REFINE),
        ("which is cheaper?", r.QUESTION, False, r.QUESTION),
        ("ソファをください", r.CHATTER, True, r.OTHER_LANGUAGE),
    ],
)
def test_what_an_act_settles_to(kinds, text, act, opens, settled):
    assert settle_act(Reading(act), text, kinds, opens).act == settled


def test_small_talk_that_names_a_thing_is_a_wish_at_the_start(kinds):
    text = "morning! my mum has set her heart on a rug"
    read = Reading(r.CHATTER, spans=(Span(r.KIND, "rug", len(text) - 3, len(text), sure=0.6),))
    assert settle_act(read, text, kinds, True).act == r.ASK
    assert settle_act(read, text, kinds, False).act == r.CHATTER
