"""A store of what can be computed again, which never stands in an answer's way: what it cannot keep on disk it keeps in
memory for a while, and a broken file is set aside and made anew. Both are told once (`troubles.py`)."""

import logging
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

from lavic_chat.errors import CacheError, DamagedCacheError
from lavic_chat.storage.files import hash_bytes
from lavic_chat.storage.troubles import end_trouble, note_trouble

REFERENCE = "torch"  # the runtime whose rows have the plain keys
REST = 60.0  # seconds without another try after one that failed: nobody waits for a disk again and again
SLOW, FEW = 2.0, 100  # seconds for so many rows at most; a disk that takes longer is left alone for a while, too
log = logging.getLogger("lavic_chat.storage")
ROOM = 64_000_000  # bytes in memory of what could not be written


class RuntimeCache:
    """A store whose rows are kept apart by the runtime that made them; those of the reference serve all.

    So nothing is computed again because another runtime is asked now, and what two runtimes made never mixes.
    """

    def __init__(self, store: Any, runtime: str = REFERENCE):
        """store: a VectorCache, a SequenceCache or a TextCache."""
        self.store, self.runtime = store, runtime
        self._lock = threading.Lock()
        self._unkept: dict[str, Any] = {}
        self._rests_until = 0.0

    def get(self, keys: Iterable[str]) -> dict[str, Any]:
        """What is here by key, the reference's first; nothing of a file that cannot be read."""
        wanted = list(dict.fromkeys(keys))
        known = self.get_reference(wanted)
        if self.runtime != REFERENCE:
            own = {self._own(key): key for key in wanted if key not in known}
            known.update((own[name], value) for name, value in self.get_reference(own).items())
        return known

    def put(self, values: Mapping[str, Any]) -> None:
        """Keep what this runtime made by key, on disk where that can be."""
        self.put_reference({self._own(key): value for key, value in values.items()})

    def get_reference(self, keys: Iterable[str]) -> dict[str, Any]:
        """What the reference made, by key."""
        wanted = list(dict.fromkeys(keys))
        with self._lock:
            found = {key: self._unkept[key] for key in wanted if key in self._unkept}
        left = [key for key in wanted if key not in found]
        return {**found, **self._read(left)} if left else found

    def put_reference(self, values: Mapping[str, Any]) -> None:
        """Keep what the reference made."""
        own = dict(values)
        if not own or (time.monotonic() >= self._rests_until and self._write(own)):
            return
        with self._lock:
            self._unkept.update(own)
            room = ROOM
            for key in list(reversed(self._unkept)):  # the newest stay
                room -= size_of(self._unkept[key])
                if room < 0:
                    del self._unkept[key]

    def _own(self, key: str) -> str:
        return key if self.runtime == REFERENCE else hash_bytes(key, self.runtime)

    def _read(self, keys: list[str]) -> dict[str, Any]:
        try:
            return self.store.get(keys)
        except CacheError as error:
            self._give_up(error)
            return {}

    def _write(self, rows: dict[str, Any], tries: int = 2) -> bool:
        """Whether they are on disk now; the second try is upon a fresh file."""
        start = time.monotonic()
        try:
            self.store.put(rows)
        except CacheError as error:
            return self._give_up(error) and tries > 1 and self._write(rows, tries - 1)
        if len(rows) <= FEW and time.monotonic() - start > SLOW:
            self._rest(f"The disk of {self.store.path} is slow; what is computed is kept in memory for a while.")
        else:
            end_trouble(self.store.path)
        return True

    def _give_up(self, error: CacheError) -> bool:
        """Set a broken file aside, or leave the disk alone for a while; whether the store may be tried again."""
        if isinstance(error, DamagedCacheError):
            try:
                aside = self.store.set_aside()
                log.warning("The cache %s was damaged: it is %s now, and made anew.", self.store.path, aside.name)
                return True
            except CacheError as stuck:
                error = stuck
        self._rest(f"{error} Until then what is computed is kept in memory; answers go on.")
        return False

    def _rest(self, sentence: str) -> None:
        self._rests_until = time.monotonic() + REST
        note_trouble(self.store.path, sentence)


def size_of(value: Any) -> int:
    """Bytes of an array or a text, about."""
    return value.nbytes if hasattr(value, "nbytes") else len(value)
