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
    assert sum(one.count for one in found.prices) == 3 and found.distinct == 3
    alone = overview_of(make_columns([Product(str(n), "Sofa", "Sofas") for n in range(3)]))
    assert (alone.products, alone.distinct, alone.families) == (3, 3, 1)  # of one title, but of no shape


def test_nothing_is_counted_too():
    found = overview_of(make_columns([]))
    assert (found.products, found.families, found.kinds, found.median, found.prices) == (0, 0, (), None, ())


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=50))
def test_every_price_is_in_its_bin(prices):
    bins = histogram(np.array(prices, float))
    assert sum(one.count for one in bins) == len(prices) and 1 <= len(bins) <= BINS
    for one in bins[:-1]:
        assert one.count == sum(one.low - 1e-6 <= price < one.high - 1e-6 for price in prices)
    assert all(
        one.low - 1e-6 <= price <= one.high + 1e-6 for one in bins[-1:] for price in sorted(prices)[-one.count :]
    )
    assert not any(one.is_far for one in bins[:-1]) and bins[-1].count > 0
    if bins[-1].is_far:
        assert bins[-1].high == max(prices) and bins[-1].count <= 0.1 * len(prices) + 1
    assert [one.low for one in bins[1:]] == [one.high for one in bins[:-1]]


@pytest.mark.parametrize("prices, width", [([10.0] * 20, 1.0), ([0.0, 0.0], 1.0), (list(range(1200)), 200.0)])
def test_a_bin_is_of_a_round_width(prices, width):
    assert histogram(np.array(prices, float))[0].high == width


@pytest.mark.parametrize("count", [10, 20, 200])
@pytest.mark.parametrize("far", [1, 2])
def test_what_is_far_dearer_does_not_squeeze_the_others(count, far):
    prices = np.array([*np.linspace(20, 400, count), *[90_000.0, 120_000.0][:far]])
    bins = histogram(prices)
    assert bins[-1].is_far and bins[-1].count == far and bins[-1].high == prices.max()
    assert len(bins) >= 6 and sum(one.count > 0 for one in bins) >= 6
    assert not histogram(prices[:count])[-1].is_far
