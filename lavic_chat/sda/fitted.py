"""What recommenders that were fitted have found: the ranks of every seed, those of several runs of one adaptation
together, and the mean of the paper's four."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import lcm
from typing import Any

import numpy as np

from lavic_chat.sda.evaluation import Ranks, values_of

RUN = re.compile(r"-\d+\Z")  # of several that differ by their seed
FOUR = ("vbpr", "slmrec", "sasrec", "bert4rec")  # the paper's
MEAN = "mean of four"
WORDS = "tfidf"  # the recommender that knows texts alone, and no features
H10 = "H@10"


@dataclass(frozen=True, eq=False)
class Fitted:
    """One recommender with one set of features: the ranks of every seed, and the settings that validation chose."""

    recommender: str
    features: str
    ranks: tuple[Ranks, ...]
    config: Any = None

    def values(self, group: str, metric: str = H10) -> np.ndarray:
        """[u] of each user of a group, the mean over seeds; metric: as `evaluation.values_of` names them."""
        return np.mean(self.by_fit(group, metric), 0)

    def by_fit(self, group: str, metric: str = H10) -> list[np.ndarray]:
        """The same of each seed."""
        return [values_of(one, metric)[one.groups[group]] for one in self.ranks]


def pool_runs(fitted: Sequence[Fitted]) -> list[Fitted]:
    """Features that were made by several runs, "sda-0", "sda-1", as those of one, "sda", with the ranks of all."""
    pooled: dict[tuple[str, str], Fitted] = {}
    for one in fitted:
        key = one.recommender, RUN.sub("", one.features)
        before = pooled[key].ranks if key in pooled else ()
        pooled[key] = Fitted(*key, (*before, *one.ranks), one.config)
    return list(pooled.values())


def average(fitted: Sequence[Fitted]) -> list[Fitted]:
    """Of each set of features that all of FOUR were fitted with, the mean of these."""
    by_features: dict[str, list[Fitted]] = {}
    for one in fitted:
        if one.recommender in FOUR:
            by_features.setdefault(one.features, []).append(one)
    return [Fitted(MEAN, features, even(group)) for features, group in by_features.items() if len(group) == len(FOUR)]


def even(group: Sequence[Fitted]) -> tuple[Ranks, ...]:
    """All their ranks, those of who has fewer several times, so that each counts alike."""
    most = lcm(*(len(one.ranks) for one in group))
    return tuple(ranks for one in group for ranks in one.ranks * (most // len(one.ranks)))
