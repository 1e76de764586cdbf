"""Products from another catalogue folder, with its pictures under their own names."""

from pathlib import Path

from lavic_chat.catalog.importing.findings import REJECTED, Findings
from lavic_chat.catalog.importing.formats.item import Item
from lavic_chat.catalog.importing.urls import URLS, read_urls
from lavic_chat.catalog.load import read_products
from lavic_chat.catalog.product import PRODUCTS, Catalog
from lavic_chat.catalog.terms import TERMS
from lavic_chat.errors import LavicError

CREDITS = "ATTRIBUTION.md"


def read_folder(source: Path, findings: Findings) -> list[Item]:
    """Another catalogue: its products, and its pictures under their own names. Bad lines are rejected."""

    def reject(error: LavicError) -> None:
        if findings.strict:
            raise error
        place, _, reason = str(error).removeprefix(f"{source / PRODUCTS}, ").partition(": ")
        findings.reject(place, reason)

    catalog = Catalog(source, tuple(read_products(source, reject)))
    expected = {PRODUCTS, CREDITS, URLS, REJECTED, TERMS}
    expected |= {image.partition("/")[0] for product in catalog for image in product.images}
    for other in sorted({path.name for path in source.iterdir()} - expected):
        findings.note(
            "{file or folder beside the products was|files or folders beside the products were} left out", other
        )
    urls = read_urls(source)
    return [
        Item(
            product,
            tuple(catalog.picture_path(product, index) for index in range(len(product.images))),
            {image: urls[image] for image in product.images if image in urls},
        )
        for product in catalog
    ]
