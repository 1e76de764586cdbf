"""What the pages need to know of the catalogue and the model: where a picture is served, how a price is written."""

import re
from dataclasses import dataclass, field
from urllib.parse import quote

from lavic_chat.catalog.amounts import write_money
from lavic_chat.catalog.columns import Columns
from lavic_chat.catalog.currencies import currency_sign
from lavic_chat.catalog.product import Catalog, Product
from lavic_chat.ui.examples import examples_of

BLANK = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 96 96'%3E%3Crect width='96' "
    "height='96' fill='%23e4e8e4'/%3E%3Cg fill='none' stroke='%2393a099' stroke-width='2.5'%3E%3Crect x='28' y='30' "
    "width='40' height='36' rx='4'/%3E%3Cpath d='m30 60 11-12 9 9 6-6 10 10'/%3E%3Ccircle cx='57' cy='41' r='3.5'/"
    "%3E%3C/g%3E%3C/svg%3E"
)
PRICE_LIMIT = "limit price"  # key of the chip of an intent whose numbers are prices
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?")


@dataclass(frozen=True)
class Links:
    """What the pages need to know; model_name, device: of the recommender, shown to those who run the chat and in the
    panel. usual: the sign before prices of a catalogue that says nothing of it. has_login: whether annotators have
    passwords."""

    catalog: Catalog
    model_name: str
    device: str
    usual: str = "$"
    has_login: bool = False
    found: dict[tuple[str, int], str] = field(default_factory=dict, repr=False, compare=False)  # addresses of pictures
    requests: dict[Columns, tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def examples(self) -> tuple[str, ...]:
        """Requests to start from, of the catalogue as it is now."""
        columns = self.catalog.columns
        found = self.requests.get(columns)
        if found is None:  # a catalogue that was imported anew has others
            found = examples_of(self.catalog)
            self.requests.clear()
            self.requests[columns] = found
        return found

    @property
    def currency(self) -> str:
        """What stands before prices that name no currency: the catalogue's, which may be another by now."""
        return self.catalog.currency_sign(self.usual)

    def picture(self, product: Product, view: int = 0) -> str:
        """The address of a product's picture by its id, or the blank picture; `view` counts its pictures from 0."""
        if (product.id, view) not in self.found:  # each is looked for on the disk until it is there
            if not self.catalog.picture_path(product, view):
                return BLANK
            query = f"?view={view}" if view else ""
            self.found[product.id, view] = f"pictures/{quote(product.id, safe='')}{query}"
        return self.found[product.id, view]

    def price(self, product: Product) -> str:
        """A price with its currency, without empty cents; "" where it is not known."""
        if product.price is None:
            return ""
        return write_money(product.price, currency_sign(product.currency) or self.currency)

    def amount(self, price: float) -> str:
        """A number as a price, "$1,234.50"."""
        return write_money(price, self.currency)

    def chip(self, key: str, label: str) -> str:
        """A condition's label, limits of the price with the currency: "at most $500"."""
        return NUMBER.sub(lambda found: self.amount(float(found[0])), label) if key == PRICE_LIMIT else label
