"""Amounts in files: forty forms and more, each read rightly or refused; what is open is decided by the column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.catalog.currencies import CODES, currency_of, currency_sign, split_currency
from lavic_chat.catalog.importing.findings import Findings, note_sentences
from lavic_chat.catalog.importing.formats.item import Draft
from lavic_chat.catalog.importing.prices import read_prices
from lavic_chat.errors import CatalogError

FORMS = {  # as a cell has it, alone in its column -> price and currency; None: no price
    "1.299,00 €": (1299, "EUR"), "1.299 €": (1299, "EUR"), "12,5": (12.5, ""), "12.5": (12.5, ""), "0": (0, ""),
    "899.00 EUR": (899, "EUR"), "USD 899": (899, "USD"), "EUR12": (12, "EUR"), "$1,299.50": (1299.5, "$"),
    "US$ 1,299": (1299, "USD"), "US $1,299.00": (1299, "USD"), "CA$20": (20, "CAD"), "A$ 19.95": (19.95, "AUD"),
    "£45": (45, "GBP"), "45 £": (45, "GBP"), "R$ 1.299,90": (1299.9, "BRL"), "₹1,29,900": (129900, "INR"),
    "Rs. 450": (450, "Rs"), "CHF 1'299.50": (1299.5, "CHF"), "1’299.-": (1299, ""), "1299,-": (1299, ""),
    "199:-": (199, ""), "199 kr": (199, "kr"), "kr. 199,50": (199.5, "kr"), "49 zł": (49, "PLN"),
    "1 299,90 Kč": (1299.9, "CZK"), "1\u00a0299 €": (1299, "EUR"), "1\u202f299,00 €": (1299, "EUR"),
    "¥12800": (12800, "¥"), "₩12,800": (12800, "KRW"), "12.50 euros": (12.5, "EUR"), "12.5000": (12.5, ""),
    "0.999": (0.999, ""), "1299.500": (1299.5, ""), "1.234.567": (1234567, ""), "1,234,567.89": (1234567.89, ""),
    " 12.00 ": (12, ""), "1.5k": (1500, ""), 12: (12, ""), 12.5: (12.5, ""),
    "": None, "NaN": None, "nan": None, "None": None, "N/A": None, "-": None, "—": None, "from 13.99": None,
    "ab 13,99 €": None, "13.99 - 19.99": None, "13.99–19.99": None, "$5 / $9": None, "free": None, "call us": None,
    "-5": None, "-5 €": None, "(5)": None, "1e5": None, "inf": None, "1.2.3": None, "1,299.00.00": None, "12 %": None,
    "12 EUR USD": None, "$": None, "EUR": None, "12.50 per piece": None, "ABC 12": None, "2 for 5": None,
    "12345 678": None, float("nan"): None, float("inf"): None, -1.0: None, True: None, "１２": None, "12,34,5": None,
}  # fmt: skip


def read(cells, **options):
    findings = Findings("a.csv")
    drafts = [Draft(f"line {n}", str(n), "t", price=value) for n, value in enumerate(cells, 2)]
    return read_prices(drafts, findings, **options), findings.notes


@pytest.mark.parametrize("cell", FORMS, ids=repr)
def test_an_amount_is_read_rightly_or_not_at_all(cell):
    ((price, currency),), _ = read([cell])
    wanted = FORMS[cell]
    assert price == (None if wanted is None else pytest.approx(wanted[0]))
    assert wanted is None or currency == wanted[1]


def test_there_are_enough_forms():
    assert len(FORMS) >= 40


@pytest.mark.parametrize(
    ("cells", "prices", "told"),
    [
        (["1.299", "12,50"], [1299, 12.5], "as others have a comma before cents"),
        (["1.299", "12.50"], [1.299, 12.5], "as others have a point before cents"),
        (["1,299", "12.50"], [1299, 12.5], "as others have a point before cents"),
        (["1,299", "12,50"], [1.299, 12.5], "as others have a comma before cents"),
        (["1.299", "2.500"], [1299, 2500], "as if their mark parted thousands"),
        (["1.299", "0.950"], [1.299, 0.95], "as others have a point before cents"),
        (
            ["1.299", "12.50", "12,50"],
            [None, 12.5, 12.5],
            "as others have both marks before cents, and was left out (1.299).",
        ),
        (["1.299", "1.299.000"], [1299, 1299000], "as others have a comma before cents"),
        (["1.299", "12"], [1299, 12], "as if their mark parted thousands"),
    ],
)
def test_the_column_decides_and_that_is_told(cells, prices, told):
    found, notes = read(cells)
    assert [price for price, _ in found] == [None if price is None else pytest.approx(price) for price in prices]
    assert any(told in sentence for sentence in note_sentences(notes)), notes


def test_a_column_without_doubt_says_nothing():
    assert read(["12.50", "1,299.00", "7"])[1] == {}


def test_the_user_has_the_last_word():
    found, notes = read(["1.299"], decimal=".")
    assert found[0][0] == pytest.approx(1.299) and any("as --decimal says" in notice for notice in notes)


def test_a_strict_import_ends_with_what_is_no_amount():
    for cells, said in (
        (["cheap"], "the price 'cheap' is not a number"),
        (["1.299", "1.5", "1,5"], "may mean two things"),
    ):
        drafts = [Draft(f"line {n}", "1", "t", price=value) for n, value in enumerate(cells, 2)]
        with pytest.raises(CatalogError, match=f"a.csv, line 2: .*{said}"):
            read_prices(drafts, Findings("a.csv", strict=True))


def test_a_currencys_column_counts_where_a_cell_names_none():
    drafts = [
        Draft("line 2", "1", "t", price="12", currency="eur"),
        Draft("line 3", "2", "t", price="$9", currency="EUR"),
        Draft("line 4", "3", "t", price="9", currency="credits"),
    ]
    findings = Findings("a.csv")
    assert [currency for _, currency in read_prices(drafts, findings)] == ["EUR", "$", "credi"]
    said = "3 currencies are mixed; limits of prices compare the plain numbers (1 in EUR, 1 in $, 1 in credi)."
    assert said in note_sentences(findings.notes)


@given(st.lists(st.text(max_size=20) | st.floats() | st.integers() | st.none() | st.booleans(), max_size=6))
def test_no_cell_breaks_it(cells):
    found, _ = read(cells)
    assert all(price is None or price >= 0 for price, _ in found) and all(len(name) <= 5 for _, name in found)


@given(st.integers(0, 10**9), st.sampled_from(("", "EUR", "$", "CHF")), st.sampled_from((".", ",")))
def test_cents_are_read_in_either_writing(cents, currency, mark):
    text = f"{cents / 100:,.2f}"
    text = text if mark == "." else text.translate(str.maketrans(",.", ".,"))
    ((price, found),), _ = read([f"{text} {currency}".strip()])
    assert price == pytest.approx(cents / 100) and found == currency


@pytest.mark.parametrize(
    ("code", "sign"), [("EUR", "€"), ("USD", "$"), ("CHF", "CHF\u00a0"), ("$", "$"), ("kr", "kr\u00a0"), ("", "")]
)
def test_currencies_are_shown_by_their_signs(code, sign):
    assert currency_sign(code) == sign


def test_codes_are_known_and_other_words_are_none():
    assert len(CODES) > 150 and currency_of("eur") == "EUR" and currency_of("XYZ") == ""
    assert split_currency("12 XYZ") == ("12 XYZ", "") and split_currency("12") == ("12", "")
