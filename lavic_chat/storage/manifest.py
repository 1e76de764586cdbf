"""What a folder of weights was written as: the size and the SHA-256 of each file, in `files.json` beside them.

Sizes and small files are checked whenever a folder is opened, large ones in the background (`model/healing.py`). A
folder of an earlier version has no such file, and gets it the first time that it is read as a whole.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from lavic_chat.errors import LavicError
from lavic_chat.storage.files import hash_file, write_json

MANIFEST = "files.json"
SMALL = 16_000_000  # bytes: read in a few milliseconds
ANY = 2**63


def write_manifest(folder: str | Path, names: Iterable[str] | None = None) -> None:
    """Write down the files of a folder, those with these relative names, or all; raises LavicError and OSError."""
    folder = Path(folder)
    files = {name: row_of(folder / name) for name in sorted(names_in(folder) if names is None else names)}
    write_json(folder / MANIFEST, {"files": files})


def damaged_files(folder: str | Path, largest: int = SMALL) -> list[str]:
    """The names of files that are not what was written down, or not there; their bytes are compared up to this size.
    Empty where nothing was written down."""
    folder = Path(folder)
    if not (folder / MANIFEST).is_file():
        return []
    try:
        files = json.loads((folder / MANIFEST).read_bytes())["files"]
        known = {str(name): (int(row["size"]), str(row["sha256"])) for name, row in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return [MANIFEST]
    return [name for name, (size, digest) in known.items() if not is_same(folder / name, size, digest, largest)]


def complete_manifest(folder: str | Path) -> None:
    """Write down the files of a folder of which nothing was; nothing happens where it cannot be written."""
    if not (Path(folder) / MANIFEST).exists():
        try:
            write_manifest(folder)
        except (LavicError, OSError):
            return


def is_same(path: Path, size: int, digest: str, largest: int) -> bool:
    """Whether a file has this size and, unless it is larger than `largest`, this hash."""
    try:
        return path.stat().st_size == size and (size > largest or hash_file(path) == digest)
    except OSError:
        return False


def row_of(path: Path) -> dict:
    """Of one file."""
    return {"size": path.stat().st_size, "sha256": hash_file(path)}


def names_in(folder: Path) -> Iterator[str]:
    """The names of all files in a folder, but its own manifest."""
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return (name for name in names if name != MANIFEST)
