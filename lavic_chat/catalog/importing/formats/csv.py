"""CSV and its kin: cells parted by commas, semicolons, tabs or bars, in UTF-8, UTF-16 or Latin-1."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from lavic_chat.catalog.importing.findings import Findings
from lavic_chat.catalog.importing.formats.table import Record, Table, check_columns, check_names, within_limit
from lavic_chat.errors import CatalogError

DELIMITERS = ",;\t|"
QUOTED = re.compile(r'"[^"]*"')


def open_csv(source: Path, findings: Findings) -> Table:
    """The table of a file; raises CatalogError where its header cannot be used."""
    text = decode(source, findings).lstrip("\r\n")
    first = text[: text.find("\n") + 1] or text
    bare = QUOTED.sub("", first)
    delimiter = max(DELIMITERS, key=bare.count)  # the comma where all are absent
    check_columns(bare.count(delimiter) + 1, f"{source}, line 1")  # before so many cells are made
    rows = csv_rows(text, delimiter)
    place, header, fault = next(rows, ("line 1", [], ""))
    if fault:
        raise CatalogError(f"{source}, {place}: {fault}.")
    columns = tuple(cell.strip() for cell in header)
    check_names(columns, f"{source}, {place}")
    return Table(source, columns, within_limit(csv_records(rows, columns), source), place)


def csv_records(rows: Iterator[tuple[str, list[str], str]], columns: tuple[str, ...]) -> Iterator[Record]:
    """The rows by their columns' names."""
    width = len(columns)
    for place, cells, fault in rows:
        more = tuple(cells[width:]) if len(cells) > width else ()
        yield Record(place, dict(zip(columns, cells, strict=False)), more, fault)


def csv_rows(text: str, delimiter: str) -> Iterator[tuple[str, list[str], str]]:
    """("line n", cells, "") of each row that is not blank, the line where it begins; a row that is no CSV comes without
    cells, but with what is wrong."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield f"line {begins}", [], f"not valid CSV ({error}); mend its quotes"
        else:
            if any(map(str.strip, cells)):
                yield f"line {begins}", cells, ""
        begins = reader.line_num + 1


def decode(source: Path, findings: Findings) -> str:
    """The file's text: UTF-8, UTF-16 with its mark, else as Windows writes Latin letters, else Latin-1, which fits any
    bytes."""
    data = source.read_bytes()
    try:
        marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        return data.decode("utf-16" if marked else "utf-8-sig")
    except UnicodeDecodeError:
        findings.note("{file is not UTF-8 and was|files are not UTF-8 and were} read as Latin-1", source.name)
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")
