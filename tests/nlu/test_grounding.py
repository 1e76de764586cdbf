"""What words mean in a catalogue, by letters, thesaurus, lexicon and spelling; the encoder here only compares words."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.listening import ENGLISH, PRODUCTS, make_grounding, word_prototypes
from helpers.toys import WordEncoder
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.catalog.product import Product
from lavic_chat.nlu.english import load_lexicon, load_thesaurus
from lavic_chat.nlu.grounding import DOUBT, SURE, English, Grounding
from lavic_chat.nlu.kinds import SOLD

IDS = [product.id for product in PRODUCTS]
SOFAS, RUGS = {"red-sofa", "brown-sofa", "blue-sofa"}, {"rug", "plain-rug"}


@pytest.fixture(scope="module")
def grounding() -> Grounding:
    return make_grounding()


def above(scores: np.ndarray, least: float = 0.5) -> set[str]:
    return {name for name, score in zip(IDS, scores, strict=True) if score >= least}


def product_of(title: str) -> Product:
    return Product(title, title, "Things")


def above_of(known: Grounding, said: str) -> list[str]:
    """Titles of what is near to what is said."""
    rows = np.flatnonzero(known.kind(said) >= SOLD)
    return [known.products[row].title for row in rows]


def of(products, captions=None, read_attributes=False) -> Grounding:
    english = English(load_lexicon(), load_thesaurus(), ENGLISH.__contains__, prototypes=word_prototypes())
    return Grounding(products, captions or [""] * len(products), WordEncoder(), english, read_attributes)


# ---- kinds ----


@pytest.mark.parametrize(
    ("said", "ids"),
    [
        ("sofa", SOFAS), ("couch", SOFAS), ("settees", SOFAS), ("Sofas with legs", SOFAS), ("rug", RUGS),
        ("carpet", RUGS), ("armchair", {"armchair"}), ("easy chair", {"armchair"}), ("table lamp", {"lamp"}),
        ("seating", SOFAS | {"armchair"}), ("sofe", SOFAS),
    ],
)  # fmt: skip
def test_kinds_are_found_by_any_of_their_names(grounding, said, ids):
    assert above(grounding.kind(said), 0.7) == ids


@pytest.mark.parametrize("said", ["winter tyres", "car", "laptop", "running shoes", "washing machine", "zzyzx"])
def test_what_is_not_sold_is_near_to_nothing(grounding, said):
    assert grounding.kind(said).max() < 0.55


def test_a_box_for_bread_is_a_bread_box_where_one_is_sold_and_else_no_box_for_sure():
    products = [product_of("Brina bread bin"), product_of("Zelvi storage box"), product_of("Ello armchair")]
    assert above_of(of(products), "box for bread") == ["Brina bread bin"]
    assert above_of(of(products[1:]), "storage box for the hall") == ["Zelvi storage box"]
    scores = of([*products[1:], product_of("Torna piece of kitchenware")]).kind("pieces of kitchenware")
    assert scores.argmax() == 2
    assert of(products[1:]).kind("box for music").max() < of(products[1:]).kind("storage box").max()


def test_the_narrower_kind_goes_before_the_others(grounding):
    near = dict(zip(IDS, grounding.kind("corner sofa"), strict=True))
    assert near["blue-sofa"] == max(near.values()) > near["red-sofa"] > near["lamp"]


def test_the_catalogues_own_type_breaks_the_tie():
    table, lamp = (
        Product("t", "Sofa table", "x", attributes={"type": "side table"}),
        Product("s", "Bella sofa", "x", attributes={"type": "sofa"}),
    )
    near = of([table, lamp]).kind("sofa")
    assert near[1] > near[0]


def test_a_thing_whose_name_ends_so_is_not_that_thing():
    grounding = of([Product(title, title, "Clothing") for title in ("T-shirt", "Shirt")])
    tee, shirt = grounding.kind("shirt")
    assert shirt == 1.0 and tee < 0.8
    assert of([Product("1", "Coffee table", "Furniture")]).kind("table") == [1.0]


def test_a_title_that_names_another_thing_than_its_type():
    grounding = of(
        [Product(title, title, "Bath", attributes={"type": "toilet"}) for title in ("Zel bidet", "Zel toilet")]
    )
    bidet, toilet = grounding.kind("loo")
    assert toilet > bidet + 0.03 > 0.9


def test_what_only_shares_a_group_is_not_sold():
    phone = Product("1", "Fenune cordless telephone", "Home", attributes={"type": "home electronics"})
    chair = Product("2", "Ostra office chair", "Home", attributes={"type": "office chair"})
    grounding = of([phone, chair])
    assert grounding.nearest_of("laptop") < SOLD <= grounding.nearest_of("telephone")
    assert grounding.nearest_of("rocking chair") >= SOLD  # nearest, and another


def test_a_high_back_chair_is_no_high_chair():
    names = "Halko high chair", "Sevesse high-back chair", "Kelina double bed", "Sevna single bed"
    grounding = of([Product(str(place), title, "Home") for place, title in enumerate(names)])
    high, double = grounding.kind("high chair"), grounding.kind("double bed")
    assert high[0] - high[1] > 0.15 and double[2] - double[3] > 0.15


def test_a_narrower_thing_is_meant_less():
    titles = "Renno bed frame", "Sevna single bed"
    grounding = of([Product(str(place), title, "Home") for place, title in enumerate(titles)])
    assert grounding.is_narrower(["bed frame"]).tolist() == [False, True]
    assert not grounding.is_narrower(["single bed"]).any() and not grounding.is_narrower(["xyzzy"]).any()


def test_a_broader_name_as_type_is_no_other_thing():
    grounding = of([Product("1", "Shoes", "Clothing"), Product("2", "Shorts", "Clothing")])
    shoes, shorts = grounding.kind("trainers")
    assert shoes >= 0.75 and shorts < 0.3


def test_a_catalogue_without_types_is_read_by_its_titles():
    near = of([replace(product, attributes={}) for product in PRODUCTS]).kind("couch")
    assert above(near, 0.7) == SOFAS


def test_the_names_of_categories_are_kinds():
    products = [
        Product("towel", "Zelin towel", "Home > Textiles", attributes={"type": "towel"}),
        Product("throw", "Zelin throw", "Home > Textiles", attributes={"type": "throw"}),
        Product("ball", "Zelin ball", "Children and leisure", attributes={"type": "ball"}),
    ]
    known = of(products)
    for said, least in (("textiles", [True, True, False]), ("Children and leisure", [False, False, True]),
                        ("home", [True, True, False]), ("zzyzx", [False] * 3), ("", [False] * 3)):  # fmt: skip
        assert (known.kind(said) >= 0.9).tolist() == least
    assert (known.kind("towels") > known.kind("textiles")).tolist() == [True, False, False]
    assert of([]).kind("textiles").shape == (0,)


def test_what_is_only_described_gets_the_name_of_a_thing_that_is_not_sold(grounding):
    pairs = [(phrase, thing.names[0]) for thing in grounding.thesaurus.things[:150] for phrase in thing.by_use[:3]]
    named = [(grounding.name_described(phrase), name) for phrase, name in pairs]
    told = [(found, name) for found, name in named if found]
    assert sum(found == name for found, name in told) > 0.5 * len(told) > 20
    assert not {"sofa", "corner sofa", "armchair", "rug", "table lamp"} & {found for found, _ in told}
    assert "" in {found for found, _ in named}  # what is like nothing well enough


# ---- appearance ----


@pytest.mark.parametrize(
    ("said", "ids"),
    [
        ("red", {"red-sofa", "rug"}), ("scarlet", {"red-sofa"}), ("Dark red", {"rug"}), ("dark blue", {"blue-sofa"}),
        ("burgandy", {"rug"}),
        ("navy", {"blue-sofa"}), ("leather", {"brown-sofa"}), ("velvet", {"red-sofa"}), ("wool", RUGS),
        ("stripes", {"blue-sofa"}), ("stripy", {"blue-sofa"}), ("flowery", {"rug"}),
        ("patterned", {"blue-sofa", "rug"}),
        ("fabric", {"red-sofa", "blue-sofa", "armchair", "rug", "plain-rug"}), ("black metal", {"lamp"}),
        ("red velvet", {"red-sofa"}),
    ],
)  # fmt: skip
def test_looks_are_read_off_the_captions(grounding, said, ids):
    assert above(grounding.appearance(said)) == ids


def test_words_that_say_no_look_take_nothing_from_those_that_do():
    known = of([product_of("Ello sofa"), product_of("Torna chair")], ["red cloth", "blue metal"])
    assert known.appearance("cloth-covered").argmax() == 0 and known.appearance("cloth-covered").max() > 0.5
    assert known.appearance("metal framed").argmax() == 1 and known.appearance("metal framed").max() > 0.5


def test_bright_blue_is_any_blue_that_is_strong_and_lacquered_is_of_lacquer():
    known = of(
        [product_of("A sofa"), product_of("B sofa"), product_of("C sofa")],
        ["cobalt wool", "navy wool", "white lacquer"],
    )
    assert known.appearance("bright blue").argmax() == 0 and known.appearance("bright blue")[1] < 0.5
    assert known.appearance("lacquered").argmax() == known.appearance("shiny lacquered").argmax() == 2
    assert known.appearance("neutral")[2] > 0.5 > known.appearance("neutral")[0]


def test_plain_is_whatever_shows_no_pattern(grounding):
    plain, patterned = grounding.appearance("plain"), grounding.appearance("with a pattern")
    assert above(plain) == set(IDS) - {"blue-sofa", "rug"} == above(grounding.appearance("no pattern"))
    assert above(patterned) == {"blue-sofa", "rug"}


def test_colours_that_lie_near_are_near(grounding):
    near = dict(zip(IDS, grounding.appearance("crimson"), strict=True))
    assert near["red-sofa"] > near["brown-sofa"] and near["red-sofa"] > 5 * near["blue-sofa"]


def test_a_shade_says_more_than_that_both_are_brown():
    jackets = [Product(name, "Jacket", "Clothing") for name in ("camel", "dark", "brown")]
    grounding = of(jackets, ["brown (camel)", "brown (chocolate)", "brown"])
    camel, dark, brown = grounding.appearance("caramel")
    assert camel > 2 * dark and brown == pytest.approx(0.4)
    assert min(grounding.appearance("brown")) > 0.9


def test_a_narrower_word_is_better_met_by_its_broader_one_than_by_others():
    """Captions of another shop may say no more than "blue"."""
    made = [Product(f"p{place}", "Thing", "x") for place in range(4)]
    for said, captions in (
        ("navy", ("blue linen", "black steel", "red wool", "grey felt")),
        ("crimson", ("red wool", "brown oak", "orange felt", "pink silk")),
    ):
        near = of(made, captions).appearance(said)
        assert near[0] == near.max() and near[0] > near[1:].max(), (said, near)


@given(st.text(max_size=30))
def test_whatever_is_said_has_a_probability(said):
    grounding = GROUNDING
    for scores in (grounding.appearance(said), grounding.titles.probability(said)):
        assert scores.shape == (len(PRODUCTS),) and (scores >= 0).all() and (scores <= SURE).all()
    kind = grounding.kind(said)
    assert np.isfinite(kind).all() and kind.max() <= 1
    assert grounding.facet(said) and isinstance(grounding.things_in(said), tuple)


GROUNDING = make_grounding()


def test_attributes_are_read_where_they_may_be():
    made = [
        Product("a", "Thing", "x", attributes={"Colour": "red", "size": "green"}),
        Product("b", "Thing", "x", attributes={"Colour": "green"}),
    ]
    hidden, open_ = of(made), of(made, read_attributes=True)
    assert hidden.appearance("red").max() == pytest.approx(DOUBT)
    assert open_.appearance("red")[0] > 0.9 and open_.appearance("red")[1] < 0.1
    assert open_.appearance("green")[0] < 0.5, "a size says nothing of colours"


def test_what_a_description_says_of_the_material_counts_where_nothing_else_does():
    made = [
        Product("a", "Mug", "x", description="Thrown by hand of stoneware."),
        Product("b", "Linen mug", "x", description="Not of stoneware."),
    ]
    open_ = of(made, ["blue plastic"] * 2, read_attributes=True).appearance("stoneware")
    assert open_[0] > 0.9 and open_[1] < 0.2
    assert of(made, ["blue plastic"] * 2).appearance("stoneware").max() < 0.2, "attributes of looks may not be read"


# ---- facets, brands, titles, things ----


@pytest.mark.parametrize(
    ("said", "facet"),
    [
        ("navy", "colour"), ("purple", "colour"), ("light oak", "material"), ("stripy", "pattern"), ("rustic", "style"),
        ("pale blue", "colour"), ("matte", "finish"),
    ],
)  # fmt: skip
def test_words_have_their_facet(grounding, said, facet):
    assert grounding.facet(said) == facet


def test_the_facets_of_a_catalogue_are_those_it_speaks_of(grounding):
    assert {"colour", "material", "pattern"} <= grounding.seen.facets
    assert of([Product("a", "Zorg", "x")]).seen.facets == frozenset()


def test_what_a_product_shows_of_a_facet_is_its_most_special_word(grounding):
    rows = dict(zip(IDS, range(len(IDS)), strict=True))
    assert grounding.seen.of_facet(rows["red-sofa"], "colour") == ["scarlet"]
    assert grounding.seen.of_facet(rows["brown-sofa"], "material") == ["leather"]
    assert grounding.seen.of_facet(rows["plain-rug"], "pattern") == []


def test_lightness_is_that_of_the_colour_that_is_seen(grounding):
    light = dict(zip(IDS, grounding.seen.lightness, strict=True))
    assert light["plain-rug"] > light["red-sofa"] > light["rug"] > light["lamp"]
    assert np.isnan(of([Product("a", "Thing", "x")], [""]).seen.lightness[0])


def test_a_title_is_found_as_it_is_called(grounding):
    assert above(grounding.titles.probability("Marlo corner sofa")) == {"blue-sofa"}
    assert above(grounding.titles.probability("the bella two seat sofa")) == {"red-sofa", "brown-sofa"}
    assert above(grounding.titles.probability("Pico tabel lamp")) == {"lamp"}


def test_things_that_are_sold_are_found_in_words(grounding):
    assert grounding.things_in("I have a problem: my coutch is old, and a sofa") == ("couch", "sofa")
    assert grounding.things_in("a table lamp beside the armchair") == ("table lamp", "armchair")
    assert grounding.things_in("winter tyres for a car") == ()
    assert grounding.things_in("") == ()


def test_looks_before_the_name_of_a_kind(grounding):
    assert grounding.appearance_in("brown leather sofa") == ("brown", "leather")
    assert grounding.appearance_in("corner sofa") == () and grounding.appearance_in("zzyzx") == ()


def test_whether_words_are_known_to_say_something_of_looks(grounding):
    assert grounding.is_known("purple") and grounding.is_known("hot purple") and not grounding.is_known("zzyzx")


def test_what_is_missing_is_never_called_by_a_group(grounding):
    """ "something on a post" is a letter box or nothing, and no "something to eat"."""
    things = grounding.thesaurus.things
    named = grounding.name_described("something to eat or to drink for the garden")
    assert not any(thing.is_group and named in thing.names for thing in things)


def test_a_group_that_products_are_called_by_is_a_kind(grounding):
    assert grounding.is_group("seating") and not grounding.is_group("sofa")
    assert not of([Product("1", "Shoes", "Clothing")]).is_group("shoes")
