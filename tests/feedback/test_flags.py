"""Flags: stored whole by many threads at once, corrected by new rows, exported as training dialogues."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from lavic_chat.cli.feedback import flags as command
from lavic_chat.dialogue import to_context
from lavic_chat.dialogue.reddit_amazon import read_conversations
from lavic_chat.dialogue.turns import CONTROL, Dialogue
from lavic_chat.errors import FlagError, LavicError
from lavic_chat.feedback import database as module
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.feedback.export import export_dialogues
from lavic_chat.feedback.flags import Flag, FlagStats

FLAG = Flag(
    turn_id="t1",
    context=to_context(Dialogue().say("a red sofa 🛋️")),
    candidates=(("a", 0.75), ("b", 0.25)),
    pick="a",
    correct="b",
    reason="wrong colour",
    model_hash="m1",
    catalog_hash="c1",
)


@pytest.fixture
def store(tmp_path):
    return AnnotationStore(tmp_path / "home" / "flags.sqlite", patience=0.2)


def test_a_flag_comes_back_as_it_was(store):
    assert store.add(FLAG) == 1
    assert store.list() == (replace(FLAG, id=1),)
    database = Database(store.path)
    assert database.journal_mode == "wal"
    assert [row["name"] for row in database["migrations"].rows] == [step.__name__ for step in module.MIGRATIONS]
    database.close()


def test_corrections_are_new_rows_and_the_latest_counts(store, tmp_path):
    store.add(FLAG)
    store.add(replace(FLAG, turn_id="t2", correct=None))
    store.add(replace(FLAG, correct="z", reason="really"))
    assert [(flag.id, flag.latest) for flag in store.list()] == [(3, True), (2, True), (1, False)]
    assert [flag.id for flag in store.list(limit=1)] == [3]
    assert [flag.id for flag in store.latest()] == [3, 2]
    stats = store.stats()
    assert (stats.flags, stats.turns, stats.with_correct, stats.without_correct, stats.examples) == (3, 2, 1, 1, 1)
    assert stats.retrieval_misses == 1 and stats.models == {"m1": 2}
    assert stats.first <= stats.last


def test_export_is_read_as_conversations(store, tmp_path):
    store.add(replace(FLAG, turn_id="t0", correct="z"))
    store.add(FLAG)
    store.add(replace(FLAG, turn_id="t2", correct=None))
    store.add(replace(FLAG, turn_id="t3", context=to_context(Dialogue().say("", tmp_path / "p.jpg"))))
    assert export_dialogues(store, tmp_path / "flags.jsonl") == 2
    first, second = read_conversations(tmp_path / "flags.jsonl")
    assert first.gt_items == ("z",) and second.gt_items == ("b",)
    assert second.dialogue == Dialogue().say("a red sofa 🛋️")
    assert second.candidates == {"candidates": ("a", "b")} and second.set == "flags"
    row = json.loads((tmp_path / "flags.jsonl").read_text().splitlines()[1])
    assert (row["context_items"], row["gt"]) == ([], "")


def test_looking_makes_no_file(store, tmp_path):
    assert store.list() == () and store.stats() == FlagStats()
    assert export_dialogues(store, tmp_path / "out.jsonl") == 0
    assert not store.path.parent.exists()


def test_nothing_says_who_flagged():
    names = {field.name for field in fields(Flag)}
    assert names == {
        "turn_id", "context", "candidates", "pick", "correct", "reason", "model_hash", "catalog_hash", "time", "id",
        "latest",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"turn_id": ""}, "no turn_id"),
        ({"turn_id": None}, "turn_id must be a text"),
        ({"turn_id": "x" * 201}, "201 characters"),
        ({"context": " "}, "no context"),
        ({"context": "x" * 500_001}, "500,001 characters"),
        ({"pick": 3}, "pick must be a text"),
        ({"correct": ["b"]}, "correct must be a text"),
        ({"reason": "x" * 2_001}, "2,001 characters"),
        ({"reason": None}, "reason must be a text"),
        ({"candidates": ()}, "1 to 1,000 candidates"),
        ({"candidates": "ab"}, "1 to 1,000 candidates"),
        ({"candidates": ("ab", "cd")}, "product id with its score"),
        ({"candidates": (("a",),)}, "product id with its score"),
        ({"candidates": ((1, 0.5),)}, "product id with its score"),
        ({"candidates": (("a", "0.5"),)}, "finite number"),
        ({"candidates": (("a", float("nan")),)}, "finite number"),
        ({"time": "yesterday"}, "ISO 8601"),
        ({"time": 3}, "ISO 8601"),
    ],
)
def test_malformed_flags_are_refused(store, change, said):
    with pytest.raises(FlagError, match=said):
        store.add(replace(FLAG, **change))
    assert store.list() == ()


def test_times_become_utc(store):
    store.add(replace(FLAG, time="2025-03-01T12:00:00+02:00"))
    store.add(replace(FLAG, time="2025-03-01T12:00:00"))
    assert [flag.time[:16] for flag in store.list()] == ["2025-03-01T12:00", "2025-03-01T10:00"]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(reason=st.text(max_size=300), correct=st.none() | st.text(min_size=1, max_size=20), score=st.floats(0, 1))
def test_any_words_are_kept_or_refused_in_a_sentence(store, reason, correct, score):
    flag = replace(FLAG, reason=reason, correct=correct, candidates=(("a'; drop table flags;--", score),))
    number = store.add(flag)
    (kept,) = store.list(limit=1)
    assert (kept.id, kept.candidates) == (number, flag.candidates)
    assert (kept.reason, kept.correct) == (
        CONTROL.sub(" ", reason),
        correct and CONTROL.sub(" ", correct),
    )


def test_many_threads_on_a_new_database(store):
    store.patience = 20
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda n: store.add(replace(FLAG, turn_id=f"t{n}")), range(40)))
    assert sorted(numbers) == list(range(1, 41))
    assert store.stats().turns == 40


def test_a_locked_database_is_waited_for_then_told(store):
    store.add(FLAG)
    holder = sqlite3.connect(store.path)
    holder.execute("begin immediate")
    with pytest.raises(FlagError, match="busy"):
        store.add(FLAG)
    assert len(store.list()) == 1  # reading goes on
    holder.rollback()
    holder.close()
    assert store.add(FLAG) == 2


def test_a_full_disk_is_told_and_nothing_is_half_stored(store, monkeypatch):
    store.add(FLAG)
    connect = sqlite3.connect

    def small(*args, **kwargs):
        connection = connect(*args, **kwargs)
        pages = connection.execute("pragma page_count").fetchone()[0]
        connection.execute(f"pragma max_page_count = {pages}")
        return connection

    monkeypatch.setattr(module.sqlite3, "connect", small)
    with pytest.raises(FlagError, match="disk is full"):
        store.add(replace(FLAG, context="x" * 400_000))
    monkeypatch.undo()
    assert [flag.id for flag in store.list()] == [1]
    assert store.add(FLAG) == 2


def test_what_is_no_flag_database_is_left_alone(store, tmp_path):
    store.path.parent.mkdir()
    store.path.write_bytes(b"not a database at all" * 100)
    for action in (lambda: store.add(FLAG), store.list):
        with pytest.raises(FlagError, match="is not a flag database"):
            action()
    assert store.path.read_bytes().startswith(b"not a database")
    with pytest.raises(FlagError, match="cannot be opened"):
        AnnotationStore(store.path / "below.sqlite").add(FLAG)


def test_old_databases_are_migrated_and_newer_ones_refused(store, monkeypatch):
    monkeypatch.setattr(module, "MIGRATIONS", module.MIGRATIONS[:1])
    store.add(FLAG)
    monkeypatch.undo()
    store.add(FLAG)
    database = Database(store.path)
    assert database["migrations"].count == len(module.MIGRATIONS)
    database["migrations"].insert({"name": "from_the_future", "time": "2100"})
    database.close()
    with pytest.raises(FlagError, match="newer version"):
        store.list()


def test_a_failed_migration_changes_nothing(store, monkeypatch):
    def fail(database):
        database["junk"].insert({"a": 1})
        raise sqlite3.OperationalError("boom")

    monkeypatch.setattr(module, "MIGRATIONS", (*module.MIGRATIONS, fail))
    with pytest.raises(FlagError, match="boom"):
        store.add(FLAG)
    monkeypatch.undo()
    assert store.add(FLAG) == 1
    database = Database(store.path)
    assert "junk" not in database.table_names()
    database.close()


def test_commands(store, tmp_path, monkeypatch):
    monkeypatch.setenv("LAVIC_HOME", str(store.path.parent))

    def call(*words):
        return CliRunner().invoke(command, [str(word) for word in words])

    assert "No flags yet" in call("list").output
    store.add(FLAG)
    store.add(replace(FLAG, correct=None, reason="two\nlines"))
    listed = call("list").output.splitlines()
    assert len(listed) == 2 and "right one unknown  two lines" in listed[0] and listed[1].startswith("=")
    (newest,) = json.loads(call("list", "--limit", 1, "--json").output)
    assert newest["candidates"] == [["a", 0.75], ["b", 0.25]] and newest["latest"] is True
    assert "Wrote 0 dialogues" in call("export", tmp_path / "out.jsonl").output
    store.add(replace(FLAG, turn_id="t2"))
    answer = json.loads(call("export", tmp_path / "out.jsonl", "--db", store.path, "--json").output)
    assert (answer["written"], answer["skipped"]) == (1, 1)
    assert json.loads(call("stats", "--json").output)["flags"] == 3
    assert "3 flags about 2 turns" in call("stats").output
    assert isinstance(call("export", store.path / "below.jsonl").exception, LavicError)
