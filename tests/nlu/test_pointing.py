"""Which of all that was shown a message points at: by the network's word, by names and looks, by what was asked for."""

import numpy as np
import pytest
from helpers.listening import make_grounding
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.nlu import pointing
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.intent import Intent
from lavic_chat.nlu.pointing import Pointing, units_of, without_neighbours
from lavic_chat.nlu.reading import Reading, Span
from lavic_chat.nlu.shown import Shown
from lavic_chat.training.marked_turns import unmark

ANSWERS = (
    (("brown-sofa", "red-sofa", "armchair"), "something to sit on, in brown"),
    (("red-sofa", "brown-sofa"), "and in red?"),
    (("rug", "plain-rug"), "a thing for the floor"),
    (("lamp", "armchair"), "a lamp for reading"),
)


@pytest.fixture(scope="module")
def finder() -> Pointing:
    return Pointing(make_grounding())


def shown_so(*answers: tuple[tuple[str, ...], str]) -> Shown:
    shown = Shown()
    for items, message in answers:
        shown.add(items, Intent(), message)
    return shown


def find(finder: Pointing, marked: str, answers=ANSWERS, kinds=(), **keys) -> str | None:
    text, spans = unmark(marked)
    read = Reading(**{"act": r.RECALL, "spans": tuple(spans), "which": r.NAMED, **keys})
    return finder.find(read, text, shown_so(*answers), kinds)


@pytest.mark.parametrize(
    ("marked", "item"),
    [
        ("the [ref:red sofa] again", "red-sofa"), ("the [ref:brown] one", "brown-sofa"),
        ("back to [ref:that one], the rug", "rug"), ("my sister prefers the tessa", "rug"),
        ("let me see the one for reading", "lamp"), ("the pico", "lamp"), ("the one for the floor", "rug"),
    ],
)  # fmt: skip
def test_what_is_named_is_found_wherever_it_was_shown(finder, marked, item):
    assert find(finder, marked) == item


def test_words_of_the_message_that_was_answered_point_at_the_answer(finder):
    answers = (("rug",), "a gift for an aunt"), (("lamp",), "a gift for a cousin")
    assert find(finder, "the one for the aunt", answers) == "rug"
    assert find(finder, "the one for the cousin", answers) == "lamp"


def test_what_stands_behind_before_is_the_neighbour(finder):
    assert find(finder, "what you had before the lamp") == "rug"
    assert find(finder, "[ref:the thing] you showed right after the rug") == "lamp"
    assert find(finder, "previous, before i said red", ANSWERS[:2], which=r.PREVIOUS) == "brown-sofa"


def test_a_look_that_only_names_the_neighbour_is_not_wished_for():
    text, spans = unmark("the one before the [wanted:black], in [unwanted:silk]")
    read = Reading(r.RECALL, tuple(spans))
    assert [one.slot for one in without_neighbours(read, text).spans] == [r.UNWANTED]
    asked = Reading(r.REFINE, tuple(spans))
    assert without_neighbours(asked, text) == asked


def test_the_first_is_the_first_that_is_called_so(finder):
    answers = (("rug",), "a rug"), (("lamp",), "a lamp"), (("armchair",), "an armchair"), (("lamp",), "another lamp")
    assert find(finder, "the very first lamp", answers, ("lamp",), which=r.FIRST) == "lamp"
    sofas = (("rug",), "a rug"), (("red-sofa",), "a sofa"), (("blue-sofa",), "no, another")
    assert find(finder, "the very first sofa you showed me", sofas, ("sofa",), which=r.FIRST) == "red-sofa"
    assert find(finder, "the very first thing", sofas, which=r.FIRST) == "rug"


def test_a_place_that_is_said_decides_whatever_else_is(finder):
    assert find(finder, "number two, in [wanted:red]", which=r.LAST, place=2) == "armchair"
    assert find(finder, "the last", which=r.FIRST, place=-1) == "armchair"
    assert find(finder, "the ninth", which=r.FIRST, place=9) is None
    assert find(finder, "number two of the rugs", kinds=("rug",), place=2) == "plain-rug"


def test_the_pick_is_meant_where_no_word_says_more(finder):
    assert find(finder, "that one", which=r.LAST) == "lamp"
    assert find(finder, "the one before", which=r.PREVIOUS) == "rug"
    assert find(finder, "that one", ()) is None
    assert find(finder, "that one", ((("gone",), "what is sold no more"),)) is None


def test_what_is_dismissed_does_not_point(finder):
    assert find(finder, "forget the rug, the lamp", which=r.NAMED) == "lamp"
    assert find(finder, "not the lamp, the rug") == "rug"


def test_a_name_decides_against_a_network_that_doubts(finder):
    shares = dict(zip(r.ANSWERS, (0.6, 0.1, 0.1, 0.2), strict=True))
    ordered = tuple(shares[name] for name in r.ANSWERS)
    assert find(finder, "the rug", which=r.LAST, which_shares=ordered) == "rug"
    assert find(finder, "that one", which=r.LAST, which_shares=ordered) == "lamp"


def test_shares_of_the_network_hold_only_where_nothing_else_was_settled():
    shares = (0.1, 0.2, 0.6, 0.1)
    assert pointing.settled(shares, r.ANSWERS, r.FIRST)[r.PREVIOUS] == 0.2
    assert pointing.settled(shares, r.ANSWERS, r.LAST) == {name: float(name == r.LAST) for name in r.ANSWERS}
    assert pointing.settled((), r.ANSWERS, r.NAMED)[r.NAMED] == 1.0


def test_words_count_the_more_the_surer_they_point():
    text, spans = unmark("mum wants the bear, in [wanted:blue]")
    units = units_of(Reading(r.RECALL, tuple(spans)), text, (), lambda word: True)
    assert units["bear"] == units["blue"] == 1.0 > units["mum"] > 0
    assert units_of(Reading(r.QUESTION, tuple(spans)), text, ("bear",), lambda word: True) == {"bear": 1.0, "blue": 1.0}


@given(
    text=st.text(max_size=60),
    lists=st.lists(st.lists(st.sampled_from(("rug", "lamp", "armchair", "gone")), min_size=1, max_size=4), max_size=4),
    which=st.sampled_from(r.ANSWERS),
    place=st.sampled_from(r.PLACES),
    act=st.sampled_from(r.ACTS),
)
def test_any_message_points_at_what_was_shown_or_at_nothing(text, lists, which, place, act):
    grounding = make_grounding()
    read = Reading(act, (Span(r.REFERENCE, text, 0, len(text)),), which=which, place=place)
    shown = shown_so(*((tuple(items), text) for items in lists))
    found = Pointing(grounding).find(read, text, shown, ())
    assert found is None or found in {item for items in lists for item in items}
    assert np.isclose(sum(pointing.settled((), r.PLACES, place).values()), 1.0)
