"""Where an evaluation's hits and misses lie: by the wanted product's appearance, by turns, by confidence."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lavic_chat.catalog import Catalog
from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.dialogue.turns import SEEKER
from lavic_chat.evaluation.metrics import Prediction

LEAST = 8  # cases of a group that is shown
BINS = 10  # of confidence
RANKS = ((1, 1), (2, 2), (3, 3), (4, 5), (6, 8), (9, 12), (13, 20))  # in a retrieval; a rank alone has few cases below


@dataclass(frozen=True)
class Share:
    """hr@1 of a group of cases, with its 95 % interval (Wilson's, which also knows how little eight misses say)."""

    name: str
    n: int
    hit: float
    low: float
    high: float


def share_of(name: str, hits: Sequence[bool]) -> Share:
    """The share of hits among a group's cases, of which there is at least one."""
    from scipy.stats import binomtest

    low, high = binomtest(sum(hits), len(hits)).proportion_ci(method="wilson")
    return Share(name, len(hits), *(round(float(value), 4) for value in (sum(hits) / len(hits), low, high)))


def break_down(predictions: Sequence[Prediction], group_of: Callable[[Prediction], str]) -> list[Share]:
    """hr@1 by group, the largest first; cases of no group ("") and small groups are left out."""
    groups: dict[str, list[bool]] = defaultdict(list)
    for prediction in predictions:
        groups[group_of(prediction)].append(prediction.is_hit)
    shares = [share_of(name, hits) for name, hits in groups.items() if name and len(hits) >= LEAST]
    return sorted(shares, key=lambda share: -share.n)


def by_attribute(predictions: Sequence[Prediction], catalog: Catalog, key: str) -> list[Share]:
    """hr@1 by an attribute of the wanted product."""

    def value(prediction: Prediction) -> str:
        known = [catalog[item].attributes.get(key, "") for item in prediction.gt_items if item in catalog]
        return known[0] if known else ""

    return break_down(predictions, value)


def by_turns(predictions: Sequence[Prediction], conversations: Mapping[str, Conversation]) -> list[Share]:
    """hr@1 by how often the shopper spoke; conversations by where they stand."""

    def turns(prediction: Prediction) -> str:
        conversation = conversations.get(prediction.where)
        count = sum(turn.role == SEEKER for turn in conversation.dialogue.turns) if conversation else 0
        return "" if not count else str(count) if count < 5 else "5 or more"

    return sorted(break_down(predictions, turns), key=lambda share: share.name)


def by_place(predictions: Sequence[Prediction]) -> list[Share]:
    """hr@1 by where among the candidates as offered the right one stood: with retrieval, its rank there."""
    found = break_down(predictions, lambda prediction: str(prediction.place) if prediction.place else "")
    return sorted(found, key=lambda share: int(share.name))


def by_rank(predictions: Sequence[Prediction]) -> list[Share]:
    """The same by a few groups of ranks, "4 to 5"."""
    names = {
        rank: f"{low} to {high}" if high > low else f"{low}" for low, high in RANKS for rank in range(low, high + 1)
    }
    found = break_down(predictions, lambda prediction: names.get(prediction.place, ""))
    return sorted(found, key=lambda share: int(share.name.split()[0]))


@dataclass(frozen=True)
class Calibration:
    """Expected calibration error, and for every filled bin of confidence its mean, the hits' share, and its cases."""

    error: float
    bins: tuple[tuple[float, float, int], ...]


def calibrate(predictions: Sequence[Prediction]) -> Calibration:
    """How far confidence and hr@1 lie apart, over BINS equal bins."""
    confidence = np.array([prediction.confidence for prediction in predictions])
    hits = np.array([prediction.is_hit for prediction in predictions], float)
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = tuple(
        (round(float(confidence[place == row].mean()), 4), round(float(hits[place == row].mean()), 4), int(count))
        for row, count in enumerate(np.bincount(place, minlength=BINS))
        if count
    )
    error = sum(abs(said - true) * count for said, true, count in bins) / max(1, len(predictions))
    return Calibration(round(float(error), 4), bins)
