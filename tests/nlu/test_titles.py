"""Titles that messages name, however they are written."""

import pytest
from helpers.listening import make_grounding

from lavic_chat.catalog.product import Product
from lavic_chat.nlu.titles import without_accents


@pytest.mark.parametrize("said", ["fete", "fête", "Fete cake stand", "FÊTE CAKE STAND"])
def test_a_title_is_named_without_its_accents(said):
    shop = make_grounding([Product("a", "Fête Cake Stand", "x"), Product("b", "Ember Teapot", "x")], ["", ""])
    found = shop.titles.probability(said)
    assert found[0] > 0.9 and found[1] < 0.1


def test_only_accents_are_lost():
    assert without_accents("crème brûlée, 50 % ß") == "creme brulee, 50 % ß"
