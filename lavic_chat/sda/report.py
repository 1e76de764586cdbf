"""The report of a study: tables with intervals, the figures of the paper beside ours, and plots, of what it has left in
its folder.

    OUT/week, OUT/two-years, OUT/week-text, ...   comparisons (`table.json`, `spaces.json`)
    OUT/sda-0, OUT/lora-0, ...                    adaptations (`adapter.json`)
    TO/README.md, metrics.json, *.png             what is written
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from lavic_chat.catalog.datacard.markdown import table
from lavic_chat.errors import LavicError
from lavic_chat.sda.charts import draw_conflict, draw_hits, draw_spaces
from lavic_chat.sda.comparison import FOUR, MEAN, RUN, SPACES, TABLE, WORDS
from lavic_chat.sda.gradients import GRADIENTS_FILE
from lavic_chat.sda.lengths import LENGTHS_FILE
from lavic_chat.storage.files import write_atomic, write_json

PAPER = Path(__file__).parent / "paper.json"
RIVALS = ("lvlm", "raw", "plain", "tower", "ids", "noise", WORDS)  # that SDA is compared with
LABELS = {
    "ids": "ids only", "noise": "noise", "plain": "MiniLM + DINOv2", "tower": "MiniLM + our tower",
    "raw": "LLM as it comes", "lvlm": "LLM, LaViC", "sda": "SDA (CMSA, MoDA)", "lora": "CMSA, LoRA",
    "infonce": "InfoNCE, LoRA", "hard": "InfoNCE, MoDA", "separate": "CMSA, a LoRA each", "experts2": "two experts",
    "experts4": "four experts", "start": "taught by the start", "toward": "pictures alone learn",
    "taught": "teacher learns too", WORDS: "TF-IDF of the texts",
}  # fmt: skip
SDA, TAIL, OVERALL = "sda", "tail", "overall"
HIT = "H@10"


@dataclass(frozen=True, eq=False)
class Study:
    """tables, spaces, lengths: by folder of a comparison; runs: records of the adaptations, by folder; paper: its
    figures; gradients: cosines of the adaptations' gradients, by folder."""

    tables: Mapping[str, dict]
    spaces: Mapping[str, list]
    runs: Mapping[str, dict]
    paper: Mapping
    lengths: Mapping[str, dict]
    gradients: Mapping[str, list]


def write_report(folder: str | Path, to: str | Path) -> Path:
    """Read a study's folder, write its report; returns that file. Raises LavicError where there is no comparison."""
    study, to = read_study(Path(folder)), Path(to)
    main = next(iter(study.tables))
    plots = {"hits.png": draw_hits(columns_of(study.tables[main]), LABELS)}
    if conflicts := {name: run["valid"] for name, run in study.runs.items() if run["valid"][0].get("conflict")}:
        plots["conflict.png"] = draw_conflict(conflicts)
    spaces = {one["name"]: one for one in study.spaces.get(main, ())}
    if shown := [spaces[name] for name in ("lvlm", SDA, f"{SDA}-0") if name in spaces][:2]:
        plots["space.png"] = draw_spaces(shown, LABELS)
    to.mkdir(parents=True, exist_ok=True)
    for name, data in plots.items():
        write_atomic(to / name, data)
    write_json(
        to / "metrics.json",
        {
            "tables": study.tables,
            "runs": {name: short(run) for name, run in study.runs.items()},
            "lengths": study.lengths,
            "gradients": study.gradients,
        },
    )
    write_atomic(to / "README.md", "\n\n".join(sections(study, tuple(plots))).encode() + b"\n")
    return to / "README.md"


def read_study(folder: Path) -> Study:
    """Raises LavicError where the folder holds no comparison, or one that cannot be read."""
    try:
        tables = {path.parent.name: json.loads(path.read_text()) for path in sorted(folder.glob(f"*/{TABLE}"))}
        spaces = {path.parent.name: json.loads(path.read_text()) for path in sorted(folder.glob(f"*/{SPACES}"))}
        lengths = {path.parent.name: json.loads(path.read_text()) for path in sorted(folder.glob(f"*/{LENGTHS_FILE}"))}
        gradients = {
            path.parent.name: json.loads(path.read_text()) for path in sorted(folder.glob(f"*/{GRADIENTS_FILE}"))
        }
        cards = {path.parent.name: json.loads(path.read_text()) for path in sorted(folder.glob("*/adapter.json"))}
        paper = json.loads(PAPER.read_text())
    except (OSError, ValueError) as error:
        raise LavicError(
            f"{folder} holds a file of a study that cannot be read ({error}); run the study again."
        ) from error
    if not tables:
        raise LavicError(f"{folder} holds no comparison yet; `lavic-chat sda study` makes them.")
    main = sorted(tables, key=lambda name: (name != "week", name))
    runs = {name: card["training"]["sda"] for name, card in cards.items() if "sda" in card.get("training", {})}
    return Study({name: tables[name] for name in main}, spaces, runs, paper, lengths, gradients)


def short(run: Mapping) -> dict:
    """Of an adaptation what a report says."""
    return {key: run[key] for key in ("config", "seconds", "machine", "items", "best") if key in run} | {
        "before": run["valid"][0]
    }


def columns_of(found: Mapping) -> dict[str, dict[str, dict]]:
    """By recommender of the paper's, by features: the values of a row."""
    return {
        name: {row["features"]: row["values"] for row in found["rows"] if row["recommender"] == name}
        for name in FOUR if any(row["recommender"] == name for row in found["rows"])
    }  # fmt: skip


def sections(study: Study, plots: Sequence[str]) -> list[str]:
    """The parts of the report."""
    parts = ["# SDA on real purchases", INTRODUCTION]
    for name, found in study.tables.items():
        parts += [f"## {name}", table_of(found)]
        if differences := differences_of(found):
            parts += [f"SDA against the others, {HIT} over the same users:", differences]
    if "hits.png" in plots:
        parts.append("![hits](hits.png)")
    parts += ["## Sign and size beside the paper's", beside_paper(study)]
    if study.lengths:
        parts += ["## How much of a history is needed?", LENGTHS_SAID, lengths_of(study.lengths)]
        parts += ["## How far may a history shift the odds?", PRIOR_SAID, priors_of(study.lengths)]
    parts += ["## What the adaptations learned", runs_of(study.runs)]
    if "conflict.png" in plots:
        parts += ["## Do the modalities pull against each other?", "![conflict](conflict.png)", conflict_of(study)]
    for found in study.gradients.values():
        parts += [GRADIENTS_SAID, gradients_of(found)]
    if "space.png" in plots:
        parts += ["## The space before and after", "![space](space.png)"]
    return parts


INTRODUCTION = """What each user had last is sought among 100 items that the user never had, and among all ("full"), the
tail being items with fewer than four interactions in training. Values are means over users and seeds, with 95 %
intervals over users. Chance: 0.099. `lavic-chat sda study` makes this page; docs/sda.md says of what data."""


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


def table_of(found: Mapping) -> str:
    """All rows of a comparison."""
    rows = []
    for row in found["rows"]:
        overall, tail = row["values"][OVERALL], row["values"][TAIL]
        fits = "" if row["recommender"] == MEAN else str(row["seeds"])
        rows.append([
            row["recommender"], LABELS.get(row["features"], row["features"]), fits,
            with_interval(overall[HIT]), f"{overall['N@10']['value']:.3f}",
            with_interval(tail[HIT]), f"{tail['N@10']['value']:.3f}",
            f"{overall['full H@10']['value']:.3f}",
        ])  # fmt: skip
    heads = ("recommender", "features", "fits", "H@10", "N@10", "tail H@10", "tail N@10", "full H@10")
    return table(heads, rows)


def with_interval(value: Mapping, sign: str = "") -> str:
    """A value with its interval; sign: "+" where it may be of either."""
    found, low, high = (f"{value[name]:{sign}.3f}" for name in ("value", "low", "high"))
    return f"{found} ({low} to {high})"


def differences_of(found: Mapping) -> str:
    """SDA less each rival, overall and in the tail, by recommender, and what part of the rival's that is; a star where
    the interval excludes 0."""
    base = {(row["recommender"], row["features"]): row["values"] for row in found["rows"]}
    rows = []
    for one in found["differences"]:
        if one["ours"] == SDA and one["theirs"] in RIVALS and one["group"] in (OVERALL, TAIL):
            value = one["measured"]
            star = " *" if value["low"] > 0 or value["high"] < 0 else ""
            text = with_interval(value, "+") + star
            key = (WORDS, "ids") if one["theirs"] == WORDS else (one["recommender"], one["theirs"])
            theirs = base[key][one["group"]][HIT]["value"]
            part = f"{100 * value['value'] / theirs:+.1f} %" if theirs else ""
            rows.append([one["recommender"], LABELS[one["theirs"]], one["group"], text, part])
    rows.sort(key=lambda row: (row[1], row[2], row[0]))
    return table(("recommender", "against", "users", "difference", "of theirs"), rows) if rows else ""


def beside_paper(study: Study) -> str:
    """Ours and the paper's H@10 by recommender and features."""
    columns, rows = columns_of(next(iter(study.tables.values()))), []
    for name, theirs in study.paper["hits"].items():
        for features, values in theirs.items():
            ours = next((one for label, one in columns.get(name, {}).items() if label.split(":")[0] == features), None)
            if ours:
                mine = [f"{ours[group][HIT]['value']:.3f}" for group in (OVERALL, TAIL)]
                rows.append(
                    [
                        name,
                        LABELS.get(features, features),
                        *mine,
                        *(f"{values[group]:.3f}" for group in (OVERALL, TAIL)),
                    ]
                )
    return table(("recommender", "features", "H@10", "tail H@10", "paper H@10", "paper tail H@10"), rows)


def runs_of(runs: Mapping[str, Mapping]) -> str:
    """Cross-modal recall and gap before and after, and what it took; runs that differ by their seed together."""
    grouped: dict[str, list[Mapping]] = {}
    for name, run in runs.items():
        grouped.setdefault(RUN.sub("", name), []).append(run)
    rows = []
    for name, group in grouped.items():
        before, best = [run["valid"][0] for run in group], [run["best"] for run in group]
        cells = [LABELS.get(name, name), str(len(group))]
        for key in ("recall_1", "recall_10", "gap"):
            cells += [f"{fmean(one[key] for one in before):.3f}", f"{fmean(one[key] for one in best):.3f}"]
        rows.append([*cells, f"{fmean(run['seconds'] for run in group) / 60:.0f}"])
    heads = (
        "adaptation",
        "seeds",
        "recall@1 before",
        "after",
        "recall@10 before",
        "after",
        "gap before",
        "after",
        "minutes",
    )
    return table(heads, rows)


GRADIENTS_SAID = """That is one batch while they learned. At their end, over batches of items held out, with 95 %
intervals over batches; runs that differ by their seed together:"""


def gradients_of(found: Sequence[Mapping]) -> str:
    """A row for each adaptation and projection, its runs taken together."""
    grouped: dict[tuple[str, str], list[Mapping]] = {}
    for one in found:
        grouped.setdefault((RUN.sub("", one["name"]), one["projection"]), []).append(one)
    rows = []
    for (name, projection), runs in grouped.items():
        cells = [LABELS.get(name, name), str(len(runs)), projection]
        for key in ("last", "mean"):
            mean = {part: fmean(run[key][part] for run in runs) for part in ("value", "low", "high")}
            cells.append(with_interval(mean, "+"))
        rows.append(cells)
    return table(("adaptation", "seeds", "projection", "last layer", "all layers that learn"), rows)


def conflict_of(study: Study) -> str:
    """The mean cosine over layers at the end, and the paper's of the last layer."""
    rows = []
    for name, run in study.runs.items():
        last = run["valid"][-1].get("conflict") or {}
        theirs = study.paper["conflict"].get({"sda-0": "moda", "lora-0": "lora"}.get(name, ""), {})
        for projection, values in last.items():
            rows.append([
                LABELS.get(RUN.sub("", name), name), name, projection, f"{fmean(values):+.3f}",
                f"{values[-1]:+.3f}", f"{theirs[projection]:+.3f}" if projection in theirs else "",
            ])  # fmt: skip
    heads = ("adaptation", "run", "projection", "mean of the layers", "last layer", "paper, last layer")
    return table(heads, rows)
