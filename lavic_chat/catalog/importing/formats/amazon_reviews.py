"""Metadata of the Amazon Reviews data sets of 2018 and 2023, a product a line, as JSONL or Parquet."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from lavic_chat.catalog.importing.findings import Findings
from lavic_chat.catalog.importing.formats.item import Draft, Picture
from lavic_chat.catalog.importing.formats.layout import Layout, Row, first_of_each, rows_of
from lavic_chat.catalog.importing.formats.table import NOTHING, Table, known_text, text_of
from lavic_chat.catalog.importing.picture_cells import pictures_in

MOST_DETAILS = 40
UNTOLD = ("best sellers rank", "customer reviews", "date first available", "asin")  # details that are no product's own


def fits_2018(columns: Collection[str]) -> bool:
    """By the fields that no other data set has together."""
    return "asin" in columns and bool({"also buy", "imurl", "imageurlhighres", "imageurl", "main cat"} & set(columns))


def fits_2023(columns: Collection[str]) -> bool:
    """By the fields that no other data set has together."""
    return {"parent asin", "title"} <= set(columns)


def read(table: Table, findings: Findings) -> Iterator[Draft]:
    """A draft for each product; one that is listed twice counts once, and one without a title does not."""
    return first_of_each(map(make_draft, rows_of(table, findings)), findings)


def make_draft(row: Row) -> Draft:
    """Of either year's fields."""
    pictures = row.value("images", "imageurlhighres", "image", "imageurl", "imurl")
    categories = row.value("categories", "category")
    categories = categories[-1] if isinstance(categories, list) and categories else categories
    categories = categories[-1] if isinstance(categories, list) and categories else categories
    return Draft(
        row.place,
        id=row.text("parent asin", "asin"),
        title=row.text("title"),
        category=known_text(categories) or row.text("main category", "main cat"),
        pictures=tuple(map(Picture, pictures_in(pictures))),
        description=lines(row.value("description")) or lines(row.value("features", "feature")),
        attributes=details_of(row),
        price=row.value("price"),
    )


def details_of(row: Row) -> dict[str, str]:
    """The brand, and the details that a table of the product's page has."""
    details = row.value("details")
    if isinstance(details, str):
        try:
            details = json.loads(details)
        except (ValueError, RecursionError):
            details = None
    found = {"brand": row.text("store", "brand")}
    for name, value in list(details.items() if isinstance(details, Mapping) else ())[:MOST_DETAILS]:
        name = str(name).strip().rstrip(":").strip()
        if name.casefold() not in (*UNTOLD, "brand"):
            found[name] = text_of(value)
    return {name: text for name, text in found.items() if name and text.casefold() not in NOTHING}


def lines(value: Any) -> str:
    """A text or a list of texts as lines."""
    return "\n".join(filter(None, map(text_of, value if isinstance(value, list | tuple) else [value])))


AMAZON_2018 = Layout("amazon-2018", "metadata of Amazon Reviews 2018", fits_2018, read)
AMAZON_2023 = Layout("amazon-2023", "metadata of Amazon Reviews 2023", fits_2023, read)
