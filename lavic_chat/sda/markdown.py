"""A comparison as tables of Markdown: the values of each set of features, and how far one is above another."""

from collections.abc import Iterable, Mapping

from lavic_chat.catalog.datacard.markdown import table
from lavic_chat.sda.evaluation import OVERALL, TAIL
from lavic_chat.sda.fitted import H10, MEAN, WORDS
from lavic_chat.sda.labels import LABELS, label_of, with_interval, with_star
from lavic_chat.sda.study import LVLM, SDA
from lavic_chat.sda.table import COMPARED

TAIL_OF_ALL = "tail_of_all"
ABLATIONS = ("lora", "infonce", "hard", "soft", "scaled", "separate", "experts2", "experts4", "toward")
RIVALS = {  # against whom
    SDA: (LVLM, "raw", "plain", "tower", "ids", "noise", "sda-of-week", WORDS, *ABLATIONS),
    LVLM: ("raw", "plain", WORDS),
}  # fmt: skip
VALUES = ("H@10", "N@10", "tail H@10", "tail N@10", "rare H@10", "full H@10")


def table_of(rows: Iterable[Mapping]) -> str:
    """Rows of a comparison."""
    cells = []
    for row in rows:
        overall, tail, rare = (row["values"][group] for group in (OVERALL, TAIL, TAIL_OF_ALL))
        fits = "" if row["recommender"] == MEAN else str(row["seeds"])
        known = WORDS if row["recommender"] == WORDS else row["features"]
        cells.append([
            row["recommender"], label_of(known), fits,
            with_interval(overall[H10]), f"{overall['N@10']['value']:.3f}",
            with_interval(tail[H10]), f"{tail['N@10']['value']:.3f}", f"{rare[H10]['value']:.3f}",
            with_interval(overall[f"full {H10}"]),
        ])  # fmt: skip
    return table(("recommender", "features", "fits", *VALUES), cells)


def table_of_differences(found: Mapping, recommenders: Iterable[str] = ()) -> str:
    """SDA less each rival, and the LLM with LaViC less what is without it, overall and in the tail, by recommender, and
    what part of the rival's H@10 that is; a star where the interval excludes 0. recommenders: of these alone; none: of
    all. "" where there is no such pair."""
    base = {(row["recommender"], row["features"]): row["values"] for row in found["rows"]}
    wanted = set(recommenders) or {row["recommender"] for row in found["rows"]}
    measured: dict[tuple[str, str, str, str], dict[str, Mapping]] = {}
    for one in found["differences"]:
        if is_reported(one) and one["recommender"] in wanted:
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


def is_reported(difference: Mapping) -> bool:
    """Whether a report has it: of one that is ours, less a rival of its."""
    return difference["theirs"] in RIVALS.get(difference["ours"], ()) and difference["group"] in (OVERALL, TAIL)
