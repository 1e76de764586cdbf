"""How probably products look as words say, where pictures are known as probabilities."""

import numpy as np
import pytest
from helpers.listening import ENGLISH, word_prototypes
from helpers.toys import WordEncoder

from lavic_chat.catalog.product import Product
from lavic_chat.nlu.appearance_table import AppearanceTable
from lavic_chat.nlu.conditions import appearance_conditions, relation_condition
from lavic_chat.nlu.english import load_lexicon, load_thesaurus
from lavic_chat.nlu.grounding import DOUBT, SURE, English, Grounding, Prepared
from lavic_chat.nlu.intent import Appearance, Relation
from lavic_chat.nlu.picture_words import PictureWords

WORDS = {
    "colour": ("blue", "red"), "shade": ("navy", "sky", "scarlet"), "material": ("leather", "linen"),
    "pattern": ("floral", "plain", "striped"),
}  # fmt: skip
#        blue red | navy sky scarlet | leather linen | floral plain striped
SEEN = [
    [0.9, 0.1, 0.8, 0.1, 0.1, 0.4, 0.6, 0.0, 1.0, 0.0],
    [0.8, 0.2, 0.1, 0.7, 0.2, 0.1, 0.9, 0.1, 0.2, 0.7],
    [0.0, 1.0, 0.0, 0.0, 1.0, 0.9, 0.1, 0.7, 0.3, 0.0],
]


def grounding(products=None, reads: bool = False) -> Grounding:
    names = tuple(name for name, words in WORDS.items() for _ in words)
    words = tuple(word for some in WORDS.values() for word in some)
    table = AppearanceTable(words, names, np.array(SEEN, np.float16), ("", "", ""))
    english = English(load_lexicon(), load_thesaurus(), ENGLISH.__contains__, prototypes=word_prototypes())
    products = products or [Product(name, "Zorg chair", "Home") for name in "abc"]
    return Grounding(products, ("", "", ""), WordEncoder(), english, reads, Prepared(seen=table))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("blue", [0.9, 0.8, DOUBT]), ("navy", [0.8, 0.1, DOUBT]), ("leather", [0.4, 0.1, 0.9]),
        ("striped", [DOUBT, 0.7, 0.18]), ("plain", [SURE, 0.25, 0.35]), ("blue linen", [0.6, 0.8, DOUBT]),
    ],
)  # fmt: skip
def test_words_are_as_probable_as_what_is_seen(said, expected):
    assert grounding().appearance(said) == pytest.approx(expected, abs=0.14)


def test_the_least_probable_is_best_where_a_look_is_unwanted():
    (condition,) = appearance_conditions([Appearance("leather", "material", unwanted=True)], grounding())
    assert condition.probability.argmax() == 1 and condition.probability.argmin() == 2


def test_what_the_shop_says_goes_before_what_is_seen():
    products = [
        Product("a", "Zorg chair", "Home", attributes={"material": "linen"}),
        *(Product(name, "Zorg chair", "Home") for name in "bc"),
    ]
    found = grounding(products, reads=True)
    assert found.appearance("leather") == pytest.approx([DOUBT, 0.1, 0.9], abs=0.02)
    assert found.appearance("linen")[0] == pytest.approx(SURE)
    assert found.seen.of_facet(0, "material") == ["linen"] and found.seen.of_facet(2, "material") == ["leather"]


def test_the_lightness_is_the_mean_of_the_shades():
    light = grounding().seen.lightness
    assert light[1] > light[0] and not np.isnan(light).any()
    darker = relation_condition(Relation("light", "-", "b"), grounding(), [{}, {}, {}])
    assert darker is not None and darker.probability[0] > 0.9 > 0.1 > darker.probability[1]


def test_facets_that_are_measured_need_no_further_doubt():
    found = grounding()
    assert {"colour", "material", "pattern"} <= found.seen.measured == found.seen.facets
    (condition,) = appearance_conditions([Appearance("linen", "material")], found)
    assert condition.probability == pytest.approx([0.6, 0.9, 0.1], abs=0.01)
    assert "leather" in found.seen.words and found.seen.of_facet(0, "colour") == ["navy"]


def test_words_of_what_may_be_seen_are_spelled_right():
    assert grounding().mend("scarlett") == "scarlet"


def test_what_may_have_been_meant_the_other_way_round_decides_little():
    sure, doubtful = (
        appearance_conditions([Appearance("leather", "material", True, sure, against)], grounding())[0]
        for sure, against in ((0.97, 0.01), (0.5, 0.45))
    )
    assert np.ptp(sure.probability) > 0.7 and np.ptp(doubtful.probability) < 0.06


def test_where_a_shade_has_no_lightness_that_of_the_colour_counts():
    words, names = ("blue", "denim"), ("colour", "shade")
    table = AppearanceTable(words, names, np.array([[1.0, 1.0]], np.float16))
    light = PictureWords(table, load_lexicon(), WordEncoder()).lightness
    assert 20 < light[0] < 60


def test_light_and_dark_are_true_of_a_colour_by_its_lightness():
    table = AppearanceTable(("sage", "forest green", "scarlet"), ("shade",) * 3, np.eye(3, dtype=np.float16))
    english = English(load_lexicon(), load_thesaurus(), ENGLISH.__contains__, prototypes=word_prototypes())
    products = [Product(name, "Zorg chair", "Home") for name in "abc"]
    found = Grounding(products, ("", "", ""), WordEncoder(), english, prepared=Prepared(seen=table))
    assert found.appearance("light green").argmax() == 0 and found.appearance("light green")[0] > 0.9
    assert found.appearance("dark green").argmax() == 1 and found.appearance("light green")[1] < 0.3
