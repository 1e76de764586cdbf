"""How a catalogue's splits compare: the sizes of their families of shapes, and the share of each value in each."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from lavic_chat.catalog.datacard.drawing import (
    LINE,
    MAX_ROWS,
    ROW,
    SPLIT_STYLES,
    WIDTH,
    draw_legend,
    new_figure,
    place,
    shorten,
)
from lavic_chat.catalog.product import Catalog, Product
from lavic_chat.catalog.splits import Splits

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_families(catalog: Catalog, splits: Splits | None) -> "Figure | None":
    """How many shapes come in one, two, three ... products, coloured by split."""
    if splits is None:
        return None
    families = {
        split: Counter(size for ids in shapes.values() if (size := sum(item in catalog for item in set(ids))))
        for split, shapes in splits.shapes.items()
    }
    families = {split: sizes for split, sizes in families.items() if sizes}
    largest = max((max(sizes) for sizes in families.values()), default=0)
    if not largest:
        return None
    note = f"{sum(sizes.total() for sizes in families.values()):,} shapes; each lies in one split with all its products"
    figure = new_figure("Products that share one shape", note, 4.2)
    axes = place(figure, 0.9, 1.15, 0.3, 0.6)
    axes.grid(axis="y")
    floor = np.zeros(largest)
    for sizes, (colour, _) in zip(families.values(), SPLIT_STYLES, strict=False):
        heights = np.array([sizes[size] for size in range(1, largest + 1)])
        axes.bar(range(1, largest + 1), heights, 0.7, floor, color=colour)
        floor += heights
    for size, height in enumerate(floor, 1):
        if height:
            axes.annotate(f"{height:,.0f}", (size, height), (0, 4), textcoords="offset points", ha="center")
    axes.set_xticks(range(1, largest + 1))
    axes.set(
        xlim=(0.4, max(6, largest) + 0.6), ylim=(0, floor.max() * 1.12), xlabel="products of one shape", ylabel="shapes"
    )
    draw_legend(figure, [f"{split} ({sizes.total():,} shapes)" for split, sizes in families.items()])
    return figure


def draw_splits(catalog: Catalog, splits: Splits | None) -> "Figure | None":
    """The share of each category, colour, material and style in every split: dots that lie together are balanced."""
    members = split_members(catalog, splits)
    if len(members) < 2:
        return None
    tables = {"category": shares(members, lambda product: product.category)}
    for key in ("colour", "material", "style"):
        tables[key] = shares(members, lambda product, key=key: product.attributes.get(key, ""))
    panels = [(name, table) for name, table in tables.items() if table]
    lines = [panels[start : start + 2] for start in range(0, len(panels), 2)]
    heights = [max(len(table) for _, table in line) * ROW for line in lines]
    figure = new_figure("Attributes by split", "Share of each split's products", 1.2 + sum(heights) + 0.85 * len(lines))
    top = 1.2
    for line, height in zip(lines, heights, strict=True):
        top += 0.4
        for (name, table), left in zip(line, (1.9, 6.7), strict=False):
            axes = place(figure, left, top, WIDTH - left - 3.1, figure.get_figheight() - top - height)
            draw_dots(axes, table, height / ROW)
            axes.set_title(name.capitalize(), x=0, ha="left", pad=8)
        top += height + 0.45
    draw_legend(figure, [f"{split} ({len(products):,} products)" for split, products in members.items()])
    return figure


def split_members(catalog: Catalog, splits: Splits | None) -> dict[str, list[Product]]:
    """The products of each split that has any; of no more splits than can be told apart by look."""
    members: dict[str, list[Product]] = {split: [] for split in (splits.shapes if splits else {})}
    split_of = splits.split_of if splits else {}
    for product in catalog:
        if split := split_of.get(product.id):
            members[split].append(product)
    return dict(list({split: found for split, found in members.items() if found}.items())[: len(SPLIT_STYLES)])


def shares(members: dict[str, list[Product]], value_of: Callable[[Product], str]) -> dict[str, list[float]]:
    """Value -> its share of each split's products that have one, commonest values first."""
    counts = [Counter(filter(None, map(value_of, products))) for products in members.values()]
    common = [value for value, _ in sum(counts, Counter()).most_common(MAX_ROWS)]
    return {value: [count[value] / max(1, count.total()) for count in counts] for value in common}


def draw_dots(axes: "Axes", table: dict[str, list[float]], rows: float) -> None:
    """One line a value, one dot a split."""
    for row, found in enumerate(table.values()):
        axes.plot([min(found), max(found)], [row, row], color=LINE, lw=4, solid_capstyle="round", zorder=1)
        for number, (share, (colour, marker)) in enumerate(zip(found, SPLIT_STYLES, strict=False)):
            aside = 0.15 * (number - (len(found) - 1) / 2)  # so that equal shares do not hide one another
            axes.plot(share, row + aside, marker, color=colour, ms=6.5, mec="white", mew=0.8)
    axes.set_yticks(range(len(table)), [shorten(name, 22) for name in table], size=10)
    axes.set(xlim=(-0.01, 1.1 * max(map(max, table.values()))), ylim=(rows - 0.4, -0.6))
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g}%")
    axes.tick_params(axis="x", labelsize=9.5, length=0)
