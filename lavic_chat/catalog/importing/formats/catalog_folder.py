"""Products from another catalogue folder, with its pictures under their own names."""

from pathlib import Path

from lavic_chat.catalog.importing.formats.item import Item, Notes
from lavic_chat.catalog.importing.urls import URLS, read_urls
from lavic_chat.catalog.load import load_catalog
from lavic_chat.catalog.product import PRODUCTS

CREDITS = "ATTRIBUTION.md"


def read_folder(source: Path, notes: Notes) -> list[Item]:
    """Another catalogue: its products, and its pictures under their own names."""
    catalog = load_catalog(source)
    expected = {PRODUCTS, CREDITS, URLS} | {image.partition("/")[0] for product in catalog for image in product.images}
    for other in sorted({path.name for path in source.iterdir()} - expected):
        notes["files or folders beside the products were left out"].append(other)
    urls = read_urls(source)
    return [
        Item(
            product,
            tuple(catalog.picture_path(product, index) for index in range(len(product.images))),
            {image: urls[image] for image in product.images if image in urls},
        )
        for product in catalog
    ]
