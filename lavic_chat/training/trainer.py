"""One course of training, whatever is learned: its steps, its validations, the best one kept, and progress from which
a stopped run goes on."""

import math
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import ClassVar, Generic, Self, TypeVar

import torch
from torch import nn
from tqdm import trange

from lavic_chat.training import distributed
from lavic_chat.training.checkpoint import Checkpoint


@dataclass(frozen=True)
class Validation:
    """One validation, after so many steps; what is written for people is `str`."""

    step: int

    KEYS: ClassVar[Mapping[str, str]] = {}  # fields that records have always had under another key

    def to_row(self) -> dict:
        """As adapter cards and progress files hold it."""
        return {self.KEYS.get(name, name): value for name, value in asdict(self).items()}

    @classmethod
    def from_row(cls, row: Mapping) -> Self:
        """Raises TypeError for a row of something else."""
        names = {key: name for name, key in cls.KEYS.items()}
        return cls(**{names.get(key, key): value for key, value in row.items()})


V = TypeVar("V", bound=Validation)


@dataclass(frozen=True)
class TrainingReport(Generic[V]):
    """Loss of every step, every validation, and the one whose adapter was kept."""

    losses: tuple[float, ...]
    valid: tuple[V, ...]
    best: V
    seconds: float = field(default=0.0, compare=False)  # of all its processes, where it was stopped and gone on


@dataclass(frozen=True)
class TrainingRun(Generic[V]):
    """What a stage trains and how it is measured.

    groups: the optimizer's groups of weights, each with its highest "lr". learn: step and what to draw from -> loss,
    the gradients left in the weights. measure: steps done -> a validation of type `point`, and best_of the best of
    several. rate: step -> share of the groups' learning rates. seed: with the step it says what is drawn.
    measure_first: also before the first step.
    """

    name: str
    steps: int
    valid_every: int
    groups: list[dict]
    weight_decay: float
    learn: Callable[[int, random.Random], float]
    measure: Callable[[int], V]
    point: type[V]
    best_of: Callable[[Sequence[V]], V]
    rate: Callable[[int], float]
    seed: int = 0
    measure_first: bool = False


def run_training(
    run: TrainingRun[V],
    keep: Callable[[V, tuple[V, ...]], None],
    checkpoint: Checkpoint | None,
    started: float,
) -> TrainingReport[V]:
    """Train; `keep(best, all so far)` at every best. started: time.time() when the stage began, what it prepared
    included.

    With a checkpoint, progress is written at every validation, and a stopped run goes on from there. Of several
    processes all train, and the first one validates, keeps and writes.
    """
    weights = [tensor for group in run.groups for tensor in group["params"]]
    optimizer = torch.optim.AdamW(run.groups, weight_decay=run.weight_decay)
    peaks = [group["lr"] for group in optimizer.param_groups]
    done, known = checkpoint.load(weights, optimizer) if checkpoint else (0, {})
    started -= known.get("seconds", 0.0)
    losses, measured = list(known.get("losses", ())), [run.point.from_row(point) for point in known.get("valid", ())]
    first = distributed.is_first()
    if run.measure_first and not measured:
        measured.append(distributed.broadcast(run.measure(0) if first else None))
    bar = trange(done, run.steps, initial=done, total=run.steps, desc=run.name, unit="step", disable=not first)
    for step in bar:
        for group, peak in zip(optimizer.param_groups, peaks, strict=True):
            group["lr"] = peak * run.rate(step)
        losses.append(distributed.average(run.learn(step, step_rng(run.seed, step)), weights))
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        bar.set_postfix(loss=f"{recent(losses):.3f}")
        if (step + 1) % run.valid_every == 0 or step + 1 == run.steps:
            now = distributed.broadcast(run.measure(step + 1) if first else None)
            measured.append(now)
            if not first:
                continue
            # standard output belongs to the answer
            bar.write(f"step {now.step}: loss {recent(losses):.3f}, {now}", file=sys.stderr)
            if run.best_of(measured) is now:
                keep(now, tuple(measured))
            if checkpoint:
                points = [point.to_row() for point in measured]
                record = {"losses": losses, "valid": points, "seconds": time.time() - started}
                checkpoint.save(step + 1, weights, optimizer, record)
    return TrainingReport(tuple(losses), tuple(measured), run.best_of(measured), time.time() - started)


def step_rng(seed: int, step: int) -> random.Random:
    """What a step draws from, torch's dropout and noise included. It follows from seed and step alone: a run that was
    stopped goes on exactly, and several processes draw the same batch, with dropout and noise of their own."""
    rng = random.Random(f"{seed} {step}")
    torch.manual_seed(rng.getrandbits(62) + distributed.process_state().process_index)
    return rng


def epoch_rows(count: int, batch: int, step: int, seed: int) -> list[int]:
    """Which of `count` lessons a step learns from: every epoch goes through all of them, in an order of its own."""
    places = range(step * batch, (step + 1) * batch)
    return [shuffled(count, seed, place // count)[place % count] for place in places]


@lru_cache(maxsize=2)  # a batch may lie in two epochs
def shuffled(count: int, seed: int, epoch: int) -> list[int]:
    return random.Random(f"{seed} {epoch}").sample(range(count), count)


def warmup_cosine(step: int, steps: int) -> float:
    """Share of the highest learning rate: a rise over at most 20 steps, then a half cosine down to nothing."""
    rise = max(1, min(20, steps // 10))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def recent(losses: Sequence[float]) -> float:
    return sum(losses[-25:]) / len(losses[-25:])
