"""Two evaluations of the same conversations, case by case: the gain in HR@1 and its 95 % interval.

The interval of the paired difference is narrower than two intervals side by side: cases that both get right, or both
get wrong, say nothing about which is better.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from lavic_chat.errors import DialogueError
from lavic_chat.evaluation.metrics import Prediction, group_by_set, mean_interval
from lavic_chat.evaluation.reports.breakdown import share_of
from lavic_chat.storage.files import read_jsonl

Key = tuple[str, tuple[str, ...]]  # of a case: "file, line n" and its candidates, sorted


def read_hits(folder: str | Path) -> dict[Key, bool]:
    """Whether each case of an earlier evaluation was a hit; raises DialogueError when the folder holds none."""
    return {key: hit for key, (_, hit) in read_picks(folder).items()}


def read_picks(folder: str | Path) -> dict[Key, tuple[str | None, bool]]:
    """The pick of each case of an earlier evaluation, None where the answer named nobody, and whether it was a hit;
    raises DialogueError when the folder holds none."""
    path = Path(folder) / "predictions.jsonl"
    rows = [row for _, row in read_jsonl(path, DialogueError)]
    try:
        return {key_of(row["where"], row["ranking"]): (row.get("pick"), bool(row["hit"])) for row in rows}
    except (KeyError, TypeError) as error:
        raise DialogueError(f"{path} does not hold the predictions of an evaluation; name its --out folder.") from error


@dataclass(frozen=True)
class SamePicks:
    """Two evaluations of the same n cases: the share in which both pick the same, with its 95 % interval (Wilson's,
    which is honest near 1), HR@1 of each, and the second's gain with its interval over pairs."""

    n: int
    same: float
    same_95: list[float]
    before: float
    after: float
    gain: float
    gain_95: list[float]

    def to_row(self) -> dict:
        """As JSON has it."""
        return asdict(self)


def compare_picks(before: str | Path, after: str | Path, seed: int = 0) -> SamePicks:
    """What two folders of `evaluate --out` hold. Raises DialogueError where they are not of the same cases."""
    theirs, ours = read_picks(before), read_picks(after)
    if not ours:
        raise DialogueError(f"{after} holds no predictions; evaluate some conversations.")
    check_same(ours, theirs)
    pairs = [(theirs[key], ours[key]) for key in ours]
    agreed = share_of("same", [one == other for (one, _), (other, _) in pairs])
    hits = np.array([[one[1], other[1]] for one, other in pairs], float)
    gain = paired_gain(hits[:, 1] - hits[:, 0], seed)
    rates = (round(float(value), 4) for value in hits.mean(0))
    return SamePicks(len(pairs), agreed.hit, [agreed.low, agreed.high], *rates, gain["gain"], gain["gain_95"])


def key_of(where: str, candidates: Sequence[str]) -> Key:
    """A case is known by its place in the dialogue file and its candidates, in whatever order."""
    return where, tuple(sorted(candidates))


def check_same(keys: Collection[Key], hits: Collection[Key]) -> None:
    """Raises DialogueError when an earlier evaluation was of other cases."""
    different = sorted(set(keys) ^ set(hits))
    if different:
        raise DialogueError(
            f"The two evaluations are of different cases ({different[0][0]} for one); use the same dialogues, "
            "candidates and --limit for both."
        )


def gain_over(predictions: Sequence[Prediction], hits: dict[Key, bool], seed: int = 0) -> dict[str, dict]:
    """{set or "overall": {"gain", "gain_95"}} of HR@1 over the same cases' hits."""
    return {
        name: paired_gain(np.array([p.is_hit - hits[key_of(p.where, p.ranking)] for p in group], float), seed)
        for name, group in group_by_set(predictions).items()
    }


def paired_gain(gains: np.ndarray, seed: int) -> dict:
    """Mean of the paired differences [n] and its bootstrap interval."""
    return {"gain": round(float(gains.mean()), 4), "gain_95": mean_interval(gains, seed)}
