"""What `lavic-chat bench` measures of one shopper, on the tiny random model and the drawn catalogue."""

import json
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import pytest
from helpers.listening import use_silent_tagger
from helpers.toys import use_word_encoder

from lavic_chat.dialogue import Dialogue
from lavic_chat.errors import LavicError
from lavic_chat.evaluation.benchmarks import pictures
from lavic_chat.evaluation.benchmarks.bench import BenchConfig, run_bench
from lavic_chat.evaluation.benchmarks.bench_text import format_report
from lavic_chat.evaluation.benchmarks.busy import busy_processes
from lavic_chat.evaluation.benchmarks.conversations import DOZEN, new_conversations
from lavic_chat.evaluation.benchmarks.pictures import measure_pictures
from lavic_chat.evaluation.benchmarks.processes import (
    cpu_seconds,
    describe_machine,
    peak_memory_mib,
    process_age,
    read_stat,
)
from lavic_chat.evaluation.benchmarks.ratios import Ratio, paired_ratio, summarize
from lavic_chat.evaluation.benchmarks.startup import measure_start, run_json
from lavic_chat.serving.recommender import load_recommender
from lavic_chat.settings import Settings, read_settings

FOREVER = """
import sys, time
from lavic_chat.evaluation.benchmarks.busy import busy_processes
with busy_processes(2) as pids:
    print(*pids, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def settings(base, tiny_catalog_folder, tmp_path, monkeypatch) -> Settings:
    monkeypatch.setenv("LAVIC_HOME", str(tmp_path / "home"))
    use_word_encoder(monkeypatch)
    use_silent_tagger(monkeypatch)
    return read_settings(catalog=tiny_catalog_folder, model=str(base))


def is_running(pid: int) -> bool:
    try:
        return read_stat(pid)[0] != "Z"
    except LavicError:
        return False


# ---- the report ----


def test_everything_but_the_start_is_measured(settings):
    parts = ("turns", "candidates", "authors", "pictures")
    report = run_bench(settings, BenchConfig(turns=2, beside=1, parts=parts))
    row = json.loads(json.dumps(report.to_row()))
    assert set(row) == {
        "device", "runtime", "threads", "load_seconds", "first_answer_seconds", "peak_memory_mib", "turns", "beside",
        "busy", "candidates", "authors", "pictures", "ask", "searches", "items",
    }  # fmt: skip
    assert row["runtime"] == "torch" and row["busy"] == 1 and row["ask"] is None
    for turns in (row["turns"], row["beside"]):
        assert 0 < turns["first"]["p50"] <= turns["first"]["p95"] <= turns["first"]["slowest"]
        assert turns["second_prompt_tokens"] > turns["prompt_tokens"] > turns["visual_tokens"] > 0
        assert {"understand", "retrieve", "prompt", "LLM pass"} < set(turns["steps_ms"])
    assert row["candidates"]["ratio"]["pairs"] == row["authors"]["ratio"]["pairs"] == 2
    assert row["authors"]["theirs"]["p50"] > row["authors"]["encode_ms"] > 0 < row["authors"]["decode_ms"]
    assert row["first_answer_seconds"] >= row["load_seconds"] and row["peak_memory_mib"] > 0
    text = format_report(report)
    assert "a turn beside 1 busy process " in text and "the authors' way" in text and "  LLM pass" in text


def test_a_part_that_there_is_not_is_refused():
    with pytest.raises(LavicError, match="no part 'speed'"):
        BenchConfig(parts=("turns", "speed"))


# ---- conversations ----


def test_no_conversation_begins_as_another():
    many = [script.message for script in islice(new_conversations(), 60)]
    assert len({message[:27] for message in many}) == len(many)
    assert [message.rpartition("visitor 12. ")[2] for message in many[12:13]] == [DOZEN[0].message]


def test_the_greeting_asks_for_nothing(settings):
    recommender = load_recommender(settings)
    one, other = islice(new_conversations(), 1, 14, 12)
    said = [recommender.listener.read(Dialogue().say(script.message)) for script in (one, other)]
    assert said[0] == said[1]


# ---- pictures ----


def test_pictures_are_looked_at_anew_and_nothing_is_kept(settings, monkeypatch):
    recommender = load_recommender(settings)
    encoder = recommender.visual_ranker.image_encoder
    cache, looked_at, encode = encoder.cache, [], encoder._encode
    kept = cache.store.path.read_bytes()
    monkeypatch.setattr(encoder, "_encode", lambda seen: looked_at.extend(seen) or encode(seen))
    figures = measure_pictures(recommender, 8)
    assert figures.pictures == 8 and len(looked_at) == 8 + pictures.PHOTOS
    assert figures.a_second > 0 and figures.photo_ms > 0
    assert encoder.cache is cache and cache.store.path.read_bytes() == kept


# ---- busy processes ----


def test_busy_processes_take_their_time_and_are_gone_afterwards():
    with pytest.raises(ZeroDivisionError), busy_processes(2) as pids:
        assert all(is_running(pid) for pid in pids)
        before = cpu_seconds(pids[0])
        until = time.monotonic() + 20
        while cpu_seconds(pids[0]) <= before:
            assert time.monotonic() < until, "a busy process that does nothing"
            time.sleep(0.02)
        raise ZeroDivisionError
    assert not any(is_running(pid) for pid in pids)


def test_busy_processes_do_not_outlive_who_started_them():
    parent = subprocess.Popen([sys.executable, "-c", FOREVER], stdout=subprocess.PIPE, text=True)
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 2 and all(is_running(pid) for pid in pids)
    parent.kill()  # no handler of its own runs
    parent.communicate()
    until = time.monotonic() + 20
    while any(is_running(pid) for pid in pids):
        assert time.monotonic() < until, "a busy process was left over"
        time.sleep(0.02)


# ---- figures ----


def test_paired_ratios_by_hand():
    assert paired_ratio([2, 9, 4], [1, 3, 4]) == Ratio(2, 1, 3, 3)
    assert summarize([3.0, 1.0, 2.0]).p50 == 2 and summarize([3.0, 1.0, 2.0]).slowest == 3
    assert summarize(list(map(float, range(1, 102)))).p95 == 96
    with pytest.raises(LavicError, match="2 runs cannot be paired with 1"):
        paired_ratio([1, 2], [1])
    with pytest.raises(LavicError, match="no ratio"):
        paired_ratio([1.0], [0.0])


def test_the_machine_and_this_process_are_known():
    machine = describe_machine()
    assert machine.cores >= 1 and machine.processor and machine.system
    assert peak_memory_mib() > 10 and process_age() > 0


# ---- start-up ----


def test_a_start_is_timed_by_its_whole_process(settings, monkeypatch):
    answer = "import json, time; time.sleep(0.05); print(json.dumps({'timings_ms': {'total': 7}}))"
    monkeypatch.setattr("lavic_chat.evaluation.benchmarks.startup.own_command", lambda: [sys.executable, "-c", answer])
    found = measure_start(settings, runs=2)
    assert (found.runs, found.answer_ms) == (2, 7) and 0.05 < found.best <= found.median


@pytest.mark.parametrize(
    ("program", "sentence"),
    [
        ("import sys; sys.exit('Error: no such sofa')", "failed: no such sofa"),
        ("print('hello')", "printed no JSON object"),
        ("import time; time.sleep(30)", "took more than"),
    ],
)
def test_a_command_that_fails_is_one_sentence(program, sentence):
    with pytest.raises(LavicError, match=sentence):
        run_json([sys.executable, "-c", program], {}, longest=0.5 if "sleep" in program else 60)


def test_a_command_that_is_not_there_is_one_sentence(tmp_path: Path):
    with pytest.raises(LavicError, match="cannot be started"):
        run_json([str(tmp_path / "none")], {})
