"""Files that are never half-written, and hashes of what they hold."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path

from lavic_chat.errors import DiskError, LavicError

MAX_LINE = 1_000_000  # bytes of one JSONL line
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


def write_atomic(path: str | Path, content: str | bytes) -> None:
    """Write under a temporary name beside `path`, then rename: readers see the old file or the new one.

    Raises LavicError when the disk is full or the folder cannot be written.
    """
    path, data = Path(path), content.encode() if isinstance(content, str) else content
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise could_not_write(path, error) from error
    finally:
        if temporary:  # gone by now if all went well, left over after an error or an interrupt
            temporary.unlink(missing_ok=True)


def check_writable(folder: str | Path) -> None:
    """Raises LavicError where a folder, which is made if it is not there, has no room for anything more."""
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".room.") as file:
            file.write(bytes(65_536))
            file.flush()
    except OSError as error:
        raise could_not_write(folder, error) from error


def could_not_write(path: str | Path, error: OSError) -> DiskError:
    """The one sentence for a full disk, a missing permission and their like."""
    reason = error.strerror or error
    return DiskError(f"Could not write {path}: {reason}. Free some space or choose another folder.")


def write_json(path: str | Path, value: object) -> None:
    """Atomic, indented, keys in their given order; raises LavicError as `write_atomic`."""
    write_atomic(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_jsonl(path: str | Path, rows: Iterable[dict]) -> None:
    """Atomic, one JSON object a line; raises LavicError as `write_atomic`."""
    write_atomic(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def read_jsonl(
    path: str | Path,
    error: type[LavicError] = LavicError,
    on_bad: Callable[[LavicError], None] | None = None,
) -> Iterator[tuple[int, dict]]:
    """(line number, object) for each line that is not blank.

    A bad line (broken JSON, no object, over MAX_LINE bytes) raises `error` naming file and line; with
    `on_bad` it is handed over instead and reading goes on. A missing or unreadable file always raises.
    """
    path = Path(path)
    if not path.is_file():
        raise error(f"There is no file {path}; check the name.")
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(MAX_LINE + 1):
                number += 1
                try:
                    row = parse_line(line, f"{path}, line {number}", error)
                except LavicError as bad:
                    if on_bad is None:
                        raise
                    on_bad(bad)
                    while len(line) > MAX_LINE and not line.endswith(b"\n"):  # the rest of an endless line
                        line = file.readline(MAX_LINE + 1)
                    continue
                if row is not None:
                    yield number, row
    except OSError as problem:
        raise error(f"{path} cannot be read: {problem.strerror or problem}.") from problem


def parse_line(line: bytes, where: str, error: type[LavicError] = LavicError) -> dict | None:
    """The JSON object on a line, None for a blank one; raises `error` beginning with `where`."""
    if len(line) > MAX_LINE:
        raise error(f"{where}: longer than {MAX_LINE:,} bytes; shorten or remove that line.")
    try:
        text = line.decode("utf-8-sig").strip()  # Windows editors begin a file with a byte-order mark
        if not text:
            return None
        row = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise error(f"{where}: not valid JSON; mend or remove that line.") from problem
    if not isinstance(row, dict):
        raise error(f"{where}: a JSON object was expected; mend or remove that line.")
    return row


def hash_bytes(*parts: bytes | str) -> str:
    """SHA-256 in hex over the parts, each with its length before it, so that no two lists of parts collide."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()


def hash_file(path: str | Path) -> str:
    """SHA-256 of a file's bytes in hex, read in pieces; raises OSError."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def fresh_folder(target: str | Path) -> Generator[Path]:
    """A temporary folder beside `target` that becomes `target` when the block ends well, else vanishes.

    Raises LavicError when the disk is full or the place cannot be written.
    """
    target = Path(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    except OSError as error:
        raise could_not_write(target, error) from error
    try:
        yield temporary
        temporary.chmod(0o755)
        for path in temporary.rglob("*"):  # libraries write for their own user alone
            path.chmod(0o755 if path.is_dir() else 0o644)
        replace_folder(target, temporary)
    except OSError as error:
        if error.errno in NO_ROOM:  # other errors of the block are the caller's to tell
            raise could_not_write(target, error) from error
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def replace_folder(target: str | Path, fresh: str | Path) -> None:
    """Put `fresh` in the place of `target`; the old folder goes only once the new one stands there."""
    target, fresh = Path(target), Path(fresh)
    if not target.exists():
        fresh.replace(target)
        return
    retired = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.old."))
    try:
        target.replace(retired / "old")
        try:
            fresh.replace(target)
        except OSError:
            (retired / "old").replace(target)
            raise
    finally:
        if target.exists():  # else the old folder is all there is: leave it where it can be found
            shutil.rmtree(retired, ignore_errors=True)
