"""What a layout is, by which a table's columns become products, and what the layouts have in common."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lavic_chat.catalog.amounts import read_money
from lavic_chat.catalog.importing.findings import Findings
from lavic_chat.catalog.importing.formats.item import Draft
from lavic_chat.catalog.importing.formats.table import Record, Table, folded, known_text

OUT, IN = ("out of stock", "outofstock", "out", "sold out", "soldout", "discontinued"), ("in stock", "instock", "in")
YES, NO = ("true", "1", "yes", "y", "available"), ("false", "0", "no", "n", "unavailable")
ORDERED = ("preorder", "pre order", "backorder", "back order", "limited availability", "limitedavailability")


@dataclass(frozen=True)
class Layout:
    """name: for `--format`; title: in sentences; fits: by the columns' folded names; read: a table to drafts."""

    name: str
    title: str
    fits: Callable[[Collection[str]], bool]
    read: Callable[[Table, Findings], Iterator[Draft]]


@dataclass(frozen=True)
class Row:
    """A record with its values by the columns' folded names."""

    record: Record
    names: Mapping[str, str]

    @property
    def place(self) -> str:
        """Of the record."""
        return self.record.place

    def value(self, *names: str) -> Any:
        """The first of these columns that says something; None where none does."""
        values = (self.record.values.get(self.names.get(name, name)) for name in names)
        return next((value for value in values if value not in (None, "", [], {})), None)

    def text(self, *names: str) -> str:
        """The same as a text, of a list the first; "" for what stands for nothing."""
        for name in names:
            value = self.record.values.get(self.names.get(name, name))
            if text := known_text(value[0] if isinstance(value, list | tuple) and value else value):
                return text
        return ""

    def attributes(self, names: Mapping[str, str]) -> dict[str, str]:
        """Of attribute -> column: those that say something."""
        return {attribute: text for attribute, name in names.items() if (text := self.text(name))}


def rows_of(table: Table, findings: Findings, keeps_more: bool = False) -> Iterator[Row]:
    """The records that can be read; the others are rejected. keeps_more: whether too many cells are the caller's."""
    names = folded(table.columns)
    for record in table.records:
        if record.fault:
            findings.reject(record.place, f"{record.fault}.")
        elif record.more and not keeps_more:
            width = len(table.columns)
            findings.reject(record.place, f"{width + len(record.more)} cells under {width} columns; mend its quotes.")
        else:
            yield Row(record, names)


def first_of_each(drafts: Iterable[Draft], findings: Findings) -> Iterator[Draft]:
    """The drafts with a title, the first of each id; the others are noted. Each without an id stays, to be refused."""
    seen: set[str] = set()
    for draft in drafts:
        if draft.id and draft.id in seen:
            findings.note("{product is|products are} there more than once; the first was kept", draft.id)
        elif draft.id and not draft.title:
            findings.note("{product without a title was|products without a title were} left out", draft.id)
        else:
            seen.add(draft.id)
            yield draft


def read_stock(text: str) -> bool | None:
    """Whether something is in stock, by what shops write: "in_stock", "https://schema.org/OutOfStock", a count; None
    where that says nothing."""
    word = text.rpartition("/")[2].replace("_", " ").replace("-", " ").strip().casefold()
    if word in OUT or word in NO:
        return False
    if word in IN or word in YES or word in ORDERED:
        return True
    try:
        return float(word) > 0
    except ValueError:
        return None


def is_now(begins: str, ends: str) -> bool:
    """Whether a period holds today; what is open or no date bounds nothing."""
    now = datetime.now(UTC)
    start, end = read_date(begins), read_date(ends)
    return (start is None or start <= now) and (end is None or now <= end)


def read_date(text: str) -> datetime | None:
    """A date in ISO 8601; None for anything else."""
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def price_now(regular: Any, sale: Any, begins: str, ends: str) -> Any:
    """The sale's price while it holds and is the lower one, else the regular price."""
    return sale if is_now(begins, ends) and is_lower(sale, regular) else regular


def is_lower(sale: Any, price: Any) -> bool:
    """Whether a sale's price is an amount, and below the other where that is one."""
    try:
        lower = read_money(str(sale))
        return lower > 0 and (price in (None, "") or lower <= read_money(str(price)))
    except ValueError:
        return False
