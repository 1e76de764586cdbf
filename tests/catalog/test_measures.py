"""What products measure, and how many they seat: by attributes, else by texts, never by what says something else."""

import math

import pytest

from lavic_chat.catalog.measures import fact_table, facts_of, measures_of, seats_of
from lavic_chat.catalog.product import Product


def product(title: str = "Thing", description: str = "", price: float | None = None, **attributes: str) -> Product:
    return Product("x", title, "Things", description=description, price=price, attributes=attributes)


@pytest.mark.parametrize(
    ("size", "measures"),
    [
        ("232 x 94 x 80 cm", (232, 94, 80)),
        ("120×60×75cm", (120, 60, 75)),
        ("1.2 x 0.6 m", (120, 60)),
        ("80 cm x 40 cm x 200 cm", (80, 40, 200)),
        ("1200 x 600 mm", (120, 60)),
        ("47 x 20 in", (119.38, 50.8)),
        ("60 * 40", (60, 40)),
        ("12,5 x 30 cm", (12.5, 30)),
    ],
)
def test_sizes_are_width_depth_and_height_in_centimetres(size, measures):
    told = () if size == "60 * 40" else (product(description=f"Measures {size}, in oak."), product(f"Desk {size}"))
    for made in (product(size=size), product(dimensions=size), *told):
        found = measures_of(made)
        assert (
            list(found.values()) == pytest.approx(list(measures))
            and list(found) == ["width", "depth", "height"][: len(found)]
        )


def test_named_measures_go_before_those_of_a_text():
    made = product(description="About 159 x 200 cm.", Width="160 cm", HEIGHT="1.2 m")
    assert measures_of(made) == pytest.approx({"width": 160, "depth": 200, "height": 120})
    assert measures_of(product(width="", height="tall")) == {}


def test_a_size_that_is_no_measure_is_none():
    for size in ("XL", "38", "large", "", "one size", "2 x AA batteries"):
        assert measures_of(product(size=size)) == {}, size


@pytest.mark.parametrize(
    "text",
    ["4 x 4 toy car", "Pack of 2 x 3 candles", "a 2x4 core processor", "6 x 300 ml glasses", "a 1920 x 1080 monitor"],
)
def test_numbers_without_a_unit_are_sizes_only_where_a_size_is_told(text):
    assert measures_of(product(text)) == measures_of(product("Thing", text)) == {}
    assert measures_of(product(text + ", 10 x 20 cm")) == {"width": 10, "depth": 20}


@pytest.mark.parametrize(
    ("title", "seats"),
    [
        ("Bella two-seat sofa", 2), ("3 seater couch", 3), ("Table for 6 persons", 6), ("Four-seater", 4),
        ("Dining set, seats six", 6), ("Tent, sleeps up to 4", 4), ("Bella sofa", None),
        ("Seat cushion", None), ("the seat", None),
    ],
)  # fmt: skip
def test_seats_are_read_where_they_are_said(title, seats):
    assert seats_of(product(title)) == seats
    assert seats_of(product("Thing", title)) == seats and seats_of(product("Thing", seats=title)) == seats


def test_facts_are_all_numbers_that_are_known():
    made = product("Bella two-seat sofa", price=500.0, size="160 x 80 x 70 cm")
    assert facts_of(made) == {
        "width": 160, "depth": 80, "height": 70, "length": 160, "longest": 160, "size": 160 * 80 * 70,
        "price": 500, "seats": 2,
    }  # fmt: skip
    assert facts_of(product()) == {}
    assert facts_of(product(price=0.0)) == {"price": 0.0}


def test_the_length_is_the_longer_side():
    assert facts_of(product(size="80 x 300 x 2 cm"))["length"] == 300
    assert facts_of(product(height="45 cm"))["length"] == 45


def test_facts_of_many_stand_in_columns():
    rows = [facts_of(product(price=5.0)), {}, facts_of(product(size="80 x 300 x 2 cm"))]
    table = fact_table(rows)
    assert [dict(fact) for fact in table] == rows and dict(table[1:][1]) == rows[2]
    assert table.column("price")[0] == 5.0 and math.isnan(table.column("price")[1])
    assert all(map(math.isnan, table.column("nothing of the sort")))
    assert len(fact_table([])) == 0
