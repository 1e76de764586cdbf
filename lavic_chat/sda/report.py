"""The report of a study: tables with intervals, the figures of the paper beside ours, and plots, of what it has found
(`study.py`). Written are README.md, metrics.json and *.png."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

from lavic_chat.catalog.datacard.markdown import table
from lavic_chat.features.item_embedder import OWN
from lavic_chat.sda.charts import draw_conflict, draw_hits, draw_spaces
from lavic_chat.sda.fitted import FOUR, H10, MEAN, RUN, WORDS
from lavic_chat.sda.study import LVLM, METRICS, SDA, Study, read_json, read_study
from lavic_chat.sda.table import COMPARED
from lavic_chat.storage.files import write_atomic, write_json

PAPER = Path(__file__).parent / "paper.json"
ABLATIONS = ("lora", "infonce", "hard", "soft", "scaled", "separate", "experts2", "experts4")
RIVALS = {  # against whom
    SDA: (LVLM, "raw", "plain", "tower", "ids", "noise", WORDS, *ABLATIONS), LVLM: ("raw", "plain", WORDS),
}  # fmt: skip
LABELS = {
    "ids": "ids only", "noise": "noise", "plain": "MiniLM + DINOv2", "tower": "MiniLM + our tower",
    "raw": "LLM as it comes", "lvlm": "LLM, LaViC", "sda": "SDA (CMSA, MoDA)", "lora": "CMSA, LoRA",
    "infonce": "InfoNCE, LoRA", "hard": "InfoNCE, MoDA", "separate": "CMSA, a LoRA each", "experts2": "two experts",
    "experts4": "four experts", "start": "taught by the start", "toward": "pictures alone learn",
    "taught": "teacher learns too", "soft": "CMSA, warmer teacher", "scaled": "eight experts, scaled by eight",
    WORDS: "TF-IDF of the texts",
}  # fmt: skip
NAMES = {"vbpr": "VBPR", "slmrec": "SLMRec", "sasrec": "SASRec", "bert4rec": "BERT4Rec"}
TAIL, OVERALL, TAIL_OF_ALL = "tail", "overall", "tail_of_all"
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
    write_atomic(to / "README.md", "\n\n".join(sections(study, tuple(plots))).encode() + b"\n")
    return to / "README.md"


def draw(study: Study) -> dict[str, bytes]:
    """The plots that there is something for, by file."""
    columns = {NAMES[name]: found for name, found in columns_of(study.tables[study.main]).items()}
    plots = {HITS: draw_hits(columns, LABELS)}
    curves = {name: run["valid"] for name, run in study.runs.items() if len(run["valid"]) >= CURVE}
    conflicts = {name: points for name, points in curves.items() if points[0].get("conflict")}
    # Of a run that is drawn, an earlier report may have no curve any more, but the plot.
    lost = {f"{SDA}-0", "lora-0"}.intersection(study.runs) - set(conflicts)
    if conflicts and not lost:
        plots[CONFLICT] = draw_conflict(conflicts)
    spaces = {one["name"]: one for one in study.spaces.get(study.main, ())}
    if shown := [spaces[name] for name in (LVLM, SDA, f"{SDA}-0") if name in spaces][:2]:
        plots[SPACE] = draw_spaces(shown, LABELS)
    return plots


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
        parts += [f"## {name}", *embedded_so(found), table_of(found)]
        if differences := differences_of(found):
            parts += ["Against the others, over the same users:", differences]
    if HITS in plots:
        parts.append("![hits](hits.png)")
    parts += ["## Sign and size beside the paper's", beside_paper(study)]
    if study.lengths:
        parts += ["## How much of a history is needed?", LENGTHS_SAID, lengths_of(study.lengths)]
        parts += ["## How far may a history shift the odds?", PRIOR_SAID, priors_of(study.lengths)]
    parts += ["## What the adaptations learned", runs_of(study.runs)]
    if CONFLICT in plots:
        parts += ["## Do the modalities pull against each other?", "![conflict](conflict.png)", conflict_of(study)]
    for found in study.gradients.values():
        parts += [GRADIENTS_SAID, gradients_of(found)]
    if SPACE in plots:
        parts += ["## The space before and after", "![space](space.png)"]
    return parts


INTRODUCTION = """What each user had last is sought among 100 items that the user never had, and among all ("full"), the
tail being items with fewer than four interactions in training ("rare": in all). Values are means over users and seeds,
with 95 % intervals over users, not over adaptations: those of each fit are in metrics.json (`by_fit`). A star is an
interval that excludes 0. Chance: 0.099. docs/sda.md says of what data, and with which commands this page was made."""


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


def table_of(found: Mapping) -> str:
    """All rows of a comparison."""
    rows = []
    for row in found["rows"]:
        overall, tail, rare = (row["values"][group] for group in (OVERALL, TAIL, TAIL_OF_ALL))
        fits = "" if row["recommender"] == MEAN else str(row["seeds"])
        rows.append([
            row["recommender"], LABELS.get(row["features"], row["features"]), fits,
            with_interval(overall[H10]), f"{overall['N@10']['value']:.3f}",
            with_interval(tail[H10]), f"{tail['N@10']['value']:.3f}", f"{rare[H10]['value']:.3f}",
            with_interval(overall[f"full {H10}"]),
        ])  # fmt: skip
    heads = ("recommender", "features", "fits", "H@10", "N@10", "tail H@10", "tail N@10", "rare H@10", "full H@10")
    return table(heads, rows)


def with_interval(value: Mapping, sign: str = "") -> str:
    """A value with its interval; sign: "+" where it may be of either."""
    found, low, high = (f"{value[name]:{sign}.3f}" for name in ("value", "low", "high"))
    return f"{found} ({low} to {high})"


def differences_of(found: Mapping) -> str:
    """SDA less each rival, and the LLM with LaViC less what is without it, overall and in the tail, by recommender, and
    what part of the rival's H@10 that is; a star where the interval excludes 0."""
    base = {(row["recommender"], row["features"]): row["values"] for row in found["rows"]}
    measured: dict[tuple[str, str, str, str], dict[str, Mapping]] = {}
    for one in found["differences"]:
        if one["theirs"] in RIVALS.get(one["ours"], ()) and one["group"] in (OVERALL, TAIL):
            pair = one["ours"], one["theirs"], one["group"], one["recommender"]
            measured.setdefault(pair, {})[one.get("metric", H10)] = one["measured"]
    rows = []
    for (ours, rival, group, name), values in measured.items():
        theirs = base[(WORDS, "ids") if rival == WORDS else (name, rival)][group][H10]["value"]
        part = f"{100 * values[H10]['value'] / theirs:+.1f} %" if theirs else ""
        cells = [with_star(values[metric]) if metric in values else "" for metric in COMPARED]
        rows.append([LABELS[ours], LABELS[rival], group, name, cells[0], part, *cells[1:]])
    rows.sort(key=lambda row: (row[0] != LABELS[SDA], row))
    heads = ("ours", "against", "users", "recommender", COMPARED[0], "of theirs", *COMPARED[1:])
    return table(heads, rows) if rows else ""


def with_star(value: Mapping) -> str:
    """A difference with its interval, and whether that excludes 0."""
    return with_interval(value, "+") + (" *" if value["low"] > 0 or value["high"] < 0 else "")


def beside_paper(study: Study) -> str:
    """Ours and the paper's H@10 by recommender and features."""
    columns, rows, paper = columns_of(study.tables[study.main]), [], read_json(PAPER)
    for name, theirs in paper["hits"].items():
        for features, values in theirs.items():
            ours = next((one for label, one in columns.get(name, {}).items() if label.split(":")[0] == features), None)
            if ours:
                mine = [f"{ours[group][H10]['value']:.3f}" for group in (OVERALL, TAIL)]
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
intervals over batches. "Soft" is how much of the target's weight is not on an item's own:"""


def gradients_of(found: Sequence[Mapping]) -> str:
    """A row for each run and projection."""
    rows = [
        [LABELS.get(RUN.sub("", one["name"]), one["name"]), one["name"], one["projection"],
         with_star(one["last"]), with_star(one["mean"]), f"{one['soft']['value']:.3f}" if "soft" in one else ""]
        for one in found
    ]  # fmt: skip
    return table(("adaptation", "run", "projection", "last layer", "all layers that learn", "soft"), rows)


def conflict_of(study: Study) -> str:
    """The mean cosine over layers at the end, and the paper's of the last layer."""
    rows, paper = [], read_json(PAPER)
    for name, run in study.runs.items():
        last = run["valid"][-1].get("conflict") or {}
        theirs = paper["conflict"].get({"sda-0": "moda", "lora-0": "lora"}.get(name, ""), {})
        for projection, values in last.items():
            rows.append([
                LABELS.get(RUN.sub("", name), name), name, projection, f"{fmean(values):+.3f}",
                f"{values[-1]:+.3f}", f"{theirs[projection]:+.3f}" if projection in theirs else "",
            ])  # fmt: skip
    heads = ("adaptation", "run", "projection", "mean of the layers", "last layer", "paper, last layer")
    return table(heads, rows)
