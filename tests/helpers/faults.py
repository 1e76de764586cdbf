"""Disks that fail, for tests: full, read-only, damaged. They need no rights, so that they are the same everywhere."""

import errno
import os
import sqlite3
import tempfile
from pathlib import Path

FULL, READ_ONLY = "pragma max_page_count = 1", "pragma query_only = on"  # what SQLite then says is what a disk makes it
ERRNO = {FULL: errno.ENOSPC, READ_ONLY: errno.EROFS}


def fail_disk(monkeypatch, how: str) -> None:
    """From here on nothing more can be written: no row into any database, no file. how: FULL or READ_ONLY."""
    connect = sqlite3.connect

    def failing(*given, **more):
        connection = connect(*given, **more)
        connection.execute(how)
        return connection

    def no_file(*_given, **_more):
        raise OSError(ERRNO[how], os.strerror(ERRNO[how]))

    monkeypatch.setattr(sqlite3, "connect", failing)
    for name in ("NamedTemporaryFile", "mkdtemp"):
        monkeypatch.setattr(tempfile, name, no_file)


def cut(path: Path, share: float = 0.5) -> None:
    """Leave the beginning of a file."""
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])


def empty(path: Path) -> None:
    """Leave nothing of a file."""
    path.write_bytes(b"")


def zero(path: Path, share: float = 0.25) -> None:
    """Fill so much in the middle of a file with zeros; its size and its times stay."""
    state, data = path.stat(), bytearray(path.read_bytes())
    start, count = len(data) // 2, int(share * len(data))
    data[start : start + count] = bytes(len(data[start : start + count]))
    path.write_bytes(data)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def fill(path: Path) -> None:
    """`zero`, as much as it does unasked."""
    zero(path)


def overwrite(path: Path) -> None:
    """Fill a file with 0xff; its size stays."""
    path.write_bytes(b"\xff" * path.stat().st_size)


def spoil_numbers(path: Path, share: float = 1.0) -> None:
    """Fill so much of an array's file with 0xff from its end on; what it says of itself and its size stay."""
    data = path.read_bytes()
    begins = data.index(b"\n") + 1
    start = begins + int((1 - share) * (len(data) - begins))
    path.write_bytes(data[:start] + b"\xff" * (len(data) - start))
