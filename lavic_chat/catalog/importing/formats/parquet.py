"""Parquet files, read a thousand rows at a time."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from lavic_chat.catalog.importing.formats.extras import need
from lavic_chat.catalog.importing.formats.table import MAX_ROWS, Record, Table, check_columns, check_names
from lavic_chat.errors import CatalogError

BATCH = 1_000  # rows
MAX_UNPACKED = 4_000_000_000  # bytes, as the file itself says


def open_parquet(source: Path) -> Table:
    """The table of a file; raises CatalogError for one that cannot be read."""
    parquet = need("pyarrow.parquet", "Parquet files")
    try:
        file = parquet.ParquetFile(source)
        columns, meta = tuple(file.schema_arrow.names), file.metadata
        unpacked = sum(meta.row_group(number).total_byte_size for number in range(meta.num_row_groups))
    except Exception as error:  # on a hostile file its readers raise nearly anything
        raise CatalogError(f"{source} is damaged or no Parquet file; write it again.") from error
    check_columns(len(columns), str(source))
    check_names(columns, str(source))
    if meta.num_rows > MAX_ROWS or unpacked > MAX_UNPACKED:
        raise CatalogError(f"{source} holds more than {MAX_ROWS:,} rows or {MAX_UNPACKED // 10**9} GB; split it.")
    return Table(source, columns, parquet_records(file), "")


def parquet_records(file: Any) -> Iterator[Record]:
    """The rows; what is damaged further down ends them, at fault."""
    number = 0
    try:
        for batch in file.iter_batches(batch_size=BATCH):
            for row in batch.to_pylist():
                number += 1
                yield Record(f"row {number}", {name: plain(value) for name, value in row.items()})
    except Exception:
        yield Record(f"row {number + 1}", {}, fault="the file is damaged from here on, and was not read further")


def plain(value: Any) -> Any:
    """An exact number as any other."""
    return float(value) if isinstance(value, Decimal) else value
