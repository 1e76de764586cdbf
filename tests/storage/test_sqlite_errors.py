"""A damaged database ends in a sentence, also where SQLite's own words cannot be decoded."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from lavic_chat.errors import DamagedCacheError, FlagError
from lavic_chat.feedback.database import is_sound, open_database
from lavic_chat.storage.cache import TextCache
from lavic_chat.storage.sqlite_errors import code_of, is_broken


@pytest.fixture
def undecodable(tmp_path) -> Path:
    """A database of one table whose name in the schema is no UTF-8, so that SQLite's message about it is none."""
    path = tmp_path / "damaged.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("create table a (x)")
        database.execute("pragma writable_schema = 1")
        database.execute("update sqlite_master set name = cast(x'8061' as text), sql = 'create table ((x'")
        database.commit()
    return path


def test_an_undecodable_message_is_damage(undecodable):
    with contextlib.closing(sqlite3.connect(undecodable)) as database, pytest.raises(UnicodeDecodeError) as caught:
        database.execute("select * from b")
    assert is_broken(caught.value) and code_of(caught.value) == sqlite3.SQLITE_CORRUPT
    assert not is_broken(ValueError()) and not is_broken(None)


def test_a_flag_database_with_an_undecodable_schema_is_told(undecodable):
    with pytest.raises(FlagError, match="is damaged; move it away"), open_database(undecodable):
        pass
    assert not is_sound(undecodable)


def test_a_cache_with_an_undecodable_schema_is_told(undecodable):
    with pytest.raises(DamagedCacheError, match="cannot be used"):
        TextCache(undecodable).get(["a"])
