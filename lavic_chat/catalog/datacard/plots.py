"""Distributions of a catalogue as PNG pictures, one figure a question, made to be read at a README's width."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

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
from lavic_chat.catalog.product import Catalog, Product
from lavic_chat.catalog.splits import Splits

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_ROWS, MAX_TYPES = 16, 20  # of one list of bars; the rest is summed up
ROW = 0.27  # inches from one value to the next


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
    for product in catalog if splits else ():
        if split := splits.split_of.get(product.id):
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
