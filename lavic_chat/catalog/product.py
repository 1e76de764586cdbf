"""The nouns of a catalogue: a product, and the folder that holds many."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class Product:
    """One line of `products.jsonl`. `images` are paths relative to the catalogue folder, the main one first."""

    id: str
    title: str
    category: str
    images: tuple[str, ...] = ()
    description: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    price: float | None = None
    source: str = ""
    creator: str = ""
    license: str = ""


@dataclass(frozen=True)
class Catalog:
    """A catalogue folder, read and checked; `load_catalog` makes it."""

    folder: Path
    products: tuple[Product, ...]

    @cached_property
    def by_id(self) -> dict[str, Product]:
        return {product.id: product for product in self.products}

    def __len__(self) -> int:
        return len(self.products)

    def __iter__(self) -> Iterator[Product]:
        return iter(self.products)

    def __contains__(self, product_id: object) -> bool:
        return product_id in self.by_id

    def __getitem__(self, product_id: str) -> Product:
        return self.by_id[product_id]
