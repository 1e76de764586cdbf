"""What an import changes in a catalogue that was there before: products new, changed and gone."""

import filecmp
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lavic_chat.catalog.importing.formats.item import Item
from lavic_chat.catalog.load import read_products
from lavic_chat.catalog.product import PRODUCTS, Product
from lavic_chat.errors import CatalogError


@dataclass(frozen=True)
class Changes:
    """Ids of products."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def read_before(folder: Path) -> dict[str, Product] | None:
    """The products that are there before an import; None where there is no catalogue, or none that can be read."""
    if not (folder / PRODUCTS).is_file():
        return None
    try:
        return {product.id: product for product in read_products(folder, on_bad=lambda _: None)}
    except CatalogError:
        return None


def compare(before: dict[str, Product], items: Sequence[Item], old: Path, new: Path) -> Changes:
    """Of a catalogue's products and those of an import; old, new: the folders with their pictures."""
    same: dict[tuple[Path | None, int], bool] = {}

    def is_changed(item: Item) -> bool:
        product = item.product
        if before[product.id] != product:
            return True
        return any(
            not is_same(file, old / image, new / image, same)
            for image, file in zip(product.images, item.files, strict=True)
        )

    ids = {item.product.id for item in items}
    return Changes(
        tuple(item.product.id for item in items if item.product.id not in before),
        tuple(item.product.id for item in items if item.product.id in before and is_changed(item)),
        tuple(name for name in before if name not in ids),
    )


def is_same(file: Path | None, old: Path, new: Path, known: dict[tuple[Path | None, int], bool]) -> bool:
    """Whether a picture is what it was, or is missing as before; files that several products show are compared once."""
    if not new.is_file() or not old.is_file():
        return new.is_file() == old.is_file()
    key = (file, old.stat().st_ino)
    if key not in known:
        known[key] = filecmp.cmp(old, new, shallow=False)
    return known[key]
