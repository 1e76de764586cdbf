"""Excel workbooks (.xlsx): the first sheet that has a header and rows below it."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lavic_chat.catalog.importing.formats.extras import need
from lavic_chat.catalog.importing.formats.table import (
    MAX_COLUMNS,
    Record,
    Table,
    check_columns,
    check_names,
    text_of,
    within_limit,
)
from lavic_chat.errors import CatalogError

MAX_UNPACKED, MAX_RATIO = 2_000_000_000, 400  # bytes; of unpacked to packed bytes
DAMAGED = "is damaged, protected or no Excel workbook; save it again as .xlsx, or as CSV"


def open_excel(source: Path) -> Table:
    """The table of a workbook; raises CatalogError for one that cannot be read."""
    openpyxl = need("openpyxl", "Excel workbooks")
    check_size(source)
    try:
        book = openpyxl.load_workbook(source, read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # what a file says of its own size may be wrong
            rows = enumerate(sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS + 1), 1)
            for number, cells in rows:
                if sum(cell is not None for cell in cells) > 1:
                    return make_table(source, f"sheet {sheet.title[:40]!r}, line {number}", cells, rows)
    except CatalogError:
        raise
    except Exception as error:  # on a hostile file its readers raise nearly anything
        raise CatalogError(f"{source} {DAMAGED}.") from error
    raise CatalogError(f"{source} has no sheet with a header of at least two columns.")


def make_table(source: Path, place: str, header: tuple, rows: Iterator[tuple[int, tuple]]) -> Table:
    """Of a header and the rows below it."""
    columns = tuple(map(text_of, header))
    while columns and not columns[-1]:
        columns = columns[:-1]
    check_columns(len(columns), f"{source}, {place}")
    check_names(columns, f"{source}, {place}")
    return Table(source, columns, within_limit(excel_records(rows, columns), source), place)


def excel_records(rows: Iterator[tuple[int, tuple]], columns: tuple[str, ...]) -> Iterator[Record]:
    """The rows; what is damaged further down ends them, at fault."""
    number = 0
    try:
        for number, cells in rows:
            if any(cell is not None for cell in cells):
                yield Record(f"line {number}", dict(zip(columns, map(plain, cells), strict=False)))
    except Exception:
        yield Record(f"line {number + 1}", {}, fault="the workbook is damaged from here on, and was not read further")


def plain(value: Any) -> Any:
    """A cell's text or number; dates and times as text."""
    return value if value is None or isinstance(value, str | int | float) else str(value)


def check_size(source: Path) -> None:
    """Raises CatalogError for a workbook that unpacks to too much."""
    try:
        with zipfile.ZipFile(source) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise CatalogError(f"{source} {DAMAGED}.") from error
    if unpacked > min(MAX_UNPACKED, max(50_000_000, source.stat().st_size * MAX_RATIO)):
        raise CatalogError(f"{source} unpacks to far more than it should; it may be a zip bomb.")
