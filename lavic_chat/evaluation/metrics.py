"""HR@1, MRR, recall, retrieval ceiling, valid ratio; each with a 95 % bootstrap interval over conversations."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

RESAMPLES = 2000
CUT = 10  # recall@10


@dataclass(frozen=True)
class Prediction:
    """One conversation, ranked. ranking: candidate ids, best first. valid: the answer named a candidate. place: where
    among the candidates as they were offered, from 1, the right one stood; 0 where it was not among them."""

    set: str
    gt_items: tuple[str, ...]
    ranking: tuple[str, ...]
    confidence: float = 0.0
    valid: bool = True
    where: str = ""
    place: int = 0

    @property
    def pick(self) -> str | None:
        """The best candidate; None where the answer named nobody."""
        return self.ranking[0] if self.ranking and self.valid else None

    @property
    def is_hit(self) -> bool:
        """Whether the pick is a right one."""
        return self.pick in self.gt_items

    def to_row(self) -> dict:
        """A line of predictions.jsonl."""
        return {**asdict(self), "pick": self.pick, "hit": self.is_hit}


def measure(predictions: Sequence[Prediction], seed: int = 0) -> dict[str, dict]:
    """Metrics of all predictions ("overall") and of every set. Raises ValueError without any."""
    if not predictions:
        raise ValueError("no predictions to measure")
    return {name: measure_group(group, seed) for name, group in group_by_set(predictions).items()}


def group_by_set(predictions: Sequence[Prediction]) -> dict[str, list[Prediction]]:
    """All of them as "overall", and those of every set."""
    groups = {"overall": list(predictions)}
    for name in dict.fromkeys(prediction.set for prediction in predictions):
        shown = f"set {name}" if name in ("overall", "about") else name  # names that the report uses itself
        groups[shown] = [prediction for prediction in predictions if prediction.set == name]
    return groups


def measure_group(group: Sequence[Prediction], seed: int) -> dict:
    """hr@1: share of conversations whose pick is a ground truth. hr@1_gt: hits over ground-truth items, as the
    authors' code counts. ceiling: share with a ground truth among the candidates. chance: the expected hr@1 of a
    pick at random among the candidates."""
    hits = np.array([p.is_hit for p in group], float)
    items = np.array([len(p.gt_items) for p in group], float)
    columns = {
        "hr@1": hits,
        "recall@10": np.array([recall(p) for p in group]),
        "ceiling": np.array([bool(set(p.gt_items) & set(p.ranking)) for p in group], float),
        "vr": np.array([p.valid for p in group], float),
        "mrr": np.array([reciprocal_rank(p) for p in group]),
        "chance": np.array([chance(p) for p in group]),
    }
    draws = np.random.default_rng(seed).integers(0, len(group), (RESAMPLES, len(group)))
    result: dict = {"n": len(group)}
    for name, values in columns.items():
        result[name] = round(float(values.mean()), 4)
        result[f"{name}_95"] = interval(values[draws].mean(1))
    result["hr@1_gt"] = round(float(hits.sum() / max(items.sum(), 1)), 4)
    result["hr@1_gt_95"] = interval(hits[draws].sum(1) / np.maximum(items[draws].sum(1), 1))
    return result


def mean_interval(values: np.ndarray, seed: int) -> list[float]:
    """The 95 % bootstrap interval of the mean of values [n]."""
    draws = np.random.default_rng(seed).integers(0, len(values), (RESAMPLES, len(values)))
    return interval(values[draws].mean(1))


def interval(means: np.ndarray) -> list[float]:
    """The middle 95 % of the resamples' means."""
    return [round(float(value), 4) for value in np.percentile(means, [2.5, 97.5])]


def recall(prediction: Prediction) -> float:
    """Share of the ground truth among the first ten."""
    found = set(prediction.gt_items) & set(prediction.ranking[:CUT])
    return len(found) / max(len(prediction.gt_items), 1)


def reciprocal_rank(prediction: Prediction) -> float:
    """One over the rank of the first ground truth; 0 without one, and for an answer that named nobody."""
    ranks = [rank for rank, item in enumerate(prediction.ranking, 1) if item in prediction.gt_items]
    return 1 / ranks[0] if ranks and prediction.valid else 0.0


def chance(prediction: Prediction) -> float:
    """The expected hr@1 of a pick at random among the candidates."""
    right = set(prediction.gt_items) & set(prediction.ranking)
    return len(right) / max(len(prediction.ranking), 1)
