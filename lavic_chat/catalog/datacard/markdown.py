"""Markdown for cards and reports: tables, texts from the data, counts in words."""

import re
from collections.abc import Iterable

from lavic_chat.catalog.text import printable


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; columns of numbers are set to the right."""
    heads, rows = list(heads), [list(row) for row in rows]
    is_number = [all(re.fullmatch(r"[\d,.]*", row[column]) for row in rows) for column in range(len(heads))]
    rule = ["---:" if number else "---" for number in is_number]
    return "\n".join(f"| {' | '.join(row)} |" for row in [heads, rule, *rows])


def plain(text: str) -> str:
    """A text from the data, fit for a line of Markdown."""
    text = " ".join(printable(text[:80], " ").split())
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", text)
