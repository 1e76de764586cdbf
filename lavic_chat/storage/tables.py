"""Columns on disk: named arrays in one folder, memory-mapped when they are opened, so that of a large one only what is
asked for is read, and what nobody asks for takes no memory."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, overload

import numpy as np

from lavic_chat.errors import CacheError
from lavic_chat.storage.files import could_not_write, write_json

NOTES = "notes.json"
SMALL = 65_536  # bytes; what is less is read at once
BLOB, OFFSETS = "bytes", "offsets"  # the two arrays of a column of texts


class StoredTexts(Sequence[str]):
    """Texts in one array of bytes [*], each from one of the offsets [n + 1] to the next."""

    def __init__(self, blob: np.ndarray, offsets: np.ndarray):
        self.blob, self.offsets = blob, offsets

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[row] for row in range(*place.indices(len(self)))]
        row = range(len(self))[place]  # raises IndexError as a list does
        return self.blob[self.offsets[row] : self.offsets[row + 1]].tobytes().decode("utf-8", "replace")

    def __iter__(self) -> Iterator[str]:
        data, ends = self.blob.tobytes(), self.offsets.tolist()
        for start, end in pairwise(ends):
            yield data[start:end].decode("utf-8", "replace")


class Tables(Mapping[str, Any]):
    """The columns of a folder by name, read-only: arrays, or StoredTexts; and the notes that were written with them."""

    def __init__(self, folder: str | Path, notes: Mapping[str, Any]):
        self.folder, self.notes = Path(folder), notes

    def __getitem__(self, name: str) -> Any:
        """Raises CacheError where a column is missing or damaged."""
        if not (self.folder / f"{name}.{OFFSETS}.npy").exists():
            return self._array(name)
        blob, offsets = self._array(f"{name}.{BLOB}"), self._array(f"{name}.{OFFSETS}")
        if blob.dtype != np.uint8 or not len(offsets) or offsets[-1] != len(blob):
            raise damaged(self.folder)
        return StoredTexts(blob, offsets)

    def __iter__(self) -> Iterator[str]:
        names = (path.stem for path in self.folder.glob("*.npy"))
        return iter({name.removesuffix(f".{BLOB}").removesuffix(f".{OFFSETS}") for name in names})

    def __len__(self) -> int:
        return len(list(iter(self)))

    def _array(self, name: str) -> np.ndarray:
        path = self.folder / f"{name}.npy"
        try:
            mode = "r" if path.stat().st_size > SMALL else None
            return np.load(path, mmap_mode=mode, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise damaged(self.folder) from error


def write_columns(folder: str | Path, columns: Mapping[str, np.ndarray | Iterable[str]]) -> None:
    """Put columns into a folder that nobody reads yet (`fresh_folder`). Raises LavicError where they cannot be."""
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, column in columns.items():
            arrays = {name: column} if isinstance(column, np.ndarray) else pack_texts(name, column)
            for part, array in arrays.items():
                np.save(folder / f"{part}.npy", array, allow_pickle=False)
    except OSError as error:
        raise could_not_write(folder, error) from error


def pack_texts(name: str, texts: Iterable[str]) -> dict[str, np.ndarray]:
    """A column of texts as the two arrays that `Tables` reads."""
    parts = [text.encode("utf-8", "replace") for text in texts]
    offsets = np.zeros(len(parts) + 1, np.int64)
    np.cumsum([len(part) for part in parts], out=offsets[1:])
    return {f"{name}.{BLOB}": np.frombuffer(b"".join(parts), np.uint8), f"{name}.{OFFSETS}": offsets}


def write_notes(folder: str | Path, notes: Mapping[str, Any]) -> None:
    """What `open_tables` compares and hands back; written last."""
    write_json(Path(folder) / NOTES, dict(notes))


def open_tables(folder: str | Path) -> Tables | None:
    """The tables of a folder; None where there are none, or their notes cannot be read."""
    try:
        notes = json.loads((Path(folder) / NOTES).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return Tables(folder, notes) if isinstance(notes, dict) else None


def damaged(folder: str | Path) -> CacheError:
    """The sentence for tables that cannot be used."""
    return CacheError(f"{folder} is damaged; delete it, and it is made again.")
