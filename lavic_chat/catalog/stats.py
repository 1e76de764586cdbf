"""What a catalogue holds, in numbers."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lavic_chat.catalog.product import Catalog

MAX_VALUES = 30  # of one attribute that are listed by name


@dataclass(frozen=True)
class AttributeStats:
    """One attribute: products that have it, distinct values, and the commonest MAX_VALUES with their counts."""

    products: int
    distinct: int
    values: Mapping[str, int]


@dataclass(frozen=True)
class CatalogStats:
    """Counts over a catalogue. `pictures` are the listed ones, `missing` those of them with no file."""

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


def catalog_stats(catalog: Catalog) -> CatalogStats:
    """Count what the catalogue lists, and which picture files are there; opens no picture."""
    values: dict[str, Counter] = {}
    for product in catalog:
        for name, value in product.attributes.items():
            values.setdefault(name, Counter())[value] += 1
    listed = [(product, index) for product in catalog for index in range(len(product.images))]
    return CatalogStats(
        products=len(catalog),
        titles=len({product.title for product in catalog}),
        pictures=len(listed),
        missing=sum(catalog.picture_path(product, index) is None for product, index in listed),
        without_picture=sum(not product.images for product in catalog),
        described=sum(bool(product.description) for product in catalog),
        priced=sum(product.price is not None for product in catalog),
        categories=ranked(product.category for product in catalog),
        attributes={
            name: AttributeStats(counts.total(), len(counts), dict(counts.most_common(MAX_VALUES)))
            for name, counts in sorted(values.items())
        },
        licenses=ranked(product.license for product in catalog if product.license),
    )


def ranked(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())


def stats_table(stats: CatalogStats) -> str:
    """The counts as lines for people."""
    lines = [
        f"{stats.products:,} products with {stats.titles:,} different titles",
        f"{stats.pictures:,} pictures listed, {stats.missing:,} of them missing; "
        f"{stats.without_picture:,} products list none",
        f"{stats.described:,} with a description, {stats.priced:,} with a price",
    ]
    lines += block("Categories", {name or "(none)": count for name, count in stats.categories.items()})
    for name, attribute in stats.attributes.items():
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
