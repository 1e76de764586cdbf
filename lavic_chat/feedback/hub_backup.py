"""A backup of flags and judgements that outlives the disk: append-only JSONL, pushed to a dataset repository.

A Space loses its disk with every restart. Where `LAVIC_FLAGS_REPO` names a dataset and `HF_TOKEN` may write to it,
every row is also appended to a file, one for each start. huggingface_hub's CommitScheduler pushes what is new, and a
start on an empty disk reads everything back. SQLite itself stays on the local disk: a network mount would corrupt it.

The files are numbered by start, and their lines follow one another as they were written, so that what is read back
keeps that order whatever the clock said.
"""

import json
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from uuid import uuid4

from huggingface_hub import CommitScheduler, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from lavic_chat.errors import FlagError, LavicError
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.feedback.database import is_sound, set_aside
from lavic_chat.storage.files import parse_line
from lavic_chat.storage.troubles import note_trouble

PUSH_EVERY = 5  # minutes from one push to the next
IN_REPO = "flags"
FOLDER, BEFORE = "journal", "journal-before"  # beside the database: what this disk has written, what others have
log = logging.getLogger(__name__)


class HubBackup:
    """Appends rows to one JSONL file in `folder`, which a scheduler pushes."""

    def __init__(self, repo: str, token: str, folder: str | Path):
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        start = 1 + max(map(start_of, backup_files(folder, folder.parent / BEFORE / IN_REPO)), default=0)
        self.path = folder / f"{start:06}-{uuid4().hex}.jsonl"
        self.scheduler = CommitScheduler(
            repo_id=repo, repo_type="dataset", folder_path=folder, path_in_repo=IN_REPO, every=PUSH_EVERY, token=token,
            private=True,  # a dataset that is there already stays what it is
        )  # fmt: skip

    def __call__(self, table: str, row: dict) -> None:
        """Append one row of a table; raises OSError where the file cannot be written."""
        line = json.dumps({"table": table, **row}, ensure_ascii=False) + "\n"
        with self.scheduler.lock, self.path.open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


def open_annotations(path: str | Path, repo: str = "", token: str = "") -> AnnotationStore:
    """The store at `path`, with a backup where a dataset repository is named; read back first where the disk is empty.

    Raises LavicError where the repository cannot be reached or is public, or a token is missing.
    """
    path = Path(path)
    if not repo:
        if not sound_or_unknown(path):
            note_trouble(path, f"The flag database {path} is damaged; move it away to begin a new one.")
        return AnnotationStore(path)
    if not token:
        raise LavicError("LAVIC_FLAGS_REPO needs HF_TOKEN, a token that may write to that dataset; set it, or neither.")
    try:
        read_back(path, repo, token)
        backup = HubBackup(repo, token, path.parent / FOLDER)
        is_private = backup.scheduler.api.repo_info(repo, repo_type="dataset").private
    except (OSError, HfHubHTTPError, ValueError) as error:
        raise LavicError(
            f"The dataset {repo} cannot be used for flags ({type(error).__name__}); check LAVIC_FLAGS_REPO and that "
            "HF_TOKEN may write to it, or set neither to keep flags on this disk."
        ) from error
    if not is_private:
        backup.scheduler.stop()
        raise LavicError(f"The dataset {repo} is public, and flags hold conversations; make it private first.")
    return AnnotationStore(path, backup=backup)


def read_back(path: Path, repo: str, token: str) -> None:
    """Fill an empty database from the backup; one that is damaged is set aside first. A kill at any point leaves a
    database that is as empty as before, or whole."""
    if not sound_or_unknown(path):
        log.warning("The flag database %s was damaged: it is %s now.", path, set_aside(path).name)
    if empty_or_none(path):
        files = backup_files(download_rows(repo, token, path.parent / BEFORE), path.parent / FOLDER)
        count = AnnotationStore(path).restore(read_rows(files))
        log.info("%d flags and judgements were read back from the dataset", count)


def sound_or_unknown(path: Path) -> bool:
    """Whether a database is not known to be damaged. One that cannot be looked into, on a read-only disk or because
    another holds it, is told, and keeps nobody from starting."""
    try:
        return is_sound(path)
    except FlagError as error:
        note_trouble(path, str(error))
        return True


def empty_or_none(path: Path) -> bool:
    """Whether nothing is known to be in a database."""
    try:
        return AnnotationStore(path).is_empty()
    except FlagError as error:
        note_trouble(path, str(error))
        return False


def download_rows(repo: str, token: str, folder: str | Path) -> Path:
    """The folder of the backup's files so far; empty where the repository is not there yet."""
    folder = Path(folder)
    try:
        snapshot_download(repo, repo_type="dataset", token=token, local_dir=folder, allow_patterns=f"{IN_REPO}/*.jsonl")
    except RepositoryNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
    return folder / IN_REPO


def backup_files(*folders: str | Path) -> list[Path]:
    """The backup's files in these folders; of two with one name the longer one, for a file only grows."""
    longest: dict[str, Path] = {}
    for path in (path for folder in folders for path in sorted(Path(folder).glob("*.jsonl"))):
        known = longest.get(path.name)
        if known is None or path.stat().st_size > known.stat().st_size:
            longest[path.name] = path
    return list(longest.values())


def start_of(path: Path) -> int:
    """The number of the start that has written a file; 0 of the versions that did not count."""
    number, dash, _ = path.name.partition("-")
    return int(number) if dash and number.isascii() and number.isdigit() else 0


def read_rows(files: Iterable[Path]) -> Iterator[dict]:
    """The rows of all files in the order in which they were written; what was cut off or is no row is left out. Files
    that were not numbered come first, by the time in their first row."""
    rows = {path: list(read_file(path)) for path in files}
    for path in sorted(rows, key=lambda path: (start_of(path), time_of(rows[path]))):
        yield from rows[path]


def time_of(rows: Sequence[dict]) -> str:
    """Of the first row."""
    return rows[0]["time"] if rows else ""


def read_file(path: Path) -> Iterator[dict]:
    """A file's rows; how many lines are none is logged once, with what is wrong with the first."""
    bad: list[LavicError] = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        try:
            row = parse_line(line, f"{path.name}, line {number}")
        except LavicError as error:
            bad.append(error)
            continue
        if row and isinstance(row.get("time"), str):
            yield row
    if bad:
        log.warning("%d of the lines of %s are left out. %s", len(bad), path.name, bad[0])


def storage_notice(repo: str) -> str:
    """Where flags are kept, in a sentence for who starts the app."""
    if repo:
        return f"Flags are kept in the dataset {repo} too, pushed every {PUSH_EVERY} minutes."
    return "Flags stay on this disk; set LAVIC_FLAGS_REPO and HF_TOKEN to keep them in a dataset, as a Space needs to."
