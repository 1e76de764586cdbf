"""Things for children, asked for or not."""

import numpy as np
from helpers.listening import make_grounding

from lavic_chat.catalog.product import Product
from lavic_chat.nlu.children import is_for_children
from lavic_chat.nlu.conditions import kind_condition

TITLES = ("Sollo one-piece toilet", "Quinne children's potty", "Galdra kids' chair", "Ulmo chair")
PRODUCTS = tuple(
    Product(f"p{place}", title, "Home", attributes={"type": kind})
    for place, (title, kind) in enumerate(zip(TITLES, ("toilet", "toilet", "chair", "chair"), strict=True))
)


def test_what_is_for_children_is_told_by_its_name():
    grounding = make_grounding(PRODUCTS, ("",) * 4)
    assert is_for_children(("toilet",), grounding).tolist() == [False, True, True, False]
    assert not is_for_children(("children's chair",), grounding).any()


def test_what_is_for_children_is_less_probably_meant():
    found = kind_condition(("chair",), 1.0, make_grounding(PRODUCTS, ("",) * 4))
    assert found.probability[3] > found.probability[2] > np.max(found.probability[:2])
