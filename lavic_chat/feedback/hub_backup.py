"""A backup of flags and judgements that outlives the disk: append-only JSONL, pushed to a dataset repository.

A Space loses its disk with every restart. Where `LAVIC_FLAGS_REPO` names a dataset and `HF_TOKEN` may write to it,
every row is also appended to a file, one for each start. huggingface_hub's CommitScheduler pushes what is new, and a
start on an empty disk reads everything back. SQLite itself stays on the local disk: a network mount would corrupt it.
"""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from huggingface_hub import CommitScheduler, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from lavic_chat.errors import LavicError
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.storage.files import parse_line

PUSH_EVERY = 5  # minutes from one push to the next
IN_REPO = "flags"
log = logging.getLogger(__name__)


class HubBackup:
    """Appends rows to one JSONL file in `folder`, which a scheduler pushes."""

    def __init__(self, repo: str, token: str, folder: str | Path):
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{uuid4().hex}.jsonl"
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
        return AnnotationStore(path)
    if not token:
        raise LavicError("LAVIC_FLAGS_REPO needs HF_TOKEN, a token that may write to that dataset; set it, or neither.")
    try:
        if not path.exists():
            count = AnnotationStore(path).restore(read_rows(download_rows(repo, token, path.parent / "journal-before")))
            log.info("%d flags and judgements were read back from the dataset", count)
        backup = HubBackup(repo, token, path.parent / "journal")
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


def download_rows(repo: str, token: str, folder: str | Path) -> Path:
    """The folder of the backup's files so far; empty where the repository is not there yet."""
    folder = Path(folder)
    try:
        snapshot_download(repo, repo_type="dataset", token=token, local_dir=folder, allow_patterns=f"{IN_REPO}/*.jsonl")
    except RepositoryNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
    return folder / IN_REPO


def read_rows(folder: str | Path) -> Iterator[dict]:
    """The rows of all files, by time; what was cut off or is no row is left out."""
    rows = []
    for file in sorted(Path(folder).glob("*.jsonl")):
        for number, line in enumerate(file.read_bytes().splitlines(), 1):
            try:
                row = parse_line(line, f"{file.name}, line {number}")
            except LavicError as error:
                log.warning("%s", error)
                continue
            if row and isinstance(row.get("time"), str):
                rows.append(row)
    return iter(sorted(rows, key=lambda row: row["time"]))


def storage_notice(repo: str) -> str:
    """Where flags are kept, in a sentence for who starts the app."""
    if repo:
        return f"Flags are kept in the dataset {repo} too, pushed every {PUSH_EVERY} minutes."
    return "Flags stay on this disk; set LAVIC_FLAGS_REPO and HF_TOKEN to keep them in a dataset, as a Space needs to."
