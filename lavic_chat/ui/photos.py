"""The photos that visitors send, on this server's disk: as long as their visit lasts, an hour at most, and not beyond
the process: what it cannot delete itself because it was killed, the next one deletes.

Gradio puts every upload into one folder. Here each process has one of its own, with a lock beside it that dies with
the process:

    <temporary folder>/lavic-chat-photos-<user>/<process>/      uploads
                                                <process>.lock
"""

import contextlib
import filecmp
import getpass
import logging
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from gradio.utils import get_upload_folder

FOLDER_VARIABLE = "GRADIO_TEMP_DIR"  # Gradio's name of its folder for uploads
KEPT = 3_540  # seconds that a photo is kept at most: deleted within the minute after, so within the hour
UNSENT = 600  # seconds in which a photo that was chosen has to be sent, for whose it is shows only then
COMING_BACK = 60  # seconds in which a page that is loaded again finds the photos of its visit
UNFINISHED = "tmp"  # how the names of Python's temporary files begin
LOOK = 15.0  # seconds between two looks for what is to be deleted
log = logging.getLogger("lavic_chat.ui")


class Photos:
    """Those below a folder, and whose visits they belong to. gone: called after photos were deleted, for whoever keeps
    something that was made of them. Threads may share it."""

    def __init__(
        self,
        folder: str | Path | None = None,
        gone: Callable[[], object] = bool,
        clock: Callable[[], float] = time.time,
        unsent: float = UNSENT,
    ):
        """folder: Gradio's own where it is not given. unsent: seconds for which a photo of no visit is kept."""
        self.unsent = unsent
        self.folder, self.gone, self.clock = Path(folder or get_upload_folder()).resolve(), gone, clock
        self._visits: dict[str, set[Path]] = {}  # visitor -> photos
        self._left: dict[str, float] = {}  # visitors whose pages were closed, and when
        self._lock = threading.RLock()

    def keep(self, visitor: str, photos: Iterable[str | Path]) -> None:
        """Photos belong to a visitor's visit, which goes on."""
        mine = self.uploads_among(photos)
        with self._lock:
            self._left.pop(visitor, None)
            if mine:
                self._visits.setdefault(visitor, set()).update(mine)

    def leave(self, visitor: str) -> None:
        """A page was closed; unless it comes back soon, the visit is over."""
        with self._lock:
            if visitor in self._visits:
                self._left[visitor] = self.clock()

    def forget(self, visitor: str, photos: Iterable[str | Path] = ()) -> None:
        """A visit is over: delete its photos and these, and every copy of them that is of no other visit."""
        with self._lock:
            self._left.pop(visitor, None)
            mine = self._visits.pop(visitor, set()) | self.uploads_among(photos)
            others = set().union(*self._visits.values())
        if mine:
            for path in self.copies_of(mine) - others:
                delete(path)
            self.gone()

    def sweep(self) -> None:
        """Delete the photos of visits that are over, those that nobody has sent, and all that are too old."""
        now = self.clock()
        with self._lock:
            over = [visitor for visitor, left in self._left.items() if now - left >= COMING_BACK]
        for visitor in over:
            self.forget(visitor)
        ages = {path: now - written(path, now) for path in self.files()}
        for path, age in ages.items():
            # Gradio makes an empty one whenever a program sends a photo, and leaves what an upload broke off with
            if age >= COMING_BACK and (self.is_unfinished(path) or is_empty(path)):
                delete(path)
        with self._lock:
            mine = set().union(*self._visits.values())
            old = [path for path, age in ages.items() if age >= (KEPT if path in mine else self.unsent)]
            for path in old:
                delete(path)
            kept = {visitor: {path for path in photos if path.is_file()} for visitor, photos in self._visits.items()}
            self._visits = {visitor: photos for visitor, photos in kept.items() if photos}
        if old:
            self.gone()

    def files(self) -> list[Path]:
        """All uploads that are here."""
        return [path for path in self.folder.rglob("*") if path.is_file()]

    def copies_of(self, photos: set[Path]) -> set[Path]:
        """The files with the very bytes of one of these photos, themselves among them; the disk is looked at once."""
        found, by_size = set(photos), defaultdict(list)
        for path in self.files():
            with contextlib.suppress(OSError):
                by_size[path.stat().st_size].append(path)
        for photo in photos:
            with contextlib.suppress(OSError):
                alike = by_size[photo.stat().st_size]
                found.update(path for path in alike if filecmp.cmp(photo, path, shallow=False))
        return found

    def uploads_among(self, photos: Iterable[str | Path]) -> set[Path]:
        """Those that lie where uploads do, by the paths that `files` has for them."""
        return {path.resolve() for path in map(Path, photos) if self.is_inside(path)}

    def is_inside(self, path: Path) -> bool:
        """Whether it is a place for uploads."""
        try:
            return path.resolve().is_relative_to(self.folder)
        except (OSError, ValueError, RuntimeError):  # no name that a file could have
            return False

    def is_unfinished(self, path: Path) -> bool:
        """Whether it is what Gradio has of an upload until all of it is there."""
        return path.parent == self.folder and path.name.startswith(UNFINISHED)


@contextmanager
def photo_folder(gone: Callable[[], object] = bool) -> Generator[Photos]:
    """A folder for the uploads of this process, used by whatever of Gradio's is made within the block; deleted with it.
    What killed processes left is deleted first. Where there can be no such folder, Gradio's own is used."""
    try:
        root = private_root()
        with FileLock(root / "starting.lock", timeout=60):
            clean(root)
            folder = root / secrets.token_hex(8)
            lock = FileLock(f"{folder}.lock")
            lock.acquire(timeout=0)
            folder.mkdir()
    except (OSError, Timeout) as error:
        log.warning("There can be no folder of our own for photos (%s); Gradio's own is used.", error.strerror)
        yield from swept(Photos(gone=gone, unsent=KEPT))  # where photos may lie that other processes have been sent
        return
    before = os.environ.get(FOLDER_VARIABLE)
    os.environ[FOLDER_VARIABLE] = str(folder.resolve())
    try:
        yield from swept(Photos(folder, gone))
    finally:
        os.environ.pop(FOLDER_VARIABLE)
        if before is not None:
            os.environ[FOLDER_VARIABLE] = before
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
        Path(f"{folder}.lock").unlink(missing_ok=True)


def swept(photos: Photos) -> Generator[Photos]:
    """The photos, looked after by a thread."""
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(LOOK):
            with contextlib.suppress(OSError):  # a file that has just gone
                photos.sweep()

    thread = threading.Thread(target=look, name="lavic-chat photos", daemon=True)
    thread.start()
    try:
        yield photos
    finally:
        stop.set()
        thread.join()


def private_root() -> Path:
    """The folder for all processes of this user; one with a name that nobody guesses where another has taken that.
    Raises OSError."""
    above = Path(os.environ.get(FOLDER_VARIABLE) or tempfile.gettempdir())
    root = above / f"lavic-chat-photos-{user()}"
    above.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        root.mkdir(mode=0o700)
    if root.is_symlink() or (hasattr(os, "getuid") and root.stat().st_uid != os.getuid()):
        return Path(tempfile.mkdtemp(prefix="lavic-chat-photos-", dir=above))
    return root


def user() -> str:
    """A name for this user that a folder can have."""
    if hasattr(os, "getuid"):
        return str(os.getuid())
    return "".join(letter for letter in getpass.getuser() if letter.isalnum())


def clean(root: Path) -> None:
    """Delete the folders of processes that are no more."""
    for folder in root.iterdir():
        if not folder.is_dir():
            continue
        lock = FileLock(f"{folder}.lock")
        with contextlib.suppress(Timeout), lock.acquire(timeout=0):
            shutil.rmtree(folder, ignore_errors=True)
            Path(f"{folder}.lock").unlink(missing_ok=True)


def written(path: Path, otherwise: float) -> float:
    """When a file was written, by the clock of `time.time`."""
    try:
        return path.stat().st_mtime
    except OSError:
        return otherwise


def is_empty(path: Path) -> bool:
    """Whether it is a file without a byte."""
    try:
        return path.stat().st_size == 0
    except OSError:
        return False


def delete(path: Path) -> None:
    """A file, and the folder that it alone lay in."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        path.parent.rmdir()
