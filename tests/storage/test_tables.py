"""Columns on disk: written piece by piece, and held where the disk takes no more."""

import json
import logging
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers.faults import spoil_numbers
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.errors import CacheError
from lavic_chat.storage import tables as tables_module
from lavic_chat.storage.tables import (
    NOTES,
    SAMPLED,
    ColumnFile,
    HeldTables,
    Tables,
    check_finite,
    stored_tables,
    write_columns,
)
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
        tables = stored_tables(tmp_path, "part", "key", write_pieces, lambda tables: tables)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert isinstance(tables, HeldTables) and np.array_equal(tables["rows"], ROWS)
    assert list(tables) == ["rows"] and [path.name for path in tmp_path.iterdir()] == []
    assert len(current_troubles(tmp_path)) == 1
    end_trouble(tables.folder)


# ---- damage ----

COLUMNS = {
    "names": ["an oak table", "", "a lamp"],
    "numbers": np.arange(3.0),
    "vectors": ROWS,
    "none": np.zeros((0, 4)),
}
FILES = ["names.bytes.npy", "names.offsets.npy", "numbers.npy", "vectors.npy", "none.npy", NOTES]


class Maker:
    """Counts how often tables are made."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, place) -> None:
        self.made += 1
        write_columns(place, COLUMNS)

    def open(self, folder: Path, read: Callable[[Tables], Tables] = lambda tables: tables, finite=()) -> Tables:
        return stored_tables(folder, "part", "key", self, read, finite)


def check_whole(tables: Tables) -> None:
    assert set(tables) == set(COLUMNS) and list(tables["names"]) == COLUMNS["names"]
    assert all(np.array_equal(tables[name], COLUMNS[name]) for name in ("numbers", "vectors", "none"))


def read_all(tables: Tables) -> Tables:
    for name in COLUMNS:
        tables[name]
    return tables


def forget_sizes(folder: Path) -> None:
    """As an earlier version wrote the notes."""
    (folder / NOTES).write_text(json.dumps({"key": json.loads((folder / NOTES).read_text())["key"]}))


@given(name=st.sampled_from(FILES), share=st.floats(0, 1, exclude_max=True), is_old=st.booleans())
def test_what_is_cut_anywhere_is_made_anew(name, share, is_old):
    maker = Maker()
    with tempfile.TemporaryDirectory() as home:
        folder = maker.open(Path(home)).folder
        if is_old:
            forget_sizes(folder)
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: int(share * len(data))])
        check_whole(maker.open(Path(home)))
        check_whole(maker.open(Path(home)))
        assert maker.made == 2 - (name == NOTES and data[: int(share * len(data))] == data.rstrip())


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("is_old", [False, True])
def test_what_is_missing_is_made_anew_with_one_line(tmp_path, caplog, name, is_old):
    maker = Maker()
    folder = maker.open(tmp_path).folder
    if is_old:
        forget_sizes(folder)
    (folder / name).unlink()
    caplog.set_level(logging.INFO)
    check_whole(maker.open(tmp_path, read_all))
    assert [one.getMessage() for one in caplog.records] == [
        f"{folder} is damaged; it is made anew."
    ] and maker.made == 2
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


NO_NOTES = ["", "[]", "{}", "null", "{", '{"key": "another"}', '{"key": "key", "sizes": 3}', "[" * 9_000]


@pytest.mark.parametrize("notes", NO_NOTES)
def test_notes_of_anything_else_are_damage(tmp_path, notes):
    maker = Maker()
    (maker.open(tmp_path).folder / NOTES).write_text(notes)
    check_whole(maker.open(tmp_path))
    assert maker.made == 2


@pytest.mark.parametrize("name", FILES[:-1])
def test_a_file_that_is_no_array_is_made_anew_though_it_is_as_long(tmp_path, name):
    maker = Maker()
    path = maker.open(tmp_path).folder / name
    path.write_bytes(b"\xff" * path.stat().st_size)
    check_whole(maker.open(tmp_path, read_all))
    assert maker.made == 2


def test_tables_of_an_earlier_version_are_opened_as_they_are(tmp_path, caplog):
    maker = Maker()
    forget_sizes(maker.open(tmp_path).folder)
    check_whole(maker.open(tmp_path))
    assert maker.made == 1 and not caplog.records


def test_no_column_is_read_to_compare_sizes(tmp_path, monkeypatch):
    maker = Maker()
    maker.open(tmp_path)
    monkeypatch.setattr(np, "load", lambda *given, **more: pytest.fail("read"))
    maker.open(tmp_path)
    assert maker.made == 1


def test_what_is_made_this_moment_and_cannot_be_read_is_told(tmp_path):
    maker = Maker()
    with pytest.raises(CacheError, match="is damaged; delete it"):
        maker.open(tmp_path, lambda tables: tables["nowhere"])


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize("share", [1.0, 0.5, 0.02])
def test_columns_that_are_no_numbers_are_made_anew_where_they_must_be(tmp_path, monkeypatch, share, is_large):
    maker = Maker()
    if is_large:
        monkeypatch.setattr(tables_module, "READ_WHOLE", 0)
    path = maker.open(tmp_path).folder / "vectors.npy"
    spoil_numbers(path, share)
    maker.open(tmp_path, finite=("numbers",))
    assert maker.made == 1
    check_whole(maker.open(tmp_path, finite=("numbers", "vectors", "none")))
    check_whole(maker.open(tmp_path, finite=("numbers", "vectors", "none")))
    assert maker.made == 2


def test_of_a_large_column_few_rows_are_read(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(np, "isfinite", lambda rows: seen.append(len(rows)) or np.ones(1, bool))
    column = HeldTables(tmp_path)
    column.arrays["rows"] = np.broadcast_to(np.float32(0), (100_000, 600))
    check_finite(column, ["rows"])
    assert len(seen) == 1 and SAMPLED <= seen[0] <= 2 * SAMPLED
