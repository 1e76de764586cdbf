"""Google Merchant feeds, as tables or as RSS and Atom with names that begin with `g:`."""

from collections.abc import Collection, Iterator

from lavic_chat.catalog.importing.findings import Findings
from lavic_chat.catalog.importing.formats.item import Draft, Picture
from lavic_chat.catalog.importing.formats.layout import Layout, Row, price_now, read_stock, rows_of
from lavic_chat.catalog.importing.formats.table import Table, last_part
from lavic_chat.catalog.importing.picture_cells import pictures_in

ATTRIBUTES = {
    name: name for name in ("brand", "color", "material", "pattern", "size", "gender", "age group", "condition")
}


def fits(columns: Collection[str]) -> bool:
    """By the columns that no other feed has together."""
    return {"id", "title", "image link"} <= set(columns)


def read(table: Table, findings: Findings) -> Iterator[Draft]:
    """A draft for each offer."""
    for row in rows_of(table, findings):
        pictures = [*pictures_in(row.value("image link")), *pictures_in(row.value("additional image link"))]
        category = row.text("product type", "google product category")
        yield Draft(
            row.place,
            id=row.text("id"),
            title=row.text("title"),
            category="" if category.isdecimal() else last_part(category),
            pictures=tuple(map(Picture, dict.fromkeys(pictures))),
            description=row.text("description"),
            attributes=row.attributes(ATTRIBUTES),
            price=price_of(row),
            link=row.text("link"),
            in_stock=read_stock(row.text("availability")),
            shape=row.text("item group id"),
        )


def price_of(row: Row) -> object:
    """The sale's price while it holds, else the regular one."""
    begins, _, ends = row.text("sale price effective date").partition("/")
    return price_now(row.text("price") or row.value("price"), row.text("sale price") or None, begins, ends)


GOOGLE = Layout("google", "a Google Merchant feed", fits, read)
