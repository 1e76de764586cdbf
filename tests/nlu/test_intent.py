"""An Intent: its parts in plain words, taken back one by one, and limits that join."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.intent import (
    UNAVAILABLE,
    Appearance,
    Intent,
    Limit,
    Relation,
    limit_words,
    relation_words,
    with_limit,
    with_limits,
)

FULL = Intent(
    kinds=("sofa", "armchair"),
    appearance=(Appearance("red", "colour"), Appearance("leather", "material", True)),
    limits=(Limit("price", 100, 500), Limit("seats", least=2)),
    relations=(Relation("price", "-", "a"), Relation("colour", "=", "a")),
)


def test_nothing_said_is_empty():
    assert Intent().to_json() == {"act": "ask"} and Intent().chips == {} and Intent().sentence == ""
    assert Intent().limit("price") is None and Intent().wants_pick


def test_the_wish_in_plain_words_leaves_out_what_is_turned_down():
    assert FULL.sentence == "red sofa or armchair" and FULL.wanted == ("red",) and FULL.unwanted == ("leather",)
    assert Intent(kinds=("sofa",), title="Bella two-seat sofa").sentence == "Bella two-seat sofa"
    assert FULL.limit("price") == Limit("price", 100, 500)


def test_every_chip_can_be_taken_back_by_its_key():
    assert len(FULL.chips) == 8 and all(FULL.chips.values())
    for key in FULL.chips:
        assert FULL.drop(key).chips == {name: label for name, label in FULL.chips.items() if name != key}
    titled = Intent(title="Bella")
    assert titled.drop("title Bella").chips == {} and titled.drop("title Marlo") == titled


@given(st.text(max_size=20))
def test_an_unknown_key_takes_nothing_back(key):
    if key not in FULL.chips:
        assert FULL.drop(key) == FULL


@pytest.mark.parametrize("act", [*r.ACTS, UNAVAILABLE])
def test_only_wishes_want_a_pick(act):
    assert Intent(act).wants_pick == (act in ("ask", "refine", "reject", "recall"))


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (Limit("width", most=120), "at most 120 cm wide"), (Limit("height", least=45.5), "at least 45.5 cm high"),
        (Limit("length", 100, 200), "100 to 200 cm long"), (Limit("seats", least=2), "for 2"),
    ],
)  # fmt: skip
def test_limits_in_words(limit, said):
    assert limit_words(limit) == said


def test_relations_in_words():
    for name in r.COMPARISONS:
        assert relation_words(Relation(name[:-1], name[-1], "a"))
    assert (
        relation_words(Relation("price", "-", "a")) == "cheaper"
        and relation_words(Relation("light", "+", "a")) == "lighter"
    )
    for facet in r.FACETS:
        assert relation_words(Relation(facet, "=", "a")) == f"the same {facet}"


@pytest.mark.parametrize(
    ("old", "new", "joined"),
    [
        (Limit("price", least=100), Limit("price", most=200), Limit("price", 100, 200)),
        (Limit("price", 240, 360), Limit("price", most=250), Limit("price", most=250)),
        (Limit("price", least=300), Limit("price", most=200), Limit("price", most=200)),
        (Limit("price", most=200), Limit("price", least=300), Limit("price", least=300)),
        (Limit("price", 100, 200), Limit("price", 120, 180), Limit("price", 120, 180)),
    ],
)
def test_a_newer_bound_joins_the_older_unless_they_contradict_or_that_was_a_range(old, new, joined):
    width = Limit("width", most=80)
    assert with_limit((old, width), new) == (width, joined) and with_limit((), new) == (new,)


def test_bounds_are_inclusive():
    assert (
        Limit("price", 10, 20).admits(10) and Limit("price", 10, 20).admits(20) and not Limit("price", 10).admits(9.99)
    )


def test_json_has_what_there_is():
    assert FULL.to_json() == {
        "act": "ask", "kinds": ["sofa", "armchair"], "wanted": ["red"], "unwanted": ["leather"],
        "limits": {"price": {"least": 100, "most": 500}, "seats": {"least": 2}}, "relations": ["price-", "colour="],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "left"),
    [
        (Limit("size", 24, 36), Limit("width", 40, 60), 1),
        (Limit("width", 160, 240), Limit("size", most=150), 1),
        (Limit("size", most=80), Limit("width", least=100), 1),
        (Limit("size", most=80), Limit("height", most=40), 2),
        (Limit("width", 160, 240), Limit("height", most=40), 2),
        (Limit("price", 80, 120), Limit("size", most=40), 2),
    ],
)
def test_an_old_size_does_not_stay_beside_a_new_measure(old, new, left):
    found = with_limits((old,), (new,))
    assert len(found) == left and found[-1] == new
    assert with_limits((), (old, new)) == (old, new)


def test_a_whole_size_takes_the_place_of_the_longest_side():
    rug = (Limit("width", 160, 240), Limit("depth", 240, 360))
    assert with_limits((Limit("size", most=300), Limit("length", most=300), Limit("price", most=90)), rug) == (
        Limit("price", most=90),
        *rug,
    )


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (Limit("length", 150.368, 225.552), "150 to 226 cm long"), (Limit("price", most=1299), "at most 1299"),
        (Limit("width", most=33.333), "at most 33.33 cm wide"), (Limit("price", most=1000.5), "at most 1000.5"),
    ],
)  # fmt: skip
def test_limits_are_said_in_round_numbers(limit, said):
    assert limit_words(limit) == said
