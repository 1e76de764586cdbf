"""The cache: what goes in comes out, damage counts as absent, many may use it at once, troubles are sentences."""

import sqlite3
import threading

import numpy as np
import pytest

from lavic_chat.errors import LavicError
from lavic_chat.storage.cache import BATCH, TextCache, VectorCache


@pytest.fixture
def cache(tmp_path) -> VectorCache:
    return VectorCache(tmp_path / "below" / "vectors.sqlite", (2, 3))


def rows(count: int) -> dict[str, np.ndarray]:
    return {f"key {number}": np.full((2, 3), number, np.float32) for number in range(count)}


def test_what_goes_in_comes_out(cache):
    stored = {"a": np.arange(6, dtype=np.float64).reshape(2, 3), "b": np.ones((3, 2)).T}
    cache.put(stored)
    found = VectorCache(cache.path, cache.shape).get(["b", "a", "never", "a"])
    assert found.keys() == {"a", "b"}
    for key, vector in found.items():
        assert vector.dtype == np.float32 and np.array_equal(vector, stored[key])


def test_more_keys_than_one_statement_takes(cache):
    wanted = rows(2 * BATCH + 3)
    cache.put(wanted)
    found = cache.get(wanted)
    assert found.keys() == wanted.keys()
    assert all(np.array_equal(found[key], wanted[key]) for key in wanted)


def test_the_last_one_put_counts(cache):
    cache.put({"a": np.zeros((2, 3))})
    cache.put({"a": np.ones((2, 3))})
    assert cache.get(["a"])["a"].min() == 1


def test_what_was_written_last_is_left(cache):
    cache.forget_oldest(1)
    assert not cache.path.exists()
    cache.put(rows(4))
    cache.put({"key 0": np.zeros((2, 3))})  # written anew
    cache.forget_oldest(5)
    assert cache.get(rows(4)).keys() == rows(4).keys()
    cache.forget_oldest(2)
    assert cache.get(rows(4)).keys() == {"key 0", "key 3"}


def test_looking_into_a_cache_that_is_not_there_makes_none(cache):
    assert cache.get(["a"]) == {}
    assert not cache.path.parent.exists()


def test_a_damaged_row_counts_as_absent(cache):
    cache.put(rows(2))
    with sqlite3.connect(cache.path) as database:
        database.execute("update vectors set data = ? where key = 'key 1'", (b"123",))
    assert cache.get(rows(2)).keys() == {"key 0"}


def test_a_file_that_is_no_database_is_told_and_left_alone(cache):
    cache.path.parent.mkdir()
    cache.path.write_text("no database " * 100)
    for use in (lambda: cache.get(["a"]), lambda: cache.put(rows(1))):
        with pytest.raises(LavicError, match=r"vectors\.sqlite cannot be used .*delete that file"):
            use()
    assert cache.path.read_text().startswith("no database")


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LavicError, match="cannot be used"):
        VectorCache(tmp_path / "file" / "vectors.sqlite", (1,)).put({"a": np.ones(1)})


def test_an_error_in_the_middle_stores_nothing(cache):
    cache.put(rows(1))
    with sqlite3.connect(cache.path) as database:
        database.execute("create trigger full before insert on vectors begin select raise(abort, 'disk is full'); end")
    with pytest.raises(LavicError, match="disk is full"):
        cache.put(rows(3))
    assert cache.get(rows(3)).keys() == {"key 0"}


def test_many_threads_start_a_cache_at_once(cache):
    problems, start = [], threading.Barrier(8)

    def work(number: int) -> None:
        start.wait()
        try:
            for step in range(4):
                key = f"{number} {step}"
                cache.put({key: np.full((2, 3), number)})
                assert cache.get([key])[key][0, 0] == number
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(cache.get([f"{number} {step}" for number in range(8) for step in range(4)])) == 32


def test_texts_come_out_as_they_went_in(tmp_path):
    stored = {"a": "blue (navy) sofa", "b": "", "c": "caf\u00e9 \U0001f6cb"}
    TextCache(tmp_path / "texts.sqlite").put(stored)
    assert TextCache(tmp_path / "texts.sqlite").get(["c", "b", "a", "never"]) == stored
    assert TextCache(tmp_path / "none.sqlite").get(["a"]) == {}
