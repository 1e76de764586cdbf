"""The report of several evaluations of the same conversations: one table, plots, where hits and misses lie."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from lavic_chat.catalog import Catalog
from lavic_chat.catalog.datacard.markdown import table
from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.errors import DialogueError
from lavic_chat.evaluation.metrics import Prediction
from lavic_chat.evaluation.reports.breakdown import (
    Calibration,
    Share,
    by_attribute,
    by_place,
    by_rank,
    by_turns,
    calibrate,
)
from lavic_chat.evaluation.reports.charts import draw_bars, draw_calibration, draw_ranks
from lavic_chat.evaluation.reports.gallery import draw_gallery
from lavic_chat.storage.files import read_jsonl, write_atomic, write_json
from lavic_chat.training.curves import write_curves

LOOKING = "looking"
LABELS = {  # folder -> what the table calls it, in this order
    LOOKING: "the model, looking",
    "no-distill": "the model, its tower not distilled",
    "all-tokens": "the model, with all of the tokens",
    "no-search": "the language model, without search",
    "list": "the language model, from a list",
    "generate": "the language model, answering freely",
    "search": "search alone",
    "no-images": "the model, pictures taken away",
    "shuffled-images": "the model, with each other's pictures",
    "two-tower": "two towers over the same pictures",
    "sbert": "MiniLM sentence vectors",
    "bm25": "BM25 on titles and descriptions",
    "random": "a pick at random",
}
DOMAINS = "domains/table.md"  # where `make domains` writes, beside the report
PLACED = (LOOKING, "no-search", "list")  # told by where the right product stood
ATTRIBUTES = ("colour", "material", "pattern", "style", "type")
MOST = 14  # values of an attribute that are listed


@dataclass(frozen=True)
class Evaluation:
    """One folder of `evaluate`: its metrics by set, and its predictions."""

    name: str
    metrics: Mapping[str, Mapping]
    predictions: tuple[Prediction, ...]

    @property
    def label(self) -> str:
        return LABELS.get(self.name, self.name)


def read_evaluations(folder: Path) -> list[Evaluation]:
    """Every evaluation below `folder`, in the report's order. Raises DialogueError where the model's own is missing,
    or one cannot be read."""
    names = sorted((path.parent.name for path in folder.glob("*/predictions.jsonl")), key=place_of)
    if LOOKING not in names:
        raise DialogueError(f"{folder} has no evaluation called {LOOKING}; run `evaluate --out {folder / LOOKING}`.")
    return [read_evaluation(folder / name) for name in names]


def place_of(name: str) -> tuple[int, str]:
    return (list(LABELS).index(name) if name in LABELS else len(LABELS), name)


def read_evaluation(folder: Path) -> Evaluation:
    keys = Prediction.__dataclass_fields__
    try:
        metrics = json.loads((folder / "metrics.json").read_text())
        rows = [row for _, row in read_jsonl(folder / "predictions.jsonl", DialogueError)]
        predictions = tuple(
            Prediction(**{key: tuple(row[key]) if key in ("gt_items", "ranking") else row[key] for key in keys})
            for row in rows
        )
        metrics["overall"]["hr@1"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DialogueError(f"{folder} does not hold an evaluation ({error}); run it again.") from error
    return Evaluation(folder.name, metrics, predictions)


def write_report(
    evaluations: Sequence[Evaluation],
    conversations: Sequence[Conversation],
    catalog: Catalog,
    out: Path,
    title: str,
    training: Mapping = MappingProxyType({}),
    beside: Mapping[str, Sequence[Evaluation]] = MappingProxyType({}),
) -> Path:
    """Write NAME.md with its plots, and metrics.json of all evaluations, into `out`; NAME is the title in small.
    Returns where the report lies.

    training: what the adapter's card says of it. beside: evaluations of other conversations, by their heading. Where
    `out` holds a table by domain (`make domains`), the report points to it.
    """
    looking = evaluations[0]
    spoken = {conversation.where: conversation for conversation in conversations}
    groups = {key: by_attribute(looking.predictions, catalog, key)[:MOST] for key in ATTRIBUTES}
    groups["turns of the shopper"] = by_turns(looking.predictions, spoken)
    calibration = calibrate(looking.predictions)
    name = title.lower().replace(" ", "-")
    write_atomic(out / f"{name}-hits.png", draw_bars(rows_of(complete(evaluations)), sets_of(looking)))
    write_atomic(out / f"{name}-calibration.png", draw_calibration(calibration))
    for hits, kind in ((True, "right"), (False, "wrong")):
        write_atomic(out / f"{name}-{kind}.jpg", draw_gallery(looking.predictions, spoken, catalog, hits))
    for found in filter(are_retrieved, beside.values()):
        ranks = {item.label: by_rank(item.predictions) for item in found}
        write_atomic(out / f"{name}-ranks.png", draw_ranks(ranks, found[0].metrics["overall"]["chance"]))
    trained = write_curves(training, out / f"{name}-training.png")
    format_share = {item.name: item.metrics for item in evaluations}
    format_share |= {heading: {item.name: item.metrics for item in found} for heading, found in beside.items()}
    write_json(out / "metrics.json", format_share)
    path = out / f"{name}.md"
    text = compose(title, name, evaluations, groups, calibration, trained, beside)
    if (out / DOMAINS).is_file():
        text += f"\n## By domain learned\n\nOne model for several domains against one for each: [table]({DOMAINS}).\n"
    write_atomic(path, text)
    return path


def sets_of(evaluation: Evaluation) -> list[str]:
    """The sets' names; "overall" alone where there is only one."""
    names = [name for name in evaluation.metrics if name not in ("about", "overall")]
    return names if len(names) > 1 else ["overall"]


def complete(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """Those of all cases of the first."""
    return [item for item in evaluations if len(item.predictions) == len(evaluations[0].predictions)]


def rows_of(evaluations: Sequence[Evaluation]) -> dict[str, dict[str, Share]]:
    """Label -> set -> hr@1 with its interval."""
    return {
        item.label: {
            name: Share(name, row["n"], row["hr@1"], *row["hr@1_95"])
            for name, row in item.metrics.items()
            if name != "about"
        }
        for item in evaluations
    }


def compose(
    title: str,
    name: str,
    evaluations: Sequence[Evaluation],
    groups: Mapping[str, Sequence[Share]],
    calibration: Calibration,
    trained: bool,
    beside: Mapping[str, Sequence[Evaluation]],
) -> str:
    looking = evaluations[0]
    lines = [
        f"# {title}: what it picks",
        f"HR@1 on {looking.metrics['overall']['n']:,} conversations about shapes that training never saw, with 95 % "
        f"bootstrap intervals, Wilson's for parts of them; chance {looking.metrics['overall']['chance']:.2f}. Made by "
        "`make report`.",
        f"![HR@1 by set]({name}-hits.png)",
        main_table(evaluations),
    ]
    for heading, found in beside.items():
        lines += [f"## {heading.capitalize()}", main_table(found)]
        if are_retrieved(found):
            overall = found[0].metrics["overall"]
            lines += [
                f"The wanted product is among those found in {overall['ceiling']:.2f} of the conversations; chance "
                f"{overall['chance']:.2f}. Others that fit as well count as wrong.",
                f"![HR@1 by rank in the retrieval]({name}-ranks.png)",
                places_table("rank", found),
            ]
    if trained:
        lines += ["## Training", f"![Perplexity and validation]({name}-training.png)"]
    lines += [
        "## Looked at",
        *(f"![{kind.capitalize()} picks]({name}-{kind}.jpg)" for kind in ("right", "wrong")),
        "## Confidence",
        f"Expected calibration error {calibration.error:.3f}: how far the shown confidence and the share of right "
        "picks lie apart.",
        f"![Confidence and right picks]({name}-calibration.png)",
    ]
    for key, shares in groups.items():
        if shares:
            lines += [f"## By {key}", breakdown_table(key, shares)]
    if by_place(looking.predictions):
        placed = [item for item in complete(evaluations) if item.name in PLACED]
        lines += ["## By place among the candidates", places_table("place", placed)]
    return "\n\n".join(lines) + "\n"


def main_table(evaluations: Sequence[Evaluation]) -> str:
    """HR@1 of every ranker in every set; a ranker that was measured on fewer cases says on how many."""
    first = evaluations[0]
    sets = sets_of(first)
    sets += ["overall"] if sets != ["overall"] else []
    head = [f"{label} ({first.metrics[label]['n']:,})" for label in sets]
    rows = [main_row(item, sets) for item in evaluations]
    for row, item in zip(rows, evaluations, strict=True):
        if len(item.predictions) < len(first.predictions):
            row[0] += f" (on {len(item.predictions):,} cases, where the first line has {hit_where(first, item):.2f})"
    return table(["ranker", *head, "MRR", "VR"], rows)


def breakdown_table(key: str, shares: Sequence[Share]) -> str:
    return table([key, "cases", "HR@1"], [[share.name, f"{share.n:,}", format_share(share)] for share in shares])


def are_retrieved(evaluations: Sequence[Evaluation]) -> bool:
    return str(evaluations[0].metrics["about"].get("candidates")).startswith("retrieved")


def places_table(key: str, evaluations: Sequence[Evaluation]) -> str:
    """A row a place, a column a ranker; every ranker was offered the same."""
    places = {item.label: by_place(item.predictions) for item in evaluations}
    first = next(iter(places.values()))
    found = [{share.name: format_share(share) for share in shares} for shares in places.values()]
    rows = [[share.name, f"{share.n:,}", *(column.get(share.name, "") for column in found)] for share in first]
    return table([key, "cases", *places], rows)


def hit_where(first: Evaluation, other: Evaluation) -> float:
    """hr@1 of the first on the cases of the other."""
    cases = {prediction.where for prediction in other.predictions}
    hits = [item.pick in item.gt_items for item in first.predictions if item.where in cases]
    return sum(hits) / max(1, len(hits))


def main_row(item: Evaluation, sets: Sequence[str]) -> list[str]:
    shares = rows_of([item])[item.label]
    overall = item.metrics["overall"]
    hits = (format_share(shares[name]) if name in shares else "" for name in sets)
    return [item.label, *hits, f"{overall['mrr']:.2f}", f"{overall['vr']:.3f}"]


def format_share(share: Share) -> str:
    return f"{share.hit:.2f} ({share.low:.2f} to {share.high:.2f})"
