"""Kaggle's fashion `styles.csv`, with its pictures as images/<id>.jpg; its names may hold commas without quotes."""

from collections.abc import Collection, Iterator

from lavic_chat.catalog.importing.findings import Findings
from lavic_chat.catalog.importing.formats.item import Draft, Picture
from lavic_chat.catalog.importing.formats.layout import Layout, rows_of
from lavic_chat.catalog.importing.formats.table import Table

NAME = "productdisplayname"
ATTRIBUTES = {
    "colour": "basecolour", "gender": "gender", "group": "mastercategory", "part": "subcategory", "season": "season",
    "year": "year", "usage": "usage",
}  # fmt: skip


def fits(columns: Collection[str]) -> bool:
    """By the columns that no other table has together."""
    return {"id", "articletype", "basecolour", NAME} <= set(columns)


def read(table: Table, findings: Findings) -> Iterator[Draft]:
    """A draft for each style."""
    ends_with_name = bool(table.columns) and table.columns[-1].casefold() == NAME
    for row in rows_of(table, findings, keeps_more=ends_with_name):
        title = ",".join(filter(None, (row.text(NAME), *row.record.more)))
        yield Draft(
            row.place,
            id=row.text("id"),
            title=title or row.text("articletype"),
            category=row.text("articletype"),
            pictures=(Picture(f"images/{row.text('id')}.jpg"),),
            attributes=row.attributes(ATTRIBUTES),
        )


KAGGLE_STYLES = Layout("kaggle-styles", "Kaggle's fashion styles", fits, read)
