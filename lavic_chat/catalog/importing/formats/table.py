"""Tables, whatever file they come from: columns, and records with their places. Layouts tell what the columns mean."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from lavic_chat.errors import CatalogError

MAX_COLUMNS = 2_000
MAX_ROWS = 2_000_000
DEEPEST, MOST_PARTS = 6, 100  # lists and objects in each other; values of one
FIRST = 100  # records by which a table of objects is judged, whose columns may differ
NOTHING = frozenset(("", "nan", "none", "null", "n/a", "na", "-", "—", "–"))


@dataclass(frozen=True)
class Record:
    """A row. place: "line 3"; values: by column; more: cells beyond the last column; fault: why it cannot be read."""

    place: str
    values: Mapping[str, Any]
    more: tuple[str, ...] = ()
    fault: str = ""


@dataclass(frozen=True)
class Table:
    """source: the file, for its folder and its name; place: where the columns are named; records: to be read once.
    keyed: whether the records are an object's, under keys that `KEY` holds. bases: folders in which what belongs to the
    file may be."""

    source: Path
    columns: tuple[str, ...]
    records: Iterable[Record]
    place: str = "line 1"
    keyed: bool = False
    bases: tuple[Path, ...] = ()


KEY = ""  # the column of a keyed table's keys


def check_columns(count: int, where: str) -> None:
    """Raises CatalogError for more columns than a table may have."""
    if count > MAX_COLUMNS:
        raise CatalogError(
            f"{where}: {count:,} columns; at most {MAX_COLUMNS:,} are read, so take out what is not needed."
        )


def check_names(names: Iterable[str], where: str) -> None:
    """Raises CatalogError where a column's name, without regard to case, comes twice."""
    seen: set[str] = set()
    for name in (name.strip().casefold() for name in names):
        if name and name in seen:
            raise CatalogError(f"{where}: the header names the column {name[:80]!r} twice; rename one of them.")
        seen.add(name)


def within_limit(records: Iterable[Record], source: Path) -> Iterator[Record]:
    """The records; raises CatalogError behind MAX_ROWS of them."""
    for number, record in enumerate(records, 1):
        if number > MAX_ROWS:
            raise CatalogError(f"{source} holds more than {MAX_ROWS:,} rows; split it.")
        yield record


def object_table(source: Path, records: Iterator[Record], keyed: bool = False) -> Table:
    """The table of records that are objects: its columns are the keys of the first ones."""
    first = list(islice(records, FIRST))
    columns = tuple(dict.fromkeys(name for record in first for name in record.values if name != KEY))
    check_columns(len(columns), str(source))
    return Table(source, columns, within_limit(chain(first, records), source), "", keyed)


def text_of(value: Any, depth: int = 0) -> str:
    """A value as one text: numbers without empty decimals, lists by commas, objects by their values; "" for nothing."""
    if isinstance(value, str):
        return value.strip()
    if value is None or isinstance(value, bytes) or depth > DEEPEST:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return "" if value != value else f"{value:.10g}" if value % 1 else f"{value:.0f}"
    if isinstance(value, list | tuple | dict):
        parts = list(value.values() if isinstance(value, dict) else value)[:MOST_PARTS]
        return ", ".join(filter(None, (text_of(part, depth + 1) for part in parts)))
    return str(value)


def known_text(value: Any) -> str:
    """As `text_of`; "" also for what stands for nothing, "N/A"."""
    text = text_of(value)
    return "" if text.casefold() in NOTHING else text


def folded(columns: Iterable[str]) -> dict[str, str]:
    """Column in lower case, without prefix `g:` and with spaces for underlines -> as it is written."""
    found: dict[str, str] = {}
    for column in columns:
        found.setdefault(fold(column), column)
    return found


def fold(column: str) -> str:
    """A column's name to compare with."""
    return " ".join(column.strip().casefold().removeprefix("g:").replace("_", " ").split())


def last_part(category: str) -> str:
    """ "Home > Sofas" -> "Sofas"."""
    return category.rpartition(">")[2].strip()
