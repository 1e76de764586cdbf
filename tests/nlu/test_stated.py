"""What a shop states of a look goes before what is seen, where the two contradict each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.catalog import Product
from lavic_chat.nlu.english import load_lexicon
from lavic_chat.nlu.stated import SettledCaptions, parts_of, settle_caption
from lavic_chat.nlu.word_tables import find_entry


def find(word: str):
    return find_entry(load_lexicon(), word)


def thing(description: str = "", **attributes: str) -> Product:
    return Product("a", "Thing", "Things", description=description, attributes=attributes)


@pytest.mark.parametrize(
    ("product", "caption", "settled"),
    [
        (thing(colour="Blue", material="Porcelain"), "pink (blush) plastic", ("", "blue, porcelain")),
        (thing(material="Stoneware"), "yellow (lemon) plastic", ("yellow (lemon)", "stoneware")),
        (thing(color="Black", Material="Stoneware"), "black (jet) wood, floral", ("black (jet), floral", "stoneware")),
        (thing(material="Wood"), "brown (teak) metal", ("brown (teak)", "wood")),  # the shade is no material
        (thing(material="Cotton"), "white (snow) lacquer", ("white (snow)", "cotton")),
        (thing(colour="Sage"), "white plastic", ("plastic", "sage")),
        (thing("A stoneware jug."), "grey metal", ("grey", "stoneware")),
        (thing(material="Stoneware"), "blue (cobalt) ceramic, floral", ("", "")),
        (thing(colour="Sand", material="Fabric"), "beige (cream) velvet", ("", "")),
        (thing(colour="Multicolour"), "blue (cobalt) cotton", ("", "")),  # cannot be compared
        (thing(colour="Ember", material="Loomstate"), "red (scarlet) cotton", ("", "")),  # means nothing to us
        (thing(), "red (scarlet) cotton", ("", "")),
        (thing(material="Wood"), "", ("", "")),
    ],
)  # fmt: skip
def test_the_shop_is_believed(product, caption, settled):
    assert settle_caption(product, caption, find) == settled


def test_a_caption_is_taken_apart():
    assert parts_of("blue (navy) painted wood, striped", find) == ("blue (navy)", "painted wood", "striped")
    assert parts_of("blue velvet", find) == ("blue", "velvet", "") and parts_of("", find) == ("", "", "")


@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_no_words_are_too_odd(caption, colour, material):
    seen, stated = settle_caption(thing(colour=colour, material=material), caption, find)
    assert stated or not seen


def test_answers_are_given_of_what_the_shop_leaves():
    products = [thing(material="Stoneware"), thing(colour="Blue"), thing(), thing(material="Wood")]
    captions = SettledCaptions(products, ["grey metal", "pink", "red wool", ""], find)
    assert list(captions) == captions[:] == ["grey", "blue", "red wool", ""] and captions[-2] == "red wool"
