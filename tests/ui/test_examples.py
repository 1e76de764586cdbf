"""The greeting's requests are of things that the catalogue has in stock, in looks that are seen there."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.catalog import Catalog, Product, load_catalog
from lavic_chat.catalog.live import LiveCatalog
from lavic_chat.ui.examples import OF_A_HOME, examples_of, request, thing_name
from lavic_chat.ui.links import Links
from lavic_chat.ui.markup import conversation, header
from lavic_chat.ui.session import Session

ROOT = Path(__file__).resolve().parent.parent.parent


def catalog_of(*rows: tuple) -> Catalog:
    """(title, category, colour, in stock), one a product."""
    products = (
        Product(f"p{place}", title, category, attributes={"Colour": colour} if colour else {}, in_stock=in_stock)
        for place, (title, category, colour, in_stock) in enumerate(rows)
    )
    return Catalog(Path("nowhere"), tuple(products))


def test_the_home_catalogue_has_its_own():
    assert examples_of(load_catalog(ROOT / "catalog")) == OF_A_HOME


def test_the_largest_kinds_in_looks_that_are_in_stock():
    catalog = catalog_of(
        *[("Tessa", "Home > Rugs", "Beige", True)] * 4, *[("Tessa", "Home > Rugs", "Red", False)] * 6,
        *[("Aalto Sofa", "Sofas and armchairs", "Beige", None)] * 2,
        ("Bella Sofa", "Sofas and armchairs", "Dark Green", True),
        *[("Pico", "Lighting", "", True)] * 2, ("Vase", "Vases", "Blue", True), *[("Pot", "Pots", "Blue", False)] * 9,
    )  # fmt: skip
    assert examples_of(catalog) == ("A rug in beige", "A sofa in dark green", "Lighting")


def test_a_shop_of_one_kind_has_several_looks_and_an_empty_one_no_requests():
    shoes = catalog_of(
        *[("A", "Shoes", "Black", True)] * 2, ("B", "Shoes", "White / Red", True), ("C", "Shoes", "Multi", True)
    )
    assert examples_of(shoes) == ("Shoes in black", "Shoes in white")
    empty = Links(catalog_of(), "m", "cpu")
    assert empty.examples == () and "examples" not in conversation(Session(), empty)


@pytest.mark.parametrize(
    ("product", "name"),
    [
        (Product("1", "Oslo", "Seating", attributes={"Product Type": "Dining Tables"}), "dining table"),
        (Product("1", "Oslo armchair", "Sofas & armchairs"), "armchair"),
        (Product("1", "Oslo", "Sofas & armchairs"), ""),
        (Product("1", "Oslo", "Category 17"), ""),
        (Product("1", "Oslo", ""), ""),
    ],
)
def test_a_thing_is_named_by_its_type_or_category(product: Product, name: str):
    assert thing_name(product) == name


def test_a_request_has_the_article_that_it_needs():
    assert request("armchair", "blue") == "An armchair in blue" and request("jeans", "") == "Jeans"


def test_another_catalogue_brings_other_requests_and_is_no_home_shop():
    live = LiveCatalog(catalog_of(("Tessa", "Rugs", "Beige", True)))
    links = Links(live, "m", "cpu")
    assert links.examples == ("A rug in beige",) == links.examples
    live.take(catalog_of(("Pico", "Lamps", "Red", True)))
    assert links.examples == ("A lamp in red",) and "A lamp in red" in conversation(Session(), links)
    assert "home shop" not in header(links) and "A shop assistant" in header(links)


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=40), st.text(max_size=40), st.booleans()), max_size=6))
def test_any_catalogue_has_at_most_three_that_are_short(rows):
    found = examples_of(catalog_of(*rows))
    assert len(found) <= 3 and len(set(found)) == len(found) and all(0 < len(one) < 80 for one in found)
