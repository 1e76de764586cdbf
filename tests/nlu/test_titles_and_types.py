"""Products whose title and whose type call them by different things."""

import pytest
from helpers.listening import make_grounding

from lavic_chat.catalog.product import Product

SHOP = (
    ("Mardo long lidded crate", "storage box"),
    ("Briley slatted crate", "storage box"),
    ("Mardo toy box", "storage box"),
    ("Lorlen slip-on sandals", "shoe"),
    ("Wilia court shoes", "shoe"),
    ("Renko tumbler", "glass"),
    ("Jorna t-shirt", "clothing"),
    ("Kelda shirt", "shirt"),
    ("Solsa rug", "rug"),
)
PRODUCTS = tuple(
    Product(f"p{place}", title, "Home", attributes={"type": kind}) for place, (title, kind) in enumerate(SHOP)
)


@pytest.fixture(scope="module")
def grounding():
    return make_grounding(PRODUCTS, tuple("" for _ in SHOP))


@pytest.mark.parametrize(
    ("kind", "sold"),
    [
        ("crate", {"Mardo long lidded crate", "Briley slatted crate"}),  # a lidded crate is a box, and a crate
        ("sandals", {"Lorlen slip-on sandals"}),
        ("shirt", {"Kelda shirt"}),  # a t-shirt is none
        ("something to wear", {"Lorlen slip-on sandals", "Wilia court shoes", "Jorna t-shirt", "Kelda shirt"}),
        ("something for the kitchen", {"Renko tumbler"}),
    ],
)
def test_what_is_of_a_kind_by_its_title(grounding, kind, sold):
    admitted = grounding.admitted((kind,), 0.7)
    assert {product.title for product, is_so in zip(PRODUCTS, admitted, strict=True) if is_so} == sold


def test_a_thing_for_the_home_is_nearly_anything_there(grounding):
    near = dict(zip((title for title, _ in SHOP), grounding.kind("something for the flat"), strict=True))
    assert min(near["Solsa rug"], near["Mardo toy box"]) > 0.8 > max(near["Jorna t-shirt"], near["Wilia court shoes"])
