"""Two evaluations of the same conversations, case by case: the gain in HR@1 and its 95 % interval.

The interval of the paired difference is narrower than two intervals side by side: cases that both get right, or both
get wrong, say nothing about which is better.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lavic_chat.errors import DialogueError
from lavic_chat.evaluation.metrics import RESAMPLES, Prediction, interval
from lavic_chat.files import read_jsonl


def read_hits(folder: Path) -> dict[tuple, bool]:
    """Whether each case of an earlier evaluation was a hit; raises DialogueError when the folder holds none."""
    path = folder / "predictions.jsonl"
    rows = [row for _, row in read_jsonl(path, DialogueError)]
    try:
        return {case_of(row["where"], row["ranking"]): bool(row["hit"]) for row in rows}
    except (KeyError, TypeError) as error:
        raise DialogueError(f"{path} does not hold the predictions of an evaluation; name its --out folder.") from error


def case_of(where: str, ranking: Sequence[str]) -> tuple:
    """A case is known by its place in the dialogue file and its candidates, in whatever order."""
    return where, tuple(sorted(ranking))


def gain_over(predictions: Sequence[Prediction], hits: dict[tuple, bool], seed: int = 0) -> dict[str, dict]:
    """{set or "overall": {"gain", "gain_95"}} of HR@1; raises DialogueError when the cases are not the same ones."""
    try:
        pairs = [(p.set, (p.pick in p.gt_items) - hits[case_of(p.where, p.ranking)]) for p in predictions]
    except KeyError as error:
        raise DialogueError(
            f"The two evaluations are of different cases ({error.args[0][0]} for one); use the same dialogues, "
            "candidates and --limit for both."
        ) from error
    groups = {"overall": [gain for _, gain in pairs]}
    for name, gain in pairs:
        groups.setdefault(name, []).append(gain)
    return {name: paired_gain(np.array(gains, float), seed) for name, gains in groups.items()}


def paired_gain(gains: np.ndarray, seed: int) -> dict:
    """Mean of the paired differences [n] and its bootstrap interval."""
    draws = np.random.default_rng(seed).integers(0, len(gains), (RESAMPLES, len(gains)))
    return {"gain": round(float(gains.mean()), 4), "gain_95": interval(gains[draws].mean(1))}
