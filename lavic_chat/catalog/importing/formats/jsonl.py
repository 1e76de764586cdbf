"""JSON: a list of objects, an object of objects, one object, or an object a line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lavic_chat.catalog.importing.findings import reason_of
from lavic_chat.catalog.importing.formats.table import KEY, Record, Table, object_table
from lavic_chat.errors import CatalogError, LavicError
from lavic_chat.storage.files import read_jsonl

LINES = (".jsonl", ".ndjson")
ONE = ("@context", "@graph", "@type")  # keys of an object that is a record itself
WITHIN = ("products", "items", "data", "results", "records")  # keys of an object that holds a list of them
EXPECTED = "a list of objects, or an object from ASIN to metadata, was expected"


def open_json(source: Path) -> Table:
    """The table of a file; raises CatalogError where it is no JSON of objects."""
    if is_lines(source):
        return object_table(source, json_lines(source))
    try:
        data = json.loads(source.read_bytes())
    except (ValueError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise CatalogError(f"{source}{line}: not valid JSON; fetch or mend the file.") from error
    if isinstance(data, dict) and not any(key in data for key in ONE):
        held = next((data[key] for key in WITHIN if isinstance(data.get(key), list)), None)
        if held is None and any(isinstance(value, dict | list) for value in data.values()) and not is_product(data):
            return object_table(source, keyed_records(data), keyed=True)
        data = held if held is not None else [data]
    if isinstance(data, dict):
        data = [data]
    if not isinstance(data, list) or not data:
        raise CatalogError(f"{source} holds no products; {EXPECTED}.")
    return object_table(source, listed_records(data))


def is_product(data: dict) -> bool:
    """Whether an object is a product itself: it has a text for a title."""
    return any(isinstance(data.get(key), str) for key in ("title", "name"))


def is_lines(source: Path) -> bool:
    """By its name, or where its first line is an object and something stands behind it."""
    if source.suffix.lower() in LINES:
        return True
    with source.open("rb") as file:
        lines = [line for line in (file.readline(1_000_001).strip() for _ in range(2)) if line]
    try:
        return len(lines) == 2 and isinstance(json.loads(lines[0]), dict)
    except (ValueError, RecursionError):
        return False


def listed_records(data: list) -> Iterator[Record]:
    """Of a list's entries."""
    for number, row in enumerate(data, 1):
        yield record_of(f"item {number}", row)


def keyed_records(data: dict) -> Iterator[Record]:
    """Of an object's values, with their keys."""
    for key, row in data.items():
        record = record_of(f"{key[:80]!r}", row)
        yield Record(record.place, {KEY: key, **record.values}, fault=record.fault)


def record_of(place: str, row: Any) -> Record:
    """Of one value; at fault unless it is an object."""
    return Record(place, row) if isinstance(row, dict) else Record(place, {}, fault="a JSON object was expected")


def json_lines(source: Path) -> Iterator[Record]:
    """Of the lines of a file; those that are no objects are at fault."""
    bad: list[LavicError] = []
    for number, row in read_jsonl(source, CatalogError, bad.append):
        yield from (fault_record(error, source) for error in bad)
        bad.clear()
        yield Record(f"line {number}", row)
    yield from (fault_record(error, source) for error in bad)


def fault_record(error: LavicError, source: Path) -> Record:
    """Of a line that is no object."""
    place, _, reason = reason_of(error, str(source)).removeprefix(", ").partition(": ")
    return Record(place, {}, fault=reason.rstrip("."))
