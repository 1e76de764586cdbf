"""The report of a study: tables with intervals, the figures of the paper beside ours, and plots, of what it has found
(`study.py`). Written are README.md, comparisons.md, metrics.json and *.png."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

from lavic_chat.catalog.datacard.markdown import table
from lavic_chat.features.item_embedder import OWN
from lavic_chat.sda.charts import draw_conflict, draw_hits, draw_spaces
from lavic_chat.sda.evaluation import OVERALL, TAIL
from lavic_chat.sda.fitted import FOUR, H10, MEAN, RUN, WORDS
from lavic_chat.sda.labels import LABELS, NAMES, label_of, with_interval, with_star
from lavic_chat.sda.markdown import table_of, table_of_differences
from lavic_chat.sda.study import LVLM, METRICS, SDA, Study, read_json, read_study
from lavic_chat.storage.files import write_atomic, write_json

PAPER = Path(__file__).parent / "paper.json"
PAGE, DETAILS = "README.md", "comparisons.md"
DATA = {"week", "two-years"}  # sets of purchases; other comparisons are of parts
LAYERS = "last layer", "all layers that learn"
CURVE = 3  # validations make one
PLOTS = HITS, CONFLICT, SPACE = "hits.png", "conflict.png", "space.png"


def write_report(folder: str | Path, to: str | Path, earlier: str | Path | None = None) -> Path:
    """Read a study's folder, write its report; returns that file. earlier: the folder of another report, of whose study
    and plots that is taken which this has not. Raises LavicError where there is no comparison."""
    study, to = read_study(folder, earlier), Path(to)
    plots = draw(study)
    kept = [Path(earlier) / name for name in PLOTS] if earlier else []
    plots = {path.name: path.read_bytes() for path in kept if path.is_file()} | plots
    to.mkdir(parents=True, exist_ok=True)
    for name, data in plots.items():
        write_atomic(to / name, data)
    write_json(to / METRICS, study.as_metrics())
    for name, parts in ((DETAILS, details(study)), (PAGE, sections(study, tuple(plots)))):
        write_atomic(to / name, "\n\n".join(parts).encode() + b"\n")
    return to / PAGE


def draw(study: Study) -> dict[str, bytes]:
    """The plots that there is something for, by file."""
    columns = {NAMES[name]: found for name, found in columns_of(study.tables[study.main]).items()}
    known = (row["values"][TAIL][H10]["value"] for row in rows_of(study.tables[study.main], WORDS))
    plots = {HITS: draw_hits(columns, next(known, None))}
    curves = {name: run["valid"] for name, run in study.runs.items() if len(run["valid"]) >= CURVE}
    conflicts = {name: points for name, points in curves.items() if points[0].get("conflict")}
    # Of a run that is drawn, an earlier report may have no curve any more, but the plot.
    lost = {f"{SDA}-0", "lora-0"}.intersection(study.runs) - set(conflicts)
    if conflicts and not lost:
        plots[CONFLICT] = draw_conflict(conflicts)
    spaces = {one["name"]: one for one in study.spaces.get(study.main, ())}
    if shown := [spaces[name] for name in (LVLM, SDA, f"{SDA}-0") if name in spaces][:2]:
        plots[SPACE] = draw_spaces(shown)
    return plots


def columns_of(found: Mapping) -> dict[str, dict[str, dict]]:
    """By recommender of the paper's, by features: the values of a row."""
    rows = {name: rows_of(found, name) for name in FOUR}
    return {name: {row["features"]: row["values"] for row in of_name} for name, of_name in rows.items() if of_name}


def rows_of(found: Mapping, recommender: str) -> list[Mapping]:
    """Of a comparison, those of one recommender, or of the mean of several."""
    return [row for row in found["rows"] if row["recommender"] == recommender]


def sections(study: Study, plots: Sequence[str]) -> list[str]:
    """The parts of the page that is read first."""
    parts = ["# SDA on real purchases", INTRODUCTION]
    for name in [name for name in study.tables if name in DATA] or study.tables:
        parts += [f"## {name}", *in_short(study.tables[name])]
        if HITS in plots and name == study.main:
            parts.append("![hits](hits.png)")
    parts += ["## Sign and size beside the paper's", beside_paper(study)]
    parts += ["## What the adaptations learned", runs_of(study.runs)]
    if CONFLICT in plots or study.gradients:
        parts.append("## Do the modalities pull against each other?")
    if CONFLICT in plots:
        parts.append("![conflict](conflict.png)")
    if study.gradients:
        parts += [GRADIENTS_SAID, gradients_of(study.gradients)]
    if SPACE in plots:
        parts += ["## The space before and after", "![space](space.png)"]
    if study.lengths:
        parts += ["## How much of a history is needed?", LENGTHS_SAID, lengths_of(study.lengths)]
        parts += ["## How far may a history shift the odds?", PRIOR_SAID, priors_of(study.lengths)]
    return parts


def details(study: Study) -> list[str]:
    """The parts of the page that has all: every recommender of every comparison, and single batches of gradients."""
    parts = ["# Every comparison", DETAILS_SAID]
    for name, found in study.tables.items():
        parts += [f"## {name}", *embedded_so(found), table_of(found["rows"])]
        if differences := table_of_differences(found):
            parts += ["Against the others, over the same users:", differences]
    if any(run["valid"][-1].get("conflict") for run in study.runs.values()):
        parts += ["## Gradients of one batch, while they learned", conflict_of(study)]
    return parts


def in_short(found: Mapping) -> list[str]:
    """The mean of the paper's four recommenders, and words alone; all of them where not all four were fitted."""
    means, words = rows_of(found, MEAN), rows_of(found, WORDS)
    parts = [*embedded_so(found), table_of(means + words if means else found["rows"])]
    if differences := table_of_differences(found, (MEAN,) if means else ()):
        parts += ["Less the others, over the same users:", differences]
    return parts


INTRODUCTION = """What each user had last is sought among 100 items that the user never had, and among all ("full"), the
tail being items with fewer than four interactions in training ("rare": in all). Values are means over users and seeds,
with 95 % intervals over users, not over adaptations: those of each fit are in metrics.json (`by_fit`). A star is an
interval that excludes 0. Chance: 0.099. Shown are means of VBPR, SLMRec, SASRec and BERT4Rec; every recommender and
every comparison is [on a page of its own](comparisons.md). docs/sda.md says of what data, and with which commands this
was made."""

DETAILS_SAID = """[The report](README.md) says how this is to be read."""


LENGTHS_SAID = """What is like the newest few items of each user, by features alone, as "You may also like" finds it:
H@10 of the item after them, with 95 % intervals, the same users for every length (those with as many items as the
longest). Chance: 0.099."""


PRIOR_SAID = """Each user's last item among nine others of its category that the user never had, as the chat has ten
candidates of one kind: the weight that a history's likeness has in the odds, fitted on the items before the last ones,
how much likelier than by chance (0.1) the last one is with it, and how often it is the nearest to the history."""


def priors_of(lengths: Mapping[str, Mapping]) -> str:
    """A row for each comparison."""
    rows = [
        [name, found["features"], f"{found['prior']['weight']:g}", with_interval(found["prior"]["gain"]),
         with_interval(found["prior"]["first"]), f"{found['prior']['first']['n']:,}"]
        for name, found in lengths.items()
    ]  # fmt: skip
    return table(("data", "features", "weight", "gain in nats", "nearest of ten", "users"), rows)


def lengths_of(lengths: Mapping[str, Mapping]) -> str:
    """A column for each comparison, a row for each length."""
    heads = [f"{name}, {found['features']}, {found['users']} users" for name, found in lengths.items()]
    columns = [{row["length"]: with_interval(row["found"]) for row in found["rows"]} for found in lengths.values()]
    return table(("newest items", *heads), [[str(length), *(one[length] for one in columns)] for length in columns[0]])


def embedded_so(found: Mapping) -> list[str]:
    """What the mean is taken of where the LLM embeds items, as far as that was written down."""
    if pool := found.get("embedder", {}).get("pool"):
        return [f"The LLM's vectors are means over {'what is of the item' if pool == OWN else 'the whole prompt'}."]
    return []


def beside_paper(study: Study) -> str:
    """Ours and the paper's H@10 by recommender and features."""
    columns, rows = columns_of(study.tables[study.main]), []
    for name, theirs in read_json(PAPER)["hits"].items():
        for features, values in theirs.items():
            ours = next((one for label, one in columns.get(name, {}).items() if label.split(":")[0] == features), None)
            if ours:
                mine = [f"{ours[group][H10]['value']:.3f}" for group in (OVERALL, TAIL)]
                paper = [f"{values[group]:.3f}" for group in (OVERALL, TAIL)]
                rows.append([NAMES[name], label_of(features), *mine, *paper])
    return table(("recommender", "features", "H@10", "tail H@10", "paper H@10", "paper tail H@10"), rows)


def runs_of(runs: Mapping[str, Mapping]) -> str:
    """Cross-modal recall and gap before and after, and what it took; runs that differ by their seed together."""
    grouped: dict[str, list[Mapping]] = {}
    for name, run in runs.items():
        grouped.setdefault(RUN.sub("", name), []).append(run)
    rows = []
    for name, group in sorted(grouped.items(), key=lambda one: one[0] != SDA):
        before, best = [run["valid"][0] for run in group], [run["best"] for run in group]
        cells = [label_of(name), str(len(group))]
        for key in ("recall_1", "recall_10", "gap"):
            cells += [f"{fmean(one[key] for one in before):.3f}", f"{fmean(one[key] for one in best):.3f}"]
        rows.append([*cells, f"{fmean(run['seconds'] for run in group) / 60:.0f}"])
    heads = [f"{name} {when}" for name in ("recall@1", "recall@10", "gap") for when in ("before", "after")]
    return table(("adaptation", "seeds", *heads, "minutes"), rows)


GRADIENTS_SAID = """At the end of each run, over batches of items held out, with 95 % intervals over batches. The plot
is of one batch while they learned. "Soft" is how much of the target's weight is not on an item's own."""


def gradients_of(gradients: Mapping[str, Sequence[Mapping]]) -> str:
    """A row for each run and projection; of one measured twice, the one that tells how soft the target is."""
    measured = sorted((one for found in gradients.values() for one in found), key=lambda one: "soft" in one)
    rows, paper = [], read_json(PAPER)["conflict"]
    for one in {(one["name"], one["projection"]): one for one in measured}.values():
        theirs = paper.get({SDA: "moda", "lora": "lora"}.get(RUN.sub("", one["name"]), ""), {}).get(one["projection"])
        soft = f"{one['soft']['value']:.3f}" if "soft" in one else ""
        cells = [label_of(one["name"]), one["name"], one["projection"], with_star(one["last"]), with_star(one["mean"])]
        rows.append([*cells, soft, "" if theirs is None else f"{theirs:+.3f}"])
    rows.sort(key=lambda row: row[0] != LABELS[SDA])
    return table(("adaptation", "run", "projection", *LAYERS, "soft", "paper, last layer"), rows)


def conflict_of(study: Study) -> str:
    """Of each run the last cosines that were measured while it learned."""
    rows = []
    for name, run in study.runs.items():
        for projection, values in (run["valid"][-1].get("conflict") or {}).items():
            rows.append([label_of(name), name, projection, f"{values[-1]:+.3f}", f"{fmean(values):+.3f}"])
    return table(("adaptation", "run", "projection", *LAYERS), rows)
