"""A catalogue's products as columns: what search and filters compare of all products, without an object for each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Columns:
    """Of N products, in their order. prices [N]: NaN where none is known; categories [N]: places in category_names."""

    ids: Sequence[str]
    titles: Sequence[str]
    prices: np.ndarray
    categories: np.ndarray
    category_names: tuple[str, ...]

    @cached_property
    def row(self) -> Mapping[str, int]:
        """Product id -> its place."""
        return {name: place for place, name in enumerate(self.ids)}

    @cached_property
    def lower_titles(self) -> tuple[str, ...]:
        """The titles in lower case."""
        return tuple(title.lower() for title in self.titles)

    @cached_property
    def same_title(self) -> np.ndarray:
        """[N] a number for each title, the same for products of one title."""
        numbers: dict[str, int] = {}
        return np.fromiter((numbers.setdefault(title, len(numbers)) for title in self.titles), np.int64, len(self))

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
    ids, titles, prices, categories = [], [], [], []
    codes: dict[str, int] = {}
    for product in products:
        ids.append(product.id)
        titles.append(product.title)
        prices.append(np.nan if product.price is None else product.price)
        categories.append(codes.setdefault(product.category, len(codes)))
    return Columns(tuple(ids), tuple(titles), np.array(prices, float), np.array(categories, np.int32), tuple(codes))


def ends_of(sizes: Sequence[int] | np.ndarray) -> np.ndarray:
    """[n + 1] where each of n lists of these sizes, one behind the other, begins, and where the last one ends."""
    starts = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=starts[1:])
    return starts
