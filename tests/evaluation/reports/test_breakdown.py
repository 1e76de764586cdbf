"""Hits and misses by group, and confidence against the truth, on cases counted by hand."""

from dataclasses import replace

import pytest
from helpers.toys import said

from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.evaluation.metrics import Prediction
from lavic_chat.evaluation.reports.breakdown import LEAST, break_down, by_attribute, by_rank, by_turns, calibrate


def case(wanted: str, pick: str, confidence: float = 0.5, where: str = "") -> Prediction:
    return Prediction("home", (wanted,), (pick, "other"), confidence, True, where)


def test_hits_by_colour(tiny_catalog):
    right = [case("sofa-red", "sofa-red")] * 9 + [case("lamp-red", "sofa-red")]
    found = by_attribute([*right, *[case("sofa-blue", "sofa-red")] * LEAST], tiny_catalog, "colour")
    assert [(share.name, share.n, share.hit) for share in found] == [("red", 10, 0.9), ("blue", LEAST, 0.0)]
    assert found[0].low < 0.9 <= found[0].high and found[1].low == 0
    assert found[1].high == pytest.approx(0.32, abs=0.01)  # eight misses do not prove that there are no hits


def test_small_groups_and_unknown_attributes_are_left_out(tiny_catalog):
    cases = [case("sofa-red", "sofa-red")] * (LEAST - 1) + [case("gone", "gone")] * LEAST
    assert by_attribute(cases, tiny_catalog, "colour") == [] == by_attribute(cases, tiny_catalog, "material")
    assert break_down(cases, lambda prediction: "")  == []  # fmt: skip


def test_hits_by_turns():
    conversations = {
        f"line {count}": Conversation(said(*["word"] * count), ("a",), {}, where=f"line {count}") for count in (1, 6)
    }
    cases = [case("a", "a", where="line 1")] * LEAST + [case("a", "b", where="line 6")] * LEAST
    assert [(share.name, share.hit) for share in by_turns(cases, conversations)] == [("1", 1.0), ("5 or more", 0.0)]


def test_ranks_are_shown_in_groups():
    cases = [replace(case("a", "a"), place=place) for place in (1, 4, 5, 21) for _ in range(LEAST)]
    assert [(share.name, share.n) for share in by_rank(cases)] == [("1", LEAST), ("4 to 5", 2 * LEAST)]


def test_calibration_by_hand():
    cases = [case("a", "a", 0.9)] * 8 + [case("a", "b", 0.9)] * 2 + [case("a", "b", 0.25)] * 10
    found = calibrate(cases)
    assert found.bins == ((0.25, 0.0, 10), (0.9, 0.8, 10))
    assert found.error == pytest.approx((0.25 + 0.1) / 2)
    assert calibrate([case("a", "a", 1.0)]).bins == ((1.0, 1.0, 1),)
