"""The keys of pictures, hashes of their bytes, without reading again every file that has not changed since."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lavic_chat.catalog import Catalog, Product
from lavic_chat.catalog.pictures import MAX_BYTES
from lavic_chat.storage.cache import TextCache
from lavic_chat.storage.files import hash_bytes
from lavic_chat.storage.runtime_cache import RuntimeCache

FILE = "pictures.sqlite"
SETTLED = 10.0  # seconds without a change: within a file system's tick, another change would leave no trace


@dataclass(frozen=True)
class PictureRef:
    """One of a product's pictures, by its place among them."""

    product: Product
    place: int = 0


class PictureKeys:
    """Keys for one tower, remembered in `folder` by path, size and times of change."""

    def __init__(self, folder: str | Path, vision_hash: str):
        self.cache, self.vision_hash = RuntimeCache(TextCache(Path(folder) / FILE)), vision_hash

    def of(self, picture: bytes) -> str:
        """The key of a picture's bytes."""
        return hash_bytes(picture, self.vision_hash)

    def find(self, catalog: Catalog, views: Sequence[PictureRef]) -> list[str]:
        """The key of each picture; that of no bytes where a blank stands in."""
        paths = [catalog.picture_path(view.product, view.place) for view in views]
        names = list(map(self._name, paths))
        known = self.cache.get(name for name in names if name)
        fresh: dict[str, str] = {}
        keys = []
        for path, name in zip(paths, names, strict=True):
            key = known.get(name) or self.of(read_bytes(path))
            keys.append(key)
            if name and name not in known and self._name(path) == name:  # not changed while it was read
                fresh[name] = key
        self.cache.put(fresh)
        return keys

    def _name(self, path: Path | None) -> str:
        """Names a file as it is now; "" where it changed so lately that a name could be of two files."""
        try:
            state = path.stat() if path else None
        except OSError:
            return ""
        if not state or not is_settled(state, time.time()):
            return ""
        times = str(state.st_mtime_ns), str(state.st_ctime_ns)  # the second tells a file that another was moved upon
        return hash_bytes(self.vision_hash, str(path), str(state.st_size), *times)


def is_settled(state: os.stat_result, now: float) -> bool:
    """Whether a file has not changed for so long that any further change will be seen by its times."""
    return now - max(state.st_mtime, state.st_ctime) >= SETTLED


def read_bytes(path: Path | None) -> bytes:
    """A picture's bytes as they lie on disk; none where a blank stands in unread: no file, or too large."""
    try:
        return path.read_bytes() if path and path.stat().st_size <= MAX_BYTES else b""
    except OSError:
        return b""
