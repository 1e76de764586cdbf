"""One turn on its way: what was prepared of it, and what becomes of it when the model has ranked."""

import time
from collections.abc import Callable, Container, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from torch import Tensor

from lavic_chat.dialogue.turns import SEEKER, Dialogue, Turn
from lavic_chat.errors import LavicError
from lavic_chat.features.item import ItemFeatures
from lavic_chat.nlu.conditions import Condition
from lavic_chat.nlu.intent import Intent
from lavic_chat.ranking.ranker import Ranking, RankingInput
from lavic_chat.recommendation import Candidate, GivenWay, Recommendation, ScoredProduct

LEAST = 1e-9  # of a probability whose logarithm is taken
Given = TypeVar("Given")
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Lookup:
    """What was found for a turn: candidates with their features, what was understood, the photo's states [5, h] or
    None, the conditions, and of all N products how far they meet them, weights [N]."""

    candidates: tuple[Candidate, ...]
    item_features: tuple[ItemFeatures, ...]
    intent: Intent
    photo: Tensor | None
    conditions: tuple[Condition, ...]
    weights: np.ndarray


@dataclass(frozen=True, eq=False)
class PreparedTurn:
    """A turn before the model's pass: what the ranker reads, the candidates with their features, what was understood,
    and milliseconds by step. bias [n]: how far each candidate meets the conditions, as log probability; broken: of each
    candidate, the conditions that it does not meet; unknown: limits that no product can be held to. prior [n]: what of
    the bias the visitor's history gave, against the candidates' average; None without a history. out_of_stock: titles
    that would have met all conditions."""

    ranking_input: RankingInput
    found: tuple[Candidate, ...]
    item_features: tuple[ItemFeatures, ...]
    intent: Intent
    steps: Mapping[str, float]
    bias: np.ndarray
    broken: tuple[tuple[Condition, ...], ...]
    unknown: tuple[str, ...] = ()
    prior: np.ndarray | None = None
    out_of_stock: tuple[str, ...] = ()


def finish(turn: PreparedTurn, ranked: tuple[Ranking, float] | Exception) -> Recommendation | Exception:
    """A turn and its ranking -> the answer, candidates best first. What the model makes of the pictures and how far the
    conditions are met count together: their logarithms are added."""
    if isinstance(ranked, Exception):
        return ranked
    ranking, took = ranked
    scores = np.log(np.maximum(ranking.probabilities, LEAST)) + turn.bias
    shares = np.exp(scores - scores.max())
    prior = np.zeros(len(shares)) if turn.prior is None else turn.prior
    rows = zip(turn.found, shares / shares.sum(), turn.item_features, prior, turn.broken, strict=True)
    best = sorted(rows, key=lambda row: -row[1])
    scored = tuple(
        ScoredProduct(one.product, float(share), one.similarity, seen.caption, float(extra))
        for one, share, seen, extra, _ in best
    )
    clock = Clock({**turn.steps, "choose": turn.steps["choose"] + took})
    gave_way = tuple(GivenWay(condition.name, condition.said) for condition in best[0][-1])
    return Recommendation(
        scored,
        clock.milliseconds(),
        ranking.visual_tokens,
        ranking.prompt_tokens,
        turn.intent,
        gave_way,
        turn.unknown,
        out_of_stock=turn.out_of_stock,
    )


def still_here(shown: Recommendation, catalog: Container[str]) -> Recommendation:
    """An earlier answer without products that the catalogue does not have any more. Raises LavicError where it has none
    of them."""
    left = tuple(item for item in shown.candidates if item.product.id in catalog)
    if not left:
        raise LavicError("None of these products is in the catalogue any more; ask again to see others.")
    return replace(shown, candidates=left)


def returned(call: Callable[[Given], Result], given: Given) -> Result | Exception:
    """What the call returns, or the exception that it raises."""
    try:
        return call(given)
    except Exception as error:
        return error


class Clock:
    """Milliseconds by step, and their total."""

    def __init__(self, steps: Mapping[str, float] = MappingProxyType({})):
        self.steps: dict[str, float] = dict(steps)

    @contextmanager
    def __call__(self, step: str) -> Generator[None]:
        """Time the block as a step."""
        start = time.perf_counter()
        yield
        self.steps[step] = 1000 * (time.perf_counter() - start)

    def milliseconds(self) -> dict[str, float]:
        """By step, and "total"."""
        steps = {step: round(value, 1) for step, value in self.steps.items()}
        return {**steps, "total": round(sum(self.steps.values()), 1)}


def worded(dialogue: Dialogue, intent: Intent) -> Dialogue:
    """What the model reads of a conversation: the wish as it was understood, so that what was turned down, or wished
    for before, is not in it; the messages themselves where no wish was understood, without what was taken back."""
    said = dialogue.without_dropped().since(intent.since)
    return Dialogue((Turn(SEEKER, f"I'm looking for a {intent.sentence}.", said.photo),)) if intent.sentence else said


def shown_with(dialogue: Dialogue, product: str) -> tuple[str, ...]:
    """A product that was shown, or that words alone have named, and behind it those of the newest answer that it stood
    in, else of the newest one."""
    shown = next((turn.shown for turn in reversed(dialogue.turns) if product in turn.shown), dialogue.last_shown)
    return (product, *(item for item in shown if item != product))
