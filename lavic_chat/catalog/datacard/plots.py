"""Distributions of a catalogue as PNG pictures, one figure a question, made to be read at a README's width."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lavic_chat.catalog.datacard.drawing import (
    ACCENT,
    MAX_ROWS,
    QUIET,
    ROW,
    SOFT,
    STYLE,
    WIDTH,
    bare,
    in_columns,
    is_pale,
    new_figure,
    place,
    plain_log_ticks,
    shorten,
    swatch,
    to_png,
    with_others,
)
from lavic_chat.catalog.datacard.split_plots import draw_families, draw_splits
from lavic_chat.catalog.product import Catalog, Product
from lavic_chat.catalog.splits import Splits

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_TYPES = 20  # of one category; the rest is summed up


def draw_all(catalog: Catalog, splits: Splits | None) -> Iterator[tuple[str, bytes]]:
    """(file name, PNG) of every figure that the catalogue has the data for; needs matplotlib."""
    import matplotlib

    figures = {"types": draw_types, "colours": draw_colours, "looks": draw_appearance, "prices": draw_prices}
    figures |= {"families": draw_families, "splits": draw_splits}
    with matplotlib.rc_context(STYLE):
        for name, draw in figures.items():
            if figure := draw(catalog, splits):
                yield f"{name}.png", to_png(figure)


def counted(products: Sequence[Product], key: str, most: int = MAX_ROWS) -> dict[str, int]:
    """The commonest values of an attribute, "others" last."""
    counts = Counter(product.attributes[key] for product in products if key in product.attributes)
    return with_others(counts, most)


def draw_types(catalog: Catalog, splits: Splits | None) -> "Figure | None":
    """Products per type, grouped by category, in three columns of about equal length."""
    groups: dict[str, Counter] = {}
    for product in catalog:
        kinds = groups.setdefault(product.category or "(no category)", Counter())
        if "type" in product.attributes:
            kinds[product.attributes["type"]] += 1
    sizes = Counter(product.category or "(no category)" for product in catalog)
    blocks = [(name, count, with_others(groups[name], MAX_TYPES)) for name, count in sizes.most_common(60)]
    if not blocks:
        return None
    columns = in_columns(blocks, 3, lambda block: len(block[2]) + 2.0)
    rows = max(sum(len(block[2]) + 2.0 for block in column) for column in columns)
    kinds = len({kind for group in groups.values() for kind in group})
    note = f"{len(catalog):,} products, {len(sizes):,} categories" + (f", {kinds:,} types" if kinds else "")
    figure = new_figure("Products by category and type", note, 1.15 + rows * 0.235)
    most = max((count for block in blocks for count in block[2].values()), default=1)
    share = (WIDTH - 0.25) / len(columns)
    for number, column in enumerate(columns):
        axes = place(figure, 0.25 + number * share, 0.95, WIDTH - 0.25 - (number + 1) * share + 0.25, 0.1)
        draw_type_column(axes, column, rows, most)
    return figure


def draw_type_column(axes: "Axes", blocks: list, rows: float, most: int) -> None:
    """One column of bars; blocks: (category, its count, count by type); rows: its height, most: the longest bar."""
    bare(axes)
    axes.set_yticks([])
    axes.set(xlim=(-1.8 * most, 1.25 * most), ylim=(rows, 0))
    row = 0.5
    for name, count, kinds in blocks:
        axes.text(-1.8 * most, row, shorten(name, 26), weight="bold", va="center_baseline", size=10.5)
        axes.text(0.03 * most, row, f"{count:,}", weight="bold", va="center_baseline", size=10.5)
        for kind, n in kinds.items():
            row += 1
            axes.text(-1.8 * most, row, shorten(kind, 21), va="center_baseline", size=10)
            axes.barh(row, n, height=0.62, color=SOFT)
            axes.text(n + 0.03 * most, row, f"{n:,}", va="center_baseline", size=9, color=QUIET)
        row += 2


def draw_colours(catalog: Catalog, splits: Splits | None) -> "Figure | None":
    """Products per colour, each bar in its own, with the shades that it holds."""
    colours = counted(list(catalog), "colour", 24)
    if not colours:
        return None
    shades = {
        colour: counted([product for product in catalog if product.attributes.get("colour") == colour], "shade", 60)
        for colour in colours
    }
    distinct = len({product.attributes.get("shade") for product in catalog} - {None})
    note = f"{len(colours)} colours" + (
        f" in {distinct} shades; beside each bar its commonest shades" if distinct else ""
    )
    figure = new_figure("Products by colour", note, 1.25 + len(colours) * 0.36)
    axes = place(figure, 1.35, 1.0, 0.25, 0.15)
    bare(axes)
    most = max(colours.values())
    axes.set(xlim=(0, most * 2.1), ylim=(len(colours) - 0.4, -0.6))
    axes.barh(list(colours), list(colours.values()), height=0.72, color=[swatch(name) for name in colours])
    for bar, colour in zip(axes.patches, colours, strict=True):
        bar.set(edgecolor="#9aa39d" if is_pale(colour) else "none", linewidth=0.7)
    for row, (colour, count) in enumerate(colours.items()):
        number = axes.annotate(
            f"{count:,}", (count, row), (6, 0), textcoords="offset points", va="center_baseline", weight="bold"
        )
        names = ", ".join(f"{name} {n:,}" for name, n in list(shades[colour].items())[:4])
        more = len(shades[colour]) - 4
        axes.annotate(
            shorten(names, 64) + (f", {more} more" if more > 0 else ""),
            (1, row), (9, 0), xycoords=(number, "data"), textcoords="offset points", va="center_baseline", size=9.5,
            color=QUIET,
        )  # fmt: skip
    return figure


def draw_appearance(catalog: Catalog, splits: Splits | None) -> "Figure | None":
    """Products per material, style and pattern, side by side."""
    found = {key: counted(list(catalog), key) for key in ("material", "style", "pattern")}
    found = {key: counts for key, counts in found.items() if counts}
    if not found:
        return None
    rows = max(map(len, found.values()))
    totals = {key: sum(counts.values()) for key, counts in found.items()}
    note = "Of {:,} products, {}".format(len(catalog), ", ".join(f"{n:,} have a {key}" for key, n in totals.items()))
    if set(totals.values()) == {len(catalog)}:
        note = f"{len(catalog):,} products"
    names = " and ".join(filter(None, (", ".join(list(found)[:-1]), list(found)[-1])))
    figure = new_figure(f"Products by {names}", note, 1.55 + rows * ROW)
    share = (WIDTH - 0.25) / len(found)
    for number, (key, counts) in enumerate(found.items()):
        axes = place(figure, 1.45 + number * share, 1.3, 0.1 + (len(found) - number - 1) * share, 0.1)
        bare(axes)
        most = max(counts.values())
        axes.set(xlim=(0, most * 1.3), ylim=(rows - 0.4, -0.6))
        labels = [shorten(name, 17) for name in counts]
        axes.barh(range(len(counts)), list(counts.values()), height=0.66, color=SOFT)
        axes.set_yticks(range(len(counts)), labels)
        axes.text(0, 1.0, key.capitalize(), transform=axes.transAxes, weight="bold", size=12, va="bottom")
        for row, count in enumerate(counts.values()):
            axes.annotate(
                f"{count:,}",
                (count, row),
                (5, 0),
                textcoords="offset points",
                va="center_baseline",
                size=10,
                color=QUIET,
            )
    return figure


def draw_prices(catalog: Catalog, splits: Splits | None) -> "Figure | None":
    """What products cost, by category: median, middle half, and all but the outer tenth, on a log scale."""
    groups: dict[str, list[float]] = {}
    for product in catalog:
        if product.price:
            groups.setdefault(product.category or "(no category)", []).append(product.price)
    groups = dict(sorted(groups.items(), key=lambda item: -len(item[1]))[:24])
    if not groups:
        return None
    groups = dict(sorted(groups.items(), key=lambda item: np.median(item[1])))
    note = "Dot: median. Thick: the middle half. Thin: nine in ten."
    figure = new_figure("Prices by category", note, 1.7 + len(groups) * 0.34)
    axes = place(figure, 2.3, 1.0, 0.85, 0.55)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.set_xscale("log")
    for row, prices in enumerate(groups.values()):
        low, quarter, median, three, high = np.percentile(prices, [5, 25, 50, 75, 95])
        axes.plot([low, high], [row, row], color=SOFT, lw=2.5, solid_capstyle="round")
        axes.plot([quarter, three], [row, row], color=ACCENT, lw=7, solid_capstyle="round")
        axes.plot(median, row, "o", color="white", ms=5)
        axes.text(
            1.02,
            row,
            f"{median:,.0f}",
            transform=axes.get_yaxis_transform(),
            va="center_baseline",
            size=10,
            color=QUIET,
        )
    axes.set_yticks(range(len(groups)), [shorten(name, 24) for name in groups])
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.set_xlabel("price")
    axes.text(1.02, -0.85, "median", transform=axes.get_yaxis_transform(), size=9.5, color=QUIET)
    plain_log_ticks(axes)
    return figure
