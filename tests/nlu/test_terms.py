"""Terms and postings as arrays say what a loop over lists would."""

import numpy as np
from helpers.toys import WordEncoder
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.nlu.terms import make_lists, make_postings, make_terms, read_postings, read_terms

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
