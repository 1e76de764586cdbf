"""Filters: what they admit, what cannot be asked of them, and that search keeps to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.catalog import Product
from lavic_chat.catalog.filters import NO_FILTERS, Filters, categories_of, check_categories, read_price
from lavic_chat.errors import CatalogError

PRICES = st.none() | st.floats(0, 1e6)


@given(PRICES, PRICES, PRICES)
def test_prices_lie_between_their_limits(price, lowest, highest):
    if lowest is not None and highest is not None and lowest > highest:
        with pytest.raises(CatalogError, match="swap them"):
            Filters(frozenset(), lowest, highest)
        return
    admitted = Filters(frozenset(), lowest, highest).admits(Product("a", "A", "Sofas", price=price))
    if lowest is None and highest is None:
        assert admitted
    elif price is None:
        assert not admitted
    else:
        assert admitted == ((lowest is None or price >= lowest) and (highest is None or price <= highest))


@pytest.mark.parametrize("price", [-1, float("nan"), float("inf")])
def test_a_limit_is_a_number_from_zero_on(price):
    with pytest.raises(CatalogError, match="from 0 on"):
        Filters(highest=price)


def test_prices_are_read_as_people_write_them():
    assert [read_price(text) for text in ("", None, " ", "1,200", "$49.90", "€ 0")] == [None, None, None, 1200, 49.9, 0]
    for text in ("cheap", "10-20", "1e"):
        with pytest.raises(CatalogError, match=r"such as 49\.90"):
            read_price(text)


def test_any_of_the_categories_will_do(tiny_catalog):
    filters = Filters(frozenset({"Sofas", "Lamps"}), highest=100)
    assert {product.category for product in tiny_catalog if filters.admits(product)} == {"Lamps"}
    assert filters and not NO_FILTERS and all(map(NO_FILTERS.admits, tiny_catalog))


def test_categories_are_known_by_name(tiny_catalog):
    assert categories_of([*tiny_catalog, Product("x", "X", "Lamps")]) == ["Lamps", "Armchairs", "Sofas"]
    check_categories(["Sofas"], tiny_catalog)
    with pytest.raises(CatalogError, match="no category 'sofas'; choose among Armchairs, Lamps, Sofas"):
        check_categories(["sofas"], tiny_catalog)


def test_what_is_out_of_stock_stays_out():
    stock = [Product(str(known), "A", "Sofas", in_stock=known) for known in (True, False, None)]
    assert [NO_FILTERS.admits(product) for product in stock] == [True, False, True]
