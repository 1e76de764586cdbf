"""Amazon Berkeley Objects: listings in many languages, a product a line, and a table of the pictures' paths."""

import csv
import gzip
import io
import zlib
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from lavic_chat.catalog.importing.findings import Findings
from lavic_chat.catalog.importing.formats.item import Draft, Picture
from lavic_chat.catalog.importing.formats.layout import Layout, Row, rows_of
from lavic_chat.catalog.importing.formats.table import MAX_ROWS, Table, text_of

IMAGES = ("images/metadata/images.csv.gz", "images/metadata/images.csv", "images.csv.gz", "images.csv")
LEVELS = 4  # of folders above the listings, in which the pictures may be
SIDES = ("height", "width", "length")
ATTRIBUTES = ("brand", "color", "material", "pattern", "style", "fabric_type", "finish_type", "item_shape")


def fits(columns: Collection[str]) -> bool:
    """By the fields that no other data set has together."""
    return {"item id", "item name"} <= set(columns) and bool({"main image id", "domain name"} & set(columns))


def read(table: Table, findings: Findings) -> Iterator[Draft]:
    """A draft for each item, in English where that is there; an item that several marketplaces list counts once."""
    paths = image_paths(table.bases)
    for row in rows_of(table, findings):
        yield make_draft(row, row.text("item id"), paths)


def make_draft(row: Row, item: str, paths: dict[str, str]) -> Draft:
    """Of one listing."""
    others = row.value("other image id")
    ids = [row.text("main image id"), *(map(str, others) if isinstance(others, list) else ())]
    found = {name: spoken(row.record.values.get(name)) for name in ATTRIBUTES}
    return Draft(
        row.place,
        id=item,
        title=spoken(row.value("item name")),
        category=spoken(row.value("product type")).replace("_", " ").capitalize(),
        pictures=tuple(Picture(paths.get(one, f"{one}.jpg")) for one in dict.fromkeys(ids) if one),
        description=spoken(row.value("product description")) or spoken(row.value("bullet point"), "\n"),
        attributes={name.replace("_", " "): text for name, text in found.items() if text} | sides_of(row),
        repeats="{item is|items are} listed by several marketplaces; the first was kept",
    )


def spoken(value: Any, join: str = "") -> str:
    """What is said in English, else in the first language; with `join` all that is said in it, else the first."""
    entries = [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
    if not entries:
        return text_of(value)
    tags = [str(one.get("language_tag", "")) for one in entries]
    tag = next((tag for tag in tags if tag == "en_US"), next((tag for tag in tags if tag.startswith("en")), tags[0]))
    said = [text_of(one.get("value")) for one, its in zip(entries, tags, strict=True) if its == tag]
    return join.join(said) if join else said[0]


def sides_of(row: Row) -> dict[str, str]:
    """Height, width and length, with their units."""
    sides = row.value("item dimensions")
    found = {}
    for name in SIDES if isinstance(sides, dict) else ():
        side = sides.get(name)
        if isinstance(side, dict) and side.get("value") is not None:
            found["depth" if name == "length" else name] = (
                f"{text_of(side['value'])} {text_of(side.get('unit'))}".strip()
            )
    return found


def image_paths(bases: Sequence[Path]) -> dict[str, str]:
    """Image id -> path below the pictures' folder, by the first table of them that is found; none where there is
    none."""
    for table in (folder / name for folder in bases for name in IMAGES):
        try:
            if table.is_file():
                with gzip.open(table) if table.suffix == ".gz" else table.open("rb") as file:
                    rows = csv.DictReader(io.TextIOWrapper(file, "utf-8", errors="replace"))
                    return {row["image_id"]: row["path"] for row in islice(rows, MAX_ROWS) if row.get("path")}
        except (OSError, EOFError, zlib.error, KeyError, csv.Error):
            continue
    return {}


AMAZON_BERKELEY = Layout("amazon-berkeley", "listings of Amazon Berkeley Objects", fits, read)
