"""Stores of vectors and of texts keyed by content: nothing is computed twice.

One SQLite file a kind; a key is a hash of what went in (picture bytes, text) and of the weights. Beside each row stands
a checksum of it, where it was written by a version that knows of them: what does not fit counts as absent.
"""

import contextlib
import sqlite3
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from lavic_chat.errors import CacheError, DamagedCacheError
from lavic_chat.storage.sqlite_errors import SQLITE_ERRORS, is_broken

PATIENCE = 5.0  # seconds to wait for another writer
MAKE_TABLE = "create table if not exists vectors (key text primary key, data blob, checksum integer)"
BATCH = 500  # keys asked for in one statement; SQLite allows 999 variables


class _Store(ABC):
    """Bytes by key in one SQLite file. Connections are opened per call, so threads may share it."""

    def __init__(self, path: str | Path):
        self.path = Path(path)

    def read(self, keys: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """(key, bytes) of those that are here; raises CacheError where the file cannot be used."""
        wanted = list(dict.fromkeys(keys))
        if not self.path.exists():
            return
        with _Connection(self.path) as database:
            given = "checksum" if has_checksums(database) else "null"
            for start in range(0, len(wanted), BATCH):
                part = wanted[start : start + BATCH]
                marks = ",".join("?" * len(part))
                rows = database.execute(f"select key, data, {given} from vectors where key in ({marks})", part)
                yield from ((key, data) for key, data, known in rows if is_whole(key, data, known))

    def write(self, rows: Iterable[tuple[str, bytes]]) -> None:
        """Store in one transaction; raises CacheError when the disk is full or the file cannot be written."""
        with _Connection(self.path) as database:
            database.execute("begin immediate")  # waits here for its turn; later, SQLite would refuse to wait
            if not has_checksums(database):
                database.execute("alter table vectors add column checksum integer")
            checked = ((key, data, checksum(key, data)) for key, data in rows)
            database.executemany("insert or replace into vectors (key, data, checksum) values (?, ?, ?)", checked)
            database.execute("commit")

    def forget_oldest(self, kept: int) -> None:
        """Leave so many rows, those that were written last; raises CacheError."""
        if not self.path.exists():
            return
        with _Connection(self.path) as database:
            count = database.execute("select count(*) from vectors").fetchone()[0]
            if count > kept:
                oldest = "select rowid from vectors order by rowid limit ?"
                database.execute(f"delete from vectors where rowid in ({oldest})", [count - kept])

    def set_aside(self) -> Path:
        """Move a broken file away, upon one that was set aside before, and return its name; raises CacheError."""
        aside = self.path.with_name(f"{self.path.name}.damaged")
        try:
            self.path.replace(aside)
            self.path.with_name(f"{self.path.name}-journal").unlink(missing_ok=True)  # it is of the broken file
        except FileNotFoundError:
            pass  # another process was quicker
        except OSError as error:
            raise CacheError(f"The cache {self.path} is broken and cannot be moved ({error.strerror}).") from error
        return aside

    @abstractmethod
    def get(self, keys: Iterable[str]) -> dict[str, Any]:
        """What is here, by key."""


class VectorCache(_Store):
    """float32 arrays of one shape by key."""

    def __init__(self, path: str | Path, shape: tuple[int, ...]):
        super().__init__(path)
        self.shape = shape

    def get(self, keys: Iterable[str]) -> dict[str, np.ndarray]:
        """The vectors that are here, by key; damaged rows count as absent."""
        size = 4 * int(np.prod(self.shape))
        rows = ((key, np.frombuffer(data, np.float32)) for key, data in self.read(keys) if len(data) == size)
        return {key: row.reshape(self.shape) for key, row in rows if np.isfinite(row).all()}

    def put(self, vectors: Mapping[str, np.ndarray]) -> None:
        """Keep vectors of the cache's shape by key; raises CacheError."""
        self.write([(key, np.ascontiguousarray(vector, np.float32).tobytes()) for key, vector in vectors.items()])


class SequenceCache(_Store):
    """float16 arrays [*, width] by key."""

    def __init__(self, path: str | Path, width: int):
        super().__init__(path)
        self.width = width

    def get(self, keys: Iterable[str]) -> dict[str, np.ndarray]:
        """The arrays that are here, by key; damaged rows count as absent."""
        whole = ((key, data) for key, data in self.read(keys) if len(data) % (2 * self.width) == 0)
        rows = ((key, np.frombuffer(data, np.float16)) for key, data in whole)
        return {key: row.reshape(-1, self.width) for key, row in rows if np.isfinite(row).all()}

    def put(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep arrays [*, width] by key; raises CacheError."""
        self.write([(key, np.ascontiguousarray(rows, np.float16).tobytes()) for key, rows in arrays.items()])


class TextCache(_Store):
    """Texts by key."""

    def get(self, keys: Iterable[str]) -> dict[str, str]:
        """The texts that are here, by key; what is no text counts as absent."""
        found = {}
        for key, data in self.read(keys):
            with contextlib.suppress(UnicodeDecodeError):
                found[key] = data.decode()
        return found

    def put(self, texts: Mapping[str, str]) -> None:
        """Keep texts by key; raises CacheError."""
        self.write([(key, text.encode()) for key, text in texts.items()])


def checksum(key: str, data: bytes) -> int:
    """CRC-32 of a row."""
    return zlib.crc32(data, zlib.crc32(key.encode()))


def is_whole(key: str, data: object, known: int | None) -> bool:
    """Whether a row is what was written; one without a checksum is taken for it."""
    return isinstance(data, bytes) and (known is None or known == checksum(key, data))


def has_checksums(database: sqlite3.Connection) -> bool:
    """Whether rows have a place for theirs; a file of an earlier version gets it when it is written to."""
    return any(row[1] == "checksum" for row in database.execute("pragma table_info(vectors)"))


class _Connection:
    """A SQLite connection for the length of a `with` block, its troubles told in a sentence.

    No WAL: SQLite does not wait for another thread's lock while it changes the journal's mode.
    """

    def __init__(self, path: Path):
        self.path = path
        self.connection: sqlite3.Connection | None = None

    def __enter__(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.connection = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
            self.connection.execute(MAKE_TABLE)
            return self.connection
        except (OSError, *SQLITE_ERRORS) as error:
            if self.connection:
                self.connection.close()
            raise self._error(error) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.connection:
            self.connection.close()
        if isinstance(error, SQLITE_ERRORS):
            raise self._error(error) from error

    def _error(self, error: Exception) -> CacheError:
        kind = DamagedCacheError if is_broken(error) else CacheError
        return kind(self._sentence(error))

    def _sentence(self, error: Exception) -> str:
        return f"The cache {self.path} cannot be used ({error}); free some disk space, or delete that file."
