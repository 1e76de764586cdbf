"""Prices of a whole source: what one cell leaves open, "1.299", is decided by the others, and told."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from lavic_chat.catalog.amounts import FIGURES, LONGEST, find_decimal_mark, is_ambiguous, read_money
from lavic_chat.catalog.currencies import MAX_CURRENCY, currency_of, split_currency
from lavic_chat.catalog.importing.findings import Findings
from lavic_chat.catalog.importing.formats.item import Draft
from lavic_chat.catalog.importing.formats.table import text_of

NOTHING = frozenset(("", "none", "null", "n/a", "na", "-", "—", "–"))
WORDS = {".": "a point", ",": "a comma"}


def read_prices(drafts: Sequence[Draft], findings: Findings, decimal: str = "") -> list[tuple[float | None, str]]:
    """Of each draft the price, None where there is none, and its currency, "" where none is told. decimal: the mark
    before decimals; found by the prices themselves where it is not given."""
    amounts = [split_currency(draft.price[:LONGEST])[0] if isinstance(draft.price, str) else "" for draft in drafts]
    unclear = [amount for amount in amounts if is_ambiguous(amount)]
    mark = decimal or find_decimal_mark(amounts)
    tell_decision(unclear, mark, decimal, findings)
    found = [read_price(draft, findings, mark) for draft in drafts]
    currencies = Counter(currency for price, currency in found if currency and price is not None)
    if len(currencies) > 1:
        for name, count in currencies.most_common():
            findings.note("currencies are mixed; limits of prices compare the plain numbers", f"{count:,} in {name}")
    return found


def tell_decision(unclear: list[str], mark: str, decimal: str, findings: Findings) -> None:
    """What became of prices that may mean two things."""
    if not unclear:
        return
    if mark == ".,":
        notice = "{price|prices} may mean two things, as others have both marks before cents, and {was|were} left out"
        cases = unclear
    else:
        cases = [f"{one} is {read_money(one, mark):.10g}" for one in unclear]
        why = f"as others have {WORDS[mark]} before cents" if mark else "as if their mark parted thousands"
        why = "as --decimal says" if decimal else why
        notice = f"{{price|prices}} may mean two things and {{was|were}} read {why}; --decimal may say otherwise"
    for case in cases:
        findings.note(notice, case)


def read_price(draft: Draft, findings: Findings, mark: str) -> tuple[float | None, str]:
    """Of one draft; a strict import ends with a price that is none."""
    value, currency = draft.price, currency_of(draft.currency) or draft.currency.strip()[:MAX_CURRENCY]
    if value is None or (isinstance(value, str) and value.strip().casefold() in NOTHING):
        return None, currency
    if isinstance(value, int | float) and not isinstance(value, bool):
        if math.isfinite(value) and value >= 0:
            return float(value), currency
        if value != value:  # NaN, as tables have it where there is nothing
            return None, currency
    elif isinstance(value, str) and len(value) <= LONGEST:
        rest, written = split_currency(value)
        try:
            if mark == ".," and is_ambiguous(rest):
                findings.object(draft.place, f"the price {value[:40]!r} may mean two things.")
                return None, currency
            return read_money(value, mark if len(mark) == 1 else ""), written or currency
        except ValueError:
            pass
    shown = text_of(value)[:40] or str(value)[:40]
    findings.object(draft.place, f"the price {shown!r} is not a number.")
    findings.note("{price is no amount and was|prices are no amount and were} left out", f"{draft.place}: {shown!r}")
    return None, currency


def is_amount(text: str) -> bool:
    """Whether a text is an amount with cents or a currency."""
    rest, currency = split_currency(text)
    try:
        read_money(rest)
    except ValueError:
        return False
    figures: Any = FIGURES.search(rest)
    return bool(currency) or bool(figures and any(mark in figures[0] for mark in ".,"))
