"""The nouns of a catalogue: a product, and the folder that holds many."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from lavic_chat.catalog.columns import Columns, columns_of
from lavic_chat.catalog.currencies import currency_sign
from lavic_chat.catalog.terms import USUAL, CatalogTerms
from lavic_chat.storage.files import hash_file

PRODUCTS = "products.jsonl"  # the one file that makes a folder a catalogue


@dataclass(frozen=True)
class Product:
    """One line of `products.jsonl`. `images` are relative to the catalogue folder, the main one first.

    currency: of the price, a code or a sign, "" for the catalogue's. link: the product's page, http or https.
    in_stock: None where nobody says. shape: what variants of one product share. source_id: the product's id where it
    came from, "" where that is `id`.
    """

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
    currency: str = ""
    link: str = ""
    in_stock: bool | None = None
    shape: str = ""
    source_id: str = ""

    @property
    def family(self) -> str:
        """What the product shares with its variants in other looks: its shape, else its title."""
        return self.shape or self.title

    def to_row(self) -> dict:
        """The JSON object of this product's line; what is empty is left out."""
        row = {"id": self.id, "title": self.title, "category": self.category, "images": list(self.images)}
        optional = {
            "description": self.description,
            "attributes": dict(self.attributes),
            "price": self.price,
            "source": self.source,
            "creator": self.creator,
            "license": self.license,
            "currency": self.currency,
            "link": self.link,
            "in_stock": self.in_stock,
            "shape": self.shape,
            "source_id": self.source_id,
        }
        return row | {key: value for key, value in optional.items() if value is not None and value not in ("", {})}


@dataclass(frozen=True)
class Problem:
    """Something amiss with a catalogue: what kind, where (a product's id, a line), and one sentence.

    A warning is worth a look; anything else should be mended.
    """

    kind: str
    where: str
    sentence: str
    is_warning: bool = False


class ProductsById(Mapping[str, Product]):
    """Product id -> product, which is made when it is asked for where the products are not held."""

    def __init__(self, products: Sequence[Product], row: Mapping[str, int]):
        self.products, self.row = products, row

    def __getitem__(self, product_id: str) -> Product:
        return self.products[self.row[product_id]]

    def __contains__(self, product_id: object) -> bool:
        return product_id in self.row

    def __iter__(self) -> Iterator[str]:
        return iter(self.row)

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True)
class Catalog:
    """A catalogue folder, read and checked; `load_catalog` makes it, and holds all products, `open_catalog` one that
    makes each when it is asked for."""

    folder: Path
    products: Sequence[Product]
    terms: CatalogTerms = USUAL
    content_hash: str = field(default="", compare=False)  # of products.jsonl, as it was read

    @cached_property
    def columns(self) -> Columns:
        """What is compared of all products at once."""
        return columns_of(self.products)

    @cached_property
    def by_id(self) -> Mapping[str, Product]:
        """Product id -> product."""
        return ProductsById(self.products, self.columns.row)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of `products.jsonl` as it was read; of one that was not, as it lies on disk at the first call."""
        return self.content_hash or hash_file(self.folder / PRODUCTS)

    def currency_sign(self, usual: str) -> str:
        """What stands before its prices: the sign of the terms' currency, else of that of most products, else the usual
        one."""
        return currency_sign(self.terms.currency or self.columns.currency) or usual

    @cached_property
    def root(self) -> Path:
        """The folder, links followed."""
        return self.folder.resolve()

    def picture_path(self, product: Product, index: int = 0) -> Path | None:
        """Where the product's picture number `index` lies, or None: not listed, not there, or outside."""
        if not 0 <= index < len(product.images):
            return None
        try:
            path = (self.root / product.images[index]).resolve()
            return path if path.is_relative_to(self.root) and path.is_file() else None
        except (OSError, RuntimeError, ValueError):  # forbidden, a loop of links, a zero byte
            return None

    def __len__(self) -> int:
        return len(self.products)

    def __iter__(self) -> Iterator[Product]:
        return iter(self.products)

    def __contains__(self, product_id: object) -> bool:
        return product_id in self.by_id

    def __getitem__(self, product_id: str) -> Product:
        return self.by_id[product_id]
