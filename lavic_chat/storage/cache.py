"""Stores of vectors and of texts keyed by content: nothing is computed twice.

One SQLite file a kind; a key is a hash of what went in (picture bytes, text) and of the weights.
"""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from lavic_chat.errors import CacheError
from lavic_chat.storage.files import hash_bytes

REFERENCE = "torch"  # the runtime whose rows have the plain keys
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
            for start in range(0, len(wanted), BATCH):
                part = wanted[start : start + BATCH]
                marks = ",".join("?" * len(part))
                yield from database.execute(f"select key, data from vectors where key in ({marks})", part)

    def write(self, rows: Iterable[tuple[str, bytes]]) -> None:
        """Store in one transaction; raises CacheError when the disk is full or the file cannot be written."""
        with _Connection(self.path) as database:
            database.execute("begin immediate")  # waits here for its turn; later, SQLite would refuse to wait
            database.executemany("insert or replace into vectors (key, data) values (?, ?)", rows)
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

    @abstractmethod
    def get(self, keys: Iterable[str]) -> dict[str, Any]:
        """What is here, by key."""

    def missing(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys that `get` has nothing for."""
        wanted = list(keys)
        here = self.get(wanted)
        return [key for key in wanted if key not in here]


class VectorCache(_Store):
    """float32 arrays of one shape by key."""

    def __init__(self, path: str | Path, shape: tuple[int, ...]):
        super().__init__(path)
        self.shape = shape

    def get(self, keys: Iterable[str]) -> dict[str, np.ndarray]:
        """The vectors that are here, by key; damaged rows count as absent."""
        size = 4 * int(np.prod(self.shape))
        rows = ((key, data) for key, data in self.read(keys) if len(data) == size)
        return {key: np.frombuffer(data, np.float32).reshape(self.shape) for key, data in rows}

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
        rows = ((key, data) for key, data in self.read(keys) if len(data) % (2 * self.width) == 0)
        return {key: np.frombuffer(data, np.float16).reshape(-1, self.width) for key, data in rows}

    def put(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep arrays [*, width] by key; raises CacheError."""
        self.write([(key, np.ascontiguousarray(rows, np.float16).tobytes()) for key, rows in arrays.items()])


class TextCache(_Store):
    """Texts by key."""

    def get(self, keys: Iterable[str]) -> dict[str, str]:
        """The texts that are here, by key."""
        return {key: data.decode("utf-8", "replace") for key, data in self.read(keys)}

    def put(self, texts: Mapping[str, str]) -> None:
        """Keep texts by key; raises CacheError."""
        self.write([(key, text.encode()) for key, text in texts.items()])


class RuntimeCache:
    """A store whose rows are kept apart by the runtime that made them; those of the reference serve all.

    So nothing is computed again because another runtime is asked now, and what two runtimes made never mixes.
    """

    def __init__(self, store: Any, runtime: str = REFERENCE):
        """store: a VectorCache, a SequenceCache or a TextCache."""
        self.store, self.runtime = store, runtime

    def get(self, keys: Iterable[str]) -> dict[str, Any]:
        """What is here by key, the reference's first."""
        wanted = list(dict.fromkeys(keys))
        known = self.store.get(wanted)
        if self.runtime != REFERENCE:
            own = {self._own(key): key for key in wanted if key not in known}
            known.update((own[name], value) for name, value in self.store.get(own).items())
        return known

    def put(self, values: Mapping[str, Any]) -> None:
        """Keep what this runtime made by key; raises CacheError."""
        self.store.put({self._own(key): value for key, value in values.items()})

    def _own(self, key: str) -> str:
        return key if self.runtime == REFERENCE else hash_bytes(key, self.runtime)


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
            self.connection = sqlite3.connect(self.path, timeout=30, isolation_level=None)
            self.connection.execute("create table if not exists vectors (key text primary key, data blob)")
            return self.connection
        except (OSError, sqlite3.Error) as error:
            if self.connection:
                self.connection.close()
            raise CacheError(self._sentence(error)) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.connection:
            self.connection.close()
        if isinstance(error, sqlite3.Error):
            raise CacheError(self._sentence(error)) from error

    def _sentence(self, error: Exception) -> str:
        return f"The cache {self.path} cannot be used ({error}); free some disk space, or delete that file."
