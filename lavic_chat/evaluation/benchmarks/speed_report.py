"""speed.md: the figures of both sides in one table, their plot, and what only this side measures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lavic_chat.catalog.datacard.markdown import table
from lavic_chat.errors import LavicError
from lavic_chat.evaluation.benchmarks.processes import TELLING
from lavic_chat.evaluation.benchmarks.ratios import Ratio
from lavic_chat.evaluation.benchmarks.sides import AFTER, BEFORE, PACKAGES
from lavic_chat.evaluation.benchmarks.speed_figures import Figure, figures_of, same_picks
from lavic_chat.evaluation.benchmarks.speed_plot import draw_gains
from lavic_chat.evaluation.compare import SamePicks, compare_picks
from lavic_chat.storage.files import write_atomic, write_json

NAME = "speed"
TIMES_BETTER = (
    "Times better: above 1 is faster, more in the same time, or less taken. It is the median of the ratios of runs "
    "made one right after the other, with the least and the most of them; without these where each side was measured "
    "once."
)


@dataclass(frozen=True)
class Extras:
    """Beside what was measured. bars: by a figure's key, how many times better it should be; picks: two folders of
    `evaluate`, before and after."""

    bars: Mapping[str, float] = field(default_factory=dict)
    picks: tuple[str | Path, str | Path] | None = None


def read_bars(texts: Sequence[str]) -> dict[str, float]:
    """Bars by key, of texts such as "turn=3"; raises LavicError for others."""
    bars = {}
    for text in texts:
        key, _, value = text.partition("=")
        try:
            bars[key.strip()] = float(value)
        except ValueError:
            raise LavicError(f"--bar {text!r} is no bar; give a figure and how many times better, as turn=3.") from None
    return bars


def write_report(record: dict, out: str | Path, extras: Extras = Extras()) -> Path:
    """Write speed.md and speed.png into the folder that holds the record, and return where the former lies. Raises
    LavicError for a bar of a figure that there is not, or picks that cannot be compared."""
    figures = figures_of(record["parts"])
    if unknown := set(extras.bars) - {figure.key for figure in figures}:
        known = ", ".join(figure.key for figure in figures)
        raise LavicError(f"There is no figure {sorted(unknown)[0]!r} to set a bar for; measured are {known}.")
    out = Path(out)
    if extras.picks:
        record["picks"] = compare_picks(*extras.picks).to_row()
        write_json(out / f"{NAME}.json", record)
    if plotted := [figure for figure in figures if figure.gain]:
        write_atomic(out / f"{NAME}.png", draw_gains(plotted))
    path = out / f"{NAME}.md"
    write_atomic(path, compose(record, figures, extras.bars))
    return path


def compose(record: dict, figures: Sequence[Figure], bars: Mapping[str, float] | None = None) -> str:
    """The page in Markdown."""
    blocks = [
        "# How fast it is, before and after",
        describe_run(record),
        figure_table(figures, bars or {}),
        TIMES_BETTER,
    ]
    if turns := record["parts"].get("turn"):
        same, of = same_picks(turns)
        blocks += [f"Both picked the same product in {same} of the {of} conversations that these turns began."]
    if any(figure.gain for figure in figures):
        blocks += [f"![How many times better each figure is]({NAME}.png)"]
    if "picks" in record:
        blocks += ["## The same picks", describe_picks(SamePicks(**record["picks"]))]
    if bench := record["parts"].get("bench"):
        blocks += ["## This version alone", bench_table(bench[AFTER]), "### Where the time of a turn goes"]
        blocks += [table(["step", "ms"], step_rows(bench[AFTER]["turns"]["steps_ms"]))]
    blocks += ["## The two sides", side_table(record)]
    return "\n\n".join(blocks) + "\n"


def describe_run(record: dict) -> str:
    """The machine, and how busy it was with other work."""
    machine = record["about"]["machine"]
    sets = ", ".join(name for name in TELLING if name in machine["instruction_sets"]) or "none that matters"
    memory = f", {machine['memory_gib']} GiB" if machine["memory_gib"] else ""
    others = machine["load"]
    load = "" if others is None else f" In the minute before, {others:.1f} processes wanted a core in the mean."
    return (
        f"Made by `python -m lavic_chat.evaluation.speed` on {machine['processor']} ({sets}), {machine['cores']} cores"
        f"{memory}, {machine['system']}: both versions in one run.{load}"
    )


def figure_table(figures: Sequence[Figure], bars: Mapping[str, float]) -> str:
    """A row a figure; the bars only where there are any."""
    heads = ["figure", "before", "after", "times better", *(["bar"] if bars else [])]
    rows = [
        [
            figure.name,
            f"{amount(figure.before)} {figure.unit}",
            f"{amount(figure.after)} {figure.unit}",
            times(figure.gain),
            *([verdict(figure, bars.get(figure.key))] if bars else []),
        ]
        for figure in figures
    ]
    return table(heads, rows)


def verdict(figure: Figure, bar: float | None) -> str:
    """The bar, and whether the figure is over it; "" without a bar."""
    if bar is None:
        return ""
    return f"{bar:g}: {'met' if figure.gain and figure.gain.median >= bar else 'not met'}"


def amount(value: float) -> str:
    """As many digits as can be told apart."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def times(ratio: Ratio | None) -> str:
    """A ratio, with its least and most where there are several pairs."""
    if ratio is None:
        return ""
    apart = f" ({ratio.least:.2f} to {ratio.most:.2f}, {ratio.pairs} pairs)" if ratio.pairs > 1 else ""
    return f"{ratio.median:.2f}{apart}"


def describe_picks(picks: SamePicks) -> str:
    """How often both pick the same, and how often each is right."""
    low, high = picks.same_95
    return (
        f"Of {picks.n:,} conversations both versions pick the same product in {picks.same:.3f} (95 % {low:.3f} to "
        f"{high:.3f}). HR@1 is {picks.before:.3f} before and {picks.after:.3f} after; the difference is "
        f"{picks.gain:+.3f} ({picks.gain_95[0]:+.3f} to {picks.gain_95[1]:+.3f})."
    )


def bench_table(bench: dict) -> str:
    """What the older version's bench does not know."""
    rows = [["second turn of a conversation by its first", relation(bench["turns"]["ratio"])]]
    if found := bench.get("candidates"):
        ten, fifty = found["ten"]["p50"], found["fifty"]["p50"]
        rows += [[f"fifty candidates ({fifty:,.0f} ms) by ten ({ten:,.0f} ms)", relation(found["ratio"])]]
    if authors := bench.get("authors"):
        ours, theirs = authors["ours"]["p50"], authors["theirs"]["p50"]
        name = f"a turn the LaViC authors' way ({theirs:,.0f} ms) by ours ({ours:,.0f} ms)"
        rows += [[name, relation(authors["ratio"])]]
        rows += [["- of theirs, encoding ten pictures", f"{authors['encode_ms']:,.0f} ms"]]
        rows += [["- of theirs, writing up to ten tokens", f"{authors['decode_ms']:,.0f} ms"]]
    if pictures := bench.get("pictures"):
        rows += [["pictures looked at, in batches", f"{pictures['a_second']:.1f} a second"]]
        rows += [["one photo alone", f"{pictures['photo_ms']:,.0f} ms"]]
    return table(["figure", "ratio or value"], rows)


def relation(ratio: dict) -> str:
    """A ratio as JSON has it."""
    return times(Ratio(**ratio))


def step_rows(steps: Mapping[str, float]) -> list[list[str]]:
    """Steps that take any time, in their order."""
    return [[name, f"{value:,.1f}"] for name, value in steps.items()]


def side_table(record: dict) -> str:
    """Commits, versions, and what each runs in."""
    sides = [record["about"][name] for name in (BEFORE, AFTER)]
    rows = [["commit", *(side["commit"] or "" for side in sides)]]
    for part in ("turn", "beside"):
        if part in record["parts"]:
            ready = [record["parts"][part][name]["ready"] for name in (BEFORE, AFTER)]
            rows += [["runs in", *(f"{one['runtime']}, {one['threads']} threads" for one in ready)]]
            break
    rows += [[name, *(side.get(name) or "" for side in sides)] for name in ("python", *PACKAGES)]
    return table(["", "before", "after"], rows)
