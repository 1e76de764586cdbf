"""The report: every evaluation in one table, its plots are pictures, what is missing is said."""

import json
import math

import pytest
from click.testing import CliRunner
from PIL import Image

from lavic_chat.cli import main
from lavic_chat.errors import DialogueError
from lavic_chat.evaluation.metrics import Prediction, measure
from lavic_chat.evaluation.reports.evaluations import LABELS, read_evaluations
from lavic_chat.storage.files import write_json, write_jsonl
from lavic_chat.training.curves import last_point, separate, training_curves, write_curves


@pytest.fixture
def folder(tiny_catalog, tmp_path):
    """Two evaluations of twenty cases in two sets: one right in sixteen, one in two; and the dialogues."""
    ids = list(tiny_catalog.by_id)
    for name, hits in (("random", 2), ("looking", 16)):
        predictions = [
            Prediction(
                ("visual", "mixed")[n % 2], (ids[n % 12],), (ids[(n + (n >= hits)) % 12], "x"), 0.7, True, f"d {n}"
            )
            for n in range(20)
        ]
        write_jsonl(tmp_path / "runs" / name / "predictions.jsonl", (item.to_row() for item in predictions))
        write_json(tmp_path / "runs" / name / "metrics.json", {"about": {}, **measure(predictions)})
    rows = [{"context": "<submission>a sofa</submission>", "gt_items": ["a"], "candidates": ["a"]}]
    write_jsonl(tmp_path / "d.jsonl", rows)
    return tmp_path


def run(folder, *more):
    options = ["--catalog", str(folder / "tiny"), "--dialogues", str(folder / "d.jsonl"), "--out", str(folder / "out")]
    return CliRunner().invoke(main, ["report", str(folder / "runs"), *options, *more])


def test_the_report_shows_every_evaluation(folder):
    result = run(folder, "--title", "Tiny One")
    assert result.exit_code == 0, result.output
    text = (folder / "out" / "tiny-one.md").read_text()
    assert "| the model, looking | 0.80 (" in text and "| a pick at random | 0.10 (" in text
    assert text.index("the model, looking |") < text.index("a pick at random |")
    assert "visual (10)" in text and "overall (20)" in text and "calibration error" in text
    assert "By place" not in text  # none of these was offered in a known place
    for name in ("hits", "calibration"):
        assert f"](tiny-one-{name}.png)" in text
        with Image.open(folder / "out" / f"tiny-one-{name}.png") as picture:
            assert picture.format == "PNG" and picture.width == 1600 and len(picture.convert("L").getcolors()) > 5
    assert json.loads((folder / "out" / "metrics.json").read_text())["looking"]["overall"]["hr@1"] == 0.8


def test_a_table_by_domain_is_pointed_to_where_there_is_one(folder):
    run(folder)
    assert "domains/table.md" not in (folder / "out" / "lavic-mini.md").read_text()
    (folder / "out" / "domains").mkdir()
    (folder / "out" / "domains" / "table.md").write_text("# HR@1 by domain")
    run(folder)
    assert "[table](domains/table.md)" in (folder / "out" / "lavic-mini.md").read_text()


def test_training_and_other_conversations_are_shown_where_they_are_known(folder):
    write_json(
        folder / "adapter" / "adapter.json",
        {"base": "b", "fingerprint": "f", "training": {
            "distill": {
                "config": {"word_steps": 10, "word_batch": 8, "batch": 2},
                "valid": [{"step": 0, "perplexity": 9.0}, {"step": 12, "perplexity": 3.0}],
            },
            "tune": {
                "config": {"batch": 4},
                "valid": [{"step": 5, "hit": 0.5, "by_set": {"mixed": 0.6, "visual": 0.4}}],
            },
        }},
    )  # fmt: skip
    copy = folder / "real-photos"
    for file in (folder / "runs").glob("*/*.json*"):
        (copy / file.parent.name).mkdir(parents=True, exist_ok=True)
        text = file.read_text().replace('"about": {}', '"about": {"candidates": "retrieved"}')
        (copy / file.parent.name / file.name).write_text(text.replace('"place": 0', '"place": 3'))
    result = run(folder, "--adapter", str(folder / "adapter"), "--beside", str(copy))
    assert result.exit_code == 0, result.output
    text = (folder / "out" / "lavic-mini.md").read_text()
    assert text.count("| the model, looking | 0.80 (") == 2 and "## Real photos" in text
    assert "| 3 | 20 | 0.80 (" in text
    assert "lavic-mini-training.png" in text and (folder / "out" / "lavic-mini-training.png").is_file()
    assert json.loads((folder / "out" / "metrics.json").read_text())["real photos"]["random"]["overall"]["n"] == 20
    training = json.loads((folder / "adapter" / "adapter.json").read_text())["training"]
    assert training_curves(training) == ([(0, 9.0), (84, 3.0)], {"mixed": [(20, 0.6)], "visual": [(20, 0.4)]})


def test_a_stage_gone_through_again_goes_on_where_the_earlier_one_was_kept(tmp_path):
    def tune(*hits, best, **more):
        valid = [{"step": step, "hit": hit} for step, hit in hits]
        return {"config": {"batch": 2}, "valid": valid, "best": {"step": best}, **more}

    first = tune((10, 0.3), (20, 0.4), (30, 0.2), best=20)
    second = tune((5, 0.5), (10, 0.6), best=10, earlier=first)
    curve = [(20, 0.3), (40, 0.4), (50, 0.5), (60, 0.6)]
    assert training_curves({"tune": second}) == ([], {"all": curve})
    assert training_curves({"tune": tune((4, 0.7), best=4, earlier=second)})[1]["all"] == [*curve, (68, 0.7)]
    others = tune((4, 0.9), best=4, earlier={**second, "valid_limit": 60}, valid_limit=120)
    *same, gap, last = training_curves({"tune": others})[1]["all"]
    assert same == curve and gap[0] == 60 and math.isnan(gap[1]) and last == (68, 0.9)
    assert last_point([*curve, gap]) == curve[-1]  # of a set that is asked about no more
    assert write_curves({"tune": others}, tmp_path / "curves.png") and (tmp_path / "curves.png").is_file()
    assert not write_curves({"align": {}}, tmp_path / "none.png") and not (tmp_path / "none.png").exists()


def test_an_evaluation_of_fewer_cases_says_how_the_model_did_on_them(folder):
    rows = (folder / "runs" / "looking" / "predictions.jsonl").read_text().splitlines()[12:18]
    predictions = [Prediction("visual", ("a",), ("a", "b"), 0.5, True, json.loads(row)["where"]) for row in rows]
    write_jsonl(folder / "runs" / "all-tokens" / "predictions.jsonl", (item.to_row() for item in predictions))
    write_json(folder / "runs" / "all-tokens" / "metrics.json", {"about": {}, **measure(predictions)})
    assert run(folder).exit_code == 0
    text = (folder / "out" / "lavic-mini.md").read_text()
    assert "with all of the tokens (on 6 cases, where the first line has 0.67) | 1.00 (" in text


def test_a_report_among_the_evaluations_is_none_of_them(folder):
    run(folder, "--out", str(folder / "runs" / "out"))
    assert run(folder).exit_code == 0
    assert [item.name for item in read_evaluations(folder / "runs")] == ["looking", "random"]


def test_the_models_own_must_be_there(folder):
    (folder / "runs" / "looking" / "predictions.jsonl").unlink()
    result = run(folder)
    assert result.exit_code == 1 and "has no evaluation called looking" in result.output
    assert not (folder / "out").exists()


@pytest.mark.parametrize("harm", ["[]", "{}", "not json"])
def test_a_damaged_evaluation_is_refused(folder, harm):
    (folder / "runs" / "random" / "metrics.json").write_text(harm)
    with pytest.raises(DialogueError, match="random does not hold an evaluation"):
        read_evaluations(folder / "runs")
    assert "Traceback" not in run(folder).output


def test_every_label_has_its_room_beside_the_bars():
    assert max(map(len, LABELS.values())) <= 38


@pytest.mark.parametrize(
    ("heights", "placed"),
    [([0.9, 0.5], [0.9, 0.5]), ([0.52, 0.5], [0.55, 0.5]), ([0.5, 0.5, 0.52], [0.5, 0.55, 0.6]), ([], [])],
)
def test_names_of_curves_that_end_together_do_not_overlap(heights, placed):
    assert separate(heights, 0.05) == pytest.approx(placed)
