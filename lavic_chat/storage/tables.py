"""Columns on disk: named arrays in one folder, memory-mapped when they are opened, so that of a large one only what is
asked for is read, and what nobody asks for takes no memory. A part of a catalogue's tables lies in a folder that is
named by what it was made of:

    $LAVIC_HOME/cache/catalogs/CATALOGUE/PART-KEY/NAME.npy
"""

import contextlib
import json
import logging
import mmap
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar, overload

import numpy as np
from numpy.lib.format import dtype_to_descr, open_memmap, write_array_header_1_0

from lavic_chat.errors import CacheError, DiskError
from lavic_chat.storage.files import could_not_write, fresh_folder, write_json
from lavic_chat.storage.troubles import end_trouble, note_trouble

T = TypeVar("T")
log = logging.getLogger("lavic_chat.storage")
NOTES = "notes.json"
SMALL = 65_536  # bytes; what is less is read at once
READ_WHOLE = 16_000_000  # bytes of a column that is searched for what is no number; of larger ones some rows are read
SAMPLED = 64  # so many, and up to twice that
KEPT = 3  # tables of each part of a catalogue
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
    """The columns of a folder by name, read-only: arrays, or StoredTexts."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)

    def __getitem__(self, name: str) -> Any:
        """Raises CacheError where a column is missing or damaged."""
        if not self._has(f"{name}.{OFFSETS}"):
            return self._array(name)
        blob, offsets = self._array(f"{name}.{BLOB}"), self._array(f"{name}.{OFFSETS}")
        if blob.dtype != np.uint8 or not len(offsets) or offsets[-1] != len(blob):
            raise damaged(self.folder)
        return StoredTexts(blob, offsets)

    def __iter__(self) -> Iterator[str]:
        return iter({name.removesuffix(f".{BLOB}").removesuffix(f".{OFFSETS}") for name in self._names()})

    def __len__(self) -> int:
        return len(list(iter(self)))

    def _names(self) -> Iterable[str]:
        return (path.stem for path in self.folder.glob("*.npy"))

    def _has(self, name: str) -> bool:
        return (self.folder / f"{name}.npy").exists()

    def _array(self, name: str) -> np.ndarray:
        path = self.folder / f"{name}.npy"
        try:
            mode = "r" if path.stat().st_size > SMALL else None
            return np.load(path, mmap_mode=mode, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise damaged(self.folder) from error


class HeldTables(Tables):
    """The same in memory, where no disk takes them; `folder` is where they would lie."""

    def __init__(self, folder: str | Path):
        super().__init__(folder)
        self.arrays: dict[str, np.ndarray] = {}

    def _names(self) -> Iterable[str]:
        return self.arrays

    def _has(self, name: str) -> bool:
        return name in self.arrays

    def _array(self, name: str) -> np.ndarray:
        if name not in self.arrays:
            raise damaged(self.folder)
        return self.arrays[name]


Place = Path | HeldTables  # where a part's columns are put while it is made


def write_columns(place: str | Place, columns: Mapping[str, np.ndarray | Iterable[str]]) -> None:
    """Put columns into a folder that nobody reads yet (`fresh_folder`), or hold them. Raises DiskError where they
    cannot be written."""
    arrays: dict[str, np.ndarray] = {}
    for name, column in columns.items():
        arrays |= {name: column} if isinstance(column, np.ndarray) else pack_texts(name, column)
    if isinstance(place, HeldTables):
        place.arrays.update(arrays)
        return
    folder = Path(place)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for part, array in arrays.items():
            np.save(folder / f"{part}.npy", array, allow_pickle=False)
    except OSError as error:
        raise could_not_write(folder, error) from error


class ColumnFile:
    """A column of so many rows that is written piece by piece, so that it need not be held. Nothing is mapped that the
    disk has not taken yet: where a full disk ends a write with an error, a mapped page would end the process."""

    def __init__(self, place: str | Place, name: str, length: int):
        self.held = place.arrays if isinstance(place, HeldTables) else None
        folder = place.folder if isinstance(place, HeldTables) else Path(place)
        self.path, self.name, self.length, self.written = folder / f"{name}.npy", name, length, 0
        self.kind: np.dtype | None = None  # of all rows, that of the first ones

    def append(self, part: np.ndarray) -> None:
        """The next rows [n, ...]. Raises DiskError where they cannot be written."""
        shape = (self.length, *part.shape[1:])
        if not self.written:
            self.kind = part.dtype
        if self.held is not None:
            if not self.written:
                self.held[self.name] = np.zeros(shape, part.dtype)
            self.held[self.name][self.written : self.written + len(part)] = part
        else:
            self._write(np.ascontiguousarray(part, self.kind), shape)
        self.written += len(part)

    def _write(self, rows: np.ndarray, shape: tuple[int, ...]) -> None:
        try:
            with self.path.open("ab" if self.written else "wb") as file:
                if not self.written:
                    about = {"descr": dtype_to_descr(rows.dtype), "fortran_order": False, "shape": shape}
                    write_array_header_1_0(file, about)
                file.write(rows.data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise could_not_write(self.path, error) from error

    def read(self) -> np.ndarray:
        """The column, mapped, read-only."""
        if self.held is not None:
            return self.held[self.name]
        return np.load(self.path, mmap_mode="r", allow_pickle=False)

    def change(self, call: Callable[[np.ndarray], np.ndarray], step: int = 65_536) -> None:
        """Put in the place of all rows what the call makes of them, some at a time."""
        column = open_memmap(self.path, mode="r+") if self.held is None else self.held[self.name]
        for start in range(0, self.length, step):
            column[start : start + step] = call(column[start : start + step])
        if isinstance(column, np.memmap):
            column.flush()


def pack_texts(name: str, texts: Iterable[str]) -> dict[str, np.ndarray]:
    """A column of texts as the two arrays that `Tables` reads."""
    parts = [text.encode("utf-8", "replace") for text in texts]
    offsets = np.zeros(len(parts) + 1, np.int64)
    np.cumsum([len(part) for part in parts], out=offsets[1:])
    return {f"{name}.{BLOB}": np.frombuffer(b"".join(parts), np.uint8), f"{name}.{OFFSETS}": offsets}


def stored_tables(
    folder: str | Path,
    part: str,
    key: str,
    make: Callable[[Place], None],
    read: Callable[[Tables], T],
    finite: Sequence[str] = (),
) -> T:
    """What `read` makes of the tables of a part under a key. They are made in a fresh folder where they are not there
    yet, and where they are damaged: a column is missing or cut, one of those named in `finite` has other things than
    numbers, or `read` can make nothing of them. Of each part those that were made last are kept. Where no disk takes
    them they are held in memory, and the trouble is noted. Raises what `make` raises, and CacheError where `read` can
    make nothing of those made this moment either."""
    target = Path(folder) / f"{part}-{key[:24]}"
    if target.exists():
        with contextlib.suppress(CacheError, ValueError, IndexError):
            check_finite(tables := open_tables(target, key), finite)
            return read(tables)
        log.warning("%s is damaged; it is made anew.", target)
    try:
        with fresh_folder(target) as fresh:
            make(fresh)
            write_json(fresh / NOTES, {"key": key, "sizes": sizes_in(fresh)})
    except DiskError as error:
        note_trouble(target, f"The cache {target} cannot be used ({error}) It is held in memory until the next start.")
        make(held := HeldTables(target))
        return read(held)
    end_trouble(target)
    forget_oldest(Path(folder), part)
    return read(open_tables(target, key))


def check_finite(tables: Tables, names: Iterable[str]) -> None:
    """Raises CacheError where one of these columns has rows that are no numbers. All rows of a small one are read, of a
    large one some from its beginning to its end: damage comes by the page, and a start shall not read gigabytes."""
    for name in names:
        rows = tables[name]
        step = 1 if rows.nbytes <= READ_WHOLE else max(1, len(rows) // SAMPLED)
        mapped = getattr(rows, "_mmap", None)  # of this column's file for this check alone
        if step > 1 and mapped is not None and hasattr(mmap, "MADV_RANDOM"):
            mapped.madvise(mmap.MADV_RANDOM)  # else the system reads what follows each row, too: ten times as long
        if not np.isfinite(rows[::step]).all():
            raise damaged(tables.folder)


def sizes_in(folder: Path) -> dict[str, int]:
    """The bytes of each column's file."""
    return {path.name: path.stat().st_size for path in sorted(folder.glob("*.npy"))}


def forget_oldest(folder: Path, part: str) -> None:
    """Of a part's tables leave those that were made last. Whoever has others open reads on."""
    made = [path for path in folder.glob(f"{part}-*") if path.is_dir()]
    with contextlib.suppress(OSError):
        for old in sorted(made, key=lambda path: path.stat().st_mtime)[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)


def open_tables(folder: str | Path, key: str) -> Tables:
    """The tables of a folder that were made under this key. Sizes are compared with those that were written down, so
    that no column is read for it; raises CacheError where one is missing or is not as long as it was, and for another
    key."""
    folder = Path(folder)
    try:
        notes = json.loads((folder / NOTES).read_text("utf-8"))
        known, sizes = notes["key"], notes.get("sizes")
        is_whole = known == key and sizes == (sizes_in(folder) if sizes is not None else None)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise damaged(folder) from error
    if not is_whole:
        raise damaged(folder)
    tables = Tables(folder)
    if sizes is None:  # of an earlier version: a file that is shorter than its beginning says cannot be mapped
        for name in tables:
            tables[name]
    return tables


def damaged(folder: str | Path) -> CacheError:
    """The sentence for tables that cannot be used."""
    return CacheError(f"{folder} is damaged; delete it, and it is made again.")
