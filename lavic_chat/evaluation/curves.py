"""Training curves from an adapter's record: what was measured on unseen shapes, against how much had been seen."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from lavic_chat.evaluation.charts import draw_training
from lavic_chat.files import write_atomic

Curve = list[tuple[int, float]]
EXAM = ("valid_dialogues", "valid_limit", "valid_catalog")  # of a record: what was asked


def write_curves(training: Mapping, path: Path) -> bool:
    """Draw the curves of `distill` and `tune`; False where neither has been gone through."""
    if not training.keys() & {"distill", "tune"}:
        return False
    write_atomic(path, draw_training(*training_curves(training)))
    return True


def training_curves(training: Mapping) -> tuple[Curve, dict[str, Curve]]:
    """(pictures seen, perplexity) of distill, and of tune for each set (dialogues seen, HR@1); a stage that was gone
    through again goes on where the adapter that it started from was kept. Where it was asked other questions from then
    on, a value that is no number parts the curve."""
    perplexity: Curve = []
    for seen, row in points(training.get("distill", {}), pictures_seen):
        perplexity.append((seen, row["perplexity"] if row else math.nan))
    hits: dict[str, Curve] = {}
    for seen, row in points(training.get("tune", {}), lambda config, step: step * config["batch"]):
        by_set = dict.fromkeys(hits, math.nan) if row is None else row.get("by_set") or {"all": row["hit"]}
        for name, hit in by_set.items():
            hits.setdefault(name, []).append((seen, hit))
    return perplexity, hits


def points(record: Mapping, count) -> list[tuple[int, Mapping | None]]:
    """(how much was seen, the validation) of all legs of a stage, the oldest first; None between two that were asked
    other questions."""
    found, before = [], 0
    rounds = legs(record)
    for earlier, leg in zip((None, *rounds), rounds, strict=False):
        if earlier and not asked_alike(earlier, leg):
            found.append((before, None))
        kept = leg.get("best", {}).get("step", 0)
        until = float("inf") if leg is rounds[-1] else kept
        found += [
            (before + count(leg["config"], row["step"]), row) for row in leg.get("valid", ()) if row["step"] <= until
        ]
        before += count(leg["config"], kept)
    return found


def asked_alike(one: Mapping, other: Mapping) -> bool:
    """Whether two legs were validated on the same, as far as their records tell."""
    return all(one[key] == other[key] for key in EXAM if key in one and key in other)


def legs(record: Mapping) -> Sequence[Mapping]:
    """A stage's record and those before it, the oldest first."""
    return [*legs(record["earlier"]), record] if "earlier" in record else [record] if record else []


def pictures_seen(config: Mapping, step: int) -> int:
    words = min(step, config.get("word_steps", 0))
    return words * config.get("word_batch", 0) + (step - words) * config["batch"]
