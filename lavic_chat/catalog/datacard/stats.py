"""What a catalogue holds, in numbers."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lavic_chat.catalog.checks.dialogues import DialogueStats, dialogue_stats
from lavic_chat.catalog.checks.fingerprints import listed_pictures
from lavic_chat.catalog.product import Catalog
from lavic_chat.catalog.splits import read_splits

MAX_VALUES = 30  # of one attribute that are listed by name


@dataclass(frozen=True)
class AttributeStats:
    """One attribute: products that have it, distinct values, and the commonest MAX_VALUES with their counts."""

    products: int
    distinct: int
    values: Mapping[str, int]


@dataclass(frozen=True)
class SplitStats:
    """One split of the shapes."""

    shapes: int
    products: int


@dataclass(frozen=True)
class CatalogStats:
    """Counts over a catalogue. `pictures` are the listed ones, `missing` those of them with no file.

    `types` is the attribute of that name, `shapes` and `splits` what splits.json says; empty where unknown.
    """

    products: int
    titles: int  # distinct
    pictures: int
    missing: int
    without_picture: int  # products that list none
    described: int
    priced: int
    categories: Mapping[str, int]
    attributes: Mapping[str, AttributeStats]
    licenses: Mapping[str, int]
    types: Mapping[str, int]
    shapes: int
    splits: Mapping[str, SplitStats]
    dialogues: tuple[DialogueStats, ...]
    bytes: int  # of the pictures


def catalog_stats(catalog: Catalog) -> CatalogStats:
    """Count what the catalogue lists, which picture files are there, its splits and dialogues; opens no picture.

    Raises CatalogError for a splits.json that cannot be read.
    """
    values: dict[str, Counter] = {}
    for product in catalog:
        for name, value in product.attributes.items():
            values.setdefault(name, Counter())[value] += 1
    listed = sum(len(product.images) for product in catalog)
    there = listed_pictures(catalog)
    splits = split_stats(catalog)
    return CatalogStats(
        products=len(catalog),
        titles=len({product.title for product in catalog}),
        pictures=listed,
        missing=listed - len(there),
        without_picture=sum(not product.images for product in catalog),
        described=sum(bool(product.description) for product in catalog),
        priced=sum(product.price is not None for product in catalog),
        categories=ranked(product.category for product in catalog),
        attributes={
            name: AttributeStats(counts.total(), len(counts), dict(counts.most_common(MAX_VALUES)))
            for name, counts in sorted(values.items())
        },
        licenses=ranked(product.license for product in catalog if product.license),
        types=dict(values.get("type", Counter()).most_common()),
        shapes=sum(split.shapes for split in splits.values()),
        splits=splits,
        dialogues=dialogue_stats(catalog.folder),
        bytes=sum(path.stat().st_size for path in {path for _, _, path in there}),
    )


def split_stats(catalog: Catalog) -> dict[str, SplitStats]:
    """Shapes and products of each split, as far as the products are there; empty where there are no splits."""
    splits = read_splits(catalog.folder)
    known = {split: known_ids(catalog, shapes) for split, shapes in (splits.shapes if splits else {}).items()}
    return {split: SplitStats(len(ids), sum(map(len, ids))) for split, ids in known.items()}


def known_ids(catalog: Catalog, shapes: Mapping[str, tuple[str, ...]]) -> list[set[str]]:
    """The products of each shape that has any."""
    return [found for ids in shapes.values() if (found := {item for item in ids if item in catalog})]


def ranked(values: Iterable[str]) -> dict[str, int]:
    """Counts, the greatest first."""
    return dict(Counter(values).most_common())


def stats_table(stats: CatalogStats) -> str:
    """The counts as lines for people."""
    lines = [
        f"{stats.products:,} products with {stats.titles:,} different titles",
        f"{stats.pictures:,} pictures listed ({stats.bytes / 1e6:,.1f} MB), {stats.missing:,} of them missing; "
        f"{stats.without_picture:,} products list none",
        f"{stats.described:,} with a description, {stats.priced:,} with a price",
    ]
    if stats.splits:
        heading = f"Splits ({stats.shapes:,} shapes)"
        lines += block(heading, {f"{name}, of {s.shapes:,} shapes": s.products for name, s in stats.splits.items()})
    if stats.dialogues:
        rows = {f"{t.file}, {t.set}: {t.turns:.1f} turns": t.conversations for t in stats.dialogues}
        lines += block("Dialogues", rows, longest=30)
    categories = {name or "(none)": count for name, count in stats.categories.items()}
    lines += block(f"Categories ({len(categories):,})", categories, longest=20)
    if stats.types:
        lines += block(f"Types ({len(stats.types):,})", stats.types, longest=100)
    for name, attribute in stats.attributes.items():
        if name == "type":
            continue  # told above, all of them
        heading = f"{name} ({attribute.products:,} products, {attribute.distinct:,} values)"
        lines += block(heading, attribute.values, attribute.distinct)
    if stats.licenses:
        lines += block("Licenses", stats.licenses)
    return "\n".join(lines)


def block(title: str, counts: Mapping[str, int], distinct: int | None = None, longest: int = 12) -> list[str]:
    """A heading, the first counts below it, and how many more of the `distinct` values there are."""
    width = max((len(f"{count:,}") for count in counts.values()), default=0)
    rows = [f"  {count:>{width},}  {name[:70]}" for name, count in list(counts.items())[:longest]]
    left = (distinct or len(counts)) - len(rows)
    return ["", title, *rows, *([f"  ... and {left:,} more"] if left else [])]
