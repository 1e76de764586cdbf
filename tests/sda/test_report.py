"""A study's folder becomes a page, plots and numbers; what is not there yet is left out, what is damaged is told."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from lavic_chat.cli import main
from lavic_chat.errors import LavicError
from lavic_chat.features.item_embedder import EmbedderConfig
from lavic_chat.retrieval.history import MOST, WEIGHT
from lavic_chat.sda import charts, prior
from lavic_chat.sda.comparison import SPACES
from lavic_chat.sda.evaluation import TAIL, Ranks
from lavic_chat.sda.features import FeatureSet
from lavic_chat.sda.fitted import FOUR, MEAN, WORDS, Fitted, average, pool_runs
from lavic_chat.sda.gradients import GRADIENTS_FILE
from lavic_chat.sda.lengths import LENGTHS_FILE
from lavic_chat.sda.report import write_report
from lavic_chat.sda.space import measure_space
from lavic_chat.sda.table import TABLE, write_table
from lavic_chat.settings import shipped
from lavic_chat.storage.files import write_json

USERS = 60


def fitted(recommender: str, features: str, seed: int) -> Fitted:
    rng = np.random.default_rng(seed)
    groups = {"overall": np.ones(USERS, bool), "tail": np.arange(USERS) % 2 == 0, "tail_of_all": np.arange(USERS) < 9}
    return Fitted(recommender, features, (Ranks(rng.integers(1, 101, USERS), rng.integers(1, 500, USERS), groups),))


def record(recall: float) -> dict:
    points = [
        {"step": step, "recall_1": 0.01, "recall_10": recall * step / 100, "items": 50, "gap": 0.5 - step / 1000,
         "conflict": {"q_proj": [-0.1, 0.2], "k_proj": [0.3, 0.1 + step / 1000]}}
        for step in (0, 50, 100)
    ]  # fmt: skip
    config = {"kind": "moda", "steps": 100}
    return {"stage": "sda", "config": config, "seconds": 600, "items": 90, "valid": points, "best": points[-1]}


@pytest.fixture
def study(tmp_path) -> Path:
    features = ("ids", "noise", "lvlm", "sda-0", "sda-1")
    rows = [fitted(name, one, place) for name in ("vbpr", "sasrec") for place, one in enumerate(features)]
    for name in ("week", "two-years"):
        (tmp_path / name).mkdir()
        write_table(tmp_path / name / TABLE, pool_runs(rows), EmbedderConfig(pool="own"))
    vectors = [torch.randn(40, 8, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1)]
    spaces = [measure_space(FeatureSet(name, *vectors)) for name in ("lvlm", "sda-0")]
    write_json(tmp_path / "week" / SPACES, [vars(space) for space in spaces])
    found = {"value": 0.2, "low": 0.1, "high": 0.3, "n": 40}
    rows = [{"length": length, "found": found, "full": found} for length in (1, 2)]
    fit = {"weight": 0.95, "gain": found, "first": found}
    lengths = {"features": "tower", "users": 40, "decay": 0.8, "prior": fit, "rows": rows}
    write_json(tmp_path / "week" / LENGTHS_FILE, lengths)
    for name in ("sda-0", "sda-1", "lora-0"):
        write_json(tmp_path / name / "adapter.json", {"training": {"sda": record(0.4)}})
    return tmp_path


def test_the_page_has_every_part(study, tmp_path):
    page = write_report(study, tmp_path / "report").read_text()
    assert page.index("## week") < page.index("## two-years") and "SDA (CMSA, MoDA)" in page
    assert "How much of a history" in page and "| 2 | 0.200 (0.100 to 0.300) |" in page
    assert "| week | tower | 0.95 | 0.200 (0.100 to 0.300) | 0.200 (0.100 to 0.300) | 40 |" in page
    assert {path.name for path in (tmp_path / "report").iterdir()} == {
        "README.md", "comparisons.md", "metrics.json", "hits.png", "conflict.png", "space.png",
    }  # fmt: skip
    whole = (tmp_path / "report" / "comparisons.md").read_text()
    assert "0.400" in page and "| +0.200 | +0.250 |" in whole  # recall after; a layer's cosine
    rows = json.loads((tmp_path / "report" / "metrics.json").read_text())["tables"]["week"]["rows"]
    assert {row["features"] for row in rows} == {"ids", "noise", "lvlm", "sda"}
    assert {row["seeds"] for row in rows if row["features"] == "sda"} == {2}
    assert all(len(row["by_fit"]["tail_of_all"]) == row["seeds"] for row in rows if row["recommender"] != MEAN)
    by_rank = "| ours | against | users | recommender | H@10 | of theirs | N@10 | full H@10 |"
    assert page.count("The LLM's vectors are means over what is of the item.") == 2
    assert by_rank in whole and "| tail N@10 | rare H@10 | full H@10 |" in whole
    assert whole.index("## week") < whole.index("## two-years") and "| sasrec | noise | 1 |" in whole


def test_the_first_page_is_short(study, tmp_path, monkeypatch):
    """Means of the paper's four and words alone of each set of purchases; parts and single recommenders are further."""
    rows = [fitted(name, one, place) for name in FOUR for place, one in enumerate(("lvlm", "sda-0"))]
    rows.append(fitted(WORDS, "ids", 9))
    pooled = pool_runs(rows)
    write_table(study / "week" / TABLE, [*pooled, *average(pooled)], EmbedderConfig())
    (study / "week-text").mkdir()
    write_table(study / "week-text" / TABLE, pooled, EmbedderConfig())
    drawn = []
    monkeypatch.setattr(charts, "draw_shares", lambda *given: drawn.append(given) or b"")
    page = write_report(study, tmp_path / "report").read_text()
    found = float(rows[-1].values(TAIL).mean())
    assert drawn[0][-1][1].endswith(f"words alone find {found:.2f}")  # beside the bars of those who know them not
    week = page[page.index("## week") : page.index("## two-years")]
    assert "| mean of four | SDA (CMSA, MoDA) |" in week and "| tfidf | TF-IDF of the texts |" in week
    assert "| vbpr |" not in week and "| LLM, LaViC | tail | mean of four |" in week
    assert "week-text" not in page and "## week-text" in (tmp_path / "report" / "comparisons.md").read_text()


def test_the_agreement_of_gradients_is_told_run_by_run(study, tmp_path):
    value = {"value": -0.13, "low": -0.25, "high": -0.01, "n": 15}
    found = [{"name": f"sda-{seed}", "projection": "k_proj", "last": value, "mean": value} for seed in (0, 1)]
    lora = found[1] | {"name": "lora-0", "projection": "q_proj"}
    write_json(study / "week" / GRADIENTS_FILE, [found[0] | {"soft": value | {"value": 0.5}}, found[1], lora])
    page = write_report(study, tmp_path / "report").read_text()
    cells = "k_proj | -0.130 (-0.250 to -0.010) * | -0.130 (-0.250 to -0.010) *"
    assert f"| sda-0 | {cells} | 0.500 | +0.710 |" in page and f"| sda-1 | {cells} |  | +0.710 |" in page
    assert "|  | -0.096 |" in page  # the paper's cosine of LoRA's q_proj
    write_json(study / "two-years" / GRADIENTS_FILE, [found[0] | {"last": value | {"value": 0.9}}])
    again = write_report(study, tmp_path / "report").read_text()
    assert again.count("| sda-0 | k_proj |") == 1 and f"| sda-0 | {cells} | 0.500 |" in again  # that tells the more


def test_what_a_history_adds_in_the_chat_is_what_was_fitted():
    reported = json.loads(shipped("assets", "reports", "sda", "metrics.json").read_text())
    assert reported["lengths"]["week"]["prior"]["weight"] == WEIGHT and MOST == prior.MOST


def test_a_report_goes_on_from_an_earlier_one(study, tmp_path):
    whole = write_report(study, tmp_path / "whole")
    later = tmp_path / "later" / "two-years"
    later.mkdir(parents=True)
    write_table(later / TABLE, [fitted("vbpr", name, 7) for name in ("ids", "sda")], EmbedderConfig())
    asked = ["sda", "report", str(later.parent), "--to", str(tmp_path / "to"), "--beside", str(whole.parent)]
    told = CliRunner().invoke(main, asked)
    assert told.exit_code == 0, told.output
    metrics = {name: json.loads((tmp_path / name / "metrics.json").read_text()) for name in ("whole", "to")}
    assert metrics["to"]["tables"]["week"] == metrics["whole"]["tables"]["week"]
    assert [row["features"] for row in metrics["to"]["tables"]["two-years"]["rows"]] == ["ids", "sda"]
    assert {path.name for path in (tmp_path / "to").iterdir()} == {path.name for path in whole.parent.iterdir()}
    write_report(tmp_path / "later", tmp_path / "again", tmp_path / "to")  # the same once more, in its own place too
    assert (tmp_path / "again" / "README.md").read_bytes() == (tmp_path / "to" / "README.md").read_bytes()


def test_what_is_no_earlier_report_is_told(study, tmp_path):
    with pytest.raises(LavicError, match="cannot be read"):
        write_report(study, tmp_path / "to", tmp_path / "nowhere")
    write_json(tmp_path / "metrics.json", {"tables": {}})
    with pytest.raises(LavicError, match="not of a report"):
        write_report(study, tmp_path / "to", tmp_path)


def test_plots_that_cannot_be_drawn_again_are_taken_along(study, tmp_path):
    whole = write_report(study, tmp_path / "whole").parent
    for name in ("sda-0", "sda-1", "lora-0"):
        card = json.loads((study / name / "adapter.json").read_text())
        card["training"]["sda"]["valid"] = card["training"]["sda"]["valid"][:2]  # too few for a curve
        write_json(study / name / "adapter.json", card)
    assert "conflict.png" not in write_report(study, tmp_path / "without").read_text()
    again = write_report(study, tmp_path / "to", whole).parent
    assert (again / "conflict.png").read_bytes() == (whole / "conflict.png").read_bytes()


def test_a_new_run_does_not_take_the_place_of_those_that_were_drawn(study, tmp_path):
    whole = write_report(study, tmp_path / "whole").parent
    write_json(tmp_path / "later" / "soft-0" / "adapter.json", {"training": {"sda": record(0.3)}})
    earlier = json.loads((whole / "metrics.json").read_text())
    for run in earlier["runs"].values():
        run["valid"] = [run["valid"][0], run["valid"][-1]]  # as a report's curves were once cut
    write_json(whole / "metrics.json", earlier)
    again = write_report(tmp_path / "later", tmp_path / "to", whole).parent
    assert (again / "conflict.png").read_bytes() == (whole / "conflict.png").read_bytes()


def test_it_says_what_it_has_so_far(study, tmp_path):
    for name in ("two-years", "sda-0", "sda-1", "lora-0"):
        for path in (study / name).iterdir():
            path.unlink()
        (study / name).rmdir()
    (study / "week" / SPACES).unlink()
    told = CliRunner().invoke(main, ["sda", "report", str(study), "--to", str(tmp_path / "to")])
    assert told.exit_code == 0, told.output
    assert {path.name for path in (tmp_path / "to").iterdir()} == {
        "README.md",
        "comparisons.md",
        "metrics.json",
        "hits.png",
    }


def test_what_cannot_be_reported_is_told(study, tmp_path):
    with pytest.raises(LavicError, match="no comparison yet"):
        write_report(tmp_path / "nowhere", tmp_path / "to")
    (study / "week" / TABLE).write_text("{")
    with pytest.raises(LavicError, match="cannot be read"):
        write_report(study, tmp_path / "to")


def test_a_space_is_measured_where_there_is_one():
    vectors = torch.randn(60, 8, generator=torch.Generator().manual_seed(0))
    same = measure_space(FeatureSet("sda", vectors, 3 * vectors))
    assert same.recall == {"1": 1.0, "10": 1.0} and same.gap < 1e-4 and len(same.texts) == len(same.images) == 60
    assert measure_space(FeatureSet("ids")) is None
    assert measure_space(FeatureSet("plain", vectors, vectors[:, :4])) is None


def test_the_recipe_of_the_study_can_be_run(tmp_path):
    for name in ("week", "two-years"):
        (tmp_path / name).mkdir()
    assert shipped("assets", "reports", "sda", "recipe.toml").is_file()
    told = CliRunner().invoke(
        main, ["sda", "study", "--data", str(tmp_path), "--out", str(tmp_path / "out"), "--dry-run"]
    )
    assert told.exit_code == 0, told.output
    assert "sda adapt" in told.output and "sda evaluate" in told.output and "sda report" in told.output
