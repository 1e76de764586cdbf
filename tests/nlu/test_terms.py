"""Terms and postings as arrays say what a loop over lists would."""

import numpy as np
from helpers.toys import WordEncoder
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.nlu.terms import (
    TOGETHER,
    make_lists,
    make_postings,
    make_terms,
    nearest,
    read_lists,
    read_postings,
    read_terms,
    remember_sparse,
)

WORDS = st.lists(st.sampled_from(["red", "oak", "sofa", "arm", "lamp", "velvet"]), max_size=5)
PRODUCTS = st.lists(WORDS.map(lambda words: list(dict.fromkeys(words))), min_size=1, max_size=8)


@given(products=PRODUCTS, data=st.data())
def test_the_best_and_the_last_of_each_product(products, data):
    terms = make_terms(products, WordEncoder())
    numbers = st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=len(terms.terms), max_size=len(terms.terms))
    scores = np.array(data.draw(numbers))
    by_term = dict(zip(terms.terms, scores, strict=True))
    assert terms.best(scores).tolist() == [max((by_term[term] for term in one), default=0.0) for one in products]
    assert terms.last(scores).tolist() == [by_term[one[-1]] if one else 1.0 for one in products]
    again = read_terms(terms.arrays("seen"), "seen")
    assert tuple(again.terms) == terms.terms and again.best(scores).tolist() == terms.best(scores).tolist()


@given(rows=st.lists(WORDS, min_size=1, max_size=8), asked=WORDS)
def test_names_are_called_as_their_words_say(rows, asked):
    made = make_postings(rows)
    for found in (made, read_postings(made.arrays("name"), "name")):
        assert found.having(asked).tolist() == [len(set(asked) & set(row)) for row in rows]
        called = [asked[-1:] == row[-1:] and set(asked) <= set(row) for row in rows]
        assert found.called(asked).tolist() == called
        assert found.equal(asked).tolist() == [set(asked) == set(row) for row in rows]


@given(rows=st.lists(st.lists(st.integers(0, 6), unique=True), max_size=8))
def test_lists_turned_round(rows):
    lists = make_lists(rows)
    turned = lists.inverted(7)
    assert [turned[number].tolist() for number in range(7)] == [
        [place for place, row in enumerate(rows) if number in row] for number in range(7)
    ]
    assert lists.of(range(len(rows))).tolist() == [number for row in rows for number in row]


@given(st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=8), st.data())
def test_the_members_of_several_lists_are_those_of_each_behind_the_other(rows, data):
    lists = make_lists(rows)
    lists = read_lists(lists.arrays("x"), "x")
    places = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=6)) if rows else []
    assert lists.of(places).tolist() == [member for place in places for member in rows[place]]
    assert lists.of(np.array(places, np.int32)).dtype == lists.members.dtype


def test_the_nearest_are_to_the_bit_those_of_all_rows_at_once(tmp_path):
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((2 * TOGETHER + 7, 24), np.float32)
    queries = rng.standard_normal((3, 24), np.float32)
    np.save(tmp_path / "v.npy", vectors)
    expected = np.max([np.einsum("ij,j->i", vectors, query) for query in queries], 0)
    for given_ in (vectors, np.load(tmp_path / "v.npy", mmap_mode="r")):
        found = nearest(given_, queries)
        assert np.array_equal(found, expected) and found.dtype == np.float32 and type(found) is np.ndarray
    assert len(nearest(vectors[:0], queries)) == 0


def test_answers_are_remembered_as_they_were_and_cannot_be_changed():
    called = []

    def call(said: str) -> np.ndarray:
        called.append(said)
        return np.array([0.0, 0.25, 0.0, len(said)])

    remembered = remember_sparse(call, 4)
    first = remembered("red")
    first[:] = 9
    assert remembered("red").tolist() == [0.0, 0.25, 0.0, 3.0] and remembered("green").tolist()[3] == 5.0
    assert called == ["red", "green"]
