"""The sentence of what nothing here meets: whole sentences, whatever was asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.catalog import Product
from lavic_chat.nlu.intent import Appearance, Intent
from lavic_chat.recommendation import GivenWay, Recommendation, ScoredProduct
from lavic_chat.ui.unmet_words import missing_thing


def missing(kind: str, *gave_way: tuple[str, str], wanted: tuple[tuple[str, str], ...] = (), title: str = "") -> str:
    appearance = tuple(Appearance(said, facet) for facet, said in wanted)
    intent = Intent(kinds=(kind,) if kind else (), appearance=appearance, title=title)
    pick = ScoredProduct(Product("a", "A", "Things"), 1.0, 0.0)
    return missing_thing(Recommendation((pick,), intent=intent, gave_way=tuple(GivenWay(*one) for one in gave_way)))


RED, ARMS, WIDE, DEAR = (
    ("colour", "red"),
    ("part", "armrests"),
    ("width", "at least 140 cm wide"),
    ("price", "priced at most $400"),
)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (missing("double beds", WIDE), "no double beds that are at least 140 cm wide"),
        (missing("double bed", WIDE, DEAR), "no double bed that is at least 140 cm wide and priced at most $400"),
        (missing("dining chairs", ARMS), "no dining chairs with armrests"),
        (missing("dining chairs", ARMS, RED), "no dining chairs that are red and have armrests"),
        (missing("sofa", ("part", "high back")), "no sofa with a high back"),
        (missing("sofa", ("part", "not drawers"), RED), "no sofa that is red and has no drawers"),
        (missing("chest", ("part", "not drawers")), "no chest without drawers"),
        (missing("chest", ("part", "with drawers")), "no chest with drawers"),
        (missing("rug", ("pattern", "checks")), "no rug with checks"),
        (missing("rug", ("pattern", "not stripes"), RED), "no rug that is red and has no stripes"),
        (missing("rug", ("pattern", "striped")), "no rug that is striped"),
        (missing("chair", ("part", "upholstered")), "no chair that is upholstered"),
        (missing("something for my cat", ("kind", "something for my cat")), "nothing for my cat"),
        (missing("wardrobe", ("shape", "the same shape")), "no wardrobe in the same shape"),
        (missing("wardrobe", ("shape", "the same shape"), RED), "no wardrobe that is red and has the same shape"),
        (missing("rug", ("light", "warm"), wanted=(("material", "made of wool"),)), "no rug made of wool that is warm"),
        (missing("lamp", DEAR, wanted=(RED, ARMS)), "no red lamp with armrests that is priced at most $400"),
        (missing("lamp", ("kind", "lamp"), wanted=(RED,)), "no red lamp"),
        (missing("", RED), "nothing that is red"),
        (missing("", ("kind", "lamp"), title="Aalto"), "no Aalto"),
        (missing("glasses", RED), "no glasses that are red"),
        (missing("mattress", RED), "no mattress that is red"),
        (missing("table", ("seats", "for 4")), "no table that is for 4"),
    ],
)  # fmt: skip
def test_it_is_a_sentence(said, expected):
    assert said == expected


@given(
    st.text(max_size=30),
    st.lists(st.tuples(st.sampled_from(["part", "colour", "price"]), st.text(max_size=20)), max_size=4),
)
def test_no_words_are_too_odd(kind, broken):
    assert missing(kind, *broken).startswith(("no ", "nothing"))
