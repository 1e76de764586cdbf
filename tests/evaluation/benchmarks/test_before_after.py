"""Before against after: with stand-ins for both sides, whose packages only count, and on records made by hand."""

import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers.fakes import FakeRecommender, make_catalog

from lavic_chat.catalog import load_catalog
from lavic_chat.errors import DialogueError, LavicError
from lavic_chat.evaluation.benchmarks import sides
from lavic_chat.evaluation.benchmarks.before_after import (
    MEASURES,
    Pair,
    SpeedConfig,
    measure_ask,
    measure_beside,
    measure_turns,
)
from lavic_chat.evaluation.benchmarks.probe import open_probe
from lavic_chat.evaluation.benchmarks.processes import read_stat
from lavic_chat.evaluation.benchmarks.record import measure_parts, read_record
from lavic_chat.evaluation.benchmarks.served import measure_served
from lavic_chat.evaluation.benchmarks.sides import AFTER, BEFORE, Side, link_models, make_home, older_side, this_side
from lavic_chat.evaluation.benchmarks.speed_figures import figures_of
from lavic_chat.evaluation.benchmarks.speed_report import Extras, read_bars, write_report
from lavic_chat.evaluation.benchmarks.turn_probe import answer_lines
from lavic_chat.evaluation.benchmarks.unseen import make_catalog as make_unseen
from lavic_chat.evaluation.benchmarks.unseen import make_photos
from lavic_chat.evaluation.compare import compare_picks
from lavic_chat.evaluation.metrics import Prediction
from lavic_chat.evaluation.speed import PARTS, main
from lavic_chat.settings import shipped
from lavic_chat.storage.files import hash_file, write_jsonl

PACKAGE = {  # an installation that is old enough to have its files elsewhere, and that answers at once
    "__init__.py": "",
    "settings.py": "def read_settings(): return None",
    "dialogue.py": """
class Dialogue:
    def __init__(self, said=()): self.said = said
    def say(self, text, photo=None): return Dialogue((*self.said, text))
    def answer(self, text, shown): return self
""",
    "recommender.py": """
import time
from types import SimpleNamespace as Some
class Recommender:
    device = "cpu"
    def recommend(self, dialogue):
        print("a library that talks")
        if "broken" in dialogue.said[-1]: raise SystemExit("the model is broken")
        time.sleep(0.002)
        item = Some(product=Some(id="a", title="Sofa"))
        return Some(candidates=(item,), timings_ms={"look at photo": 3.0, "total": 5.0}, prompt_tokens=7)
def load_recommender(settings): return Recommender()
""",
    "__main__.py": """
import json, sys
if "--broken" in sys.argv or sys.argv[1] in ("app", "prepare"): sys.exit("Error: no model here")
print(json.dumps({"timings_ms": {"total": 5.0}, "argv": sys.argv[1:]}))
""",
}
TORCH = "def get_num_threads(): return 1"


@pytest.fixture
def side(tmp_path: Path) -> Side:
    """The stand-in, as the side before."""
    for name, text in PACKAGE.items():
        path = tmp_path / "old" / "lavic_chat" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "old" / "torch.py").write_text(TORCH)
    (tmp_path / "home" / "models" / "lavic-mini").mkdir(parents=True)
    command = (sys.executable, "-m", "lavic_chat")
    return Side(BEFORE, command, sys.executable, tmp_path / "home", str(tmp_path / "old"))


@pytest.fixture
def pair(side: Side) -> Pair:
    return Pair(side, Side(AFTER, side.command, side.python, side.home, side.packages))


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lavic_chat.evaluation.benchmarks.before_after.PAUSE", 0)


def quiet(text: str) -> None:
    pass


# ---- the two sides ----


def test_a_command_that_is_not_there_is_one_sentence(tmp_path: Path):
    result = CliRunner().invoke(main, ["--before", str(tmp_path / "lavic-chat"), "--out", str(tmp_path)])
    assert result.exit_code == 1 and result.output.startswith("Error: There is no command ")
    (tmp_path / "lavic-chat").write_text("#!/bin/sh\n")
    with pytest.raises(LavicError, match="There is no command"):
        older_side(tmp_path / "lavic-chat", tmp_path)
    (tmp_path / "lavic-chat").chmod(0o755)
    with pytest.raises(LavicError, match="There is no python beside"):
        older_side(tmp_path / "lavic-chat", tmp_path)
    (tmp_path / "python").touch()
    assert older_side(tmp_path / "lavic-chat", tmp_path).python == str(tmp_path / "python")


def test_other_mistakes_are_told_before_anything_is_measured(tmp_path: Path):
    for options, sentence in (
        (["--only", "turn,speed"], "no part 'speed'"),
        (["--bar", "turn=fast"], "no bar"),
        (["--home", str(tmp_path)], "There is no command"),
    ):
        result = CliRunner().invoke(main, ["--before", "none", "--out", str(tmp_path), *options])
        assert result.exit_code == 1 and sentence in result.output and result.output.count("\n") == 1
    with pytest.raises(LavicError, match="holds no models yet"):
        make_home(tmp_path, tmp_path / "new")


def test_a_side_that_fails_is_named_with_its_own_words(side: Side):
    with pytest.raises(LavicError, match=r"^The before side: .*no model here$"):
        side.run("ask", "--broken")
    with pytest.raises(LavicError, match=r"^The before side: `lavic-chat app` ended .*no model here"):
        measure_served(side)
    with open_probe(side) as probe, pytest.raises(LavicError, match=r"before side stopped .*is broken"):
        probe.ask("a broken sofa")
    (Path(side.packages) / "lavic_chat" / "recommender.py").unlink()
    with pytest.raises(LavicError, match="no load_recommender"), open_probe(side):
        pass
    (Path(side.packages) / "lavic_chat" / "__init__.py").write_text("raise ImportError('torn')")
    with pytest.raises(LavicError, match=r"no lavic_chat that can be imported: `python\S* -c` failed: .*torn"):
        side.describe()


def test_each_side_has_a_home_of_its_own(side: Side, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (side.home / "cache").mkdir()
    (side.home / "runtimes" / "export" / "compiled").mkdir(parents=True)
    (side.home / "runtimes" / "export" / "graph").touch()
    (side.home / "runtimes" / "export.lock").touch()
    (side.home / "cache" / "kept").write_text("1")
    home = make_home(side.home, tmp_path / "own")
    (home / "cache" / "kept").write_text("2")
    assert (side.home / "cache" / "kept").read_text() == "1" and (home / "models" / "lavic-mini").is_dir()
    assert [path.name for path in (home / "runtimes").iterdir()] == ["export"]
    assert [path.name for path in (home / "runtimes" / "export").iterdir()] == ["graph"]
    link_models(side.home, home)  # once more, as in a second part
    monkeypatch.setenv("LAVIC_MODEL", "another")
    assert "LAVIC_MODEL" not in side.environment and side.environment["LAVIC_HOME"] == str(side.home)
    _, answer = side.run("ask", "a sofa", home=home)
    assert answer["argv"] == ["ask", "a sofa", "--json"]


def test_this_side_says_what_it_is(tmp_path: Path):
    about = this_side(tmp_path).describe()
    assert about["python"] == sys.version.split()[0] and {"commit", "torch", "transformers"} < set(about)
    assert sides.commit_of(tmp_path) is None


# ---- measuring ----


def test_turns_are_asked_of_both_alike(pair: Pair, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lavic_chat.evaluation.benchmarks.before_after.make_photos", lambda *_: [Path("photo.jpg")])
    found = measure_turns(pair, SpeedConfig(turns=3), quiet)
    for name in (BEFORE, AFTER):
        assert len(found[name]["first"]) == len(found[name]["second"]) == 3 and len(found[name]["photo"]) == 1
        assert found[name]["first"][0].keys() == {"ms", "steps", "prompt_tokens", "pick"}
        assert found[name]["ready"]["runtime"] == "torch"
    rows = {row.key: row for row in figures_of({"turn": found})}
    assert rows["turn"].gain.pairs == 3 and rows["look"].gain.median == 1 and rows["turn"].before >= 2


def test_beside_busy_processes_and_whole_processes(pair: Pair):
    found = measure_beside(pair, SpeedConfig(turns=2, beside=1), quiet)
    assert found[AFTER]["busy"] == 1 and len(found[BEFORE]["first"]) == 1
    started = measure_ask(pair, SpeedConfig(runs=1), quiet)
    assert len(started[BEFORE]["seconds"]) == 1 and started[AFTER]["answer_ms"] == [5.0]


def test_a_probe_is_gone_with_its_block(side: Side, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ZeroDivisionError), open_probe(side) as probe:
        pid = int(probe.ready["pid"])
        assert read_stat(pid)
        raise ZeroDivisionError
    with pytest.raises(LavicError):
        read_stat(pid)


def test_the_probe_asks_a_recommender_of_today_as_well(tmp_path: Path):
    recommender = FakeRecommender(make_catalog(tmp_path / "catalog"))
    requests = [
        {"message": "a red lamp", "new": True},
        {"message": "blue", "new": False},
        {"message": "x", "new": True},
    ]
    out = io.StringIO()
    answer_lines(recommender, map(json.dumps, requests), out)
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(rows) == 3 and rows[0]["pick"] == "red-lamp" and rows[0]["prompt_tokens"] == 420
    assert [len(dialogue.turns) for dialogue in recommender.calls] == [1, 3, 1]


def test_the_probe_goes_on_where_no_pick_is_asked_for(tmp_path: Path):
    recommender = FakeRecommender(make_catalog(tmp_path / "catalog"))
    requests = [{"message": text, "new": not place} for place, text in enumerate(("a red lamp", "thanks", "blue"))]
    out = io.StringIO()
    answer_lines(recommender, map(json.dumps, requests), out)
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [bool(row["pick"]) for row in rows] == [True, False, True]


def test_unseen_pictures_are_new_to_every_cache(tmp_path: Path):
    folder = make_unseen(tmp_path / "unseen", 3)
    photos = make_photos(tmp_path, 2)
    made, home = load_catalog(folder), load_catalog(shipped("catalog"))
    assert len(made) == 3 and len({product.category for product in made}) > 1 and len(photos) == 2
    for product in made:
        assert hash_file(made.picture_path(product)) != hash_file(home.picture_path(home[product.id]))


# ---- the record ----


def test_a_stopped_run_goes_on_unless_a_side_has_changed(pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    done = []
    measures = {name: lambda *_, name=name: done.append(name) or {BEFORE: {}, AFTER: {}} for name in ("turn", "ask")}
    monkeypatch.setattr("lavic_chat.evaluation.benchmarks.record.MEASURES", measures)
    measure_parts(pair, SpeedConfig(), ["turn"], tmp_path, quiet)
    record = measure_parts(pair, SpeedConfig(), ["ask"], tmp_path, quiet)
    assert done == ["turn", "ask"] and set(record["parts"]) == {"turn", "ask"}
    assert read_record(tmp_path / "speed.json")["parts"] == record["parts"]
    earlier = json.loads((tmp_path / "speed.json").read_text())
    earlier["about"]["before"]["commit"] = "another"
    (tmp_path / "speed.json").write_text(json.dumps(earlier))
    assert set(measure_parts(pair, SpeedConfig(), ["ask"], tmp_path, quiet)["parts"]) == {"ask"}
    (tmp_path / "speed.json").write_text("[]")
    with pytest.raises(LavicError, match="does not hold what was measured"):
        measure_parts(pair, SpeedConfig(), ["ask"], tmp_path, quiet)


# ---- the report ----


def turns(*milliseconds: float) -> list[dict]:
    return [{"ms": ms, "steps": {"look at photo": ms / 2}, "prompt_tokens": 9, "pick": "a"} for ms in milliseconds]


def made_record() -> dict:
    ready = {"runtime": "torch", "threads": 2}
    latency = {"p50": 10.0, "p95": 12.0, "slowest": 12.0, "runs": 2}
    ratio = {"median": 2.5, "least": 2.0, "most": 3.0, "pairs": 2}
    side = {"commit": "abc1234", "python": "3.11", "torch": "2", "transformers": "5"}
    machine = {
        "processor": "A CPU", "instruction_sets": ["avx2"], "cores": 2, "memory_gib": 8, "system": "Linux", "load": 0.1,
    }  # fmt: skip
    load_test = {"shoppers": 20, "answers_a_minute": 60.0, "latency": {"ask": {"p50": 12.0}}}
    served = {"start_seconds": 16.0, "idle_cpu": 0.02, "peak_memory_mib": 1000}
    after_bench = {
        "peak_memory_mib": 500, "turns": {"ratio": ratio, "steps_ms": {"retrieve": 4.0, "LLM pass": 90.0}},
        "candidates": {"ten": latency, "fifty": latency, "ratio": ratio},
        "pictures": {"pictures": 16, "a_second": 3.0, "photo_ms": 300.0},
        "authors": {"ours": latency, "theirs": latency, "ratio": ratio, "encode_ms": 8.0, "decode_ms": 2.0},
    }  # fmt: skip
    return {
        "about": {"machine": machine, BEFORE: side, AFTER: side},
        "parts": {
            "turn": {
                BEFORE: {"first": turns(90, 60, 40), "second": turns(80, 80, 80), "photo": turns(8), "ready": ready},
                AFTER: {"first": turns(30, 30, 40), "second": turns(20, 20, 20), "photo": turns(4), "ready": ready},
            },
            "beside": {
                BEFORE: {"first": turns(90), "second": turns(80), "busy": 2, "ready": ready},
                AFTER: {"first": turns(30), "second": turns(20), "busy": 2, "ready": ready},
            },
            "ask": {BEFORE: {"seconds": [16.0, 18.0]}, AFTER: {"seconds": [4.0, 6.0]}},
            "pictures": {BEFORE: {"pictures": 20, "seconds": 20.0}, AFTER: {"pictures": 20, "seconds": 10.0}},
            "shoppers": {BEFORE: load_test, AFTER: load_test | {"answers_a_minute": 180.0}},
            "idle": {BEFORE: served, AFTER: served | {"idle_cpu": 0.0}},
            "bench": {BEFORE: {"peak_memory_mib": 1000}, AFTER: after_bench},
        },
    }


def test_the_figures_by_hand():
    rows = {row.key: row for row in figures_of(made_record()["parts"])}
    assert (rows["turn"].before, rows["turn"].after) == (60, 30)
    assert (rows["turn"].gain.median, rows["turn"].gain.least, rows["turn"].gain.most) == (2, 1, 3)
    assert rows["turn-p95"].gain.pairs == 1 and rows["second"].gain.median == 4 and rows["look"].before == 4
    assert rows["ask"].gain.median == 3.5 and rows["ask-best"].gain.median == 4
    assert rows["pictures"].gain.median == 2 and rows["shoppers"].gain.median == 3 and rows["wait"].gain.median == 1
    assert rows["idle"].before == 2 and rows["idle"].gain is None and rows["bench-memory"].gain.median == 2


def test_the_report_renders(tmp_path: Path):
    text = write_report(made_record(), tmp_path, Extras(read_bars(["turn=2", "second=5"]))).read_text()
    assert "| a turn, p50 | 60.0 ms | 30.0 ms | 2.00 (1.00 to 3.00, 3 pairs) | 2: met |" in text
    assert (
        "| 4.00 (4.00 to 4.00, 3 pairs) | 5: not met |" in text
        and "| 2.00 % of a core | 0.00 % of a core |  |  |" in text
    )
    assert "A CPU (avx2), 2 cores" in text and "| fifty candidates (10 ms) by ten (10 ms) |" in text
    assert "picked the same product in 3 of the 3 conversations" in text
    assert "| commit | abc1234 | abc1234 |" in text and "| LLM pass | 90.0 |" in text
    assert (tmp_path / "speed.png").read_bytes().startswith(b"\x89PNG")
    assert "bar" not in write_report(made_record(), tmp_path).read_text()
    with pytest.raises(LavicError, match="no figure 'tern' to set a bar for"):
        write_report(made_record(), tmp_path, Extras({"tern": 2.0}))


def test_a_report_of_one_part_renders(tmp_path: Path):
    record = made_record()
    record["parts"] = {"ask": record["parts"]["ask"]}
    assert "This version alone" not in write_report(record, tmp_path).read_text()


def test_the_page_of_the_documents_names_every_part_and_every_figure():
    page = (Path(__file__).resolve().parents[3] / "docs" / "speed.md").read_text()
    keys = [row.key for row in figures_of(made_record()["parts"])]
    assert f"figures are called {', '.join(keys[:-1])} and {keys[-1]}." in " ".join(page.split())
    assert tuple(MEASURES) == PARTS and all(f"| `{part}` |" in page for part in PARTS)


def test_one_command_measures_and_writes(pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def at_home(side: Side, home: Path) -> Side:
        return replace(side, home=home)

    monkeypatch.setattr(sides, "older_side", lambda command, home: at_home(pair.before, home))
    monkeypatch.setattr(sides, "this_side", lambda home: at_home(pair.after, home))
    options = ["--before", "old", "--out", str(tmp_path / "out"), "--home", str(pair.before.home)]
    done = CliRunner().invoke(main, [*options, "--only", "ask"])
    assert done.exit_code == 0 and "ask, after:" in done.output and "The report is" in done.output
    written = (tmp_path / "out" / "speed.md").read_text()
    again = CliRunner().invoke(main, [*options, "--only", "", "--bar", "ask=0.1"])
    assert again.exit_code == 0 and "ask, after" not in again.output
    assert "0.1: met" in (tmp_path / "out" / "speed.md").read_text() and "bar" not in written


# ---- the same picks ----


def evaluated(folder: Path, picks: str) -> Path:
    rows = [
        Prediction("visual", ("a",), (pick, *sorted({"a", "b", "c"} - {pick})), where=f"file, line {number}").to_row()
        for number, pick in enumerate(picks)
    ]
    write_jsonl(folder / "predictions.jsonl", rows)
    return folder


def test_the_same_picks_by_hand(tmp_path: Path):
    before, after = evaluated(tmp_path / "before", "aabbcaaaaa"), evaluated(tmp_path / "after", "aabbcaaaab")
    found = compare_picks(before, after)
    assert (found.n, found.same, found.before, found.after) == (10, 0.9, 0.7, 0.6)
    assert found.same_95[0] < 0.9 < found.same_95[1] < 1 and found.gain == -0.1
    text = write_report(made_record(), tmp_path, Extras(picks=(before, after))).read_text()
    assert "Of 10 conversations both versions pick the same product in 0.900 (95 %" in text
    assert json.loads((tmp_path / "speed.json").read_text())["picks"]["same"] == 0.9


def test_picks_of_other_cases_are_refused(tmp_path: Path):
    before, after = evaluated(tmp_path / "before", "aab"), evaluated(tmp_path / "after", "aa")
    with pytest.raises(DialogueError, match="different cases"):
        compare_picks(before, after)
