"""schema.org Products as JSON-LD: a .json file, or the scripts in a page's HTML."""

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from lavic_chat.catalog.importing.findings import Findings
from lavic_chat.catalog.importing.formats.item import Draft, Picture
from lavic_chat.catalog.importing.formats.layout import Layout, read_stock, rows_of
from lavic_chat.catalog.importing.formats.table import Record, Table, last_part, text_of
from lavic_chat.catalog.importing.html_text import scripts_in
from lavic_chat.catalog.importing.picture_cells import pictures_in
from lavic_chat.errors import CatalogError

ATTRIBUTES = ("color", "material", "pattern", "size")
JSON_LD, DEEPEST = "application/ld+json", 12
INSIDE = ("@graph", "itemListElement", "item", "mainEntity", "hasVariant", "isSimilarTo")


def open_html(source: Path) -> Table:
    """A page's JSON-LD, a record a script; raises CatalogError where it has none."""
    records = []
    page = source.read_bytes().decode("utf-8", errors="replace")
    for number, script in enumerate(scripts_in(page, JSON_LD), 1):
        try:
            data = json.loads(script)
        except (ValueError, RecursionError):
            records.append(Record(f"script {number}", {}, fault="not valid JSON"))
            continue
        records.append(Record(f"script {number}", data if isinstance(data, dict) else {"@graph": data}))
    if not records:
        raise CatalogError(f"{source} has no schema.org JSON-LD, so that no products can be found in it.")
    return Table(source, ("@context", "@type"), records, "")


def fits(columns: Collection[str]) -> bool:
    """By the keys of JSON-LD."""
    return "@type" in columns or "@graph" in columns


def read(table: Table, findings: Findings) -> Iterator[Draft]:
    """A draft for each Product, wherever it stands; the variants of a ProductGroup are one shape."""
    found = False
    for row in rows_of(table, findings):
        for product, group in products_in(dict(row.record.values), {}, 0):
            found = True
            yield make_draft(row.place, product, group)
    if not found:
        findings.note("{file with JSON-LD has|files with JSON-LD have} no schema.org Product", table.source.name)


def products_in(node: Any, group: dict, depth: int) -> Iterator[tuple[dict, dict]]:
    """Products with the group that they are of, {} where they are of none."""
    if isinstance(node, list):
        for one in node[:100_000]:
            yield from products_in(one, group, depth + 1)
    if not isinstance(node, dict) or depth > DEEPEST:
        return
    kinds = {text_of(kind).rpartition("/")[2] for kind in listed(node.get("@type"))}
    group = node if "ProductGroup" in kinds else group
    if {"Product", "IndividualProduct", "ProductModel", "SomeProducts"} & kinds:
        yield node, group
    for key in INSIDE:
        if key in node:
            yield from products_in(node[key], group, depth + 1)


def make_draft(place: str, product: dict, group: dict) -> Draft:
    """Of a product, with what it has from its group."""

    def said(*names: str) -> str:
        values = (of_name(one.get(name)) for name in names for one in (product, group))
        return next(filter(None, values), "")

    sale = next((one for one in listed(product.get("offers")) if isinstance(one, dict)), {})
    extra = (one for one in listed(product.get("additionalProperty")) if isinstance(one, dict))
    attributes = {text_of(one.get("name")): of_name(one.get("value")) for one in extra}
    attributes |= {name: said(name) for name in ("brand", *ATTRIBUTES)}
    price, currency = price_of(sale)
    return Draft(
        place,
        id=of_name(
            next(filter(None, map(product.get, ("sku", "productID", "gtin13", "gtin", "mpn", "@id", "url"))), "")
        ),
        title=text_of(group.get("name")) or said("name"),
        category=last_part(said("category")),
        pictures=tuple(map(Picture, pictures_in(product.get("image")) or pictures_in(group.get("image")))),
        description=said("description"),
        attributes={name: text for name, text in attributes.items() if name and text},
        price=price,
        currency=currency,
        link=of_name(product.get("url")) or of_name(sale.get("url")) or of_name(group.get("url")),
        in_stock=read_stock(of_name(sale.get("availability"))),
        shape=of_name(group.get("productGroupID")) or of_name(group.get("name")),
    )


def price_of(sale: dict) -> tuple[Any, str]:
    """Price and currency of an `Offer`; a range has none."""
    inner = next((one for one in listed(sale.get("priceSpecification")) if isinstance(one, dict)), {})
    price = sale.get("price", inner.get("price"))
    if price is None and sale.get("lowPrice") is not None:
        low, high = sale["lowPrice"], sale.get("highPrice", sale["lowPrice"])
        price = low if text_of(low) == text_of(high) else f"from {text_of(low)}"
    return price, text_of(sale.get("priceCurrency", inner.get("priceCurrency")))


def of_name(value: Any) -> str:
    """A text, or the name of the thing that stands for it; of a list the first."""
    value = value[0] if isinstance(value, list) and value else value
    if isinstance(value, dict):
        value = next(filter(None, map(value.get, ("name", "value", "@id", "@value"))), "")
    return text_of(value)


def listed(value: Any) -> list:
    """A value as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


SCHEMA_ORG = Layout("schema-org", "schema.org Products (JSON-LD)", fits, read)
