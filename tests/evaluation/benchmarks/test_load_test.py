"""Many shoppers at once, with a recommender that only counts words; and that they would notice what is wrong."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from helpers.fakes import FakeRecommender, make_catalog

from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.evaluation.benchmarks.load_test import FLAG, Reply, Shopper, run_load_test, summarize
from lavic_chat.recommendation import Recommendation


def test_six_shoppers_meet_no_fault_and_no_flag_is_lost(tmp_path: Path):
    found = run_load_test(FakeRecommender(make_catalog(tmp_path / "catalog"), delay=0.02), 6, 3)
    assert found.faults == {} and found.flags_lost == 0
    assert found.flags > 0 and found.latency["ask"].requests >= 6
    assert 0.02 <= found.latency["ask"].p50 <= found.latency["ask"].p99


@dataclass
class Mixed(FakeRecommender):
    """Answers "break down" to every other request, so to one of the first two."""

    asked: Iterator[int] = field(default_factory=count)

    def recommend(self, dialogue: Dialogue, **more) -> Recommendation:
        if next(self.asked) % 2:
            dialogue = Dialogue().say("break down")
        return super().recommend(dialogue, **more)


def test_faults_are_counted(tmp_path: Path):
    found = run_load_test(Mixed(make_catalog(tmp_path / "catalog")), 2, 2)
    assert sum(found.faults.values()) > 0 and not any("Timeout" in fault for fault in found.faults)


@pytest.fixture
def shopper(monkeypatch: pytest.MonkeyPatch) -> Shopper:
    monkeypatch.setattr("lavic_chat.evaluation.benchmarks.load_test.Client", lambda *_, **__: None)
    return Shopper(1, "", ("sofa",))


def test_an_answer_to_another_shopper_is_noticed(shopper: Shopper):
    best, other = {"id": "a", "score": 0.7}, {"id": "b", "score": 0.3}
    good = {"context": "a sofa, for room 1.", "pick": best, "candidates": [best, other]}
    assert shopper.fault_of(good) == ""
    assert "another" in shopper.fault_of(good | {"context": "a sofa, for room 11."})
    assert "another" in shopper.fault_of(good | {"context": "a sofa, for room 1. A bed, for room 2."})
    assert "best" in shopper.fault_of(good | {"pick": other})


@pytest.mark.parametrize(("stored", "lost"), [({"x": 1, "y": 1}, 0), ({"x": 1}, 1), ({"x": 2, "y": 1}, 1)])
def test_a_flag_must_be_there_once(shopper: Shopper, stored: dict, lost: int):
    shopper.flagged.extend(["x", "y"])
    shopper.replies.append(Reply(FLAG, 0.1))
    assert summarize("cpu", [shopper], 1.0, Counter(stored)).flags_lost == lost


def test_a_busy_server_is_waited_for(monkeypatch: pytest.MonkeyPatch):
    opened = []
    monkeypatch.setattr(
        "lavic_chat.evaluation.benchmarks.load_test.Client", lambda *_, **options: opened.append(options)
    )
    Shopper(1, "", ("sofa",))
    # httpx alone gives up after 5 seconds, which beside other work counted as the chat's fault
    assert opened[0]["httpx_kwargs"]["timeout"] >= 60
