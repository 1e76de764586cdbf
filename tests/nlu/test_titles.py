"""Titles that messages name, however they are written."""

import pytest
from helpers.listening import make_grounding

from lavic_chat.catalog.product import Product
from lavic_chat.dialogue.turns import Turn
from lavic_chat.nlu.references import References
from lavic_chat.nlu.titles import without_accents


@pytest.mark.parametrize("said", ["fete", "fête", "Fete cake stand", "FÊTE CAKE STAND"])
def test_a_title_is_named_without_its_accents(said):
    shop = make_grounding([Product("a", "Fête Cake Stand", "x"), Product("b", "Ember Teapot", "x")], ["", ""])
    found = shop.titles.probability(said)
    assert found[0] > 0.9 and found[1] < 0.1


def test_only_accents_are_lost():
    assert without_accents("crème brûlée, 50 % ß") == "creme brulee, 50 % ß"


def test_all_titles_of_a_list_in_words_are_found_in_their_order():
    titles = ("Ember teapot", "Ember teapot with lid", "Fenna sofa bed", "Torna tray", "Fenna sofa bed")
    known = make_grounding([Product(str(row), title, "x") for row, title in enumerate(titles)], [""] * len(titles))
    text = "There is the Fenna sofa bed, and there's the EMBER TEAPOT WITH LID, or a tray."
    assert known.titles.listed_in(text) == ("Fenna sofa bed", "Ember teapot with lid")
    assert known.titles.listed_in("nothing of ours") == () and known.titles.named_in(text) == "Ember teapot with lid"
    references = References(known)
    assert references.named_in(Turn("recommender", text)) == ("2", "1")  # one of each, where several are named
    assert references.named_in(Turn("recommender", "Try the Fenna sofa bed.")) == ("2", "4")  # all that are called so
    assert references.named_in(Turn("recommender", text, shown=("3",))) == ()
