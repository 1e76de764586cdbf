"""Where a recommender ranks the item that a user had last: among 100 that the user never had, and among all.

H@10 is the share of users whose item is among the first ten, N@10 the mean of 1 / log2(1 + rank) of those (SDA, section
3.1.1). An item that others tie with ranks behind them, so that a constant recommender finds nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from lavic_chat.errors import ModelError
from lavic_chat.evaluation.metrics import mean_interval
from lavic_chat.sda.interactions import Histories
from lavic_chat.sda.interactions.histories import Split

NEGATIVES = 100
TOP = 10
BATCH = 256  # users whose scores of all items are held at once
TEST, VALID = "test", "valid"
OVERALL, TAIL, TAIL_OF_ALL = "overall", "tail", "tail_of_all"


class ItemRecommender(Protocol):
    """Whatever scores all items for users; rows are those of a split."""

    def score(self, users: np.ndarray, asked: str) -> np.ndarray:
        """[B] rows of users -> [B, items], the higher the better. asked: "test", or "valid", when less is known of each
        user."""
        ...


@dataclass(frozen=True, eq=False)
class Ranks:
    """Of each user's item [u], 1 at best: sampled among NEGATIVES others, full among all that the user never had.
    groups: which users' items are of the tail, by name [u]."""

    sampled: np.ndarray
    full: np.ndarray
    groups: Mapping[str, np.ndarray]


def rank_items(
    recommender: ItemRecommender, histories: Histories, split: Split, asked: str = TEST, seed: int = 0
) -> Ranks:
    """Raises ModelError where a score is no number, for it would rank anywhere."""
    targets = split.test if asked == TEST else split.valid
    others = sample_negatives(histories, seed)
    sampled, full = np.zeros(len(targets), int), np.zeros(len(targets), int)
    for start in range(0, len(targets), BATCH):
        users = np.arange(start, min(start + BATCH, len(targets)))
        scores = np.array(recommender.score(users, asked), np.float64)
        if not np.isfinite(scores).all():
            raise ModelError("A recommender gave scores that are no numbers; train it with a lower learning rate.")
        wanted = scores[np.arange(len(users)), targets[users]][:, None]
        sampled[users] = 1 + (np.take_along_axis(scores, others[users], 1) >= wanted).sum(1)
        for row, user in enumerate(users):
            scores[row, histories.sequences[user]] = -np.inf  # the target too: it does not stand before itself
        full[users] = 1 + (scores >= wanted).sum(1)
    return Ranks(sampled, full, groups_of(split, asked))


def groups_of(split: Split, asked: str = TEST) -> dict[str, np.ndarray]:
    """By name [u] which users' items are of a group."""
    targets = split.test if asked == TEST else split.valid
    everyone = np.ones(len(targets), bool)
    return {OVERALL: everyone, TAIL: split.tail[targets], TAIL_OF_ALL: split.tail_of_all[targets]}


@lru_cache(maxsize=8)
def sample_negatives(histories: Histories, seed: int = 0, count: int = NEGATIVES) -> np.ndarray:
    """[u, count] rows of items that each user never had, the same for every recommender. Raises ModelError where there
    are not so many."""
    rng, rows = np.random.default_rng(seed), []
    for sequence in histories.sequences:
        never = np.setdiff1d(np.arange(histories.items), sequence)
        if len(never) < count:
            raise ModelError(f"{histories.items} items are too few to ask for one among {count} others.")
        rows.append(rng.choice(never, count, replace=False))
    return np.array(rows)


def hits(ranks: np.ndarray) -> np.ndarray:
    """[u] 1 where the item is among the first ten, else 0."""
    return (ranks <= TOP).astype(float)


def gains(ranks: np.ndarray) -> np.ndarray:
    """[u] 1 / log2(1 + rank) among the first ten, else 0."""
    return np.where(ranks <= TOP, 1 / np.log2(1 + ranks), 0.0)


def judge(recommender: ItemRecommender, histories: Histories, split: Split) -> float:
    """N@10 on the validation items, by which settings are chosen."""
    return float(gains(rank_items(recommender, histories, split, VALID).sampled).mean())


METRICS = {"H@10": hits, "N@10": gains}
KINDS = {"": "sampled", "full ": "full"}  # what stands in front of a metric, and the ranks that it is of


def values_of(ranks: Ranks, metric: str) -> np.ndarray:
    """[u] of "H@10", "N@10", or of the full ranking "full H@10", "full N@10"."""
    prefix = "full " if metric.startswith("full ") else ""
    return METRICS[metric.removeprefix(prefix)](getattr(ranks, KINDS[prefix]))


@dataclass(frozen=True)
class Measured:
    """A mean over n users, with the ends of its interval."""

    value: float
    low: float
    high: float
    n: int


def summarize(ranks: Sequence[Ranks], seed: int = 0) -> dict[str, dict[str, Measured]]:
    """By group, then by "H@10", "N@10" and the same of the full ranking, "full H@10": the mean over users of the mean
    over runs, which are of several seeds."""
    summary: dict[str, dict[str, Measured]] = {}
    for group, chosen in ranks[0].groups.items():
        summary[group] = {}
        for name in (prefix + metric for metric in METRICS for prefix in KINDS):
            values = np.mean([values_of(one, name) for one in ranks], 0)[chosen]
            summary[group][name] = interval(values, seed)
    return summary


def interval(values: np.ndarray, seed: int = 0) -> Measured:
    """Mean of users' values with its bootstrap interval."""
    if not len(values):
        return Measured(float("nan"), float("nan"), float("nan"), 0)
    return Measured(float(values.mean()), *mean_interval(values, seed), len(values))


def paired_difference(ours: np.ndarray, theirs: np.ndarray, seed: int = 0) -> Measured:
    """The mean difference over the same users, ours less theirs, with its interval: above where that excludes 0."""
    return interval(ours - theirs, seed)
