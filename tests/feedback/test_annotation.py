"""The desk: a queue of flagged and unsure turns, judgements that are only ever added, agreement, what is exported."""

from dataclasses import replace

import pytest
from helpers.feedback import TURN
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lavic_chat.dialogue.reddit_amazon import read_conversations
from lavic_chat.errors import FlagError
from lavic_chat.feedback.annotation import FLAGGED, RANKING, RETRIEVAL, RIGHT, UNSURE, AnnotationStore
from lavic_chat.feedback.export import export_dialogues


@pytest.fixture
def annotations(tmp_path) -> AnnotationStore:
    """Two flagged turns and one that the model was unsure of."""
    annotations = AnnotationStore(tmp_path / "home" / "flags.sqlite")
    annotations.add_unsure(replace(TURN, turn_id="u1"))
    annotations.add(TURN)
    annotations.add(replace(TURN, turn_id="t2", correct="b", reason="Wrong colour"))
    return annotations


def ids(tasks) -> list[str]:
    return [task.turn.turn_id for task in tasks]


def test_flagged_turns_come_before_unsure_ones(annotations):
    assert [(task.turn.turn_id, task.why) for task in annotations.tasks()] == [
        ("t1", FLAGGED), ("t2", FLAGGED), ("u1", UNSURE),
    ]  # fmt: skip
    annotations.add(replace(TURN, turn_id="u1", correct="c"))  # flagged after all
    assert [(task.turn.turn_id, task.why) for task in annotations.tasks()][-1] == ("u1", FLAGGED)
    annotations.add_unsure(replace(TURN, turn_id="t2"))
    assert ids(annotations.tasks()) == ["t1", "t2", "u1"]


def test_an_empty_desk_makes_no_file(tmp_path):
    annotations = AnnotationStore(tmp_path / "none" / "flags.sqlite")
    assert (
        annotations.tasks() == annotations.queue("ada") == annotations.standing_judgements() == ()
        and annotations.undo("ada") is None
    )
    assert annotations.progress("ada").left == 0 and not (tmp_path / "none").exists()


def test_a_judgement_says_what_failed(annotations):
    assert annotations.judge("t1", "ada", "b").verdict == RANKING
    assert annotations.judge("t2", "ada", None).verdict == RETRIEVAL
    assert annotations.judge("u1", "ada", "a").verdict == RIGHT
    assert annotations.judge("u1", "ada", "elsewhere").verdict == RETRIEVAL
    assert annotations.queue("ada") == () and ids(annotations.queue("ben")) == ["t1", "t2", "u1"]


def test_skipping_and_undoing(annotations):
    annotations.skip("t1", "ada")
    annotations.judge("t2", "ada", "b")
    assert (
        annotations.progress("ada").scored,
        annotations.progress("ada").skipped,
        annotations.progress("ada").left,
    ) == (1, 1, 1)
    assert annotations.undo("ada") == "t2" and annotations.undo("ada") == "t1" and annotations.undo("ada") is None
    assert len(annotations.queue("ada")) == 3
    annotations.judge("t1", "ada", "c")
    assert ids(annotations.queue("ada")) == ["t2", "u1"]


def test_agreement_is_over_turns_that_two_have_judged(annotations):
    assert annotations.progress("ada").agreement is None
    for name, choices in (("ada", "bba"), ("ben", "bca"), ("cyd", "b")):
        for turn, choice in zip(("t1", "t2", "u1"), choices, strict=False):
            annotations.judge(turn, name, choice)
    annotations.skip("t2", "cyd")
    progress = annotations.progress("ada")
    assert (progress.agreement, progress.compared) == (0.8, 5)  # three pairs about t1, one each about t2 and u1


def test_what_most_say_is_exported(annotations, tmp_path):
    for name, choice in (("ada", "b"), ("ben", "c"), ("cyd", "b")):
        annotations.judge("t1", name, choice)
    annotations.judge("u1", "ada", None)
    assert export_dialogues(annotations, tmp_path / "out.jsonl") == 2
    first, second = read_conversations(tmp_path / "out.jsonl")
    assert first.gt_items == ("b",) and second.gt_items == ("b",)  # annotators', and the shopper's own
    assert first.candidates == {"candidates": ("a", "b", "c")}
    assert (tmp_path / "out.jsonl").read_text().count('"failed": "ranking"') == 1
    annotations.judge("u1", "ada", "z")
    assert export_dialogues(annotations, tmp_path / "out.jsonl") == 3
    assert '"failed": "retrieval"' in (tmp_path / "out.jsonl").read_text()


@pytest.mark.parametrize("turn, name, choice, told", [
    ("gone", "ada", "a", "not on the desk"),
    ("t1", " ", "a", "needs a name"),
    ("t1", "x" * 81, "a", "needs a name"),
    ("t1", "ada", "", "1 to 200"),
    ("t1", "ada", "x" * 201, "1 to 200"),
])  # fmt: skip
def test_what_cannot_be_is_refused(annotations, turn, name, choice, told):
    with pytest.raises(FlagError, match=told):
        annotations.judge(turn, name, choice)
    assert annotations.standing_judgements() == ()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(["ada", "ben"]), st.sampled_from(["a", "b", None, "skip", "undo"]))))
def test_nothing_is_lost_or_counted_twice(tmp_path_factory, moves):
    annotations = AnnotationStore(tmp_path_factory.mktemp("desk") / "flags.sqlite")
    for name in ("t1", "t2", "t3"):
        annotations.add(replace(TURN, turn_id=name))
    for name, move in moves:
        queue = annotations.queue(name)
        if move == "undo":
            annotations.undo(name)
        elif queue:
            turn = queue[0].turn.turn_id
            annotations.skip(turn, name) if move == "skip" else annotations.judge(turn, name, move)
    for name in ("ada", "ben"):
        progress = annotations.progress(name)
        assert progress.scored + progress.skipped + progress.left == 3
        own = [judgement.turn_id for judgement in annotations.standing_judgements() if judgement.annotator == name]
        assert len(own) == len(set(own)) == progress.scored + progress.skipped
