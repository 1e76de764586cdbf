"""The plot of the speed report: how many times better each figure is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lavic_chat.catalog.datacard.drawing import (
    ACCENT,
    LINE,
    QUIET,
    SOFT,
    STYLE,
    bare,
    new_figure,
    place,
    to_png,
)
from lavic_chat.evaluation.benchmarks.speed_figures import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW, LEFT = 0.36, 4.3  # inches from one figure to the next; of their names


def draw_gains(figures: Sequence[Figure]) -> bytes:
    """PNG: a bar a figure, which has a gain, from 1, as before, to the median of its pairs' ratios, with a line from
    the least to the most; on a logarithmic scale, so that twice as fast is as long as twice as slow."""
    import matplotlib

    with matplotlib.rc_context(STYLE):
        note = "The line in the middle is as before; thin lines are the least and the most of the pairs"
        figure = new_figure("How many times better", note, 1.25 + ROW * len(figures))
        axes = place(figure, LEFT, 1.0, 0.9, 0.15)
        axes.set(xscale="log", ylim=(len(figures) - 0.5, -0.5), yticks=[])
        axes.minorticks_off()
        bare(axes)
        for row, one in enumerate(figures):
            draw_row(axes, row, one)
        axes.axvline(1, color=LINE, lw=1.4, zorder=0)
        return to_png(figure)


def draw_row(axes: "Axes", row: int, figure: Figure) -> None:
    """One figure's bar, its name to the left and its gain to the right."""
    gain = figure.gain
    if gain is None:
        raise ValueError(f"{figure.key} has no gain to draw")
    axes.barh(row, gain.median - 1, left=1, height=0.62, color=ACCENT if gain.median >= 1 else SOFT)
    axes.plot([gain.least, gain.most], [row, row], color=QUIET, lw=1.2)
    beside: dict[str, Any] = {"va": "center_baseline", "size": 10}
    axes.text(max(gain.most, 1) * 1.03, row, f"{gain.median:.2f}", color=QUIET, **beside)
    axes.text(-0.02, row, figure.name.replace("`", ""), transform=axes.get_yaxis_transform(), ha="right", **beside)
