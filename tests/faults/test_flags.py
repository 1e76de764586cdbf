"""Flags that cannot be, damaged rows, catalogues that change, kills while reading back, clocks that go back."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
from gradio.exceptions import Error
from helpers.fakes import FakeRecommender, make_catalog
from helpers.faults import cut, zero
from helpers.feedback import TURN
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.catalog import load as catalog_load
from lavic_chat.catalog import load_catalog
from lavic_chat.errors import CatalogError, FlagError, FlagStoreError
from lavic_chat.feedback import flags as flags_module
from lavic_chat.feedback import hub_backup
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.feedback.export import export_dialogues
from lavic_chat.feedback.hub_backup import backup_files, open_annotations, read_rows
from lavic_chat.storage.files import hash_file
from lavic_chat.ui.api import Api
from lavic_chat.ui.browser_storage import from_storage, to_storage
from lavic_chat.ui.chat_page import ChatPage
from lavic_chat.ui.failures import sentence
from lavic_chat.ui.flag_form import make_flag
from lavic_chat.ui.links import Links
from lavic_chat.ui.session import Session

SAID = "<submission>a lamp</submission>"
GOOD = {"candidates": [["red-lamp", 0.9], ["blue-lamp", 0.1]], "pick": "red-lamp", "correct": "blue-lamp", "reason": ""}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    return make_catalog(tmp_path_factory.mktemp("catalog"))


@pytest.fixture
def api(catalog, tmp_path) -> Api:
    return Api(FakeRecommender(catalog), AnnotationStore(tmp_path / "flags.sqlite"))


# ---- where they come in ----


@pytest.mark.parametrize("wrong, sentence", [
    ({"pick": "no-such"}, "no product 'no-such'|pick must be one"),
    ({"correct": "no-such"}, "no product 'no-such' in this catalogue"),
    ({"correct": "red-lamp"}, "cannot be the pick itself"),
    ({"pick": "green-lamp"}, "pick must be one of the candidates"),
    ({"pick": ""}, "has no pick"),
    ({"candidates": [["red-lamp", 0.9], ["no-such", 0.1]]}, "no product 'no-such'"),
    ({"candidates": [["red-lamp", 0.9], ["red-lamp", 0.1]]}, "named once"),
    ({"candidates": [["red-lamp", 9], ["blue-lamp", 0.1]]}, "from 0 to 1"),
    ({"candidates": [["red-lamp", -0.1], ["blue-lamp", 0.1]]}, "from 0 to 1"),
    ({"candidates": [["red-lamp", 10**400], ["blue-lamp", 0.1]]}, "finite number"),
    ({"candidates": [["red-lamp", True], ["blue-lamp", 0.1]]}, "finite number"),
    ({"candidates": [["red-lamp", float("nan")], ["blue-lamp", 0.1]]}, "finite number"),
    ({"candidates": [["red-lamp"], ["blue-lamp", 0.1]]}, "product id with its score"),
    ({"reason": "x" * 600}, "shorten it to 500"),
    ({"reason": "x" * 1_000_000}, "The reason has 1,000,000 characters"),
    ({"reason": ["x"]}, "reason must be a text"),
    ({"correct": ["blue-lamp"]}, "correct must be a text"),
    ({"pick": {"a": 1}}, "pick must be a text"),
])  # fmt: skip
def test_what_cannot_be_flagged_is_a_sentence(api, caplog, wrong, sentence):
    with pytest.raises(Error, match=sentence):
        api.flag(SAID, **{**GOOD, **wrong}, caller=gr.Request())
    assert api.annotations.list() == () and caplog.records == []


def test_a_right_product_beyond_those_shown_is_of_the_catalogue(api):
    api.flag(SAID, **{**GOOD, "correct": "white-sofa"}, caller=gr.Request())
    assert api.annotations.list()[0].correct == "white-sofa"


@pytest.mark.parametrize("mark", "\u202a\u202e\u2066\u2069")
def test_nothing_in_a_flag_turns_the_direction_of_writing_round(api, mark):
    context = f"<submission>a {mark}lamp</submission>"
    api.flag(context, **{**GOOD, "reason": f"too {mark}red, אדום, \u200eמדי"}, caller=gr.Request())
    (flag,) = api.annotations.list()
    assert flag.reason == "too  red, אדום, \u200eמדי" and mark not in flag.context
    assert Session().ask(f"a {mark}lamp").pending.dialogue.turns[0].text == "a  lamp"


def test_a_database_that_stays_damaged_costs_one_line_of_the_log_however_many_flag(api, caplog):
    api.flag(SAID, **GOOD, caller=gr.Request())
    good = api.annotations.path.read_bytes()
    api.annotations.path.write_bytes(b"garbage" * 999)
    for _ in range(5):
        with pytest.raises(Error, match="could not be stored"):
            api.flag(SAID, **GOOD, caller=gr.Request())
    assert len(caplog.records) == 1 and "flags.sqlite" in caplog.text
    api.annotations.path.write_bytes(good)
    api.flag(SAID, **GOOD, caller=gr.Request())
    assert api.annotations.troubles() == ()


def test_what_has_not_been_told_of_a_database_is_still_logged(caplog):
    assert sentence(FlagStoreError("The flag database x is away."), "Sorry.") == "Sorry."
    assert "x is away" in caplog.text


# ---- which catalogue has answered ----


def test_the_fingerprint_is_of_what_was_read(tmp_path):
    catalog = make_catalog(tmp_path / "catalog")
    path = tmp_path / "catalog" / "products.jsonl"
    read = hash_file(path)
    path.write_text('{"id": "other", "title": "other"}\n')
    assert catalog.fingerprint == read
    path.unlink()
    session = answered(FakeRecommender(catalog))
    assert make_flag(session, FakeRecommender(catalog), None, [], "").catalog_hash == read


def test_a_file_that_changes_while_it_is_read_is_read_again(tmp_path, monkeypatch):
    make_catalog(tmp_path / "catalog")
    path, hashes = tmp_path / "catalog" / "products.jsonl", ["a", "b", "c", "c", "d"]
    monkeypatch.setattr(catalog_load, "hash_products", lambda folder: hashes.pop(0))
    assert load_catalog(tmp_path / "catalog").fingerprint == "c"
    hashes[:] = "abcdef"
    with pytest.raises(CatalogError, match="changes while it is read"):
        load_catalog(path.parent)


def answered(recommender: FakeRecommender, **hashes: str) -> Session:
    session = Session().ask("a red lamp")
    return session.answered(replace(recommender.recommend(session.pending.dialogue), **hashes))


def test_a_turn_that_a_browser_kept_is_of_the_catalogue_that_answered_it(catalog):
    session = answered(FakeRecommender(catalog), catalog_hash="0" * 64, model_hash="f" * 64)
    later = replace(FakeRecommender(catalog), model_hash="1234")
    stored = to_storage(session)
    back, _, _ = from_storage(stored, catalog)
    assert make_flag(back, later, None, [], "").catalog_hash == "0" * 64
    assert make_flag(back, later, None, [], "").model_hash == "f" * 64
    for made_up in (["x", "y"], ["0" * 65, ""], [1, 2], ["0"], "ab c", None):
        stored["answers"][0]["answered_by"] = made_up
        assert from_storage(stored, catalog)[0] == Session()


def test_a_session_that_a_browser_made_up_makes_no_flag(catalog, tmp_path):
    page = ChatPage.__new__(ChatPage)
    page.recommender, page.annotations = FakeRecommender(catalog), AnnotationStore(tmp_path / "flags.sqlite")
    page.links, page.flag_notice = Links(catalog, "m", "cpu"), "notice"
    stored = to_storage(answered(FakeRecommender(catalog)))
    row = stored["answers"][0]["candidates"]
    row[1] = row[0]
    session, _, _ = from_storage(stored, catalog)
    assert "named once" in page.save_flag(session, None, [], "")["notice"] and page.annotations.list() == ()


# ---- damaged rows ----

DAMAGED = [
    {"candidates": "{"}, {"candidates": "[]"}, {"candidates": "null"}, {"candidates": '[["a", null]]'},
    {"candidates": "[" * 5_000}, {"candidates": f'[["a", 1{"0" * 400}]]'}, {"candidates": b"\xff\xfe"},
    {"turn_id": ""}, {"turn_id": b"\x00"}, {"time": "yesterday"}, {"pick": ""}, {"context": b"\xff"}, {"time": 7},
    {"correct": b"\xff\x00"},
]  # fmt: skip


def damage(path: Path, table: str, values: dict, where: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        named = ", ".join(f"{name} = ?" for name in values)
        assert database.execute(f"update {table} set {named} where {where}", list(values.values())).rowcount == 1


@pytest.mark.parametrize("values", DAMAGED)
def test_a_damaged_flag_is_set_aside_and_told(tmp_path, values, caplog):
    store = AnnotationStore(tmp_path / "flags.sqlite")
    for number in range(4):
        store.add(replace(TURN, turn_id=f"t{number}", correct="b"))
    store.add_unsure(replace(TURN, turn_id="u"))
    damage(store.path, "flags", values, "id = 2")
    for _ in range(2):
        assert [flag.turn_id for flag in store.list()] == ["t3", "t2", "t0"]
        assert store.stats().flags == 3 and [task.turn.turn_id for task in store.queue("ada")] == [
            "t0",
            "t2",
            "t3",
            "u",
        ]
        assert export_dialogues(store, tmp_path / "out.jsonl") == 3
    assert store.judge("t0", "ada", "b").verdict == "ranking"
    assert len(caplog.records) == 1 and "number 2" in caplog.text and "flags.sqlite" in store.troubles()[0]
    with closing(sqlite3.connect(store.path)) as database:  # nothing is thrown away
        assert database.execute("select count(*) from flags").fetchone() == (4,)


def test_where_the_newest_flag_of_a_turn_is_damaged_the_one_before_counts(tmp_path):
    store = AnnotationStore(tmp_path / "flags.sqlite")
    for correct in ("b", "c"):
        store.add(replace(TURN, correct=correct))
    damage(store.path, "flags", {"candidates": "{"}, "id = 2")
    assert [flag.correct for flag in store.latest()] == ["b"]


@pytest.mark.parametrize("table, values, left", [
    ("unsure", {"candidates": "{"}, (1, 2)),
    ("judgements", {"verdict": "perhaps"}, (2, 1)),
    ("judgements", {"time": "?"}, (2, 1)),
    ("judgements", {"annotator": b"\xff"}, (2, 1)),
])  # fmt: skip
def test_damaged_rows_of_the_annotators_too(tmp_path, table, values, left):
    store = AnnotationStore(tmp_path / "flags.sqlite")
    for name in ("u1", "u2"):
        store.add_unsure(replace(TURN, turn_id=name))
        store.judge(name, "ada", "b")
    damage(store.path, table, values, "rowid = 1")
    assert (len(store.tasks()), len(store.standing_judgements())) == left and len(store.troubles()) == 1
    assert store.progress("ada").left <= 1


# ---- reading back ----


class Repository:
    """A dataset repository of this machine: what its schedulers' folders hold is there at once."""

    def __init__(self, monkeypatch):
        self.folders: list[Path] = []

        def scheduler(folder_path, **_options):
            self.folders.append(Path(folder_path))
            info = SimpleNamespace(repo_info=lambda repo, repo_type: SimpleNamespace(private=True))
            return SimpleNamespace(lock=threading.Lock(), api=info)

        monkeypatch.setattr(hub_backup, "CommitScheduler", scheduler)
        monkeypatch.setattr(hub_backup, "snapshot_download", self.download)

    def download(self, repo, local_dir, **_options):
        (Path(local_dir) / "flags").mkdir(parents=True, exist_ok=True)
        for file in [file for folder in self.folders for file in folder.glob("*.jsonl")]:
            (Path(local_dir) / "flags" / file.name).write_bytes(file.read_bytes())

    def open(self, home: Path) -> AnnotationStore:
        return open_annotations(home / "flags.sqlite", "me/flags", "token")


@pytest.fixture
def repository(monkeypatch) -> Repository:
    return Repository(monkeypatch)


KILLED = """
import os, signal, sys
from pathlib import Path
from lavic_chat.feedback import annotation, database, hub_backup

def die(*_given, **_more):
    os.kill(os.getpid(), signal.SIGKILL)

class DyingRows:
    def __init__(self, rows, after):
        self.rows, self.left = iter(rows), after
    def __iter__(self):
        return self
    def __next__(self):
        if self.left == 0:
            die()
        self.left -= 1
        return next(self.rows)

home, backup, moment = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
rows = hub_backup.read_rows(hub_backup.backup_files(backup))
if moment == "made":
    annotation.AnnotationStore(home / "flags.sqlite").is_empty()
    with database.open_database(home / "flags.sqlite"):
        die()
if moment == "commit":
    real = annotation.transaction
    class Dying:
        def __init__(self, opened): self.inner = real(opened)
        def __enter__(self): return self.inner.__enter__()
        def __exit__(self, *given): die()
    annotation.transaction = Dying
annotation.AnnotationStore(home / "flags.sqlite").restore(
    DyingRows(rows, int(moment) if moment.isdigit() else 10**6))
die()
"""


@pytest.mark.parametrize("moment", ["made", "0", "1", "3", "commit", "after"])
def test_a_kill_at_any_point_of_reading_back_costs_nothing(tmp_path, repository, moment):
    first = repository.open(tmp_path / "first")
    for number in range(5):
        first.add(replace(TURN, turn_id=f"t{number}"))
    first.judge("t1", "ada", "b")
    (tmp_path / "second").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path / "second", tmp_path / "first" / "journal", moment],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}, timeout=60,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    second = repository.open(tmp_path / "second")
    assert second.list() == first.list() and second.standing_judgements() == first.standing_judgements()
    assert repository.open(tmp_path / "second").list() == first.list()  # nothing twice


def test_later_is_what_was_written_later_whatever_the_clock_says(tmp_path, repository, monkeypatch):
    first = repository.open(tmp_path / "first")
    hours = iter(range(23, -1, -1))
    monkeypatch.setattr(flags_module, "now", None)
    for home in ("first", "second", "third"):  # each start on an empty disk, the clock going back all the time
        store = first if home == "first" else repository.open(tmp_path / home)
        for correct in ("b", "c"):
            time = f"2026-05-01T{next(hours):02}:00:00+00:00"
            store.add(replace(TURN, correct=correct, reason=home, time=time))
    last = repository.open(tmp_path / "fourth")
    assert [(flag.reason, flag.correct) for flag in last.list()] == [
        (home, correct) for home in ("third", "second", "first") for correct in ("c", "b")
    ]
    assert [(flag.reason, flag.correct) for flag in last.latest()] == [("third", "c")]


def test_files_of_versions_that_did_not_count_come_first(tmp_path):
    line = '{{"table": "x", "time": "2026-01-0{}T00:00:00+00:00", "name": "{}"}}\n'
    (tmp_path / "a.jsonl").write_text(line.format(5, "second") + line.format(3, "third"))
    (tmp_path / "b.jsonl").write_text(line.format(4, "first"))
    (tmp_path / "000002-x.jsonl").write_text(line.format(1, "fifth"))
    (tmp_path / "000001-z.jsonl").write_text(line.format(2, "fourth"))
    (tmp_path / "empty.jsonl").write_text("")
    names = [row["name"] for row in read_rows(backup_files(tmp_path))]
    assert names == ["first", "second", "third", "fourth", "fifth"]


def test_the_longer_of_two_copies_of_a_file_is_read(tmp_path):
    line = b'{"time": "2026-01-01T00:00:00+00:00"}\n'
    for folder, count in (("pushed", 1), ("here", 3)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "000001-a.jsonl").write_bytes(count * line)
    for order in (("pushed", "here"), ("here", "pushed")):
        assert len(list(read_rows(backup_files(*(tmp_path / name for name in order))))) == 3
    assert backup_files(tmp_path / "nowhere") == []


@pytest.mark.parametrize("harm", [cut, lambda path: zero(path, 0.5), lambda path: path.write_bytes(b"garbage" * 999)])
def test_a_broken_database_is_read_back_where_there_is_a_backup(tmp_path, repository, harm, caplog):
    first = repository.open(tmp_path)
    for number in range(60):
        first.add(replace(TURN, turn_id=f"t{number}"))
    flags = first.list()
    with closing(sqlite3.connect(first.path)) as database:
        database.execute("pragma wal_checkpoint(truncate)")
    harm(first.path)
    again = repository.open(tmp_path)
    assert again.list() == flags and len(list(tmp_path.glob("flags.sqlite.damaged-*"))) == 1
    assert "was damaged" in caplog.text


def test_a_broken_database_without_a_backup_is_told_at_the_start_and_left_alone(tmp_path):
    path = tmp_path / "flags.sqlite"
    path.write_bytes(b"garbage" * 999)
    store = open_annotations(path)
    assert "move it away" in store.troubles()[0] and path.read_bytes() == b"garbage" * 999
    with pytest.raises(FlagError):
        store.list()


@pytest.mark.parametrize("repo", ["", "me/flags"])
def test_a_database_that_cannot_be_looked_into_keeps_nobody_from_starting(tmp_path, repository, monkeypatch, repo):
    AnnotationStore(tmp_path / "flags.sqlite").add(TURN)

    def refuse(*_given, **_more):
        raise sqlite3.OperationalError("unable to open database file")

    with monkeypatch.context() as broken:
        broken.setattr(sqlite3, "connect", refuse)
        store = open_annotations(tmp_path / "flags.sqlite", repo, "token")
        assert "flags.sqlite" in store.troubles()[0]
    store.add(TURN)
    assert store.troubles() == () and len(store.list()) == 2


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
ROW = {"turn_id": "t", "context": SAID, "candidates": '[["a", 0.5]]', "pick": "a", "correct": None, "reason": "",
       "model_hash": "", "catalog_hash": "", "time": "2026-01-01T00:00:00+00:00"}  # fmt: skip


changes = st.dictionaries(st.sampled_from([*ROW, "table", "id"]), values | st.lists(values), max_size=4)


@given(st.lists(changes, max_size=9))
def test_whatever_a_backup_holds_whole_rows_come_back(tmp_path_factory, changes):
    store = AnnotationStore(tmp_path_factory.mktemp("backup") / "flags.sqlite")
    rows = [{"table": "flags", **ROW}, *({"table": "flags", **ROW, **change} for change in changes)]
    count = store.restore([*rows, {"table": "flags", **ROW, "turn_id": "last"}])
    assert count >= 2 and len(store.list()) == count and store.list()[0].turn_id == "last"
