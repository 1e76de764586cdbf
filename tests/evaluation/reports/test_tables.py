"""The table by domain and retriever: whatever lies below the folders, kept apart, with ceiling and chance."""

import json

import pytest
from click.testing import CliRunner
from PIL import Image

from lavic_chat.cli import main
from lavic_chat.errors import DialogueError
from lavic_chat.evaluation.metrics import Prediction, measure
from lavic_chat.evaluation.reports.tables import label_of, write_tables
from lavic_chat.storage.files import write_json


def evaluation(folder, hits: int, **about) -> None:
    """Ten cases, five with their answer among ten candidates, `hits` of them right."""
    ids = tuple("abcdefghij")
    cases = [Prediction("all", ("a",) if n < 5 else ("z",), ids if n < hits else ids[::-1]) for n in range(10)]
    write_json(folder / "metrics.json", {"about": about, **measure(cases)})


@pytest.fixture
def folder(tmp_path):
    for domain in ("all_beauty", "amazon_home"):
        for key in ("candidates_st", "candidates_gpt_large"):
            for ranker, hits in (("random", 1), ("model", 4)):
                about = {"domain": domain, "candidates": key, "ranker": ranker, "dialogues": "valid.jsonl"}
                about |= {"model": "llava", "decode": "list", "adapter": "tuned"} if ranker == "model" else {}
                evaluation(tmp_path / "runs" / f"{domain}-{key}-{ranker}", hits, **about)
    about = {"domain": "amazon_home", "candidates": "candidates_st", "ranker": "model", "ablate": "no-images"}
    evaluation(tmp_path / "runs" / "blind", 2, model="llava", adapter="tuned", decode="list", **about)
    write_json(tmp_path / "runs" / "of something else" / "metrics.json", {"loss": 1})
    return tmp_path


def test_every_ranker_has_its_row_and_every_list_its_column(folder):
    result = CliRunner().invoke(main, ["table", str(folder / "runs"), "--out", str(folder / "out")])
    assert result.exit_code == 0 and "table.md" in result.output
    lines = (folder / "out" / "table.md").read_text().splitlines()
    head = next(line for line in lines if line.startswith("| ranker"))
    columns = [cell.strip() for cell in head.strip("|").split("|")]
    assert columns[1:] == [
        f"{domain} · {key}"
        for domain in ("all_beauty", "amazon_home")
        for key in ("candidates_gpt_large", "candidates_st")
    ]
    rows = [line for line in lines if line.startswith(("| llava", "| at random", "| ceiling", "| chance"))]
    assert [line.split("|")[1].strip() for line in rows[:5]] == [
        "llava (tuned), list", "llava (tuned), pictures taken away, list", "at random", "ceiling", "chance",
    ]  # fmt: skip
    assert rows[0].count("0.400 (") == 4 and rows[1].count("0.200 (") == 1 and rows[2].count("0.100 (") == 4
    assert rows[3].count("0.50") == 4 and rows[4].count("0.05") == 4
    for key in ("candidates_st", "candidates_gpt_large"):
        assert f"]({key}.png)" in "\n".join(lines)
        with Image.open(folder / "out" / f"{key}.png") as picture:
            assert picture.width == 1600
    written = json.loads((folder / "out" / "table.json").read_text())
    assert written["at random"]["all_beauty · candidates_st"]["n"] == 10


def test_what_no_ranker_was_measured_in_throughout_is_not_drawn(tmp_path):
    for ranker, domain in (("random", "a"), ("first", "b")):
        evaluation(tmp_path / ranker, 1, domain=domain, candidates="c", ranker=ranker)
    text = write_tables([tmp_path], tmp_path / "out").read_text()
    assert "| at random |" in text and ".png" not in text


@pytest.mark.parametrize("harm", ["nothing", "not json"])
def test_no_evaluation_is_refused(tmp_path, harm):
    if harm == "not json":
        (tmp_path / "metrics.json").write_text("{")
    with pytest.raises(DialogueError, match=r"There is no evaluation below|does not hold an evaluation"):
        write_tables([tmp_path], tmp_path / "out")


def test_labels_say_what_was_done():
    assert label_of({"ranker": "bm25"}) == "BM25"
    assert label_of({"ranker": "model", "model": "lavic-mini", "adapter": "lavic-mini", "decode": "branch"}) == (
        "lavic-mini (lavic-mini)"
    )
    assert label_of({"ranker": "model", "ablate": "no-distill", "decode": "list"}) == "model, tower not distilled, list"
