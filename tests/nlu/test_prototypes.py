"""What things are wished for by: nearest means of names and phrases, with or without a learned projection."""

import numpy as np
import pytest
from helpers.toys import WordEncoder
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.nlu.prototypes import Prototypes, mean_prototypes, sum_by_thing, unit
from lavic_chat.nlu.thesaurus import Thesaurus, Thing

TEAPOT, AIRER, SOCKS = range(3)
THINGS = Thesaurus((
    Thing(("teapot",), (), ("keeps brewed leaves hot", "pours hot brew at breakfast")),
    Thing(("clothes airer", "drying rack"), (), ("dries wet socks indoors", "somewhere wet laundry hangs indoors")),
    Thing(("socks",), (), ("wool worn inside boots", "warm knitted tubes for feet")),
))  # fmt: skip
ENCODER = WordEncoder()
PROTOTYPES = mean_prototypes(THINGS, ENCODER)
SOLD = np.array([True, True, False])


def probabilities(*texts: str, is_sold: np.ndarray = SOLD) -> np.ndarray:
    return PROTOTYPES.probabilities(ENCODER.encode(texts), is_sold)


@pytest.mark.parametrize(
    ("said", "thing"),
    [
        ("hot brew for breakfast", TEAPOT), ("the drying rack", AIRER), ("knitted wool for my feet", SOCKS),
        ("where my laundry hangs, wet", AIRER),
    ],
)  # fmt: skip
def test_the_thing_whose_names_or_phrases_it_is_like_is_meant(said, thing):
    found = probabilities(said)
    assert found.argmax() == thing and found[thing] > 0.6 and found.sum() <= 1.0 + 1e-6


def test_what_is_sold_is_rather_meant():
    either = "wet socks"
    nowhere = probabilities(either, is_sold=np.zeros(3, bool))
    assert probabilities(either)[SOCKS] < nowhere[SOCKS] and probabilities(either)[AIRER] > nowhere[AIRER]


def test_what_is_not_meant_is_left_out():
    vectors = ENCODER.encode(["wet socks"])
    without = PROTOTYPES.probabilities(vectors, SOLD, {SOCKS})
    assert without[SOCKS] < 1e-3 and without[AIRER] > probabilities("wet socks")[AIRER]


def test_the_part_that_says_most_counts():
    story = "my cousin visits on Sunday with seven dogs"
    assert probabilities(story).max() == 0.0  # like nothing
    assert probabilities(story, "drying rack") == pytest.approx(probabilities("drying rack"))


def test_nothing_is_like_nothing():
    assert probabilities().tolist() == [0.0] * 3
    empty = mean_prototypes(Thesaurus(()), ENCODER)
    assert empty.probabilities(ENCODER.encode(["sofa"]), np.zeros(0, bool)).shape == (0,)


def test_a_projection_moves_what_is_asked():
    turned = Prototypes(-np.eye(ENCODER.size, dtype=np.float32), PROTOTYPES.names, PROTOTYPES.phrases)
    assert turned.probabilities(ENCODER.encode(["drying rack"]), SOLD).max() == 0.0


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=12))
def test_sums_are_those_of_the_chosen(rows):
    things, chosen = np.array([thing for thing, _ in rows], np.int64), np.array([of for _, of in rows], bool)
    found = sum_by_thing(np.ones((len(rows), 2), np.float32), things, 4, chosen)
    assert found[:, 0].tolist() == [sum(of for thing, of in rows if thing == place) for place in range(4)]


def test_zeros_have_no_direction():
    assert unit(np.array([[0.0, 0.0], [3.0, 4.0]])).tolist() == [[0.0, 0.0], [0.6, 0.8]]
