"""The backup: every row that was stored, pushed by a scheduler, read back on an empty disk."""

import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers.feedback import TURN
from huggingface_hub.errors import RepositoryNotFoundError

from lavic_chat.errors import LavicError
from lavic_chat.feedback import hub_backup as module
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.feedback.hub_backup import backup_files, open_annotations, read_rows, storage_notice


def open_at(path: Path) -> AnnotationStore:
    return open_annotations(path / "flags.sqlite", "me/flags", "token")


def test_what_was_flagged_survives_the_disk(tmp_path, monkeypatch):
    pushed = []

    class Scheduler:
        def __init__(self, folder_path, **options):
            assert (options["repo_id"], options["repo_type"], options["token"]) == ("me/flags", "dataset", "token")
            assert options["private"] is True and options["path_in_repo"] == "flags"
            self.lock = threading.Lock()
            self.api = SimpleNamespace(repo_info=lambda repo, repo_type: SimpleNamespace(private=True))
            pushed.append(Path(folder_path))

    def download(repo, local_dir, **_options):
        if not pushed:
            raise RepositoryNotFoundError.__new__(RepositoryNotFoundError)
        for file in [file for folder in pushed for file in folder.glob("*.jsonl")]:
            (Path(local_dir) / "flags").mkdir(parents=True, exist_ok=True)
            (Path(local_dir) / "flags" / file.name).write_bytes(file.read_bytes())

    monkeypatch.setattr(module, "CommitScheduler", Scheduler)
    monkeypatch.setattr(module, "snapshot_download", download)
    annotations = open_at(tmp_path / "first")
    annotations.add(TURN)
    annotations.add(replace(TURN, turn_id="t2"))
    annotations.add_unsure(replace(TURN, turn_id="u1"))
    annotations.add_unsure(replace(TURN, turn_id="u1"))
    annotations.judge("t1", "ada", "b")
    annotations.judge("t2", "ada", "c")
    annotations.undo("ada")
    again = open_at(tmp_path / "second")  # the first disk is gone
    assert again.tasks() == annotations.tasks() and again.standing_judgements() == annotations.standing_judgements()
    again.judge("u1", "ada", None)
    third = open_at(tmp_path / "third")
    assert [judgement.turn_id for judgement in third.standing_judgements()] == ["t1", "u1"]
    assert open_at(tmp_path / "third").tasks() == third.tasks()  # what is there is not read twice
    lines = [line for folder in pushed for file in folder.glob("*.jsonl") for line in file.read_text().splitlines()]
    assert len(lines) == 7 and len({json.loads(line)["table"] for line in lines}) == 3


def test_a_killed_process_loses_no_row_that_it_had_stored(tmp_path):
    code = """
import os, signal, sys, threading
from pathlib import Path
from types import SimpleNamespace
sys.path.insert(0, sys.argv[2])
from lavic_chat.feedback import hub_backup
from helpers.feedback import TURN
class Scheduler:
    def __init__(self, **named): self.lock = threading.Lock()
hub_backup.CommitScheduler = Scheduler
folder = Path(sys.argv[1])
backup = hub_backup.HubBackup("me/flags", "token", folder / "journal")
store = hub_backup.AnnotationStore(folder / "flags.sqlite", backup=backup)
for number in range(3):
    store.add(TURN)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path), str(Path(__file__).parents[1])])
    assert done.returncode == -9
    assert (
        len(list(read_rows(backup_files(tmp_path / "journal")))) == 3
        and AnnotationStore(tmp_path / "flags.sqlite").stats().flags == 3
    )


def test_a_public_dataset_is_refused(tmp_path, monkeypatch):
    stopped = []

    class Scheduler:
        def __init__(self, **_options):
            self.api = SimpleNamespace(repo_info=lambda repo, repo_type: SimpleNamespace(private=False))
            self.stop = lambda: stopped.append(True)

    monkeypatch.setattr(module, "CommitScheduler", Scheduler)
    monkeypatch.setattr(module, "snapshot_download", lambda *_args, **_options: None)
    with pytest.raises(LavicError, match="is public"):
        open_at(tmp_path)
    assert stopped


def test_damaged_lines_are_left_out(tmp_path, caplog):
    good = {"table": "flags", "time": "2026-01-02T00:00:00.000+00:00"}
    text = f'{json.dumps(good)}\n{{"table": "fl\n{json.dumps({**good, "time": "2026-01-01"})}\n[1]\n\n{{"table": 3}}\n'
    (tmp_path / "a.jsonl").write_text(text)
    assert [row["time"][:10] for row in read_rows(backup_files(tmp_path))] == ["2026-01-02", "2026-01-01"]
    assert "a.jsonl, line 2" in caplog.text
    annotations = AnnotationStore(tmp_path / "flags.sqlite")
    assert annotations.restore(read_rows(backup_files(tmp_path))) == 0  # no columns of a flag
    assert annotations.restore([{"table": "sqlite_master", "time": "x"}, {"table": None}]) == 0


def test_a_full_disk_of_the_backup_loses_no_flag(tmp_path, caplog):
    def full(table, row):
        raise OSError(28, "No space left on device")

    annotations = AnnotationStore(tmp_path / "flags.sqlite", backup=full)
    assert annotations.add(TURN) == 1 and "stored here only" in caplog.text


def test_where_flags_are_kept_is_told(tmp_path, monkeypatch):
    assert "stay on this disk" in storage_notice("") and "me/flags" in storage_notice("me/flags")
    assert open_annotations(tmp_path / "flags.sqlite").backup is None
    with pytest.raises(LavicError, match="needs HF_TOKEN"):
        open_annotations(tmp_path / "flags.sqlite", "me/flags")

    def fail(*_args, **_options):
        raise OSError("no route")

    monkeypatch.setattr(module, "snapshot_download", fail)
    with pytest.raises(LavicError, match="me/flags cannot be used for flags"):
        open_at(tmp_path)
