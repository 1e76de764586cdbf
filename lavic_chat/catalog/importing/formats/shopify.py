"""Shopify's product CSV, as it was until 2025 ("Handle", "Variant Price", "Image Src") and as it is since ("URL
handle", "Price", "Product image URL"): one product in several rows, a variant or a further picture in each."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from lavic_chat.catalog.importing.findings import Findings
from lavic_chat.catalog.importing.formats.item import Draft, Picture
from lavic_chat.catalog.importing.formats.layout import Layout, Row, rows_of
from lavic_chat.catalog.importing.formats.table import Table, last_part, text_of

HANDLE, TITLE = ("handle", "url handle"), ("title",)
PICTURE, OWN_PICTURE = ("image src", "product image url"), ("variant image", "variant image url")
PRICE, SKU = ("variant price", "price"), ("variant sku", "sku")
TRACKER, QUANTITY = ("variant inventory tracker", "inventory tracker"), ("variant inventory qty", "inventory quantity")
OVERSOLD = ("variant inventory policy", "continue selling when out of stock")
PUBLISHED = ("published", "published on online store")
CATEGORY = ("type", "product category", "standardized product type")
METAFIELD = re.compile(r"(?P<name>[^()]{1,60}) \(product\.metafields\.[\w.-]+\)")
NO_OPTION = "default title"
OPTIONS = ("option1", "option2", "option3")


def fits(columns: Collection[str]) -> bool:
    """By the columns that no other export has together."""
    return "title" in columns and (
        {"handle", "variant price"} <= set(columns)
        or ("handle" in columns and "option1 name" in columns)
        or {"url handle", "product image url"} <= set(columns)
    )


def read(table: Table, findings: Findings) -> Iterator[Draft]:
    """A draft for each variant of each active product."""
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows_of(table, findings):
        if handle := row.text(*HANDLE):
            groups[handle].append(row)
        else:
            findings.reject(row.place, "the handle is empty; every row needs that of its product.")
    for handle, rows in groups.items():
        head = next((row for row in rows if row.text(*TITLE)), rows[0])
        if not head.text(*TITLE):
            findings.reject(head.place, "the title is missing; the first row of a product has it.", handle)
        elif (status := head.text("status").lower()) in ("draft", "archived", "unlisted"):
            findings.note(f"{{product|products}} with the status {status} {{was|were}} left out", handle)
        elif head.text(*PUBLISHED).lower() == "false":
            findings.note("{product is not published and was|products are not published and were} left out", handle)
        else:
            yield from variants_of(handle, head, rows)


def variants_of(handle: str, head: Row, rows: list[Row]) -> Iterator[Draft]:
    """The variants of one product, with the pictures that are theirs."""
    names = [head.text(f"{option} name") for option in OPTIONS]
    variants = [row for row in rows if row is head or row.text("option1 value") or row.value(*PRICE)]
    gallery = pictures_of(rows)
    own = {text for row in variants if (text := row.text(*OWN_PICTURE))}
    shared = [picture for picture in gallery if picture not in own]
    for row in variants:
        options = options_of(row, names)
        pictures = [row.text(*OWN_PICTURE), *shared] if row.text(*OWN_PICTURE) else shared or gallery
        yield Draft(
            row.place,
            id="-".join((handle, *map(slug, options.values()))) if len(variants) > 1 else handle,
            title=head.text(*TITLE),
            category=last_part(head.text(*CATEGORY)),
            pictures=tuple(Picture(one) for one in dict.fromkeys(pictures) if one),
            description=head.text("body (html)", "description"),
            attributes={**options, **details_of(head), **skus_of(row)},
            price=row.value(*PRICE),
            in_stock=stock_of(row),
            shape=handle if len(variants) > 1 else "",
            page=handle,
        )


def pictures_of(rows: list[Row]) -> list[str]:
    """A product's pictures by their position, as the file has them where that is no number."""
    placed = []
    for number, row in enumerate(rows):
        if picture := row.text(*PICTURE):
            position = text_of(row.value("image position"))
            placed.append((int(position) if position.isdecimal() else 10_000, number, picture))
    return list(dict.fromkeys(picture for _, _, picture in sorted(placed)))


def options_of(row: Row, names: list[str]) -> dict[str, str]:
    """The variant's options, "Colour" -> "Red"; none where there is nothing to choose."""
    values = [row.text(f"{option} value") for option in OPTIONS]
    pairs = [
        (name or f"Option {number}", value) for number, (name, value) in enumerate(zip(names, values, strict=True), 1)
    ]
    return {name: value for name, value in pairs if value and value.lower() != NO_OPTION}


def details_of(head: Row) -> dict[str, str]:
    """What else is said of all variants: brand, tags and the fields that the shop has added."""
    found = {"brand": head.text("vendor"), "tags": head.text("tags")}
    for column in head.record.values:
        if named := METAFIELD.fullmatch(column):
            found.setdefault(named["name"], text_of(head.record.values[column]))
    return {name: text for name, text in found.items() if text}


def skus_of(row: Row) -> Mapping[str, str]:
    """The variant's own number in the shop's books."""
    return {"SKU": sku} if (sku := row.text(*SKU).lstrip("'")) else {}


def stock_of(row: Row) -> bool | None:
    """Out of stock: counted, none left, and not sold beyond that; None where nobody counts."""
    quantity = row.text(*QUANTITY)
    if not row.text(*TRACKER) or not quantity.lstrip("-").isdecimal():
        return None
    return int(quantity) > 0 or row.text(*OVERSOLD).lower() in ("continue", "true")


def slug(text: str) -> str:
    """A value as part of an id."""
    return "-".join(re.findall(r"\w+", text.lower()))


SHOPIFY = Layout("shopify", "a Shopify product export", fits, read)
