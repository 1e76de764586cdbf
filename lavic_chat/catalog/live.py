"""A catalogue that may be imported anew while it is shown: pages hold this one, and always have the newest.

Products that are gone stay known by their ids, so that what a visitor was shown before is still there, with its
pictures while these lie in the folder; they are no longer found, and no longer counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from lavic_chat.catalog.columns import Columns
from lavic_chat.catalog.product import Catalog, Product
from lavic_chat.catalog.terms import CatalogTerms

MOST_GONE = 20_000  # products that are kept in mind; of more, the ones that went last


class LookedAgain(Enum):
    """What comes of an owner's word to look at a catalogue again."""

    UNWATCHED = "nobody watches it"
    UNCHANGED = "its files are those that are shown"
    CHANGED = "it is another and being taken up"


@dataclass(frozen=True)
class CatalogChange:
    """How many products are new in a catalogue, are others than before, and are gone."""

    new: int
    changed: int
    gone: int


class LiveCatalog(Catalog):
    """The newest of a folder's catalogues; also knows products of those before."""

    def __init__(self, catalog: Catalog):
        object.__setattr__(self, "_now", (catalog, {}))  # one attribute, so that readers meet both of one time

    @property
    def current(self) -> Catalog:
        """The newest."""
        return self.__dict__["_now"][0]

    @property
    def gone(self) -> Mapping[str, Product]:
        """Products that it had before, by id."""
        return self.__dict__["_now"][1]

    def take(self, catalog: Catalog) -> CatalogChange:
        """From now on show another; returns in what it differs."""
        before, row = self.current, self.current.columns.row
        changed = sum(
            catalog.products[place] != before.products[row[name]]
            for name, place in catalog.columns.row.items() if name in row
        )  # fmt: skip
        lost = [name for name in row if name not in catalog]
        gone = {**self.gone, **{name: before[name] for name in lost[-MOST_GONE:]}}
        kept = [name for name in gone if name not in catalog][-MOST_GONE:]
        object.__setattr__(self, "_now", (catalog, {name: gone[name] for name in kept}))
        return CatalogChange(sum(name not in row for name in catalog.columns.row), changed, len(lost))

    @property
    def folder(self) -> Path:
        """Of the newest, as all that follows."""
        return self.current.folder

    @property
    def products(self) -> Sequence[Product]:
        """In their order."""
        return self.current.products

    @property
    def terms(self) -> CatalogTerms:
        """What may be done with it."""
        return self.current.terms

    @property
    def columns(self) -> Columns:
        """What is compared of all products at once."""
        return self.current.columns

    @property
    def by_id(self) -> Mapping[str, Product]:
        """Product id -> product."""
        return self.current.by_id

    @property
    def fingerprint(self) -> str:
        """SHA-256 of its `products.jsonl`."""
        return self.current.fingerprint

    @property
    def root(self) -> Path:
        """The folder, links followed."""
        return self.current.root

    def __contains__(self, product_id: object) -> bool:
        current, gone = self.__dict__["_now"]
        return product_id in current or product_id in gone

    def __getitem__(self, product_id: str) -> Product:
        current, gone = self.__dict__["_now"]
        return current[product_id] if product_id in current else gone[product_id]

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)
