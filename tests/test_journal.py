"""The journal: every row that was stored, pushed by a scheduler, read back on an empty disk."""

import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from huggingface_hub.errors import RepositoryNotFoundError
from test_desk import TURN

from lavic_chat import journal as module
from lavic_chat.desk import Desk
from lavic_chat.errors import LavicError
from lavic_chat.journal import open_desk, read_rows, told


def open_at(path: Path) -> Desk:
    return open_desk(path / "flags.sqlite", "me/flags", "token")


def test_what_was_flagged_survives_the_disk(tmp_path, monkeypatch):
    pushed = []

    class Scheduler:
        def __init__(self, folder_path, **told):
            assert (told["repo_id"], told["repo_type"], told["token"]) == ("me/flags", "dataset", "token")
            assert told["private"] is True and told["path_in_repo"] == "flags"
            self.lock = threading.Lock()
            self.api = SimpleNamespace(repo_info=lambda repo, repo_type: SimpleNamespace(private=True))
            pushed.append(Path(folder_path))

    def download(repo, local_dir, **_told):
        if not pushed:
            raise RepositoryNotFoundError.__new__(RepositoryNotFoundError)
        for file in [file for folder in pushed for file in folder.glob("*.jsonl")]:
            (Path(local_dir) / "flags").mkdir(parents=True, exist_ok=True)
            (Path(local_dir) / "flags" / file.name).write_bytes(file.read_bytes())

    monkeypatch.setattr(module, "CommitScheduler", Scheduler)
    monkeypatch.setattr(module, "snapshot_download", download)
    desk = open_at(tmp_path / "first")
    desk.add(TURN)
    desk.add(replace(TURN, turn_id="t2"))
    desk.note(replace(TURN, turn_id="u1"))
    desk.note(replace(TURN, turn_id="u1"))
    desk.judge("t1", "ada", "b")
    desk.judge("t2", "ada", "c")
    desk.undo("ada")
    again = open_at(tmp_path / "second")  # the first disk is gone
    assert again.tasks() == desk.tasks() and again.standing() == desk.standing()
    again.judge("u1", "ada", None)
    third = open_at(tmp_path / "third")
    assert [judgement.turn_id for judgement in third.standing()] == ["t1", "u1"]
    assert open_at(tmp_path / "third").tasks() == third.tasks()  # what is there is not read twice
    lines = [line for folder in pushed for file in folder.glob("*.jsonl") for line in file.read_text().splitlines()]
    assert len(lines) == 7 and len({json.loads(line)["table"] for line in lines}) == 3


def test_a_killed_process_loses_no_row_that_it_had_stored(tmp_path):
    code = """
import os, signal, sys, threading
from pathlib import Path
from types import SimpleNamespace
sys.path.insert(0, sys.argv[2])
from lavic_chat import journal
from test_desk import TURN
class Scheduler:
    def __init__(self, **told): self.lock = threading.Lock()
journal.CommitScheduler = Scheduler
folder = Path(sys.argv[1])
desk = journal.Desk(folder / "flags.sqlite", journal=journal.Journal("me/flags", "token", folder / "journal"))
for number in range(3):
    desk.add(TURN)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path), str(Path(__file__).parent)])
    assert done.returncode == -9
    assert len(list(read_rows(tmp_path / "journal"))) == 3 and Desk(tmp_path / "flags.sqlite").stats().flags == 3


def test_a_public_dataset_is_refused(tmp_path, monkeypatch):
    stopped = []

    class Scheduler:
        def __init__(self, **_told):
            self.api = SimpleNamespace(repo_info=lambda repo, repo_type: SimpleNamespace(private=False))
            self.stop = lambda: stopped.append(True)

    monkeypatch.setattr(module, "CommitScheduler", Scheduler)
    monkeypatch.setattr(module, "snapshot_download", lambda *_args, **_told: None)
    with pytest.raises(LavicError, match="is public"):
        open_at(tmp_path)
    assert stopped


def test_damaged_lines_are_left_out(tmp_path, caplog):
    good = {"table": "flags", "time": "2026-01-02T00:00:00.000+00:00"}
    text = f'{json.dumps(good)}\n{{"table": "fl\n{json.dumps({**good, "time": "2026-01-01"})}\n[1]\n\n{{"table": 3}}\n'
    (tmp_path / "a.jsonl").write_text(text)
    assert [row["time"][:10] for row in read_rows(tmp_path)] == ["2026-01-01", "2026-01-02"]
    assert "a.jsonl, line 2" in caplog.text
    desk = Desk(tmp_path / "flags.sqlite")
    assert desk.restore(read_rows(tmp_path)) == 0  # no columns of a flag
    assert desk.restore([{"table": "sqlite_master", "time": "x"}, {"table": None}]) == 0


def test_a_full_disk_of_the_journal_loses_no_flag(tmp_path, caplog):
    def full(table, row):
        raise OSError(28, "No space left on device")

    desk = Desk(tmp_path / "flags.sqlite", journal=full)
    assert desk.add(TURN) == 1 and "stored here only" in caplog.text


def test_where_flags_are_kept_is_told(tmp_path, monkeypatch):
    assert "stay on this disk" in told("") and "me/flags" in told("me/flags")
    assert open_desk(tmp_path / "flags.sqlite").journal is None
    with pytest.raises(LavicError, match="needs HF_TOKEN"):
        open_desk(tmp_path / "flags.sqlite", "me/flags")

    def fail(*_args, **_told):
        raise OSError("no route")

    monkeypatch.setattr(module, "snapshot_download", fail)
    with pytest.raises(LavicError, match="me/flags cannot be used for flags"):
        open_at(tmp_path)
