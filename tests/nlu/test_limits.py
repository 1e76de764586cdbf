"""Amounts of a message as limits: what is marked, direction and bound by the words beside it, what was overlooked."""

import pytest

from lavic_chat.nlu.intent import Limit
from lavic_chat.nlu.limits import limits_in
from lavic_chat.training.marked_turns import unmark


def limits(marked: str) -> list[Limit]:
    text, spans = unmark(marked)
    return list(limits_in(spans, text))


def check_only(marked: str, limit: Limit) -> None:
    (found,) = limits(marked)
    assert (found.quantity, found.least, found.most) == (
        limit.quantity,
        pytest.approx(limit.least),
        pytest.approx(limit.most),
    )


@pytest.mark.parametrize(
    ("marked", "limit"),
    [
        ("under [price<:1,200]", Limit("price", most=1200)),
        ("from [price>:half a grand]", Limit("price", least=500)),
        ("about [price~:100]", Limit("price", 80, 120)),
        ("[price~:100-200]", Limit("price", 100, 200)),
        ("for [seats:a couple]", Limit("seats", least=2)),
        ("no wider than [width<:1.70 m]", Limit("width", most=170)),
        ("fits a [width<:60 inch] niche", Limit("width", most=152.4)),
        ("[size<:80] at most", Limit("size", most=80)),
        ("[height<:20] inches high or taller", Limit("height", least=50.8)),
        ("max [width<:30 in] wide", Limit("width", most=76.2)),
        ("a chair, nothing under [price<:200]", Limit("price", least=200)),
        ("a chair for [price<:200] or up", Limit("price", least=200)),
        ("a chair, [price>:200] tops", Limit("price", most=200)),
        ("not below $[price<:200]", Limit("price", least=200)),
        ("nothing under [width>:120 cm] wide", Limit("width", least=120)),
        ("[size~:40-60 cm]", Limit("size", 40, 60)),
        ("[price~:half a grand] is my ceiling", Limit("price", most=500)),
        ("nowt below [price<:300]", Limit("price", least=300)),
        ("[price>:60] is where I stop", Limit("price", most=60)),
        ("[height~:30 inches] front to back is all I've got", Limit("depth", most=76.2)),
        ("at most [length<:one metre] seventy", Limit("length", most=170)),
    ],
)
def test_what_is_marked_is_a_limit(marked, limit):
    check_only(marked, limit)


@pytest.mark.parametrize("said", ["180 x 90", "180 × 90 cm", "1.80 by 0.90 m"])
def test_measures_with_a_cross_between_are_width_and_depth(said):
    width, depth = limits(f"a desk, [size<:{said}]")
    assert (width.quantity, width.most) == ("width", pytest.approx(180))
    assert (depth.quantity, depth.most) == ("depth", pytest.approx(90))


def test_what_says_no_number_is_none():
    assert limits("under [price<:that] for [seats:everybody] and [kind:sofa]") == []


@pytest.mark.parametrize(
    ("marked", "quantity", "bound"),
    [
        ("[width<:20 inches] high or taller", "height", "least"),
        ("a depth of at most [width~:80 cm]", "depth", "most"),
        ("[width<:2 m] long at least", "length", "least"),
        ("minimum [height<:90 cm]", "height", "least"),
        ("no deeper than [width>:40 cm]", "depth", "most"),
    ],
)
def test_words_beside_a_measure_decide(marked, quantity, bound):
    (found,) = limits(marked)
    assert found.quantity == quantity and getattr(found, bound) is not None
    assert getattr(found, {"least": "most", "most": "least"}[bound]) is None


def test_what_stands_beside_a_price_is_not_its_direction():
    assert limits("a tall lamp, at least [price<:100]") == [Limit("price", least=100)]
    assert limits("a lamp over the table, [price<:100]") == [Limit("price", most=100)]


@pytest.mark.parametrize(
    ("marked", "limit"),
    [
        ("curtains, not beige, less than [price>:100]", Limit("price", most=100)),
        ("a desk, not white, more than [price<:300]", Limit("price", least=300)),
        ("more than two hundred and [price<:fifty] dollars", Limit("price", least=250)),
        ("less than [price<:two hundred and fifty] cm high", Limit("height", most=250)),
        ("a bookcase, height over [height<:six feet]", Limit("height", least=182.88)),
        ("at least [width<:a metre] and a half long", Limit("length", least=150)),
        ("a fridge, max height [price<:150]", Limit("height", most=150)),
        ("a fridge, [price<:150] high at most", Limit("height", most=150)),
        ("it can't be over [price>:80]", Limit("price", most=80)),
        ("not less than [price<:80]", Limit("price", least=80)),
        ("must not exceed [width>:120 cm]", Limit("width", most=120)),
        ("under [price>:$80] high-gloss", Limit("price", most=80)),
        ("with 4 seats", Limit("seats", least=4)),
        ("a table for six people", Limit("seats", least=6)),
        ("a three-seater", Limit("seats", least=3)),
    ],
)
def test_words_right_beside_an_amount_decide(marked, limit):
    check_only(marked, limit)


@pytest.mark.parametrize(
    ("marked", "limit"),
    [
        ("a [kind:shelf] at most 80 cm wide", Limit("width", most=80)),
        ("a [kind:sofa], max 2 metres", Limit("width", most=200)),
        ("a [kind:lamp] at least 1.5 m high", Limit("height", least=150)),
        ("no deeper than a foot", Limit("depth", most=30.48)),
    ],
)
def test_measures_that_were_overlooked_are_found(marked, limit):
    check_only(marked, limit)


@pytest.mark.parametrize(
    "marked",
    [
        "I want one in [wanted:blue]", "do you have a [kind:sofa]? one in [wanted:red]", "two in [wanted:green]",
        "a 2 in 1 [kind:laptop]", "[kind:tv], I sit 3 metres away", "I live 10 m from the station, a [kind:bike]",
    ],
)  # fmt: skip
def test_what_bounds_nothing_is_no_limit(marked):
    assert limits(marked) == []


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("min [width>:80 cm] wide, max [depth<:30 cm] deep", [("width", 80, None), ("depth", None, 30)]),
        ("under [depth<:30 cm] deep, at least [height>:100 cm] high", [("depth", None, 30), ("height", 100, None)]),
        ("between [width>:40] and [width<:60 inches]", [("width", 101.6, None), ("width", None, 152.4)]),
        ("a [size~:55 inch] thing under [price<:500]", [("size", 111.76, 167.64), ("price", None, 500)]),
        ("a 50mm lens under [price<:300]", [("price", None, 300)]),
        ("a foot stool under [price<:50]", [("price", None, 50)]),
    ],
)
def test_each_amount_has_its_own_bound_and_unit(marked, expected):
    found = limits(marked)
    assert [
        (one.quantity, one.least and round(one.least, 2), one.most and round(one.most, 2)) for one in found
    ] == expected


@pytest.mark.parametrize("marked", ["about [size~:3 litres]", "[size>:2kg]", "a [size~:15 liter] one", "[size~:60w]"])
def test_what_is_no_length_is_no_limit(marked):
    assert limits(marked) == []


@pytest.mark.parametrize(
    "marked", ["a toy for kids under [price<:12]", "from the [price>:1960s] to [price<:1970s]", "ages [price~:8]"]
)
def test_times_are_no_limits(marked):
    assert limits(marked) == []
    assert limits("a toy under [price<:12]") == [Limit("price", most=12)]


@pytest.mark.parametrize(
    ("marked", "limit"),
    [
        ("a [kind:plate], [width~:27] [length~:cm]", Limit("size", 21.6, 32.4)),
        ("a [size~:27] [height~:cm] [kind:plate]", Limit("size", 21.6, 32.4)),
        ("a 30cm [kind:clock]", Limit("size", 24, 36)),
        ("a 30 cm round [kind:clock]", Limit("size", 24, 36)),
        ("a [kind:plate] of 27 cm", Limit("size", 21.6, 32.4)),
        ("a [kind:plate], about [width~:27 cm] across", Limit("width", 21.6, 32.4)),
        ("a [kind:desk] for an alcove of about [width~:90 cm]", Limit("width", 72, 108)),
    ],
)
def test_a_measure_of_which_nothing_is_said_is_the_things_main_size(marked, limit):
    check_only(marked, limit)


def test_a_measure_that_is_not_at_a_name_and_not_bounded_is_no_limit():
    assert limits("a [kind:sofa], ours stood 90 cm from the wall") == []


@pytest.mark.parametrize(
    "marked",
    [
        "a [kind:rug], [size~:200x300]",
        "a [kind:rug] [size~:200]x[size~:300]",
        "[width~:200] by [depth~:300 cm] [kind:rug]",
    ],
)
def test_a_cross_needs_no_spaces_and_joins_what_was_read_apart(marked):
    width, depth = limits(marked)
    assert (width.quantity, width.least, width.most) == ("width", 160, pytest.approx(240))
    assert (depth.quantity, depth.least, depth.most) == ("depth", 240, pytest.approx(360))


def test_the_usual_measure_is_meant_again_where_no_direction_is_said():
    text, spans = unmark("[height<:50 cm] rather")
    assert [one.quantity for one in limits_in(spans, text, "size")] == ["size"]
    assert [one.quantity for one in limits_in(spans, text)] == ["height"]
    for marked in ("[width<:50 cm] wide rather", "and [width<:50 cm] please"):
        text, spans = unmark(marked)
        assert [one.quantity for one in limits_in(spans, text, "size")] == ["width"]


def test_the_bound_of_a_unit_read_by_itself_holds_for_its_number():
    check_only("nothing that sticks out [depth>:18] [depth<:inches]", Limit("depth", most=45.72))


def test_what_is_spent_is_no_measure():
    check_only("I can spend up to [width<:850] then", Limit("price", most=850))
    check_only("up to [width<:85 cm] wide", Limit("width", most=85))


def test_two_and_a_half_metres_are_one_measure():
    check_only("at least [width>:two and a half metres] wide", Limit("width", least=250))


def test_a_cross_is_no_part_of_a_measure():
    width, depth = limits("a rug about [size~:200 x] [size~:140 cm]")
    assert (width.quantity, width.least, width.most) == ("width", 160, 240)
    assert (depth.quantity, depth.least, depth.most) == ("depth", pytest.approx(112), pytest.approx(168))


@pytest.mark.parametrize("marked", ["under [price<:50]%", "under [price<:99999999999999999999999]"])
def test_what_is_no_limit(marked):
    assert limits(marked) == []
