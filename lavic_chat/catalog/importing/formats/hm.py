"""H&M's `articles.csv`, with its pictures in folders by the article's first three digits."""

from collections.abc import Collection, Iterator

from lavic_chat.catalog.importing.findings import Findings
from lavic_chat.catalog.importing.formats.item import Draft, Picture
from lavic_chat.catalog.importing.formats.layout import Layout, rows_of
from lavic_chat.catalog.importing.formats.table import Table

ATTRIBUTES = {
    "colour": "colour group name", "shade": "perceived colour value name", "pattern": "graphical appearance name",
    "group": "product group name", "department": "department name", "section": "section name",
    "for": "index group name",
}  # fmt: skip
DIGITS = 10


def fits(columns: Collection[str]) -> bool:
    """By the columns that no other table has together."""
    return {"article id", "prod name", "product type name"} <= set(columns)


def read(table: Table, findings: Findings) -> Iterator[Draft]:
    """A draft for each article; articles of one product code are one shape."""
    for row in rows_of(table, findings):
        article = row.text("article id").zfill(DIGITS)  # spreadsheets take its zero away
        yield Draft(
            row.place,
            id=article if row.text("article id") else "",
            title=row.text("prod name"),
            category=row.text("product type name"),
            pictures=(Picture(f"images/{article[:3]}/{article}.jpg"),),
            description=row.text("detail desc"),
            attributes=row.attributes(ATTRIBUTES),
            shape=row.text("product code"),
        )


HM = Layout("hm", "H&M's articles", fits, read)
