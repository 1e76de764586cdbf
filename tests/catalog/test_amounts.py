"""Amounts as people and shops write them: one reader for words, fields, the API and imports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.catalog.amounts import read_count, read_measures, read_money, read_numbers, write_money


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1.299,00 €", [1299]),
        ("1'299.-", [1299]),
        ("1 299", [1299]),
        ("49,90", [49.9]),
        ("1,200", [1200]),
        ("$1,299.50", [1299.5]),
        ("12,5", [12.5]),
        ("0.999", [0.999]),
        ("half a grand", [500]),
        ("a grand", [1000]),
        ("1.5k", [1500]),
        ("fifteen hundred", [1500]),
        ("two hundred fifty", [250]),
        ("a hundred and twenty", [120]),
        ("a couple of hundred", [200]),
        ("one and a half thousand", [1500]),
        ("a grand and a half", [1500]),
        ("100-150", [100, 150]),
        ("1–2k", [1000, 2000]),
        ("1.2 to 1.4 k", [1200, 1400]),
        ("two to three hundred", [200, 300]),
        ("between five and six thousand", [5000, 6000]),
        ("one hundred and twenty thousand", [120000]),
        ("120 bucks", [120]),
        ("five hundred", [500]),
        ("nothing", []),
    ],
)
def test_money(text, numbers):
    assert read_numbers(text) == pytest.approx(numbers)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("49.90", 49.9), ("899.00 EUR", 899), ("USD 899", 899), ("1.299,00 €", 1299), ("1'299.-", 1299),
        ("₹ 1,200", 1200), ("1\u00a0299 €", 1299),
        ("1 299 $", 1299), ("12,5", 12.5), ("0", 0), ("1.5k", 1500), ("half a grand", 500), ("five hundred", 500),
    ],
)  # fmt: skip
def test_a_field_holds_one_amount(text, amount):
    assert read_money(text) == pytest.approx(amount)


@pytest.mark.parametrize(
    "text", ["", "cheap", "NaN", "inf", "-5", "10-20", "from 13.99", "1e5", "12 or 13", "12 EUR USD", "$", "A1", "of5"]
)
def test_a_field_that_holds_no_amount(text):
    with pytest.raises(ValueError, match="not an amount of money"):
        read_money(text)


@given(st.integers(0, 10**11), st.sampled_from(("", "$", "€ ", "EUR ")))
def test_money_as_we_write_it_is_read_again(cents, currency):
    assert read_money(write_money(cents / 100, currency)) == pytest.approx(cents / 100)


@pytest.mark.parametrize(
    ("text", "centimetres"),
    [
        ("1.20 m", [120]),
        ("47 inches", [119.38]),
        ('30"', [76.2]),
        ("6 ft 2", [187.96]),
        ("6'2\"", [187.96]),
        ("1 foot 4", [40.64]),
        ("1m20", [120]),
        ("four feet", [121.92]),
        ("a metre", [100]),
        ("half a metre", [50]),
        ("one and a half metres", [150]),
        ("two metres", [200]),
        ("500 mm", [50]),
        ("232 x 94 x 80 cm", [232, 94, 80]),
        ("1.65 by 1.65 metres", [165, 165]),
        ("8 ft by 10 ft", [243.84, 304.8]),
        ("110", [110]),
        ("1.5", [150]),
    ],
)
def test_measures(text, centimetres):
    assert read_measures(text) == pytest.approx(centimetres)


@pytest.mark.parametrize(
    ("text", "count"), [("two", 2), ("a couple", 2), ("the pair of us", 2), ("8 people", 8), ("", None)]
)
def test_people(text, count):
    assert read_count(text) == count


@given(st.floats(0.01, 999_999).map(lambda number: round(number, 2)))
def test_a_price_is_read_in_every_country_alike(price):
    plain = f"{price:,.2f}"
    for written in (
        plain,
        plain.replace(",", " "),
        plain.replace(",", "'"),
        plain.replace(",", "_").replace(".", ",").replace("_", "."),
    ):
        assert read_numbers(written) == pytest.approx([price])


@given(st.text(max_size=300))
def test_no_text_breaks_it(text):
    assert all(number >= 0 for number in (*read_numbers(text), *read_measures(text)))
