"""Training curves from an adapter's record: what was measured on unseen shapes, against how much had been seen."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lavic_chat.catalog.datacard.drawing import (
    ACCENT,
    LINE,
    SPLIT_STYLES,
    STYLE,
    WIDTH,
    new_figure,
    place,
    to_png,
)
from lavic_chat.storage.files import write_atomic

Curve = list[tuple[int, float]]
VALIDATION_KEYS = ("valid_dialogues", "valid_limit", "valid_catalog")  # of a record: what it was validated on


def write_curves(training: Mapping, path: str | Path) -> bool:
    """Draw the curves of `distill` and `tune`; False where neither has been gone through."""
    if not training.keys() & {"distill", "tune"}:
        return False
    write_atomic(Path(path), draw_training(*training_curves(training)))
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


def points(record: Mapping, count: Callable[[Mapping, int], int]) -> list[tuple[int, Mapping | None]]:
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
    """Whether two legs were validated on the same, as far as their records say."""
    return all(one[key] == other[key] for key in VALIDATION_KEYS if key in one and key in other)


def legs(record: Mapping) -> Sequence[Mapping]:
    """A stage's record and those before it, the oldest first."""
    return [*legs(record["earlier"]), record] if "earlier" in record else [record] if record else []


def pictures_seen(config: Mapping, step: int) -> int:
    """How many pictures `distill` has learned from after so many steps."""
    words = min(step, config.get("word_steps", 0))
    return words * config.get("word_batch", 0) + (step - words) * config["batch"]


LABEL_GAP = 0.05  # of HR@1, between the names at the ends of two curves
CHANCE = 0.1  # of ten candidates


def draw_training(perplexity: Sequence[tuple[int, float]], hits: Mapping[str, Sequence[tuple[int, float]]]) -> bytes:
    """PNG: perplexity of unseen pictures' descriptions by pictures seen, and validation HR@1 of each set by dialogues
    seen. Each curve: (how many, value) points."""
    import matplotlib

    with matplotlib.rc_context(STYLE):
        figure = new_figure("Training", "On shapes that are not trained on", 4.6)
        left, right = (WIDTH / 2 + 0.3, WIDTH / 2 + 0.5) if perplexity and hits else (1.1, 0.8)
        if perplexity:
            axes = place(figure, 0.8, 1.2, left, 0.65)
            axes.set_title("Distill: perplexity", size=11)
            axes.plot(*zip(*perplexity, strict=True), "o-", color=ACCENT, ms=5, mec="white")
            axes.set(ylim=(1, None), xlabel="pictures seen")
        if hits:
            axes = place(figure, right, 1.2, 1.1, 0.65)
            axes.set_title("Tune: HR@1 of ten", size=11)
            axes.axhline(CHANCE, color=LINE, lw=1, zorder=0)
            parted = any(math.isnan(hit) for curve in hits.values() for _, hit in curve)
            axes.set(xlabel="dialogues seen" + "; after a gap, other questions" * parted, ylim=(0, 1))
        ends = [last_point(curve) for curve in hits.values()]
        heights = separate([hit for _, hit in ends], LABEL_GAP)
        labels = [(seen, height) for (seen, _), height in zip(ends, heights, strict=True)]
        for (name, curve), (colour, marker), label in zip(hits.items(), SPLIT_STYLES, labels, strict=False):
            axes.plot(*zip(*curve, strict=True), f"{marker}-", color=colour, ms=5, mec="white")
            axes.annotate(name, label, xytext=(6, 0), textcoords="offset points", va="center", size=10, color=colour)
        return to_png(figure)


def last_point(curve: Sequence[tuple[int, float]]) -> tuple[int, float]:
    """Where a curve ends: a set that later legs were not asked about has a gap and nothing behind it."""
    return next(point for point in reversed(curve) if not math.isnan(point[1]))


def separate(heights: Sequence[float], gap: float) -> list[float]:
    """Heights for labels that would overlap: at least a gap apart, in the same order, about where they were."""
    order = sorted(range(len(heights)), key=heights.__getitem__)
    placed = list(heights)
    for lower, upper in itertools.pairwise(order):
        placed[upper] = max(placed[upper], placed[lower] + gap)
    return placed
