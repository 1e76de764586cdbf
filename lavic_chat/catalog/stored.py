"""A catalogue whose products are not held: its rows lie in a folder of `$LAVIC_HOME`, checked once, and a product is
made when it is asked for. What is compared of all products at once, prices, categories and measures, lies in columns.

The rows are copies, so that a catalogue that is imported anew leaves whoever reads the old one undisturbed.
"""

import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, overload

import numpy as np

from lavic_chat.catalog.columns import Columns, ColumnsMaker
from lavic_chat.catalog.load import hash_products, parse_product, read_products
from lavic_chat.catalog.measures import FactTable, fact_table, facts_of
from lavic_chat.catalog.product import Catalog, Product
from lavic_chat.catalog.terms import read_terms
from lavic_chat.errors import CatalogError
from lavic_chat.storage.files import hash_bytes
from lavic_chat.storage.tables import Place, Tables, stored_tables, write_columns

FORMAT = "2"  # counted up when the columns come to be others
BETWEEN = "\n"  # the pictures of a product; no path has such a sign
REMEMBERED = 2048  # products that were asked for last


class StoredProducts(Sequence[Product]):
    """The products of a folder of tables, in their order."""

    def __init__(self, tables: Tables):
        self.tables, self.rows, self.images = tables, tables["rows"], tables["images"]
        self.columns = Columns(
            tuple(tables["ids"]), tables["titles"], tables["families"], tables["prices"], tables["categories"],
            tuple(tables["category-names"]), tables["in-stock"], next(iter(tables["currency"]), ""),
        )  # fmt: skip
        self.facts = FactTable(tables["facts"])
        self.made: OrderedDict[int, Product] = OrderedDict()
        self.lock = Lock()

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> Product: ...
    @overload
    def __getitem__(self, place: slice) -> list[Product]: ...
    def __getitem__(self, place: int | slice) -> Product | list[Product]:
        if isinstance(place, slice):
            return [self.make(row) for row in range(*place.indices(len(self)))]
        row = range(len(self))[int(place)]
        with self.lock:
            known = self.made.pop(row, None) or self.make(row)
            self.made[row] = known
            if len(self.made) > REMEMBERED:
                self.made.popitem(last=False)
        return known

    def __iter__(self) -> Iterator[Product]:
        return map(self.make, range(len(self)))

    def image_names(self) -> Iterator[list[str]]:
        """The pictures of each product, the main one first; no product is made for them."""
        return (names.split(BETWEEN) if names else [] for names in self.images)

    def make(self, row: int) -> Product:
        """The product of a row; raises CatalogError where the row is damaged."""
        where = f"{self.tables.folder}, row {row}"
        try:
            return parse_product(json.loads(self.rows[row]), where)
        except (ValueError, AttributeError) as error:
            raise CatalogError(f"{where}: it is damaged; delete that folder, and it is made again.") from error

    def __reduce__(self) -> tuple:
        return type(self), (self.tables,)


def open_catalog(folder: str | Path, home: str | Path) -> Catalog:
    """A catalogue folder as `load_catalog` reads it, its products in tables at `home`, which are made where there are
    none yet of this very file. Raises CatalogError as `load_catalog`, and LavicError where they cannot be written."""
    folder = Path(folder)
    fingerprint = hash_products(folder)
    key = hash_bytes(FORMAT, fingerprint)
    products = stored_tables(
        tables_folder(folder, home), "products", key, lambda part: write(folder, part), StoredProducts
    )
    return Catalog(folder, products, read_terms(folder), fingerprint)


def tables_folder(folder: str | Path, home: str | Path) -> Path:
    """Where a catalogue's tables lie."""
    return Path(home) / "cache" / "catalogs" / hash_bytes(str(Path(folder).resolve()))[:24]


def write(folder: Path, part: Place) -> None:
    """The columns of a catalogue folder."""
    write_columns(part, product_columns(read_products(folder)))


def product_columns(products: Iterable[Product]) -> dict[str, Any]:
    """As `StoredProducts` reads them."""
    rows, images, facts, maker = [], [], [], ColumnsMaker()
    for product in products:
        maker.add(product)
        rows.append(json.dumps(product.to_row(), ensure_ascii=False))
        images.append(BETWEEN.join(product.images))
        facts.append(fact_table([facts_of(product)]).numbers[0])
    columns = maker.made()
    return {
        "ids": list(columns.ids),
        "titles": list(columns.titles),
        "families": list(columns.families),
        "rows": rows,
        "images": images,
        "facts": fact_table([]).numbers if not facts else np.stack(facts),
        "prices": columns.prices,
        "categories": columns.categories,
        "category-names": list(columns.category_names),
        "in-stock": columns.in_stock,
        "currency": [columns.currency],
    }
