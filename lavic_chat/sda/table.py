"""What a comparison has found, as `table.json` and for people: every value with its interval, and how far one set of
features is above another with the same recommender, over the same users."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import permutations
from pathlib import Path

from lavic_chat.features.item_embedder import EmbedderConfig
from lavic_chat.sda.evaluation import OVERALL, TAIL, Measured, paired_difference, summarize
from lavic_chat.sda.fitted import H10, MEAN, WORDS, Fitted
from lavic_chat.storage.files import write_json

TABLE = "table.json"
COMPARED = (H10, "N@10", "full H@10")  # metrics of which differences are measured


@dataclass(frozen=True)
class Difference:
    """One set of features less another with the same recommender, or less WORDS, over the same users of a group."""

    recommender: str
    ours: str
    theirs: str
    group: str
    metric: str
    measured: Measured


def differences(fitted: Sequence[Fitted]) -> list[Difference]:
    """Of every two sets of features with the same recommender, both ways, and of each to the texts' words, for each
    group and metric."""
    pairs = [(ours, theirs) for ours, theirs in permutations(fitted, 2) if ours.recommender == theirs.recommender]
    words = [one for one in fitted if one.recommender == WORDS]
    pairs += [(ours, theirs) for theirs in words for ours in fitted if ours is not theirs]
    return [one for ours, theirs in pairs for one in differences_of(ours, theirs)]


def differences_of(ours: Fitted, theirs: Fitted) -> Iterator[Difference]:
    """For each group, of each metric."""
    name = WORDS if theirs.recommender == WORDS else theirs.features
    for group in ours.ranks[0].groups:
        for metric in COMPARED:
            measured = paired_difference(ours.values(group, metric), theirs.values(group, metric))
            yield Difference(ours.recommender, ours.features, name, group, metric, measured)


def write_table(path: Path, fitted: Sequence[Fitted], embedder: EmbedderConfig) -> None:
    """All values with their intervals, H@10 of each fit, and all differences. embedder: how the LLM embedded items
    where it was not adapted."""
    rows = [
        {"recommender": one.recommender, "features": one.features, "seeds": len(one.ranks),
         "config": asdict(one.config) if one.config else {},
         "values": {group: {name: asdict(value) for name, value in metrics.items()}
                    for group, metrics in summarize(one.ranks).items()},
         "by_fit": by_fit(one)}
        for one in fitted
    ]  # fmt: skip
    write_json(
        path, {"embedder": embedder.of_items, "rows": rows, "differences": [asdict(one) for one in differences(fitted)]}
    )


def by_fit(one: Fitted) -> dict[str, list[float]]:
    """H@10 of each fit, by group; nothing of a mean, whose fits are of several recommenders."""
    groups = {} if one.recommender == MEAN else one.ranks[0].groups
    means = {group: [found.mean() for found in one.by_fit(group)] for group, users in groups.items() if users.any()}
    return {group: [round(float(mean), 4) for mean in found] for group, found in means.items()}


def format_table(fitted: Sequence[Fitted]) -> str:
    """For people: H@10 and N@10, overall and of the tail."""
    lines = [
        f"{'recommender':12} {'features':12} {'H@10':>7} {'N@10':>7} {'tail H@10':>10}  {'95 %':>16} {'tail N@10':>10}"
    ]
    for one in fitted:
        values = summarize(one.ranks)
        every, tail = values[OVERALL], values[TAIL]
        ends = f"{tail[H10].low:.3f} to {tail[H10].high:.3f}"
        lines.append(
            f"{one.recommender:12} {one.features:12} {every[H10].value:7.3f} {every['N@10'].value:7.3f} "
            f"{tail[H10].value:10.3f}  {ends:>16} {tail['N@10'].value:10.3f}"
        )
    return "\n".join(lines)
