"""What is searched by: the wish in plain words; where none was understood the messages, the newest weigh most."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.toys import said

from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.features.vectors import unit
from lavic_chat.nlu.intent import Appearance, Intent
from lavic_chat.retrieval.query import Query, intent_query, make_query


def test_weights_fall_with_age_and_for_others():
    talk = said("sofa").answer("Which colour?").say("green").say("for two")
    query = make_query(talk)
    assert query.texts == ("for two", "green", "Which colour?", "sofa")
    newest, middle, theirs, oldest = query.weights
    assert newest == 1 > middle > oldest > 0 and middle == pytest.approx(0.6) and theirs < oldest


def test_our_own_answers_are_no_wishes():
    talk = said("sofa").answer("My pick is the oak table.", ["p3"]).say("in wool")
    assert make_query(talk).texts == ("in wool", "sofa")


def test_messages_are_searched_for_as_they_are():
    talk = said("oak table").answer("This?", ["p3"]).say("something cheaper, in walnut")
    assert make_query(talk).texts == ("something cheaper, in walnut", "oak table")
    assert make_query(Dialogue().say("", "p.jpg")).texts == ()  # a photo alone


RED_SOFA = Intent(kinds=("sofa",), appearance=(Appearance("red", "colour"),))


def test_a_wish_is_searched_for_in_its_messages_and_beside_them_in_plain_words():
    talk = said("hello", "a red sofa to match my rug").answer("This?", ["p3"]).say("cheaper")
    query = intent_query(replace(RED_SOFA, since=1), talk)
    assert query.texts == ("cheaper", "a red sofa to match my rug", "red sofa")
    assert query.weights[0] > query.weights[1] > query.weights[2] > 0
    assert "hello" in intent_query(RED_SOFA, talk).texts


def test_what_is_turned_down_is_not_searched_for():
    intent = replace(RED_SOFA, appearance=(*RED_SOFA.appearance, Appearance("leather", "material", True)))
    query = intent_query(intent, said("a red sofa, no leather"))
    assert query.texts == ("red sofa",)
    assert intent_query(RED_SOFA, Dialogue().say("", "p.jpg")).texts == ("red sofa",)


def test_texts_are_blended_by_their_weights():
    blended = Query(("a", "b"), (1.0, 0.5)).blend(np.eye(2, dtype=np.float32))
    assert blended == pytest.approx(np.array([2, 1]) / np.sqrt(5))


def test_a_vector_of_zeros_stays_one():
    assert np.array_equal(unit(np.zeros((2, 3))), np.zeros((2, 3)))
