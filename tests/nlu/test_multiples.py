"""Amounts that are a multiple of the last limit, or of what was shown."""

import pytest

from lavic_chat.nlu.intent import Intent, Limit
from lavic_chat.nlu.multiples import Multiple, multiple_in, relative_limit, shared_out

FACTS = {"price": 300.0, "width": 100.0, "height": 80.0, "longest": 120.0}
UNDER_200 = Intent(limits=(Limit("width", most=150), Limit("price", most=200)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("we can go to double that", Multiple(2)), ("half that, please", Multiple(0.5)),
        ("twice as wide", Multiple(2, "width", True)), ("at most half as tall", Multiple(0.5, "height", True, "<")),
        ("three times the budget", Multiple(3, "price")), ("1.5 times that", Multiple(1.5)),
        ("I could pay twice as much", Multiple(2, "price", True)), ("double the width", Multiple(2, "width")),
        ("half the size", Multiple(0.5, "size")), ("2x that at least", Multiple(2, "", False, ">")),
        ("half a grand", None), ("a double bed", None), ("half the night", None), ("twice I said no", None),
        ("double that bed", None), ("a 3 x 2 m rug", None), ("", None),
    ],
)  # fmt: skip
def test_multiples_are_read(text, found):
    assert multiple_in(text) == found


@pytest.mark.parametrize(
    ("text", "intent", "limit"),
    [
        ("we can go to double that", UNDER_200, Limit("price", most=400)),
        ("half that", UNDER_200, Limit("price", most=100)),
        ("twice as wide", UNDER_200, Limit("width", most=200)),
        ("twice as wide", Intent(), Limit("width", 160, 240)),
        ("at least twice as wide", Intent(), Limit("width", least=200)),
        ("half the price", Intent(), Limit("price", most=150)),
        ("double the width", UNDER_200, Limit("width", most=300)),
        ("half the size", Intent(), Limit("size", 48, 72)),
        ("double that", Intent(limits=(Limit("price", 240, 360),)), Limit("price", most=600)),
        ("twice as deep", Intent(), None),
        ("cheaper", UNDER_200, None),
    ],
)
def test_a_multiple_is_of_the_last_limit_or_of_what_was_shown(text, intent, limit):
    assert relative_limit(text, intent, FACTS) == limit


def test_a_multiple_changes_the_limit_and_nothing_else(ask):
    first = "a [kind:sofa] under [price<:600]"
    intent, ranked = ask(first, ("we can go to double that", {"act": "reject"}))
    assert (intent.act, intent.limits, intent.excluded) == ("refine", (Limit("price", most=1200),), frozenset())
    assert ranked[0] in ("red-sofa", "brown-sofa", "blue-sofa")
    intent, ranked = ask("a [wanted:red] [kind:sofa]", ("make it 1.5 times as wide", {"act": "refine"}))
    assert [(one.facet, one.sign) for one in intent.relations] == [("width", "+")]
    assert intent.limits == (Limit("width", 192, 288),) and ranked[0] == "blue-sofa"


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("six dining chairs, total budget 600", 100.0), ("6 of them, 600 in all", 100.0),
        ("six chairs under 600", 600.0),
        ("a total of 600", 600.0), ("total budget 600, 80 cm wide", 600.0), ("two lamps, 600 for both", 300.0),
    ],
)  # fmt: skip
def test_a_budget_for_several_is_shared_out(text, most):
    (limit,) = shared_out([Limit("price", most=600)], text)
    assert limit.most == pytest.approx(most)
