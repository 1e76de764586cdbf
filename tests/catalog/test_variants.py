"""What tells variants apart: in a title, on a tile, and never by the shop's own numbers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lavic_chat.catalog.product import Product
from lavic_chat.catalog.variants import (
    attributes_for_people,
    differing,
    sharing_pictures,
    telling_apart,
    variant_title,
    variant_words,
)


def sofa(name: str, **attributes: str) -> Product:
    return Product(
        name, "Aalto Sofa", "Sofas", attributes={"brand": "Aalto", "SKU": f"A-{name}", **attributes}, shape="a"
    )


GREEN, ORANGE, WIDE = (
    sofa("1", Size="180", Color="Green"),
    sofa("2", Size="180", Color="Orange"),
    sofa("3", Size="220", Color="Orange"),
)


def test_bookkeeping_is_not_for_people():
    names = (
        "SKU",
        "Variant SKU",
        "tags",
        "Tags",
        "barcode",
        "vendor_id",
        "GTIN-13",
        "item group id",
        "material",
        "Size",
    )
    product = Product("1", "A", "B", attributes=dict.fromkeys(names, "x") | {"empty": "  "})
    assert list(attributes_for_people(product)) == ["material", "Size"]


@pytest.mark.parametrize(
    ("product", "others", "wanted", "title"),
    [
        (ORANGE, [GREEN, ORANGE], (), "Aalto Sofa in orange"),
        (WIDE, [GREEN, ORANGE, WIDE], (), "Aalto Sofa in orange, 220"),
        (WIDE, [GREEN, ORANGE, WIDE], ("orange",), "Aalto Sofa in orange"),
        (WIDE, [WIDE], ("orange",), "Aalto Sofa"),
        (sofa("4"), [sofa("4"), sofa("5")], ("rust", "velvet"), "Aalto Sofa in rust velvet"),
        (sofa("4"), [sofa("4"), sofa("5")], (), "Aalto Sofa"),
        (sofa("4", fit="Sofa"), [sofa("5", fit="x")], (), "Aalto Sofa"),
        (sofa("4", fit="XL"), [sofa("5", fit="S")], (), "Aalto Sofa in XL"),
    ],
)
def test_a_title_that_is_no_other_variants(product, others, wanted, title):
    assert variant_title(product, others, wanted) == title


def test_which_variant_a_product_is_in_a_few_words():
    assert variant_words(WIDE, [GREEN, ORANGE, WIDE]) == "orange, 220"
    assert variant_words(WIDE, [WIDE]) == "" == variant_words(sofa("4"), [sofa("4"), sofa("5")])
    named = Product("1", "Aalto Sofa green", "Sofas", attributes={"Color": "Green"}, shape="a")
    assert variant_words(named, [named, ORANGE]) == ""


def test_what_shares_a_title_is_told_apart_and_nothing_else_is():
    other = Product("9", "Pico lamp", "Lamps", attributes={"Color": "Black"})
    assert telling_apart([GREEN, WIDE, other]) == {"1": "Green · 180", "3": "Orange · 220", "9": ""}
    assert telling_apart([ORANGE, WIDE]) == {"2": "180", "3": "220"}


VALUES = st.dictionaries(st.sampled_from(["Color", "Size", "sku", "fit"]), st.text(max_size=40), max_size=4)


@settings(deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=4))
def test_what_differs_is_a_value_of_its_own_that_another_has_not(rows):
    products = [Product(str(place), "A", "B", attributes=row) for place, row in enumerate(rows)]
    for product in products:
        for value in differing(product, products):
            names = [name for name, own in product.attributes.items() if own.strip() == value and name != "sku"]
            assert names and any(attributes_for_people(one).get(name) != value for one in products for name in names)


def test_sizes_may_share_a_picture():
    sizes = [sofa("1", colour="red", size="2"), sofa("2", colour="red", Size="3"), sofa("3", colour="red", size="4")]
    shown = {str(number): "one.jpg" for number in range(9)}
    assert sharing_pictures(sizes, shown) == []
    mixed = [*sizes, sofa("4", colour="blue", size="2")]
    assert sharing_pictures(mixed, shown) == mixed
    same = [Product(name, "Aalto Sofa", "Sofas", shape="a") for name in "12"]
    assert sharing_pictures(same, shown) == same  # nothing says what differs
