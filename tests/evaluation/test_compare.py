"""Comparing two evaluations: case by case, the same cases or a sentence."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.errors import DialogueError
from lavic_chat.evaluation.cases import Case
from lavic_chat.evaluation.compare import gain_over, read_hits
from lavic_chat.evaluation.evaluator import evaluate_cases, format_metrics
from lavic_chat.evaluation.metrics import Prediction
from lavic_chat.storage.files import write_jsonl


def case(number: int, hit: bool, kind: str = "visual") -> Prediction:
    return Prediction(kind, ("a",), ("a", "b") if hit else ("b", "a"), where=f"file, line {number}")


def saved(folder, predictions):
    write_jsonl(folder / "predictions.jsonl", [prediction.to_row() for prediction in predictions])
    return read_hits(folder)


def test_the_gain_by_hand(tmp_path):
    theirs = saved(tmp_path, [case(1, False), case(2, True), case(3, False, "mixed"), case(4, False, "mixed")])
    ours = [case(1, True), case(2, True), case(3, True, "mixed"), case(4, False, "mixed")]
    gain = gain_over(ours, theirs)
    assert {name: row["gain"] for name, row in gain.items()} == {"overall": 0.5, "visual": 0.5, "mixed": 0.5}
    low, high = gain["overall"]["gain_95"]
    assert 0 <= low < 0.5 < high <= 1


def test_no_difference_is_certain_when_every_case_agrees(tmp_path):
    cases = [case(number, number % 3 == 0) for number in range(50)]
    assert gain_over(cases, saved(tmp_path, cases))["overall"] == {"gain": 0.0, "gain_95": [0.0, 0.0]}


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_two_ways_round_the_gain_changes_its_sign(pairs):
    ours = [case(number, hit) for number, (hit, _) in enumerate(pairs)]
    theirs = [case(number, hit) for number, (_, hit) in enumerate(pairs)]
    hits = lambda cases: {(c.where, tuple(sorted(c.ranking))): c.pick in c.gt_items for c in cases}  # noqa: E731
    one, other = gain_over(ours, hits(theirs)), gain_over(theirs, hits(ours))
    assert one["overall"]["gain"] == pytest.approx(-other["overall"]["gain"])
    low, high = one["overall"]["gain_95"]
    assert low <= one["overall"]["gain"] <= high


def test_other_cases_are_refused_before_any_ranking(tmp_path):
    conversations = [Conversation(Dialogue().say("red"), ("a",), where=f"file, line {number}") for number in (1, 2)]
    cases = [Case(conversation, ("a", "b")) for conversation in conversations]

    def rank(conversation, ids):
        return Prediction("all", conversation.gt_items, tuple(ids), where=conversation.where)

    evaluate_cases(cases, rank, tmp_path / "a", {})
    again = evaluate_cases(cases, rank, tmp_path / "b", {}, against=tmp_path / "a")
    assert again["overall"]["gain"] == 0 and again["about"]["against"] == "a"
    assert "+0.0000 over a" in format_metrics(again)
    for others in (cases[:1], [*cases, Case(replace(conversations[0], where="file, line 3"), ("a", "b"))]):
        with pytest.raises(DialogueError, match=r"different cases .*line [23] for one"):
            evaluate_cases(others, None, tmp_path / "c", {}, against=tmp_path / "a")
    assert not (tmp_path / "c").exists()


def test_a_folder_without_predictions_is_refused(tmp_path):
    with pytest.raises(DialogueError, match="There is no file"):
        read_hits(tmp_path)
    write_jsonl(tmp_path / "predictions.jsonl", [{"id": 1}])
    with pytest.raises(DialogueError, match="does not hold the predictions of an evaluation"):
        read_hits(tmp_path)
