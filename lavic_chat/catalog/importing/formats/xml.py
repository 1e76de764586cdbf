"""XML feeds, RSS and Atom: each item or entry is a record by its elements' names, prefixes and namespaces aside."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from lavic_chat.catalog.importing.formats.extras import need
from lavic_chat.catalog.importing.formats.table import FIRST, Record, Table, object_table
from lavic_chat.errors import CatalogError

ITEMS = frozenset(("item", "entry", "product"))
GOOGLE = "{http://base.google.com/ns/1.0}"
DANGER = "has a DTD or entities, which are not read, for they can do harm; export it without"
MAX_VALUES = 200  # of one element in an item


def open_xml(source: Path) -> Table:
    """The table of a feed; raises CatalogError for one with a DTD or entities, or without items."""
    tree, common = need("defusedxml.ElementTree", "XML feeds"), need("defusedxml.common", "XML feeds")
    table = object_table(source, xml_records(source, tree, common))
    if not table.columns:
        first = islice(table.records, FIRST)
        fault = next((record.fault for record in first if record.fault), "no item, entry or product is in it")
        raise CatalogError(f"{source} is no product feed: {fault}.")
    return table


def xml_records(source: Path, tree: Any, common: Any) -> Iterator[Record]:
    """The items; where the XML is broken they end, at fault."""
    number, inside = 0, 0
    try:
        with source.open("rb") as file:
            for event, element in tree.iterparse(file, events=("start", "end"), forbid_dtd=True):
                if local(element.tag) not in ITEMS:
                    continue
                inside += 1 if event == "start" else -1
                if event == "end" and not inside:
                    number += 1
                    yield Record(f"item {number}", values_of(element))
                    element.clear()
    except common.DefusedXmlException:
        raise CatalogError(f"{source} {DANGER}.") from None
    except (tree.ParseError, ValueError, LookupError, RecursionError) as error:
        where = getattr(error, "position", None)
        line = f" at line {where[0]}" if where else ""
        yield Record(f"item {number + 1}", {}, fault=f"not valid XML{line}, and not read further; export it again")


def values_of(element: Any) -> dict[str, Any]:
    """Texts by element; several of one name as a list. What Google names goes before a feed's own."""
    found: dict[str, list] = {}
    for child in sorted(element, key=lambda one: not str(one.tag).startswith(GOOGLE)):
        values = found.setdefault(local(child.tag), [])
        text = (child.get("href") or "".join(islice(child.itertext(), 1_000))).strip()
        if text and len(values) < MAX_VALUES:
            values.append(text)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items() if values}


def local(tag: Any) -> str:
    """A tag without its namespace."""
    return str(tag).rpartition("}")[2]
