"""The report of several evaluations of the same conversations: one table, plots, where hits and misses lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from lavic_chat.catalog import Catalog, load_catalog
from lavic_chat.catalog.datacard.markdown import table
from lavic_chat.dialogue.reddit_amazon import Conversation, read_conversations
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
from lavic_chat.evaluation.reports.evaluations import MODEL_RUN, Evaluation, complete, read_evaluations
from lavic_chat.evaluation.reports.gallery import draw_gallery
from lavic_chat.model.card import read_card
from lavic_chat.settings import Settings
from lavic_chat.storage.files import write_atomic, write_json
from lavic_chat.training.curves import write_curves

DOMAINS = "domains/table.md"  # beside the report, where `lavic-chat table` has written one there
PLACED = (MODEL_RUN, "no-search", "list")  # shown by where the right product stood
ATTRIBUTES = ("colour", "material", "pattern", "style", "type")
MAX_VALUES = 14  # of an attribute that are listed


@dataclass(frozen=True)
class ReportContent:
    """What a report is made of. evaluations: of the same conversations, the model's own first; others: of other
    conversations, by their heading; training: what the adapter's card says of it."""

    title: str
    evaluations: Sequence[Evaluation]
    conversations: Sequence[Conversation]
    catalog: Catalog
    training: Mapping = field(default_factory=dict)
    others: Mapping[str, Sequence[Evaluation]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the report's files begin with."""
        return self.title.lower().replace(" ", "-")

    @property
    def model_run(self) -> Evaluation:
        """The model's own evaluation."""
        return self.evaluations[0]

    @property
    def conversations_by_line(self) -> dict[str, Conversation]:
        """Conversations by where they stand, "file, line n"."""
        return {conversation.where: conversation for conversation in self.conversations}

    @cached_property
    def calibration(self) -> Calibration:
        """The model's confidence against its hits."""
        return calibrate(self.model_run.predictions)

    @cached_property
    def groups(self) -> dict[str, list[Share]]:
        """The model's hr@1 by attributes of what was wanted, and by turns."""
        predictions = self.model_run.predictions
        groups = {key: by_attribute(predictions, self.catalog, key)[:MAX_VALUES] for key in ATTRIBUTES}
        return groups | {"turns of the shopper": by_turns(predictions, self.conversations_by_line)}


def read_content(
    title: str, evaluations: str | Path, dialogues: str | Path, others: Sequence[str | Path], settings: Settings
) -> ReportContent:
    """A report's content: folders of evaluations, the dialogues that were evaluated, and the settings' catalogue and
    adapter, read. Raises LavicError where one of them cannot be read."""
    return ReportContent(
        title=title,
        evaluations=read_evaluations(evaluations),
        others={Path(folder).name.replace("-", " "): read_evaluations(folder) for folder in others},
        catalog=load_catalog(settings.catalog),
        training=read_card(settings.adapter).training if settings.adapter else {},
        conversations=read_conversations(dialogues),
    )


def write_report(content: ReportContent, out: str | Path) -> Path:
    """Write NAME.md with its plots, and metrics.json of all evaluations, into `out`; NAME is the title in small.
    Returns where the report lies. Where `out` holds a table by domain, the report points to it."""
    out = Path(out)
    draw_plots(content, out)
    trained = write_curves(content.training, out / f"{content.name}-training.png")
    metrics = {item.name: item.metrics for item in content.evaluations}
    metrics |= {heading: {item.name: item.metrics for item in found} for heading, found in content.others.items()}
    write_json(out / "metrics.json", metrics)
    path = out / f"{content.name}.md"
    write_atomic(path, compose(content, trained, (out / DOMAINS).is_file()))
    return path


def draw_plots(content: ReportContent, out: Path) -> None:
    """The report's pictures but for the training curves."""
    run, name = content.model_run, content.name
    rows = {item.label: item.shares for item in complete(content.evaluations)}
    write_atomic(out / f"{name}-hits.png", draw_bars(rows, run.sets))
    write_atomic(out / f"{name}-calibration.png", draw_calibration(content.calibration))
    for hits, kind in ((True, "right"), (False, "wrong")):
        gallery = draw_gallery(run.predictions, content.conversations_by_line, content.catalog, hits)
        write_atomic(out / f"{name}-{kind}.jpg", gallery)
    for found in content.others.values():
        if found[0].is_retrieved:
            ranks = {item.label: by_rank(item.predictions) for item in found}
            write_atomic(out / f"{name}-ranks.png", draw_ranks(ranks, found[0].metrics["overall"]["chance"]))


def compose(content: ReportContent, trained: bool, by_domain: bool) -> str:
    """The report's Markdown. trained: there are training curves; by_domain: there is a table by domain."""
    name, overall = content.name, content.model_run.metrics["overall"]
    lines = [
        f"# {content.title}: what it picks",
        f"HR@1 on {overall['n']:,} conversations about shapes that training never saw, with 95 % "
        f"bootstrap intervals, Wilson's for parts of them; chance {overall['chance']:.2f}. Made by "
        "`lavic-chat report`.",
        f"![HR@1 by set]({name}-hits.png)",
        main_table(content.evaluations),
    ]
    for heading, found in content.others.items():
        lines += [f"## {heading.capitalize()}", main_table(found)]
        lines += retrieval_section(name, found) if found[0].is_retrieved else []
    if trained:
        lines += ["## Training", f"![Perplexity and validation]({name}-training.png)"]
    lines += [
        "## Looked at",
        *(f"![{kind.capitalize()} picks]({name}-{kind}.jpg)" for kind in ("right", "wrong")),
        "## Confidence",
        f"Expected calibration error {content.calibration.error:.3f}: how far the shown confidence and the share of "
        "right picks lie apart.",
        f"![Confidence and right picks]({name}-calibration.png)",
        *breakdown_sections(content),
    ]
    if by_domain:
        lines += ["## By domain learned", f"One model for several domains against one for each: [table]({DOMAINS})."]
    return "\n\n".join(lines) + "\n"


def retrieval_section(name: str, evaluations: Sequence[Evaluation]) -> list[str]:
    """How high retrieval lets a figure be, and hr@1 by the rank of the right product; name: of the report's files."""
    overall = evaluations[0].metrics["overall"]
    return [
        f"The wanted product is among those found in {overall['ceiling']:.2f} of the conversations; chance "
        f"{overall['chance']:.2f}. Others that fit as well count as wrong.",
        f"![HR@1 by rank in the retrieval]({name}-ranks.png)",
        places_table("rank", evaluations),
    ]


def breakdown_sections(content: ReportContent) -> list[str]:
    """Hits by what was wanted, by turns, and by place among the candidates."""
    lines = []
    for key, shares in content.groups.items():
        lines += [f"## By {key}", breakdown_table(key, shares)] if shares else []
    if by_place(content.model_run.predictions):
        placed = [item for item in complete(content.evaluations) if item.name in PLACED]
        lines += ["## By place among the candidates", places_table("place", placed)]
    return lines


def main_table(evaluations: Sequence[Evaluation]) -> str:
    """HR@1 of every ranker in every set; a ranker that was measured on fewer cases says on how many."""
    first = evaluations[0]
    sets = first.sets
    sets += ["overall"] if sets != ["overall"] else []
    head = [f"{label} ({first.metrics[label]['n']:,})" for label in sets]
    rows = [main_row(item, sets) for item in evaluations]
    for row, item in zip(rows, evaluations, strict=True):
        if len(item.predictions) < len(first.predictions):
            row[0] += f" (on {len(item.predictions):,} cases, where the first line has {hit_where(first, item):.2f})"
    return table(["ranker", *head, "MRR", "VR"], rows)


def main_row(item: Evaluation, sets: Sequence[str]) -> list[str]:
    """A ranker's label, its hr@1 in each set, MRR and valid ratio."""
    shares, overall = item.shares, item.metrics["overall"]
    hits = (format_share(shares[name]) if name in shares else "" for name in sets)
    return [item.label, *hits, f"{overall['mrr']:.2f}", f"{overall['vr']:.3f}"]


def hit_where(first: Evaluation, other: Evaluation) -> float:
    """hr@1 of the first on the cases of the other."""
    cases = {prediction.where for prediction in other.predictions}
    hits = [item.is_hit for item in first.predictions if item.where in cases]
    return sum(hits) / max(1, len(hits))


def breakdown_table(key: str, shares: Sequence[Share]) -> str:
    """A row a group: its cases and hr@1."""
    return table([key, "cases", "HR@1"], [[share.name, f"{share.n:,}", format_share(share)] for share in shares])


def places_table(key: str, evaluations: Sequence[Evaluation]) -> str:
    """A row a place, a column a ranker; every ranker was offered the same."""
    places = {item.label: by_place(item.predictions) for item in evaluations}
    first = next(iter(places.values()))
    found = [{share.name: format_share(share) for share in shares} for shares in places.values()]
    rows = [[share.name, f"{share.n:,}", *(column.get(share.name, "") for column in found)] for share in first]
    return table([key, "cases", *places], rows)


def format_share(share: Share) -> str:
    """hr@1 with its interval."""
    return f"{share.hit:.2f} ({share.low:.2f} to {share.high:.2f})"
