"""How figures look: one width, one style, plain bars with their numbers beside them."""

import io
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, QUIET, LINE, ACCENT, SOFT = "#17201b", "#536059", "#d6dcd6", "#185846", "#b9d0c4"
SPLIT_STYLES = (("#185846", "o"), ("#e0a526", "D"), ("#c24f33", "s"), ("#5b6fa8", "^"), ("#7d8a82", "v"))
DPI, WIDTH = 160, 10.0  # WIDTH in inches
ROW, MAX_ROWS = 0.27, 16  # inches from one value of a list to the next, and values before the rest is summed up
SWATCHES = {  # plain colours as they look on furniture
    "white": "#f6f5f1", "beige": "#dcc8a4", "brown": "#7a5233", "grey": "#8f9294", "gray": "#8f9294",
    "black": "#202022", "red": "#b5262d", "orange": "#d96c2b", "yellow": "#e5ba34", "green": "#43855a",
    "blue": "#2f69aa", "purple": "#76529c", "pink": "#e192a5", "gold": "#c9a24c", "silver": "#c5c8cc",
    "turquoise": "#2aa9b5",
}  # fmt: skip
UNKNOWN = "#c9cfcb"  # a colour whose name nobody knows
STYLE: dict[Any, Any] = {
    "font.size": 11,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.labelcolor": QUIET,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "xtick.color": QUIET,
    "ytick.color": INK,
    "ytick.major.size": 0,
    "grid.color": LINE,
    "text.parse_math": False,  # a catalogue's "$" is no formula
}


def new_figure(title: str, note: str, height: float) -> "Figure":
    """An empty figure of the common width (`height` in inches) with its heading."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height))
    figure.text(0.25 / WIDTH, 1 - 0.22 / height, title, size=15, weight="bold", va="top")
    figure.text(0.25 / WIDTH, 1 - 0.53 / height, note, size=11, color=QUIET, va="top")
    return figure


def to_png(figure: "Figure") -> bytes:
    """The picture alone: neither date nor version, so that the same figure gives the same file."""
    file = io.BytesIO()
    figure.savefig(file, dpi=DPI, facecolor="white", metadata={"Software": None})
    return file.getvalue()


def place(figure: "Figure", left: float, top: float, right: float, bottom: float) -> "Axes":
    """Axes with these margins, in inches from the figure's sides."""
    width, height = figure.get_size_inches()
    return figure.add_axes(
        (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
    )


def bare(axes: "Axes") -> None:
    """No frame, no ticks: the numbers stand beside their bars."""
    axes.set_xticks([])
    axes.spines[:].set_visible(False)


def draw_legend(figure: "Figure", labels: Sequence[str]) -> None:
    """Below the heading: the dots in their order and what each stands for."""
    from matplotlib.lines import Line2D

    dots = [Line2D([], [], ls="", marker=marker, color=colour, ms=7.5) for colour, marker in SPLIT_STYLES]
    height = figure.get_figheight()
    figure.legend(
        dots[: len(labels)], labels[: len(dots)], loc="upper left", frameon=False, ncols=len(dots),
        bbox_to_anchor=(0.13 / WIDTH, 1 - 0.76 / height), borderaxespad=0, handletextpad=0.1, columnspacing=1.4,
    )  # fmt: skip


def shorten(text: str, most: int) -> str:
    """A text cut to `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def with_others(counts: Counter, most: int) -> dict[str, int]:
    """The `most` commonest counts, of which "others" is the last where there are more."""
    if len(counts) <= most:
        return dict(counts.most_common())
    shown = dict(counts.most_common(most - 1))
    return shown | {f"{len(counts) - len(shown):,} others": counts.total() - sum(shown.values())}


def in_columns(items: list, most: int, size: Callable) -> list[list]:
    """The items in their order, cut into at most `most` columns so that the longest is as short as can be."""
    best = max(map(size, items))
    while True:
        columns, left = [[]], best
        for item in items:
            if size(item) > left:
                columns.append([])
                left = best
            columns[-1].append(item)
            left -= size(item)
        if len(columns) <= most:
            return columns
        best += 1


def swatch(name: str) -> str:
    """A colour for its name: ours, or as the web or a survey of people would have it, else a grey."""
    from matplotlib.colors import is_color_like

    name = name.casefold()
    plain = next((word for word in reversed(name.split()) if word in SWATCHES), "")
    known = next(
        (form for form in (name.replace(" ", ""), f"xkcd:{name}") if is_color_like(form) and form != "none"), UNKNOWN
    )
    return SWATCHES.get(plain, known)


def is_pale(name: str) -> bool:
    """Whether a colour needs an edge to be seen on white."""
    from matplotlib.colors import to_rgb

    return min(to_rgb(swatch(name))) > 0.7


def plain_log_ticks(axes: "Axes") -> None:
    """10, 20, 50, 100 instead of powers of ten; fewer where that would crowd."""
    from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

    low, high = axes.get_xlim()
    for steps in ((1, 2, 5), (1, 3), (1,)):
        ticks = [step * 10.0**power for power in range(-2, 13) for step in steps if low <= step * 10.0**power <= high]
        if len(ticks) <= 9:
            break
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.9g}"))
