"""A catalogue in figures: every product counted once, prices in round bins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.catalog import Product
from lavic_chat.catalog.columns import make_columns
from lavic_chat.catalog.overview import BINS, histogram, overview_of


def test_all_is_counted():
    products = [
        Product(
            str(n), "Sofa", "Sofas" if n else "Lamps", price=None if n > 2 else 10.0 * n, in_stock=n != 1, shape=shape
        )
        for n, shape in enumerate("aabbc")
    ]
    found = overview_of(make_columns(products))
    assert (found.products, found.families, found.priced, found.out_of_stock) == (5, 3, 3, 1)
    assert found.kinds == (("Sofas", 4), ("Lamps", 1)) and found.median == 10.0
    assert sum(one.count for one in found.prices) == 3


def test_nothing_is_counted_too():
    found = overview_of(make_columns([]))
    assert (found.products, found.families, found.kinds, found.median, found.prices) == (0, 0, (), None, ())


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=50))
def test_every_price_is_in_its_bin(prices):
    bins = histogram(np.array(prices, float))
    assert sum(one.count for one in bins) == len(prices) and 1 <= len(bins) <= BINS
    for one in bins[:-1]:
        assert one.count == sum(one.low - 1e-6 <= price < one.high - 1e-6 for price in prices)
    assert [one.low for one in bins[1:]] == [one.high for one in bins[:-1]]


@pytest.mark.parametrize("prices, width", [([10.0] * 20, 1.0), ([0.0, 0.0], 1.0), (list(range(1200)), 200.0)])
def test_a_bin_is_of_a_round_width(prices, width):
    assert histogram(np.array(prices, float))[0].high == width
