"""What can be computed again stands in nobody's way: disks that fail, broken files, rows that are no numbers."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest
from helpers.faults import FULL, READ_ONLY, cut, fail_disk, zero
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.storage import runtime_cache
from lavic_chat.storage.cache import TextCache, VectorCache
from lavic_chat.storage.runtime_cache import RuntimeCache
from lavic_chat.storage.troubles import MOST, current_troubles, end_trouble, note_trouble


@pytest.fixture
def store(tmp_path) -> VectorCache:
    return VectorCache(tmp_path / "vectors.sqlite", (64, 8))


def rows(count: int, start: int = 0) -> dict[str, np.ndarray]:
    return {f"key {number}": np.full((64, 8), number + 1, np.float32) for number in range(start, start + count)}


def same(found: dict, wanted: dict) -> bool:
    return found.keys() == wanted.keys() and all(np.array_equal(found[key], wanted[key]) for key in wanted)


@pytest.mark.parametrize("how", [FULL, READ_ONLY])
@pytest.mark.parametrize("runtime", ["torch", "onnx"])
def test_what_cannot_be_written_is_kept_in_memory_and_told_once(store, monkeypatch, caplog, how, runtime):
    cache = RuntimeCache(store, runtime)
    cache.put(rows(2))
    with monkeypatch.context() as broken:
        fail_disk(broken, how)
        for start in (2, 12, 22):
            cache.put(rows(10, start))
        assert same(cache.get(rows(40)), rows(32))
    assert len(caplog.records) == len(current_troubles()) == 1 and "vectors.sqlite" in current_troubles()[0]
    monkeypatch.setattr(cache, "_rests_until", 0.0)
    cache.put(rows(1))
    assert current_troubles() == () and "works again" in caplog.text


def test_a_disk_that_fails_is_left_alone_for_a_while(store, monkeypatch):
    cache, tries = RuntimeCache(store), []
    monkeypatch.setattr(store, "write", lambda rows: tries.append(1) or VectorCache.write(store, rows))
    with monkeypatch.context() as broken:
        fail_disk(broken, FULL)
        for start in range(5):
            cache.put(rows(1, start))
    assert len(tries) == 1


def test_a_slow_disk_is_left_alone_too(store, monkeypatch, caplog):
    monkeypatch.setattr(runtime_cache, "SLOW", -1.0)
    cache = RuntimeCache(store)
    cache.put(rows(1))
    cache.put(rows(1, 1))
    assert same(cache.get(rows(3)), rows(2)) and store.get(rows(3)).keys() == {"key 0"} and "is slow" in caplog.text


def test_memory_has_a_bound(store, monkeypatch):
    monkeypatch.setattr(runtime_cache, "ROOM", 5 * 64 * 8 * 4)
    cache = RuntimeCache(store)
    fail_disk(monkeypatch, FULL)
    for start in range(20):
        cache.put(rows(1, start))
    assert cache.get(rows(20)).keys() == rows(5, 15).keys()


def garbage(path):
    path.write_bytes(b"no database " * 5_000)


def emptied_pages(path):
    zero(path, 0.4)


@pytest.mark.parametrize("damage", [garbage, cut, emptied_pages, lambda path: path.unlink()])
def test_a_broken_file_is_made_anew(store, damage):
    cache = RuntimeCache(store)
    cache.put(rows(100))
    damage(store.path)
    found = cache.get(rows(100))
    assert all(np.array_equal(found[key], rows(100)[key]) for key in found)  # whatever is found is right
    lost = {key: row for key, row in rows(100).items() if key not in found}
    assert lost
    cache.put(lost)
    assert same(RuntimeCache(store).get(rows(100)), rows(100)) and current_troubles() == ()


def test_a_broken_file_that_cannot_be_moved_costs_the_cache_alone(store, monkeypatch, caplog):
    cache = RuntimeCache(store)
    cache.put(rows(3))
    garbage(store.path)

    def stuck(self, target):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(type(store.path), "replace", stuck)
    assert cache.get(rows(3)) == {}
    cache.put(rows(3))
    assert same(cache.get(rows(3)), rows(3)) and len(current_troubles()) == 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_row_that_is_no_number_counts_as_absent(store, value):
    store.put({**rows(1), "bad": np.full((64, 8), value)})
    assert store.get(["key 0", "bad"]).keys() == {"key 0"}


@given(place=st.integers(0, 64 * 8 * 4 - 1), byte=st.integers(0, 255))
def test_a_row_with_a_wrong_byte_counts_as_absent(tmp_path_factory, place, byte):
    store = VectorCache(tmp_path_factory.mktemp("row") / "vectors.sqlite", (64, 8))
    store.put(rows(2))
    data = bytearray(rows(2)["key 1"].tobytes())
    is_same = data[place] == byte
    data[place] = byte
    with closing(sqlite3.connect(store.path)) as database, database:
        database.execute("update vectors set data = ? where key = 'key 1'", (bytes(data),))
    assert ("key 1" in store.get(rows(2))) == is_same


def test_rows_of_an_earlier_version_are_read_and_written_beside(store, tmp_path):
    with closing(sqlite3.connect(store.path)) as database, database:
        database.execute("create table vectors (key text primary key, data blob)")
        old = [(key, row.tobytes()) for key, row in rows(2).items()]
        database.executemany("insert into vectors (key, data) values (?, ?)", old)
    assert same(store.get(rows(5)), rows(2))
    store.put(rows(1, 2))
    with closing(sqlite3.connect(store.path)) as database, database:  # what that version writes later
        database.execute("insert or replace into vectors (key, data) values (?, ?)", ("key 3", old[0][1]))
    assert store.get(rows(5)).keys() == rows(4).keys()


def test_what_is_no_text_counts_as_absent(tmp_path):
    store = TextCache(tmp_path / "texts.sqlite")
    store.write([("a", b"blue"), ("b", b"\xff\xfe"), ("c", "caf\u00e9".encode())])
    assert store.get("abc") == {"a": "blue", "c": "caf\u00e9"}


def test_troubles_have_a_bound(caplog):
    for number in range(MOST + 5):
        note_trouble(f"place {number}", f"sentence {number}")
        note_trouble(f"place {number}", "another")
    assert current_troubles() == tuple(f"sentence {number}" for number in range(MOST))
    end_trouble("place 0")
    end_trouble("place 0")
    assert len(current_troubles()) == MOST - 1
