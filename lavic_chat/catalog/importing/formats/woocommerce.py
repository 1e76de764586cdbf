"""WooCommerce's product CSV: simple products, and variable ones with a row for each variation that names its parent."""

import re
from collections.abc import Collection, Iterator

from lavic_chat.catalog.importing.findings import Findings
from lavic_chat.catalog.importing.formats.item import Draft, Picture
from lavic_chat.catalog.importing.formats.layout import Layout, Row, price_now, read_stock, rows_of
from lavic_chat.catalog.importing.formats.table import Table, last_part
from lavic_chat.catalog.importing.picture_cells import pictures_in

ATTRIBUTE = re.compile(r"attribute (\d{1,3}) name")
PARENT = re.compile(r"id:\s*(\d+)")
COMMA = re.compile(r"(?<!\\),")  # a comma of a name has a backslash before it
HIDDEN = "{product is a draft, private or hidden and was|products are drafts, private or hidden and were} left out"
GROUPS = "{group was left out, as its|groups were left out, as their} products are there on their own"


def fits(columns: Collection[str]) -> bool:
    """By the columns that no other export has together."""
    return {"type", "name", "regular price"} <= set(columns) and bool({"parent", "images", "published"} & set(columns))


def read(table: Table, findings: Findings) -> Iterator[Draft]:
    """A draft for each simple product, and for each variation of a variable one."""
    rows = list(rows_of(table, findings))
    parents = {key: row for row in rows if "variation" not in kinds_of(row) for key in keys_of(row)}
    varied: dict[int, set[str]] = {}  # parents with the pictures of their variations
    for row in rows:
        if "variation" in kinds_of(row) and (parent := parent_of(row, parents)):
            varied.setdefault(id(parent), set()).update(pictures_in(row.value("images")))
    for row in rows:
        is_variation = "variation" in kinds_of(row)
        parent = parent_of(row, parents) if is_variation else row
        if parent is None:
            findings.reject(row.place, f"the parent {row.text('parent')!r} is not in the file.", row.text("id", "sku"))
        elif not is_listed(row) or not is_listed(parent):
            findings.note(HIDDEN, row.text("id", "sku"))
        elif "grouped" in kinds_of(row):
            findings.note(GROUPS, row.text("id", "sku"))
        elif id(row) not in varied:
            yield make_draft(row, parent, varied.get(id(parent), set()))


def make_draft(row: Row, parent: Row, taken: set[str]) -> Draft:
    """Of a product, or of a variation with what it has from its parent. taken: pictures that are of one variation."""
    own, common = pictures_in(row.value("images")), pictures_in(parent.value("images"))
    common = [one for one in common if one not in taken] if own else common
    categories = [part.strip().replace("\\,", ",") for part in COMMA.split(parent.text("categories"))]
    is_variation = row is not parent
    return Draft(
        row.place,
        id=row.text("id", "sku"),
        title=parent.text("name"),
        category=last_part(categories[0]),
        pictures=tuple(Picture(one) for one in dict.fromkeys((*own, *(common if is_variation else ())))),
        description="\n".join(filter(None, (parent.text("short description"), parent.text("description")))),
        attributes={**(attributes_of(parent) if is_variation else {}), **attributes_of(row), **numbers_of(row, parent)},
        price=price_of(row),
        link=parent.text("external url"),
        in_stock=read_stock(row.text("in stock?")),
        shape=parent.text("id", "sku") if is_variation else "",
    )


def price_of(row: Row) -> object:
    """The sale's price while it holds, else the regular one."""
    begins, ends = row.text("date sale price starts"), row.text("date sale price ends")
    return price_now(row.value("regular price"), row.value("sale price"), begins, ends)


def attributes_of(row: Row) -> dict[str, str]:
    """Attribute 1, 2, ...: names with values."""
    numbers = [found[1] for name in row.names if (found := ATTRIBUTE.fullmatch(name))]
    pairs = ((row.text(f"attribute {n} name"), row.text(f"attribute {n} value(s)")) for n in numbers)
    return {name: value.replace("\\,", ",") for name, value in pairs if name and value}


def numbers_of(row: Row, parent: Row) -> dict[str, str]:
    """Brand, sides and number in the shop's books."""
    found = {"SKU": row.text("sku"), "brand": parent.text("brands", "brand")}
    for column in parent.names:
        if side := re.fullmatch(r"(length|width|height) \((cm|m|mm|in|yd)\)", column):
            value = row.text(column) or parent.text(column)
            found["depth" if side[1] == "length" else side[1]] = f"{value} {side[2]}" if value else ""
    return {name: text for name, text in found.items() if text}


def kinds_of(row: Row) -> set[str]:
    """ "simple, virtual" -> {"simple", "virtual"}."""
    return {part.strip() for part in row.text("type").lower().split(",")}


def keys_of(row: Row) -> list[str]:
    """What variations may call it by."""
    return [key for key in (f"id:{row.text('id')}", row.text("sku")) if key not in ("id:", "")]


def parent_of(row: Row, parents: dict[str, Row]) -> Row | None:
    """The product of a variation, by "id:44" or by its SKU."""
    name = row.text("parent")
    found = PARENT.fullmatch(name)
    return parents.get(f"id:{found[1]}" if found else name)


def is_listed(row: Row) -> bool:
    """Whether shoppers can see it."""
    return row.text("published") not in ("0", "-1", "false") and row.text("visibility in catalog") != "hidden"


WOOCOMMERCE = Layout("woocommerce", "a WooCommerce product export", fits, read)
