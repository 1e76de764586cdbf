"""A catalogue's products as columns: what search and filters compare of all products, without an object for each."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Columns:
    """Of N products, in their order. families: what variants share; prices [N]: NaN where none is known; categories
    [N]: places in category_names; in_stock [N]: false where that is known not to be so; currency: of most prices that
    have one of their own, "" where none has."""

    ids: Sequence[str]
    titles: Sequence[str]
    families: Sequence[str]
    prices: np.ndarray
    categories: np.ndarray
    category_names: tuple[str, ...]
    in_stock: np.ndarray
    currency: str = ""

    @cached_property
    def row(self) -> Mapping[str, int]:
        """Product id -> its place."""
        return {name: place for place, name in enumerate(self.ids)}

    @cached_property
    def lower_titles(self) -> tuple[str, ...]:
        """The titles in lower case."""
        return tuple(title.lower() for title in self.titles)

    @cached_property
    def same_family(self) -> np.ndarray:
        """[N] a number for each family, the same for products of one."""
        numbers: dict[str, int] = {}
        return np.fromiter((numbers.setdefault(name, len(numbers)) for name in self.families), np.int64, len(self))

    @cached_property
    def distinct(self) -> int:
        """How many products there are, counting variants of one shape once."""
        pairs = list(zip(self.families, self.titles, strict=True))  # a family that is no title is a shape
        return len({family for family, title in pairs if family != title}) + sum(
            family == title for family, title in pairs
        )

    def variants_of(self, row: int) -> np.ndarray:
        """Places of the products of a row's family, its own among them."""
        return np.flatnonzero(self.same_family == self.same_family[row])

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Category -> how many products are of it, in the order in which they first come."""
        found = np.bincount(self.categories, minlength=len(self.category_names))
        return dict(zip(self.category_names, map(int, found), strict=True))

    def rows_of(self, ids: Iterable[str]) -> list[int]:
        """Places of those ids that are here."""
        return [self.row[name] for name in ids if name in self.row]

    def __len__(self) -> int:
        return len(self.prices)


def columns_of(products: Sequence[Any]) -> Columns:
    """Those that a sequence of `Product`s brings along, else made of them."""
    made = getattr(products, "columns", None)
    return made if isinstance(made, Columns) else make_columns(products)


def make_columns(products: Iterable[Any]) -> Columns:
    """Read off `Product`s, one after the other."""
    columns = ColumnsMaker()
    for product in products:
        columns.add(product)
    return columns.made()


class ColumnsMaker:
    """Makes `Columns` of `Product`s that come one after the other."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.titles: list[str] = []
        self.families: list[str] = []
        self.prices: list[float] = []
        self.categories: list[int] = []
        self.in_stock: list[bool] = []
        self.codes: dict[str, int] = {}
        self.currencies: Counter[str] = Counter()

    def add(self, product: Any) -> None:
        """The next one."""
        self.ids.append(product.id)
        self.titles.append(product.title)
        self.families.append(product.family)
        self.prices.append(np.nan if product.price is None else product.price)
        self.categories.append(self.codes.setdefault(product.category, len(self.codes)))
        self.in_stock.append(product.in_stock is not False)
        self.currencies.update([product.currency] if product.currency else [])

    def made(self) -> Columns:
        """Of all so far."""
        return Columns(
            tuple(self.ids), tuple(self.titles), tuple(self.families), np.array(self.prices, float),
            np.array(self.categories, np.int32), tuple(self.codes), np.array(self.in_stock, bool),
            next((name for name, _ in self.currencies.most_common(1)), ""),
        )  # fmt: skip


def ends_of(sizes: Sequence[int] | np.ndarray) -> np.ndarray:
    """[n + 1] where each of n lists of these sizes, one behind the other, begins, and where the last one ends."""
    starts = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=starts[1:])
    return starts


def places_by_name(names: Sequence[str]) -> dict[str, np.ndarray]:
    """Where each of some names stands, in the order of their first places."""
    found = np.array(names)
    return {name: np.flatnonzero(found == name) for name in dict.fromkeys(names)}
