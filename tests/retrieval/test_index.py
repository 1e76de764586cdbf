"""The exact index leaves items unread only where they cannot be among the nearest."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lavic_chat.catalog import Product
from lavic_chat.catalog.columns import columns_of
from lavic_chat.catalog.filters import Filters
from lavic_chat.features.vectors import unit
from lavic_chat.retrieval import index as index_module
from lavic_chat.retrieval.index import ExactIndex, QueryVectors

CATEGORIES = ("Sofas", "Lamps", "Rugs")
PRICES = st.one_of(st.none(), st.integers(0, 9).map(float))
FILTERS = st.builds(
    Filters, st.frozensets(st.sampled_from(CATEGORIES)), st.sampled_from([None, 0.0, 2.0]), st.sampled_from([None, 6.0])
)


def products_of(prices: list[float | None]) -> tuple[Product, ...]:
    return tuple(
        Product(f"p{row}", "Thing", CATEGORIES[row % 3], price=price, in_stock=(None, True, False, None)[row % 4])
        for row, price in enumerate(prices)
    )


@settings(max_examples=60)
@given(prices=st.lists(PRICES, min_size=1, max_size=60), filters=FILTERS, seed=st.integers(0, 99), k=st.integers(0, 9))
@pytest.mark.parametrize("is_shown", [False, True])
def test_the_same_as_comparing_all(prices, filters, seed, k, is_shown, monkeypatch_first):
    products, rng = products_of(prices), np.random.default_rng(seed)
    text, picture = (unit(rng.normal(size=(len(products), 4)).astype(np.float32)) for _ in range(2))
    bonus = rng.choice([0.0, -0.5, -3.0], len(products))
    asked = unit(rng.normal(size=4).astype(np.float32))
    vectors = QueryVectors(asked, 0.5 * asked if is_shown else None, bonus)
    gone = {"p0", "nobody"}
    expected = text @ asked + bonus + (picture @ (0.5 * asked) if is_shown else 0)
    order = [row for row in np.argsort(-expected, kind="stable") if filters.admits(products[row])]
    found = ExactIndex(products, text, picture).search(vectors, filters, gone, k)
    right = [products[row].id for row in order if products[row].id not in gone][:k]
    assert [hit.similarity for hit in found] == pytest.approx([expected[int(name[1:])] for name in right], abs=1e-5)
    assert len({hit.id for hit in found}) == len(right)


@pytest.fixture(scope="module", autouse=True)
def monkeypatch_first():
    """So few are read first that leaving others out is tried here."""
    patch = pytest.MonkeyPatch()
    patch.setattr(index_module, "FIRST", 3)
    yield
    patch.undo()


@given(prices=st.lists(PRICES, max_size=12), filters=FILTERS)
def test_a_mask_is_the_same_filter(prices, filters):
    products = products_of(prices)
    assert filters.mask(columns_of(products)).tolist() == [filters.admits(one) for one in products]


def test_what_is_out_of_reach_is_not_read():
    class Counted:
        def __init__(self, items):
            self.items, self.read = items, 0

        def __len__(self):
            return len(self.items)

        def __getitem__(self, rows):
            self.read += len(rows)
            return self.items[rows]

    products = [Product(f"p{row}", "Thing", "Rugs") for row in range(3000)]
    text = Counted(unit(np.random.default_rng(0).normal(size=(3000, 4)).astype(np.float32)))
    bonus = np.where(np.arange(3000) < 40, 0.0, -4.0)
    found = ExactIndex(products, text, np.zeros((3000, 1))).search(
        QueryVectors(np.array([1.0, 0, 0, 0], np.float32), bonus=bonus), Filters(), (), 5
    )
    assert text.read < 200 and all(int(hit.id[1:]) < 40 for hit in found)


@settings(max_examples=60)
@given(bad=st.sets(st.integers(0, 39)), seed=st.integers(0, 99), k=st.integers(1, 9))
@pytest.mark.parametrize("what", [np.nan, np.inf, -np.inf])
def test_items_whose_vectors_are_no_numbers_are_not_found(bad, seed, k, what, monkeypatch_first):
    products, rng = products_of([1.0] * 40), np.random.default_rng(seed)
    text = unit(rng.normal(size=(40, 4)))
    asked = QueryVectors(text[0].copy(), None, rng.choice([0.0, -0.5], 40))
    expected = ExactIndex(products, text, text).search(asked, Filters(), {f"p{row}" for row in bad}, k)
    text[list(bad)] = what
    found = ExactIndex(products, text, text).search(asked, Filters(), (), k)
    assert [hit.id for hit in found] == [hit.id for hit in expected]
    assert [hit.similarity for hit in found] == pytest.approx([hit.similarity for hit in expected])
