"""Columns on disk: written piece by piece, and held where the disk takes no more."""

import numpy as np
import pytest

from lavic_chat.storage.tables import ColumnFile, HeldTables, stored_tables
from lavic_chat.storage.troubles import current_troubles, end_trouble

ROWS = np.random.default_rng(0).normal(size=(300, 2, 100)).astype(np.float32)


def write_pieces(place, rows=ROWS) -> ColumnFile:
    """A column of the rows, a hundred at a time."""
    column = ColumnFile(place, "rows", len(rows))
    for start in range(0, len(rows), 100):
        column.append(rows[start : start + 100])
    return column


@pytest.mark.parametrize("is_held", [False, True])
def test_pieces_become_one_column_that_can_be_changed(tmp_path, is_held):
    column = write_pieces(HeldTables(tmp_path) if is_held else tmp_path)
    assert column.read().dtype == np.float32 and np.array_equal(column.read(), ROWS)
    column.change(lambda part: 2 * part, step=7)
    assert np.array_equal(column.read(), 2 * ROWS)


def test_a_column_is_the_file_that_numpy_writes(tmp_path):
    write_pieces(tmp_path, np.asfortranarray(ROWS))
    np.save(tmp_path / "whole.npy", ROWS)
    assert np.array_equal(np.load(tmp_path / "rows.npy"), np.load(tmp_path / "whole.npy"))
    assert (tmp_path / "rows.npy").stat().st_size == (tmp_path / "whole.npy").stat().st_size


def test_later_rows_become_what_the_first_ones_are(tmp_path):
    column = ColumnFile(tmp_path, "rows", 2)
    column.append(np.zeros((0, 3), np.float32))
    column.append(np.ones((1, 3), np.float32))
    column.append(np.full((1, 3), 0.5))
    assert column.read().dtype == np.float32 and column.read().tolist() == [[1, 1, 1], [0.5, 0.5, 0.5]]


def test_no_more_of_a_file_is_there_than_the_disk_has_taken(tmp_path):
    column = ColumnFile(tmp_path, "rows", len(ROWS))
    column.append(ROWS[:100])
    assert column.path.stat().st_size < ROWS.nbytes / 2


def test_a_disk_that_fills_up_meanwhile_is_told_and_the_rows_are_held(tmp_path):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROWS.nbytes // 2, before[1]))  # the second piece finds no room
    try:
        tables = stored_tables(tmp_path, "part", "key", write_pieces)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert isinstance(tables, HeldTables) and np.array_equal(tables["rows"], ROWS)
    assert list(tables) == ["rows"] and [path.name for path in tmp_path.iterdir()] == []
    assert len(current_troubles(tmp_path)) == 1
    end_trouble(tables.folder)
