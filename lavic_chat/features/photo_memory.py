"""Tower states of shoppers' photos: in memory alone, and only while the photo itself is there."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

MOST = 64  # photos; the states of one are some kilobytes
KEPT = 3_600.0  # seconds


@dataclass
class Seen:
    """States [5, h], the files that they are of, and since when they are here."""

    states: np.ndarray
    since: float
    files: set[Path] = field(default_factory=set)


class PhotoMemory:
    """States [5, h] by a photo's bytes, of the newest MOST photos. Threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self.clock, self._lock = clock, threading.Lock()
        self._kept: OrderedDict[str, Seen] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def recall(self, path: str | Path, key: str) -> np.ndarray | None:
        """[5, h] of a file with the bytes that the key names; None where they are not here."""
        with self._lock:
            seen = self._kept.get(key)
            if seen is None:
                return None
            seen.files.add(Path(path))
            return seen.states

    def keep(self, path: str | Path, key: str, states: np.ndarray) -> None:
        """Remember the states of a photo, and forget those of photos that are gone."""
        self.forget_gone()
        with self._lock:
            self._kept[key] = Seen(states, self.clock(), {Path(path)})
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)

    def forget_gone(self) -> None:
        """Forget what is known of photos that were deleted since, and of old ones."""
        with self._lock:
            oldest = self.clock() - KEPT
            for key, seen in list(self._kept.items()):
                seen.files = {path for path in seen.files if path.is_file()}
                if seen.since < oldest or not seen.files:
                    del self._kept[key]
