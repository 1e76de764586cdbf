"""The measurement at full size runs, on the same architecture in small, and writes what it measured."""

import json

import pytest
import torch
from click.testing import CliRunner

from lavic_chat.evaluation.benchmarks.full_size import TokenCount, compose, measure
from lavic_chat.evaluation.full_size import main
from lavic_chat.model.random_weights import make_random


def test_it_measures_turns_and_steps(tmp_path):
    result = CliRunner().invoke(main, ["--shape", "tiny", "--runs", "1", "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    written = json.loads((tmp_path / "full-size.json").read_text())
    figures = {figure["name"]: figure for figure in written["figures"]}
    assert len(figures) == 5 and all(figure["milliseconds"] > 0 for figure in figures.values())
    cached, whole = figures["turn, five tokens cached"], figures["turn, all tokens"]
    assert cached["visual_tokens"] == 50 and whole["visual_tokens"] > cached["visual_tokens"]
    assert whole["prompt_tokens"] - whole["visual_tokens"] == cached["prompt_tokens"] - cached["visual_tokens"]
    assert "| turn, all tokens |" in (tmp_path / "full-size.md").read_text()


def test_where_memory_runs_out_it_says_so(monkeypatch):
    def run():
        raise torch.cuda.OutOfMemoryError("too much")

    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    figure = measure("a turn", run, TokenCount(10, 5), 3)
    assert figure.milliseconds is None and figure.note == "out of memory"
    assert "| a turn | out of memory |" in compose(
        {"machine": "m", "dtype": "d", "parameters": 7e9, "matmul_tflops": 1.0}, [figure]
    )


@pytest.mark.parametrize("word", ["yes", "no", "A", "J"])
def test_answers_are_single_words(word):
    model = make_random("tiny", ["a red sofa"], "cpu", torch.float32)
    assert len(model.words_to_ids(word)) == 1 and model.dtype == torch.float32
