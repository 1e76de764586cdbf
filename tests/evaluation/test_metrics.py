"""Metrics against cases worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lavic_chat.dialogue.reddit_amazon import conversation_from
from lavic_chat.evaluation.metrics import Prediction, chance, interval, measure, recall, reciprocal_rank

TEN = tuple("abcdefghij")


def prediction(gt: str, ranking=TEN, **more) -> Prediction:
    return Prediction(more.pop("set", "home"), tuple(gt), tuple(ranking), **more)


def test_four_conversations_by_hand():
    cases = [
        prediction("a"),  # hit
        prediction("bz"),  # second place, one of two found
        prediction("xy"),  # not among the candidates
        prediction("a", valid=False),  # the answer named nobody
    ]
    result = measure(cases)["overall"]
    assert result["n"] == 4
    assert result["hr@1"] == 1 / 4
    assert result["hr@1_gt"] == pytest.approx(1 / 6, abs=1e-4)
    assert result["recall@10"] == pytest.approx((1 + 0.5 + 0 + 1) / 4)
    assert result["ceiling"] == 3 / 4
    assert result["vr"] == 3 / 4
    assert result["mrr"] == pytest.approx((1 + 1 / 2 + 0 + 0) / 4)
    assert result["chance"] == pytest.approx((1 + 1 + 0 + 1) / 10 / 4, abs=1e-4)


def test_a_ground_truth_listed_twice_counts_once():
    row = {"context": "a lamp", "gt_items": ["a", "a"], "candidates_st": list("abc")}
    gt = conversation_from(row, "here").gt_items
    result = measure([Prediction("home", gt, ("a", "b", "c"))])["overall"]
    assert (result["hr@1"], result["hr@1_gt"], result["recall@10"]) == (1, 1, 1)
    assert result["chance"] == pytest.approx(1 / 3, abs=1e-4)


def test_sets_are_measured_apart_and_together():
    cases = [prediction("a", set="home"), prediction("b", set="beauty"), prediction("c", set="home")]
    result = measure(cases)
    assert list(result) == ["overall", "home", "beauty"]
    assert [result[name]["n"] for name in result] == [3, 2, 1]
    assert [result[name]["hr@1"] for name in result] == [pytest.approx(1 / 3, abs=1e-4), 0.5, 0]


def test_only_the_first_ten_are_recalled():
    long = prediction("k", (*TEN, "k"))
    assert recall(long) == 0 and reciprocal_rank(long) == pytest.approx(1 / 11)


def test_chance_counts_the_candidates_at_hand():
    assert chance(prediction("ab", "abcd")) == 0.5
    assert chance(prediction("a", "a")) == 1
    assert chance(prediction("z", "ab")) == 0
    assert chance(prediction("a", "")) == 0


def test_an_empty_ranking_is_a_miss():
    result = measure([prediction("a", "")])["overall"]
    assert (result["hr@1"], result["mrr"], result["ceiling"], result["chance"]) == (0, 0, 0, 0)


def test_no_ground_truth_is_no_division_by_zero():
    result = measure([prediction("")])["overall"]
    assert (result["hr@1"], result["hr@1_gt"], result["recall@10"]) == (0, 0, 0)


def test_nothing_to_measure_is_an_error():
    with pytest.raises(ValueError, match="no predictions"):
        measure([])


def test_an_interval_is_as_wide_as_it_should_be():
    """100 conversations, half of them hits: the binomial interval is 0.5 plus or minus 0.098."""
    cases = [prediction("a" if number % 2 else "b") for number in range(100)]
    low, high = measure(cases)["overall"]["hr@1_95"]
    assert low == pytest.approx(0.402, abs=0.015) and high == pytest.approx(0.598, abs=0.015)


def test_certain_cases_have_a_point_for_an_interval():
    result = measure([prediction("a")] * 30)["overall"]
    assert result["hr@1_95"] == [1, 1] and result["vr_95"] == [1, 1]
    assert interval(np.ones(10)) == [1, 1]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.text("abcxyz", max_size=4), st.booleans()), min_size=1, max_size=30), st.integers(0, 9))
def test_every_interval_holds_its_mean_and_seeds_repeat(rows, seed):
    cases = [prediction("".join(dict.fromkeys(gt)), valid=valid) for gt, valid in rows]
    result = measure(cases, seed)["overall"]
    assert measure(cases, seed)["overall"] == result
    for name in ("hr@1", "hr@1_gt", "recall@10", "ceiling", "vr", "mrr", "chance"):
        low, high = result[f"{name}_95"]
        assert 0 <= low <= result[name] <= high <= 1, name
    assert result["hr@1"] <= result["ceiling"] + 1e-9


def test_a_row_says_what_was_picked_and_whether_it_was_right():
    row = prediction("b", where="file, line 3", confidence=0.4).to_row()
    assert (row["pick"], row["hit"], row["where"]) == ("a", False, "file, line 3")
    assert prediction("a", valid=False).to_row()["pick"] is None


def test_a_set_named_like_a_part_of_the_report_keeps_the_report_whole():
    rows = [prediction("a", set=name) for name in ("overall", "about", "mixed")]
    assert {name: row["n"] for name, row in measure(rows).items()} == {
        "overall": 3, "set overall": 1, "set about": 1, "mixed": 1,
    }  # fmt: skip
