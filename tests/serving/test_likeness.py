"""Whether there is anything else of a product's kind: by what things are called, else by their category."""

from dataclasses import replace

import pytest
from helpers.listening import make_grounding

from lavic_chat.catalog.filters import NO_FILTERS, Filters
from lavic_chat.catalog.product import Product
from lavic_chat.serving.likeness import likeness_condition

SEATS = (
    Product("stool", "Nilo stool", "Seating", price=90.0),
    Product("armchair", "Ostra wing armchair", "Seating", price=300.0),
    Product("sofa", "Aalto sofa in green", "Seating", price=700.0),
    Product("settee", "Bella settee", "Other", price=400.0),
    Product("hula", "Hula", "Kuddel", price=5.0),
    Product("hoop", "Hoop", "Kuddel", price=5.0),
)
BAR = Product("bar", "Lotta breakfast bar stool", "Kitchen", in_stock=False)


def like(product: str, *more: Product, filters: Filters = NO_FILTERS, gone=()) -> set[str]:
    """Ids of what else is of a product's kind."""
    products = (*SEATS, *more)
    grounding = make_grounding(products, [""] * len(products))
    liked = grounding.products[grounding.row[product]]
    found = likeness_condition(liked, grounding, filters, gone).probability
    return {one.id for one, fits in zip(products, found, strict=True) if fits}


@pytest.mark.parametrize(
    ("product", "others"),
    [("stool", set()), ("armchair", set()), ("sofa", {"settee"}), ("settee", {"sofa"}), ("hula", {"hoop"})],
)
def test_of_a_kind_is_what_is_called_so_and_never_a_neighbour_on_the_shelf(product, others):
    assert like(product) == others


def test_what_is_out_of_stock_turned_down_or_filtered_away_is_nothing_else():
    assert like("stool", BAR) == set() and like("stool", replace(BAR, in_stock=True)) == {"bar"}
    assert like("sofa", gone=["settee"]) == set()
    assert like("sofa", filters=Filters(highest=100.0)) == set()


def test_a_variant_is_of_the_kind_whatever_it_is_called():
    assert like("stool", Product("other", "Nilo XL", "Other", shape="Nilo stool")) == {"other"}


def test_the_sentence_says_whether_the_filters_are_the_reason():
    grounding = make_grounding(SEATS, [""] * len(SEATS))
    said = [likeness_condition(SEATS[0], grounding, one, ()).said for one in (NO_FILTERS, Filters(highest=100.0))]
    assert said == ["like the Nilo stool here", "like the Nilo stool within the filters"]
