"""Which variant a question is about: by what tells it from the others, shown or not."""

import pytest
from helpers.listening import CAPTIONS, PRODUCTS, make_grounding

from lavic_chat.catalog.product import Product
from lavic_chat.nlu.variants_meant import variant_meant, without_appearance

MUGS = tuple(
    Product(f"{glaze}-{size}", "Harbour mug", "Kitchen", attributes={"glaze": glaze, "size": f"{size} ml"}, shape="mug")
    for glaze in ("sand", "moss") for size in (300, 450)
)  # fmt: skip
SHOWN = ("moss-300", "lamp")


@pytest.fixture(scope="module")
def grounding():
    return make_grounding((*PRODUCTS, *MUGS), (*CAPTIONS, *("",) * len(MUGS)))


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("is the sand one in 450 ml in stock?", "sand-450"), ("how wide is the 450 ml one?", "moss-450"),
        ("is it available in sand?", "sand-300"), ("the 450ml one?", "moss-450"), ("is it in stock?", "moss-300"),
            ("how wide is it?", "moss-300"),
        ("how much is the black one?", "lamp"), ("how much is the one with a handle?", "moss-300"),
    ],
)  # fmt: skip
def test_the_variant_that_is_said_is_meant(grounding, text, item):
    assert variant_meant(grounding, "price", text, "moss-300", SHOWN) == item


def test_a_question_for_a_look_stays_with_its_product(grounding):
    assert variant_meant(grounding, "other_colours", "does it come in sand?", "moss-300", SHOWN) == "moss-300"
    assert variant_meant(grounding, "price", "is the sand one in stock?", None, ()) is None
    assert variant_meant(grounding, "price", "how much is the black one?", "rug", ("gone",)) == "rug"


def test_no_look_tells_variants_apart_where_pictures_do():
    chair = Product(
        "1", "Marwyn task chair", "Chairs", attributes={"accent": "chocolate", "Colour": "yellow", "size": "L"}
    )
    assert without_appearance(chair).attributes == {"size": "L"}
