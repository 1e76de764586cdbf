"""Many shoppers at once, with a recommender that only counts words; and that they would notice what is wrong."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from helpers.fakes import FakeRecommender, make_catalog

from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.errors import LavicError
from lavic_chat.evaluation.benchmarks import load_test
from lavic_chat.evaluation.benchmarks.load_test import (
    Served,
    collect_replies,
    compare_floods,
    run_calls,
    run_flood,
    run_load_test,
    summarize,
)
from lavic_chat.evaluation.benchmarks.shoppers import ADDRESS_HEADER, ASK, FLAG, FLOOD, Crew, Reply, Shopper, read_event
from lavic_chat.recommendation import Recommendation

CREW = Crew("http://127.0.0.1:9/", 1, 1.0, ("sofa",))


def test_six_shoppers_meet_no_fault_and_no_flag_is_lost(tmp_path: Path):
    found = run_load_test(FakeRecommender(make_catalog(tmp_path / "catalog"), delay=0.02), 6, 3)
    assert found.faults == {} and found.flags_lost == 0
    assert found.flags > 0 and found.latency["ask"].requests >= 6
    assert 0.02 <= found.latency["ask"].p50 <= found.latency["ask"].p99
    assert 0 < found.model_busy <= 1
    first, *_, last = found.memory_mib
    assert first is None or 0 < first <= 2 * last


def test_each_shopper_has_an_address_of_its_own():
    shoppers = [Shopper(number, CREW, lambda reply: None) for number in (0, 1, 300, 70_000)]
    assert [one.address for one in shoppers] == ["10.0.0.0", "10.0.0.1", "10.0.1.44", "10.1.17.112"]
    assert {one.headers[ADDRESS_HEADER] for one in shoppers} == {one.address for one in shoppers}


def test_a_flood_is_measured_beside_an_honest_shopper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(load_test, "PAUSE", 0.3)
    found = run_flood(FakeRecommender(make_catalog(tmp_path / "catalog"), delay=0.1), 4)
    assert found.faults == {} and found.floods == 4
    assert found.median_alone >= 0.1 and found.median_beside >= 0.1 and found.ratio > 0
    assert found.flood_answers > 4 and found.flood_refused == 0  # so soon nobody meets a limit


def test_what_floods_do_is_counted_apart():
    alone = [Reply(ASK, 1.0), Reply(ASK, 3.0), Reply(ASK, 9.0, "lost"), Reply(FLAG, 0.1)]
    beside = [Reply(ASK, 3.0), Reply(FLOOD, 9.0), Reply(FLOOD, 0.1, "too many")]
    found = compare_floods("cpu", alone, beside)
    assert (found.median_alone, found.median_beside, found.ratio) == (2.0, 3.0, 1.5)
    assert (found.flood_answers, found.flood_refused, found.faults) == (1, 1, {"lost": 1})
    with pytest.raises(LavicError, match="--seconds more"):
        compare_floods("cpu", alone, beside[1:])


def test_calls_without_a_session_are_counted_with_the_memory_that_stays(tmp_path: Path):
    recommender = FakeRecommender(make_catalog(tmp_path / "catalog"))
    found = run_calls(recommender, 150)
    assert (found.calls, found.faults) == (150, 0) and len(recommender.calls) == 151
    assert found.memory_end_mib is None or found.memory_end_mib - found.memory_start_mib < 50


@dataclass
class Mixed(FakeRecommender):
    """Answers "break down" to every other request, so to one of the first two of the shoppers."""

    asked: Iterator[int] = field(default_factory=count)

    def recommend(self, dialogue: Dialogue, *values, **more) -> Recommendation:
        if next(self.asked) % 2:
            dialogue = Dialogue().say("break down")
        return super().recommend(dialogue, *values, **more)


def test_faults_are_counted(tmp_path: Path):
    found = run_load_test(Mixed(make_catalog(tmp_path / "catalog")), 2, 2)
    assert any("Something went wrong on our side" in fault for fault in found.faults)
    assert not any("Timeout" in fault for fault in found.faults)


def test_nobody_at_the_address_is_a_fault_and_no_traceback(monkeypatch: pytest.MonkeyPatch):
    replies = list(collect_replies(Crew("http://127.0.0.1:9/", 1, 0.2, ("sofa",))))
    assert replies and all("ConnectionRefusedError" in reply.fault for reply in replies)
    monkeypatch.setattr(load_test, "SHOPPERS", "lavic_chat.no_such_module")
    with pytest.raises(LavicError, match="ended with status 1"):
        list(collect_replies(CREW))


@pytest.fixture
def shopper() -> Shopper:
    return Shopper(1, CREW, lambda reply: None)


def test_an_answer_to_another_shopper_is_noticed(shopper: Shopper):
    best, other = {"id": "a", "score": 0.7}, {"id": "b", "score": 0.3}
    good = {"context": "a sofa, for room 1.", "pick": best, "candidates": [best, other]}
    assert shopper.fault_of(good) == ""
    assert "another" in shopper.fault_of(good | {"context": "a sofa, for room 11."})
    assert "another" in shopper.fault_of(good | {"context": "a sofa, for room 1. A bed, for room 2."})
    assert "no pick" in shopper.fault_of(good | {"candidates": [], "pick": None})
    assert "best" in shopper.fault_of(good | {"pick": other})


@pytest.mark.parametrize(("stored", "lost"), [({"x": 1, "y": 1}, 0), ({"x": 1}, 1), ({"x": 2, "y": 1}, 1)])
def test_a_flag_must_be_there_once(stored: dict, lost: int):
    replies = [Reply(FLAG, 0.1, flagged="x"), Reply(FLAG, 0.1, flagged="y"), Reply(FLAG, 0.1, "refused")]
    assert summarize("cpu", 1, replies, Served(1.0, 0.5), Counter(stored)).flags_lost == lost


def test_a_busy_server_is_waited_for(shopper: Shopper):
    assert shopper.connection.timeout >= 60


def test_the_last_event_counts_and_heartbeats_do_not():
    stream = "event: generating\ndata: [1]\n\nevent: complete\ndata: [2]\n\nevent: heartbeat\ndata: null\n\n"
    assert read_event(stream) == ("complete", "[2]") and read_event("")[1] == "nothing was sent"
