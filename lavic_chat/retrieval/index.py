"""An index over items' vectors. It knows vectors, `Filters` and ids, no language: a server can take its place."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lavic_chat.catalog import Product
from lavic_chat.catalog.columns import Columns, columns_of
from lavic_chat.catalog.filters import Filters

FIRST = 1024  # items by their bonus alone, from whose similarities it is seen which others may be among the nearest
MOST_APART = 0.3  # of all items: where more are asked for, all are compared at once, which is then as quick
UNIT = 1 + 1e-4  # length of the longest vector, within the precision of its numbers


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
    """All items are compared, exactly: text [N, d], picture [N, h], unit vectors in the products' order, in memory or
    mapped from a file. Items that cannot be among the nearest, whatever their vectors are, are left unread."""

    def __init__(self, products: Sequence[Product], text: np.ndarray, picture: np.ndarray):
        self.columns, self.text, self.picture = columns_of(products), text, picture

    def search(self, vectors: QueryVectors, filters: Filters, excluded: Collection[str], k: int) -> list[Hit]:
        """See `Index.search`; items of one similarity stand in the catalogue's order. Those whose vectors are no
        numbers, as on a damaged disk, are not found."""
        rows = self.within_reach(vectors, admitted_rows(self.columns, filters, excluded), k)
        return best_hits(self.columns.ids, rows, self.similarities(vectors, rows), k)

    def within_reach(self, vectors: QueryVectors, rows: np.ndarray, k: int) -> np.ndarray:
        """Those of the rows whose bonus is high enough for their vectors to bring them among the k nearest."""
        bonus, first = vectors.bonus, max(FIRST, 4 * k)
        if bonus is None or len(rows) <= first:
            return rows
        highest = rows[np.argpartition(-bonus[rows], first)[:first]]
        kth = kth_highest(self.similarities(vectors, highest), k) if k else np.inf
        return rows[bonus[rows] >= kth - reach(vectors)]

    def similarities(self, vectors: QueryVectors, rows: np.ndarray) -> np.ndarray:
        """[n] of these items, bonus and all; those that are no numbers are below all others."""
        return similarities((self.text, self.picture), vectors, rows)


def admitted_rows(columns: Columns, filters: Filters, excluded: Collection[str]) -> np.ndarray:
    """Places of the items that the filters admit, without those excluded, in their order."""
    admitted = filters.mask(columns)
    admitted[columns.rows_of(excluded)] = False
    return np.flatnonzero(admitted)


def similarities(items: tuple[np.ndarray, np.ndarray], vectors: QueryVectors, rows: np.ndarray) -> np.ndarray:
    """[n] of the items in these rows of text [N, d] and picture [N, h], bonus and all; those that are no numbers are
    below all others."""
    text, picture = items
    found = compare(text, vectors.text, rows)
    if vectors.picture is not None:
        found = found + compare(picture, vectors.picture, rows)
    found = found if vectors.bonus is None else found + vectors.bonus[rows]
    return np.where(np.isfinite(found), found, -np.inf)


def best_hits(ids: Sequence[str], rows: np.ndarray, found: np.ndarray, k: int) -> list[Hit]:
    """The k highest of items in these rows, [n] in their order, by their similarities [n]; those that are no numbers
    are none."""
    if not (known := np.isfinite(found)).all():
        rows, found = rows[known], found[known]
    if len(rows) > 2 * k > 0:
        least = kth_highest(found, k)
        rows, found = rows[found >= least], found[found >= least]
    return [Hit(ids[rows[at]], float(found[at])) for at in np.argsort(-found, kind="stable")[:k]]


def kth_highest(numbers: np.ndarray, k: int) -> float:
    """Of [n], n >= k > 0."""
    return np.partition(numbers, len(numbers) - k)[len(numbers) - k]


def reach(vectors: QueryVectors) -> float:
    """The highest similarity that any item may have, less its bonus."""
    queries = (vectors.text,) if vectors.picture is None else (vectors.text, vectors.picture)
    return UNIT * sum(float(np.linalg.norm(query)) for query in queries)


def compare(items: np.ndarray, query: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Products [n] of the vectors in these rows with a query [d]. In this very thread: memory is what it waits for, and
    beside a model's threads those of a matrix library take longer to wake than to multiply."""
    if len(rows) > MOST_APART * len(items):
        return np.einsum("ij,j->i", items, query)[rows]
    return np.einsum("ij,j->i", items[rows], query)
