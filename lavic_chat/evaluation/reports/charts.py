"""The report's plots, in the style of the catalogue's."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lavic_chat.catalog.datacard.drawing import (
    ACCENT,
    LINE,
    QUIET,
    SOFT,
    SPLIT_STYLES,
    STYLE,
    WIDTH,
    bare,
    draw_legend,
    new_figure,
    place,
    to_png,
)
from lavic_chat.evaluation.reports.breakdown import BINS, Calibration, Share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW, LEFT, GAP = 0.34, 3.5, 0.2  # inches from one ranker to the next; of their names; between sets
CHANCE = 0.1  # of ten candidates


def draw_bars(
    rows: Mapping[str, Mapping[str, Share]], sets: Sequence[str], chance: float = CHANCE, of: str = "set"
) -> bytes:
    """PNG: a column of bars a set, a bar a ranker, with 95 % intervals and the chance level."""
    note = "The first pick is right; lines are 95 % intervals, the long one is chance"
    return draw_shares(rows, sets, chance, (f"HR@1 by {of}", note))


def draw_shares(
    rows: Mapping[str, Mapping[str, Share]], sets: Sequence[str], chance: float, heading: tuple[str, str]
) -> bytes:
    """The same of any shares, under a heading and its note."""
    import matplotlib

    with matplotlib.rc_context(STYLE):
        figure = new_figure(*heading, 1.35 + ROW * len(rows))
        width = (WIDTH - LEFT - 0.25 - GAP * (len(sets) - 1)) / len(sets)
        longest = max((shares[name].high for shares in rows.values() for name in sets), default=1.0)
        for column, name in enumerate(sets):
            start = LEFT + column * (width + GAP)
            axes = place(figure, start, 1.15, WIDTH - start - width, 0.15)
            axes.axvline(chance, color=LINE, lw=1, zorder=0)
            draw_column(axes, name, [shares[name] for shares in rows.values()], longest)
            if column == 0:
                label_rows(axes, list(rows), -0.1 / width)
        return to_png(figure)


def draw_column(axes: "Axes", title: str, shares: Sequence[Share], longest: float) -> None:
    """One set's bars, a row a ranker, the first of them in the accent colour; longest: the highest end of all sets."""
    bare(axes)
    axes.set(xlim=(0, 1.27 * longest), ylim=(len(shares) - 0.5, -0.5), yticks=[])
    axes.set_title(f"{title} ({shares[0].n:,})", size=11)
    for row, share in enumerate(shares):
        axes.barh(row, share.hit, height=0.62, color=ACCENT if row == 0 else SOFT)
        axes.plot([share.low, share.high], [row, row], color=QUIET, lw=1.4)
        axes.text(share.high + 0.04 * longest, row, f"{share.hit:.2f}", va="center_baseline", size=10, color=QUIET)


def label_rows(axes: "Axes", labels: Sequence[str], x: float) -> None:
    """The rankers' names to the left of the bars, at x of the axes' width."""
    for row, label in enumerate(labels):
        weight = "bold" if row == 0 else "normal"
        beside: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center_baseline"}
        axes.text(x, row, label, size=10, weight=weight, **beside)


def draw_calibration(calibration: Calibration) -> bytes:
    """PNG: the share of right picks against the confidence, and how many cases each bin of confidence has."""
    import matplotlib

    with matplotlib.rc_context(STYLE):
        note = f"Expected calibration error {calibration.error:.3f}; on the line, 70 % sure is right in 70 %"
        figure = new_figure("Confidence and right picks", note, 5.4)
        axes = place(figure, 0.8, 1.0, WIDTH - 5.2, 0.65)
        axes.plot([0, 1], [0, 1], color=LINE, lw=1.2)
        said, true, counts = zip(*calibration.bins, strict=True)
        axes.plot(said, true, "o-", color=ACCENT, ms=8, mec="white", clip_on=False)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="share of right picks")
        beside = place(figure, 6.0, 1.0, 0.4, 0.65)
        middles = [(min(int(BINS * value), BINS - 1) + 0.5) / BINS for value in said]
        beside.bar(middles, counts, width=0.085, color=SOFT)
        for x, count in zip(middles, counts, strict=True):
            beside.text(x, count, f"{count:,}", ha="center", va="bottom", size=9, color=QUIET)
        beside.set(xlim=(0, 1), yticks=[], xlabel="confidence", ylabel="cases")
        beside.spines["left"].set_visible(False)
        return to_png(figure)


def draw_ranks(rows: Mapping[str, Sequence[Share]], chance: float) -> bytes:
    """PNG: HR@1 of each ranker, with 95 % intervals, by the rank at which retrieval found the right product."""
    import matplotlib

    with matplotlib.rc_context(STYLE):
        note = "Where the right product stood among those found; lines are 95 % intervals, the long one is chance"
        figure = new_figure("HR@1 by rank in the retrieval", note, 4.8)
        draw_legend(figure, list(rows))
        axes = place(figure, 0.8, 1.3, 0.3, 0.85)
        axes.axhline(chance, color=LINE, lw=1, zorder=0)
        for number, (shares, (colour, marker)) in enumerate(zip(rows.values(), SPLIT_STYLES, strict=False)):
            for column, share in enumerate(shares):
                x = column + 0.16 * (number - (len(rows) - 1) / 2)
                axes.plot([x, x], [share.low, share.high], color=colour, lw=1.6, alpha=0.6)
                axes.plot(x, share.hit, marker, color=colour, ms=7.5, mec="white")
        first = next(iter(rows.values()))
        axes.set_xticks(range(len(first)), [f"{share.name}\n({share.n:,})" for share in first])
        axes.set(ylim=(0, 1), xlabel="rank (conversations)", ylabel="HR@1")
        return to_png(figure)
