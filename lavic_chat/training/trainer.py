"""The one training loop, whatever is learned: its steps, its validations, the best one kept, and progress from which a
stopped run goes on."""

import math
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import ClassVar, Generic, Self, TypeVar

import torch
from torch import Tensor, nn
from tqdm import trange

from lavic_chat.training import distributed
from lavic_chat.training.checkpoint import Checkpoint


@dataclass(frozen=True)
class Validation:
    """One validation, after so many steps; what is written for people is `str`."""

    step: int

    KEYS: ClassVar[Mapping[str, str]] = {}  # fields that records have always had under another key

    @property
    def quality(self) -> tuple[float, ...]:
        """What is compared: of several the first of the highest is the best. Here the last one."""
        return (self.step,)

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
    the gradients left in the weights. measure: steps done -> a validation of type `point`. rate: step -> share of the
    groups' learning rates. momentum: step -> AdamW's first beta. seed: with the step it says what is drawn.
    measure_first: also before the first step. save_every: so often progress is written between validations; 0: only
    with them.
    """

    name: str
    steps: int
    valid_every: int
    groups: list[dict]
    weight_decay: float
    learn: Callable[[int, random.Random], float]
    measure: Callable[[int], V]
    point: type[V]
    rate: Callable[[int], float]
    momentum: Callable[[int], float] = lambda step: 0.9
    seed: int = 0
    measure_first: bool = False
    save_every: int = 0

    @property
    def weights(self) -> list[Tensor]:
        """All that is trained."""
        return [tensor for group in self.groups for tensor in group["params"]]

    def is_due(self, every: int, done: int) -> bool:
        """Whether what happens every so many steps, and at the end, happens now."""
        return done == self.steps or bool(every and done % every == 0)


def run_training(
    run: TrainingRun[V],
    keep: Callable[[V, tuple[V, ...]], None],
    checkpoint: Checkpoint | None = None,
    started: float | None = None,
) -> TrainingReport[V]:
    """Train; `keep(best, all so far)` at every best. started: time.time() when the stage began, what it prepared
    included.

    With a checkpoint, progress is written at every validation, and a stopped run goes on from there. Of several
    processes all train, and the first one validates, keeps and writes.
    """
    started = started or time.time()
    optimizer = torch.optim.AdamW(run.groups, weight_decay=run.weight_decay)
    peaks = [group["lr"] for group in optimizer.param_groups]
    done, known = checkpoint.load(run.weights, optimizer) if checkpoint else (0, {})
    started -= known.get("seconds", 0.0)
    losses, measured = list(known.get("losses", ())), [run.point.from_row(point) for point in known.get("valid", ())]
    if run.measure_first and not measured:
        measured.append(measure_once(run, 0))
    first = distributed.is_first()
    bar = trange(done, run.steps, initial=done, total=run.steps, desc=run.name, unit="step", disable=not first)
    for step in bar:
        losses.append(take_step(run, optimizer, peaks, step))
        bar.set_postfix(loss=f"{recent(losses):.3f}")
        if run.is_due(run.valid_every, step + 1):
            now = measure_once(run, step + 1)
            measured.append(now)
            if first:  # standard output belongs to the answer
                bar.write(f"step {now.step}: loss {recent(losses):.3f}, {now}", file=sys.stderr)
            if first and best_of(measured) is now:
                keep(now, tuple(measured))
        elif not run.is_due(run.save_every, step + 1):
            continue
        if first and checkpoint:
            record = {"losses": losses, "valid": [point.to_row() for point in measured]}
            checkpoint.save(step + 1, run.weights, optimizer, record | {"seconds": time.time() - started})
    return TrainingReport(tuple(losses), tuple(measured), best_of(measured), time.time() - started)


def best_of(measured: Sequence[V]) -> V:
    """The first of those with the highest quality."""
    return max(measured, key=lambda point: point.quality)


def measure_once(run: TrainingRun[V], done: int) -> V:
    """A validation by the first process, told to all."""
    return distributed.broadcast(run.measure(done) if distributed.is_first() else None)


def take_step(run: TrainingRun, optimizer: torch.optim.Optimizer, peaks: Sequence[float], step: int) -> float:
    """One step of all processes together; returns their mean loss."""
    for group, peak in zip(optimizer.param_groups, peaks, strict=True):
        group["lr"] = peak * run.rate(step)
        group["betas"] = (run.momentum(step), group["betas"][1])
    loss = distributed.average(run.learn(step, step_rng(run.seed, step)), run.weights)
    nn.utils.clip_grad_norm_(run.weights, 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return loss


def step_rng(seed: int, step: int) -> random.Random:
    """What a step draws from, torch's dropout and noise included. It follows from seed and step alone: a run that was
    stopped goes on exactly, and several processes draw the same batch, with dropout and noise of their own."""
    rng = random.Random(f"{seed} {step}")
    torch.manual_seed(rng.getrandbits(62) + distributed.process_state().process_index)
    return rng


def epoch_rows(count: int, batch: int, step: int, seed: int) -> list[int]:
    """Which of `count` examples a step learns from: every epoch goes through all of them, in an order of its own."""
    places = range(step * batch, (step + 1) * batch)
    return [shuffled(count, seed, place // count)[place % count] for place in places]


@lru_cache(maxsize=2)  # a batch may lie in two epochs
def shuffled(count: int, seed: int, epoch: int) -> list[int]:
    """The order in which an epoch goes through so many examples."""
    return random.Random(f"{seed} {epoch}").sample(range(count), count)


def warmup_cosine(step: int, steps: int) -> float:
    """Share of the highest learning rate: a rise over at most 20 steps, then a half cosine down to nothing."""
    rise = max(1, min(20, steps // 10))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


ONE_CYCLE_RISE = 0.1  # of the steps
ONE_CYCLE_START, ONE_CYCLE_END = 1 / 25, 4e-6  # of the highest rate
ONE_CYCLE_MOMENTUM = (0.95, 0.85)  # at the ends, at the highest rate


def one_cycle_rate(step: int, steps: int) -> float:
    """Share of the highest learning rate as torch's OneCycleLR has it: half a cosine up, half a cosine down."""
    return one_cycle(step, steps, (ONE_CYCLE_START, 1.0, ONE_CYCLE_END))


def one_cycle_momentum(step: int, steps: int) -> float:
    """The first beta of AdamW as OneCycleLR has it: down while the rate rises, and up again."""
    ends, peak = ONE_CYCLE_MOMENTUM
    return one_cycle(step, steps, (ends, peak, ends))


def one_cycle(step: int, steps: int, values: tuple[float, float, float]) -> float:
    """From the first of three values to the second within the rise, and on to the third in the last step."""
    steps = max(steps, 2)
    top = ONE_CYCLE_RISE * steps - 1  # the step of the second value
    if top > 0 and step <= top:
        return half_cosine(values[0], values[1], step / top)
    return half_cosine(values[1], values[2], (step - top) / (steps - 1 - top))


def half_cosine(start: float, end: float, share: float) -> float:
    """Between two values, the share of the way gone; slow at both ends."""
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))


def recent(losses: Sequence[float]) -> float:
    """Mean of the last losses, for people."""
    return sum(losses[-25:]) / len(losses[-25:])
