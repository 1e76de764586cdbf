"""An index over items' vectors. It knows vectors, `Filters` and ids, no language: a server can take its place."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np

from lavic_chat.catalog import Product
from lavic_chat.catalog.filters import Filters


@dataclass(frozen=True)
class QueryVectors:
    """What to search by, in the items' two spaces: text [d], and picture [h] or None. bonus: [N] what each item has
    beyond its similarity, or None."""

    text: np.ndarray
    picture: np.ndarray | None = None
    bonus: np.ndarray | None = None


@dataclass(frozen=True)
class Hit:
    """An item that was found; similarity: higher is nearer."""

    id: str
    similarity: float


class Index(Protocol):
    """Whatever finds items by vectors."""

    def search(self, vectors: QueryVectors, filters: Filters, excluded: Collection[str], k: int) -> list[Hit]:
        """The k nearest items that the filters admit, without those excluded by id, nearest first."""
        ...


class ExactIndex:
    """All items in memory, every one compared: text [N, d], picture [N, h], unit vectors in the products' order."""

    def __init__(self, products: Sequence[Product], text: np.ndarray, picture: np.ndarray):
        self.products, self.text, self.picture = products, text, picture

    def search(self, vectors: QueryVectors, filters: Filters, excluded: Collection[str], k: int) -> list[Hit]:
        """See `Index.search`; items of one similarity stand in the catalogue's order."""
        similarities = self.text @ vectors.text
        if vectors.picture is not None:
            similarities = similarities + self.picture @ vectors.picture
        if vectors.bonus is not None:
            similarities = similarities + vectors.bonus
        nearest = ((self.products[row], row) for row in np.argsort(-similarities, kind="stable"))
        admitted = ((one.id, row) for one, row in nearest if one.id not in excluded and filters.admits(one))
        return [Hit(name, float(similarities[row])) for name, row in islice(admitted, k)]
