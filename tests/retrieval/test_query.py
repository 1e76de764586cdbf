"""What is searched by: the newest turn weighs most, what only turns a product down says nothing."""

import numpy as np
import pytest
from helpers.toys import said

from lavic_chat.retrieval.query import make_query, unit


def test_weights_fall_with_age_and_for_others():
    talk = said("sofa").answer("Which colour?").say("green").say("for two")
    query = make_query(talk)
    assert query.texts == ("for two", "green", "Which colour?", "sofa")
    newest, middle, theirs, oldest = query.weights
    assert newest == 1 > middle > oldest > 0 and middle == pytest.approx(0.6) and theirs < oldest


def test_our_own_answers_are_no_wishes():
    talk = said("sofa").answer("My pick is the oak table.", ["p3"]).say("in wool")
    assert make_query(talk).texts == ("in wool", "sofa")


@pytest.mark.parametrize(
    "refusal", ["not that one", "Something else, please.", "no", "too expensive", "a bit cheaper than that, please"]
)
def test_a_bare_refusal_is_no_wish(refusal):
    assert make_query(said("oak table").answer("This?", ["p3"]).say(refusal)).texts == ("oak table",)


def test_a_refusal_with_a_wish_keeps_the_wish():
    talk = said("oak table").answer("This?", ["p3"]).say("something else, a wool rug")
    (newest, *_) = make_query(talk).texts
    assert "wool rug" in newest and "something else" not in newest


def test_a_comparison_of_prices_is_not_searched_for_but_what_stands_beside_it():
    talk = said("oak table").answer("This?", ["p3"]).say("something cheaper, in walnut and round")
    (newest, *_) = make_query(talk).texts
    assert "walnut" in newest and "cheaper" not in newest


def test_a_refusal_with_one_word_of_a_wish_keeps_it():
    talk = said("oak table").answer("This?", ["p3"]).say("something else in red")
    assert "in red" in make_query(talk).texts[0]


def test_a_vector_of_zeros_stays_one():
    assert np.array_equal(unit(np.zeros((2, 3))), np.zeros((2, 3)))
