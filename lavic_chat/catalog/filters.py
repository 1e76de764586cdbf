"""What a shopper will not look beyond: categories, and a range of prices."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from lavic_chat.catalog.amounts import read_money
from lavic_chat.catalog.columns import Columns
from lavic_chat.catalog.product import Catalog, Product
from lavic_chat.errors import CatalogError


@dataclass(frozen=True)
class Filters:
    """categories: any of these, or all where none is named. Prices are inclusive; where one is given, products whose
    price is unknown stay out. What is out of stock stays out always.

    Raises CatalogError for a price below zero, or a lowest above the highest.
    """

    categories: frozenset[str] = frozenset()
    lowest: float | None = None
    highest: float | None = None

    def __post_init__(self):
        prices = [price for price in (self.lowest, self.highest) if price is not None]
        if any(not 0 <= price < float("inf") for price in prices):
            raise CatalogError("A price limit must be a number from 0 on; correct it, or leave it open.")
        if self.lowest is not None and self.highest is not None and self.lowest > self.highest:
            raise CatalogError("The lowest price is above the highest; swap them, or leave one open.")

    def __bool__(self) -> bool:
        return self != NO_FILTERS

    def admits(self, product: Product) -> bool:
        """Whether a product is of the categories, within the prices, and not out of stock."""
        if product.in_stock is False:
            return False
        if self.categories and product.category not in self.categories:
            return False
        if self.lowest is None and self.highest is None:
            return True
        highest = float("inf") if self.highest is None else self.highest
        return product.price is not None and (self.lowest or 0) <= product.price <= highest

    def mask(self, columns: Columns) -> np.ndarray:
        """[N] the same for all products at once."""
        admitted = columns.in_stock.copy()
        if self.categories:
            codes = [place for place, name in enumerate(columns.category_names) if name in self.categories]
            admitted &= np.isin(columns.categories, codes)
        if self.lowest is not None or self.highest is not None:  # a price that is not known, NaN, is within no limits
            highest = np.inf if self.highest is None else self.highest
            admitted &= (columns.prices >= (self.lowest or 0)) & (columns.prices <= highest)
        return admitted


NO_FILTERS = Filters()


def read_price(text: str | None) -> float | None:
    """A price as people write it, "1,200" or "$49.90"; None where nothing is said. Raises CatalogError."""
    if text is None or not text.strip():
        return None
    try:
        return read_money(text)
    except ValueError:
        raise CatalogError("A price limit must be a number such as 49.90; correct it, or leave it open.") from None


def write_price(price: float | None) -> str:
    """As `read_price` reads it."""
    return "" if price is None else f"{price:.2f}".removesuffix(".00")


def categories_of(products: Iterable[Product]) -> list[str]:
    """The categories, the largest first."""
    if isinstance(products, Catalog):
        counts = {name: count for name, count in products.columns.counts.items() if name}
    else:
        counts = Counter(product.category for product in products if product.category)
    return [name for name, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]


def check_categories(names: Iterable[str], products: Iterable[Product]) -> None:
    """Raises CatalogError for a category that none of the products has."""
    known = categories_of(products)
    if unknown := sorted(set(names) - set(known)):
        raise CatalogError(f"There is no category {unknown[0]!r}; choose among {', '.join(known[:20]) or 'none'}.")
