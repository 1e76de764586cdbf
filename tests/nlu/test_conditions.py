"""What must hold of a product: each condition's probability for every product, and what gives way."""

import numpy as np
import pytest
from helpers.listening import PRODUCTS, make_grounding

from lavic_chat.catalog.measures import facts_of
from lavic_chat.catalog.product import Product
from lavic_chat.nlu.conditions import (
    LIGHTER,
    OPEN,
    OUTSIDE,
    UNKNOWN,
    Condition,
    bounds_probability,
    conditions_of,
    given_way,
    limit_condition,
    seats_probability,
    weigh,
)
from lavic_chat.nlu.grounding import SURE
from lavic_chat.nlu.intent import Appearance, Intent, Limit, Relation

IDS = [product.id for product in PRODUCTS]
FACTS = [facts_of(product) for product in PRODUCTS]
GROUNDING = make_grounding()
ROW = {name: row for row, name in enumerate(IDS)}


def conditions(**given) -> dict[str, Condition]:
    """By what they are about."""
    return {one.name: one for one in conditions_of(Intent(**given), GROUNDING, FACTS)}


def met(condition: Condition) -> set[str]:
    return {name for name, one in zip(IDS, condition.probability, strict=True) if one >= OPEN}


def best(*found: Condition) -> str:
    return IDS[int(weigh(found, len(IDS)).argmax())]


def test_nothing_said_is_no_condition():
    assert conditions() == {} and (weigh((), 3) == 0).all()


def test_any_of_several_kinds_will_do():
    kind = conditions(kinds=("sofa", "armchair"))["kind"]
    assert kind.said == "sofa or armchair" and met(kind) == {"red-sofa", "brown-sofa", "blue-sofa", "armchair"}


def test_a_title_stands_in_for_the_kind():
    found = conditions(kinds=("sofa",), title="Marlo corner sofa")
    assert set(found) == {"title"} and met(found["title"]) == {"blue-sofa"}


# ---- limits ----


@pytest.mark.parametrize(
    ("limit", "value", "probability"),
    [
        (Limit("price", most=100), 100, SURE), (Limit("price", least=100), 100, SURE),
        (Limit("price", 50, 100), 75, SURE), (Limit("price", most=100), None, UNKNOWN),
        (Limit("price", most=0), 5, None), (Limit("width", least=10), 5, None),
    ],
)  # fmt: skip
def test_bounds_hold_or_not(limit, value, probability):
    found = bounds_probability(limit, value)
    assert found == probability if probability is not None else 0 < found <= OUTSIDE < OPEN


def test_outside_of_bounds_the_nearer_is_the_better():
    above = [bounds_probability(Limit("price", most=100), value) for value in (101, 150, 400)]
    below = [bounds_probability(Limit("width", least=100), value) for value in (99, 50, 10)]
    assert above == sorted(above, reverse=True) and below == sorted(below, reverse=True)
    assert above[0] < UNKNOWN < OPEN, "what is unknown goes before what is known to be outside"


def test_as_many_seats_as_people_rather_than_more():
    two, three, one, nobody = (seats_probability(Limit("seats", least=2), value) for value in (2, 3, 1, None))
    assert two > three > nobody > one


def test_limits_are_about_their_fact():
    price, width = conditions(limits=(Limit("price", most=160), Limit("width", 100, 200))).values()
    assert price.name == "price" and "at most 160" in price.said and met(price) == {"rug", "plain-rug", "lamp"}
    assert width.said == "100 to 200 cm wide" and met(width) == {"red-sofa", "brown-sofa", "rug"}


def test_a_size_of_no_direction_is_the_longer_side():
    size = limit_condition(Limit("size", least=250), FACTS)
    assert met(size) == {"blue-sofa", "plain-rug"}


def test_what_the_shop_says_of_no_such_thing_is_no_condition():
    assert "seats" in conditions(kinds=("sofa",), limits=(Limit("seats", least=2),))
    assert "seats" not in conditions(kinds=("rug",), limits=(Limit("seats", least=2),))
    assert conditions(limits=(Limit("depth", most=90),)).keys() == {"depth"}


def test_what_may_not_have_been_meant_weighs_less():
    sure = conditions(kinds=("sofa",), appearance=(Appearance("red", "colour"), Appearance("wool", "material", True)))
    looks = (Appearance("red", "colour", sure=0.5), Appearance("wool", "material", True, sure=0.5))
    unsure = conditions(kinds=("sofa",), sure=0.5, appearance=looks)
    assert all(unsure[name].weight == 0.5 * sure[name].weight > 0 for name in ("kind", "colour", "material"))


# ---- looks ----


def test_of_some_facets_any_will_do_and_of_others_all():
    red, blue = Appearance("red", "colour"), Appearance("navy", "colour")
    (colour,) = conditions(appearance=(red, blue)).values()
    assert colour.said == "red or navy" and met(colour) == {"red-sofa", "rug", "blue-sofa"}
    both = conditions_of(Intent(appearance=(red, Appearance("wool", "material"))), GROUNDING, FACTS)
    assert [one.name for one in both] == ["colour", "material"] and best(*both) == "rug"


def test_each_unwanted_look_is_a_condition_of_its_own():
    found = conditions_of(
        Intent(appearance=(Appearance("red", "colour", True), Appearance("navy", "colour", True))), GROUNDING, FACTS
    )
    assert [one.said for one in found] == ["not red", "not navy"]
    assert not met(found[0]) & {"red-sofa", "rug"} and "blue-sofa" not in met(found[1])


def test_words_that_say_nothing_of_looks_are_no_condition():
    assert conditions(appearance=(Appearance("zzyzx", "style"),)) == {}
    gone = conditions(appearance=(Appearance("purple", "colour"),))["colour"]  # a colour, but nothing here has it
    assert met(gone) == set() and [one.said for one in given_way((gone,), 0)] == ["purple"]


# ---- relations ----


@pytest.mark.parametrize(
    ("facet", "sign", "to", "ids"),
    [
        ("price", "-", "armchair", {"rug", "plain-rug", "lamp"}),
        ("price", "+", "brown-sofa", {"blue-sofa"}),
        ("width", "+", "rug", {"blue-sofa"}),
        ("height", "-", "lamp", {"rug", "plain-rug"}),
        ("size", "+", "brown-sofa", {"blue-sofa"}),
        ("pattern", "-", "rug", {"red-sofa", "brown-sofa", "armchair", "plain-rug", "lamp"}),
        ("pattern", "+", "plain-rug", {"blue-sofa", "rug"}),
        ("light", "-", "red-sofa", {"rug", "blue-sofa", "lamp"}),
        ("shape", "=", "red-sofa", {"red-sofa", "brown-sofa"}),
        ("brand", "=", "rug", {"rug", "plain-rug"}),
        ("colour", "!", "rug", None),
    ],
)
def test_relations_to_what_was_shown(facet, sign, to, ids):
    (found,) = conditions(relations=(Relation(facet, sign, to),)).values()
    assert found.name == facet
    if ids is not None:
        assert met(found) == ids
    else:
        assert to not in met(found) and "plain-rug" in met(found)


def test_the_like_of_what_was_shown_need_not_be_of_the_kind():
    like = Relation("shape", "=", "armchair")
    assert "kind" in conditions(kinds=("armchair",), relations=(like,))
    assert "kind" not in conditions(kinds=("rug",), relations=(like,)) and "kind" in conditions(kinds=("rug",))


def test_the_same_colour_is_that_of_the_picture():
    (same,) = conditions(relations=(Relation("colour", "=", "red-sofa"),)).values()
    assert "red-sofa" in met(same) and not met(same) & {"brown-sofa", "blue-sofa", "lamp"}


def test_what_is_as_dear_is_not_cheaper_and_what_is_unknown_may_be():
    facts = [{"price": 10.0}, {"price": 10.0}, {"price": 9.99}, {}]
    made = make_grounding([Product(str(n), "Thing", "x") for n in range(4)], ["red", "red", "red", "red"])
    (cheaper,) = conditions_of(Intent(relations=(Relation("price", "-", "0"),)), made, facts)
    assert cheaper.probability.tolist() == pytest.approx([OUTSIDE, OUTSIDE, SURE, UNKNOWN])
    assert conditions_of(Intent(relations=(Relation("price", "-", "3"),)), made, facts) == ()
    assert conditions_of(Intent(relations=(Relation("price", "-", "gone"),)), made, facts) == ()


def test_lighter_is_seen_to_be_lighter():
    light = GROUNDING.seen.lightness
    (found,) = conditions(relations=(Relation("light", "+", "rug"),)).values()
    for name in met(found):
        assert light[ROW[name]] >= light[ROW["rug"]] + LIGHTER


# ---- together ----


def test_the_kind_weighs_most_then_facts_then_looks():
    kind = Condition("kind", "a", np.array([0.97, 0.03, 0.97]), 3.0)
    colour = Condition("colour", "b", np.array([0.03, 0.97, 0.5]))
    assert weigh((kind, colour), 3).argmax() == 2 and weigh((kind, colour), 3)[0] > weigh((kind, colour), 3)[1]
    found = conditions_of(
        Intent(kinds=("sofa",), limits=(Limit("price", most=100),), appearance=(Appearance("black", "colour"),)),
        GROUNDING,
        FACTS,
    )
    weights = [one.weight for one in found]
    assert weights == sorted(weights, reverse=True) and best(*found) == "red-sofa"
    assert {one.name for one in given_way(found, ROW["red-sofa"])} == {"price", "colour"}


def test_no_probability_costs_everything():
    assert np.isfinite(weigh((Condition("kind", "a", np.zeros(2), 3.0),), 2)).all()
