"""The desk: a queue of flagged and unsure turns, judgements that are only ever added, agreement, what is exported."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lavic_chat.desk import FLAGGED, RANKING, RETRIEVAL, RIGHT, UNSURE, Desk
from lavic_chat.dialogue import Dialogue, read_conversations
from lavic_chat.errors import FlagError
from lavic_chat.flags import Flag

TURN = Flag("t1", Dialogue().say("a red sofa").to_context(), (("a", 0.6), ("b", 0.3), ("c", 0.1)), "a")


@pytest.fixture
def desk(tmp_path) -> Desk:
    """Two flagged turns and one that the model was unsure of."""
    desk = Desk(tmp_path / "home" / "flags.sqlite")
    desk.note(replace(TURN, turn_id="u1"))
    desk.add(TURN)
    desk.add(replace(TURN, turn_id="t2", correct="b", reason="Wrong colour"))
    return desk


def ids(tasks) -> list[str]:
    return [task.turn.turn_id for task in tasks]


def test_flagged_turns_come_before_unsure_ones(desk):
    assert [(task.turn.turn_id, task.why) for task in desk.tasks()] == [
        ("t1", FLAGGED), ("t2", FLAGGED), ("u1", UNSURE),
    ]  # fmt: skip
    desk.add(replace(TURN, turn_id="u1", correct="c"))  # flagged after all
    assert [(task.turn.turn_id, task.why) for task in desk.tasks()][-1] == ("u1", FLAGGED)
    desk.note(replace(TURN, turn_id="t2"))
    assert ids(desk.tasks()) == ["t1", "t2", "u1"]


def test_an_empty_desk_makes_no_file(tmp_path):
    desk = Desk(tmp_path / "none" / "flags.sqlite")
    assert desk.tasks() == desk.queue("ada") == desk.standing() == () and desk.undo("ada") is None
    assert desk.progress("ada").left == 0 and not (tmp_path / "none").exists()


def test_a_judgement_says_what_failed(desk):
    assert desk.judge("t1", "ada", "b").verdict == RANKING
    assert desk.judge("t2", "ada", None).verdict == RETRIEVAL
    assert desk.judge("u1", "ada", "a").verdict == RIGHT
    assert desk.judge("u1", "ada", "elsewhere").verdict == RETRIEVAL
    assert desk.queue("ada") == () and ids(desk.queue("ben")) == ["t1", "t2", "u1"]


def test_skipping_and_undoing(desk):
    desk.skip("t1", "ada")
    desk.judge("t2", "ada", "b")
    assert (desk.progress("ada").judged, desk.progress("ada").skipped, desk.progress("ada").left) == (1, 1, 1)
    assert desk.undo("ada") == "t2" and desk.undo("ada") == "t1" and desk.undo("ada") is None
    assert len(desk.queue("ada")) == 3
    desk.judge("t1", "ada", "c")
    assert ids(desk.queue("ada")) == ["t2", "u1"]


def test_agreement_is_over_turns_that_two_have_judged(desk):
    assert desk.progress("ada").agreement is None
    for name, choices in (("ada", "bba"), ("ben", "bca"), ("cyd", "b")):
        for turn, choice in zip(("t1", "t2", "u1"), choices, strict=False):
            desk.judge(turn, name, choice)
    desk.skip("t2", "cyd")
    progress = desk.progress("ada")
    assert (progress.agreement, progress.compared) == (0.8, 5)  # three pairs about t1, one each about t2 and u1


def test_what_most_say_is_exported(desk, tmp_path):
    for name, choice in (("ada", "b"), ("ben", "c"), ("cyd", "b")):
        desk.judge("t1", name, choice)
    desk.judge("u1", "ada", None)
    assert desk.export(tmp_path / "out.jsonl") == 2
    first, second = read_conversations(tmp_path / "out.jsonl")
    assert first.gt_items == ("b",) and second.gt_items == ("b",)  # annotators', and the shopper's own
    assert first.candidates == {"candidates": ("a", "b", "c")}
    assert (tmp_path / "out.jsonl").read_text().count('"failed": "ranking"') == 1
    desk.judge("u1", "ada", "z")
    assert desk.export(tmp_path / "out.jsonl") == 3
    assert '"failed": "retrieval"' in (tmp_path / "out.jsonl").read_text()


@pytest.mark.parametrize("turn, name, choice, told", [
    ("gone", "ada", "a", "not on the desk"),
    ("t1", " ", "a", "needs a name"),
    ("t1", "x" * 81, "a", "needs a name"),
    ("t1", "ada", "", "1 to 200"),
    ("t1", "ada", "x" * 201, "1 to 200"),
])  # fmt: skip
def test_what_cannot_be_is_refused(desk, turn, name, choice, told):
    with pytest.raises(FlagError, match=told):
        desk.judge(turn, name, choice)
    assert desk.standing() == ()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["ada", "ben"]), st.sampled_from(["a", "b", None, "skip", "undo"]))))
def test_nothing_is_lost_or_counted_twice(tmp_path_factory, moves):
    desk = Desk(tmp_path_factory.mktemp("desk") / "flags.sqlite")
    for name in ("t1", "t2", "t3"):
        desk.add(replace(TURN, turn_id=name))
    for name, move in moves:
        queue = desk.queue(name)
        if move == "undo":
            desk.undo(name)
        elif queue:
            turn = queue[0].turn.turn_id
            desk.skip(turn, name) if move == "skip" else desk.judge(turn, name, move)
    for name in ("ada", "ben"):
        progress = desk.progress(name)
        assert progress.judged + progress.skipped + progress.left == 3
        own = [judgement.turn_id for judgement in desk.standing() if judgement.annotator == name]
        assert len(own) == len(set(own)) == progress.judged + progress.skipped
