"""How far a history may shift the odds among ten candidates of one kind, as the chat does before its model has chosen.

    log odds of a candidate = weight x n / (n + 1) x its cosine with a history of n items, in standard deviations over
                              all items, less the mean of the ten, at most MOST either way

The weight is fitted by maximum likelihood on the items before the last ones: each among nine others of its category
that its user never had. In standard deviations it is nearly the same whatever the vectors are; n / (n + 1) is how it
grows with a history where each length has a weight of its own: 0.4 with one item, 0.6 with two, 0.75 with five.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lavic_chat.errors import ModelError
from lavic_chat.sda.evaluation import TEST, VALID, Measured, interval
from lavic_chat.sda.interactions import Histories
from lavic_chat.sda.recommenders.content import ContentRecommender

CANDIDATES = 10
MOST = 0.7  # two candidates differ by 1.4 at most, the least that what was said plainly makes
WEIGHTS = np.arange(0, 3.01, 0.05)


@dataclass(frozen=True)
class Prior:
    """weight: fitted. gain: how much likelier a user's last item is than by chance, in nats. first: whether it is the
    nearest of the ten to the history; chance: 0.1."""

    weight: float
    gain: Measured
    first: Measured


def fit_prior(recommender: ContentRecommender, histories: Histories, kinds: Sequence[str]) -> Prior:
    """kinds: of all items. Raises ModelError where no item has nine others of its kind."""
    valid, test = (standings(recommender, histories, kinds, asked) for asked in (VALID, TEST))
    if not len(valid) or not len(test):
        raise ModelError(f"No kind of item has {CANDIDATES} that a user could choose from; the catalogue is too small.")
    weight = max(WEIGHTS, key=lambda one: log_shares(valid, one)[:, 0].mean())
    gain = interval(log_shares(test, weight)[:, 0] + np.log(CANDIDATES))
    return Prior(round(float(weight), 2), gain, interval((test[:, 1:] < test[:, :1]).all(1).astype(float)))


def standings(recommender: ContentRecommender, histories: Histories, kinds: Sequence[str], asked: str) -> np.ndarray:
    """[n, 10] of users with enough to choose from: the cosines of their item, and of nine others, in standard
    deviations over all items, by so much as the length of a history counts."""
    split, rng, rows = recommender.split, np.random.default_rng(0), []
    names = np.array(kinds)
    alike = {kind: np.flatnonzero(names == kind) for kind in set(kinds)}
    for user, wanted in enumerate(split.test if asked == TEST else split.valid):
        others = np.setdiff1d(alike[names[wanted]], histories.sequences[user])
        if len(others) >= CANDIDATES - 1:
            history = split.known(user, asked)
            scores = recommender.score_history(history)
            chosen = np.r_[wanted, rng.choice(others, CANDIDATES - 1, replace=False)]
            far = max(scores.std(), 1e-12) * (len(history) + 1) / len(history)
            rows.append((scores[chosen] - scores.mean()) / far)
    return np.array(rows).reshape(-1, CANDIDATES)


def log_shares(standings: np.ndarray, weight: float) -> np.ndarray:
    """[n, 10] -> log probabilities [n, 10]"""
    odds = weight * (standings - standings.mean(1, keepdims=True))
    odds = odds.clip(-MOST, MOST)
    return odds - np.log(np.exp(odds).sum(1, keepdims=True))
