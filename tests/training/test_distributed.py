"""Several processes train as one does: shares of the batch, mean gradients, one of them writes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from click.testing import CliRunner
from helpers.toys import with_dialogues
from safetensors.torch import load_file

import lavic_chat.training.run_record  # noqa: F401 - before `crew` puts something in the place of what it imports
from lavic_chat.cli import main
from lavic_chat.errors import LavicError
from lavic_chat.training import distributed
from lavic_chat.training.trainer import step_rng

ROOT = Path(__file__).parents[2]


def crew(monkeypatch, place: int, count: int) -> None:
    state = SimpleNamespace(process_index=place, num_processes=count, is_main_process=place == 0)
    monkeypatch.setattr(distributed, "process_state", lambda: state)


def test_shares_are_the_whole_batch_and_each_item_has_its_own_dice(monkeypatch):
    shares = []
    for place in range(3):
        crew(monkeypatch, place, 3)
        shares.append([(item, rng.random()) for item, rng in distributed.share("abcdef", step_rng(1, 2))])
    crew(monkeypatch, 0, 1)
    alone = [(item, rng.random()) for item, rng in distributed.share("abcdef", step_rng(1, 2))]
    assert sorted([*shares[0], *shares[1], *shares[2]]) == alone and {len(part) for part in shares} == {2}
    assert len({dice for _, dice in alone}) == 6


def test_what_is_drawn_follows_from_seed_and_step(monkeypatch):
    def dice(seed, step):
        return step_rng(seed, step).random(), float(torch.rand(()))

    assert dice(1, 2) == dice(1, 2)
    assert len({dice(1, 2), dice(1, 3), dice(2, 2)}) == 3
    crew(monkeypatch, 1, 2)  # the same batch, other noise
    second = dice(1, 2)
    monkeypatch.undo()
    assert second[0] == dice(1, 2)[0] and second[1] != dice(1, 2)[1]


def test_a_batch_that_cannot_be_shared_is_told(monkeypatch):
    crew(monkeypatch, 0, 2)
    distributed.check_batches(4, 0, 2)
    with pytest.raises(LavicError, match="2 processes cannot share a batch of 5 evenly; give --batch a multiple of 2"):
        distributed.check_batches(4, 5)


def test_captions_that_cannot_be_shared_are_told_before_any_work(monkeypatch, tmp_path):
    crew(monkeypatch, 0, 2)
    given = ["--dialogues", "d.jsonl", "--valid", "v.jsonl", "--out", str(tmp_path / "t"), "--batch", "4"]
    known = CliRunner().invoke(main, ["tune", *given, "--captions", "3"])
    assert known.exit_code and "cannot share a batch of 3 evenly" in known.output and "Traceback" not in known.output


def test_alone_nothing_is_averaged():
    weight = torch.ones(3, requires_grad=True)
    weight.grad = torch.tensor([1.0, 2.0, 3.0])
    assert distributed.average(0.7, [weight]) == 0.7 and weight.grad.tolist() == [1, 2, 3]
    assert distributed.broadcast("said") == "said" and distributed.is_first()


@pytest.mark.parametrize("stage", ["distill", "tune"])
def test_two_processes_learn_what_one_does(stage, base, tiny_catalog_folder, tmp_path, monkeypatch):
    talks = with_dialogues(tiny_catalog_folder)
    options = ["--catalog", tiny_catalog_folder, "--model", base, "--steps", 4, "--batch", 2, "--lr", 0.02]
    options += ["--valid-every", 2, "--dropout", 0, "--json"]
    if stage == "distill":
        options += ["--longest", 2]  # all alike, for a batch's mean is one over tokens
    else:
        options += ["--dialogues", talks, "--valid", talks, "--decode", "branch", "--noise", 0]
    options = [str(option) for option in options]
    monkeypatch.setenv("LAVIC_HOME", str(tmp_path / "home"))
    alone = CliRunner().invoke(main, [stage, *options, "--out", str(tmp_path / "one")], catch_exceptions=False)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    together = subprocess.run(
        [*launch, f"lavic_chat.training.{stage}", *options, "--out", str(tmp_path / "two")],
        cwd=ROOT, capture_output=True, text=True, timeout=240, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert together.returncode == 0, together.stderr[-2000:]
    one, two = json.loads(alone.stdout), json.loads(together.stdout)
    assert (one["processes"], two["processes"]) == (1, 2)
    assert two["losses"] == pytest.approx(one["losses"], abs=1e-3)
    assert [point["step"] for point in two["valid"]] == [point["step"] for point in one["valid"]]
    part = "vision" if stage == "distill" else "llm"
    weights = [load_file(tmp_path / name / part / "adapter_model.safetensors") for name in ("one", "two")]
    assert weights[0].keys() == weights[1].keys()
    learned = torch.cat([value.float().flatten() for key, value in weights[0].items() if "lora_B" in key]).norm()
    assert all((value - weights[1][key]).norm() < 0.02 * learned for key, value in weights[0].items())
