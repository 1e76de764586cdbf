"""`splits.json`: which shapes, and with them which products, are for training, validation and test."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lavic_chat.catalog.product import Catalog, Problem
from lavic_chat.catalog.text import listed, printable
from lavic_chat.errors import CatalogError

SPLITS = "splits.json"
MAX_BYTES = 50_000_000


@dataclass(frozen=True)
class Splits:
    """Split -> shape -> ids of the products that are this shape in other finishes."""

    shapes: Mapping[str, Mapping[str, tuple[str, ...]]]

    @cached_property
    def split_of(self) -> dict[str, str]:
        """Product id -> the first split that lists it."""
        found: dict[str, str] = {}
        for split, shapes in self.shapes.items():
            for ids in shapes.values():
                for product_id in ids:
                    found.setdefault(product_id, split)
        return found


def read_splits(folder: str | Path) -> Splits | None:
    """The splits of a catalogue folder, None where it has none; raises CatalogError for an unreadable file."""
    path = Path(folder) / SPLITS
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CatalogError(f"{path} has over {MAX_BYTES / 1e6:.0f} MB; make it anew or remove it.")
        rows = json.loads(path.read_text("utf-8-sig"))
        shapes = {
            printable(split): {printable(key): parse_ids(ids) for key, ids in family.items()}
            for split, family in rows.items()
        }
    except (OSError, ValueError, RecursionError, AttributeError, TypeError) as error:
        raise CatalogError(
            f"{path} cannot be read as an object of splits, each an object of shapes with their product ids; "
            "make it anew or remove it."
        ) from error
    return Splits(shapes)


def parse_ids(value: object) -> tuple[str, ...]:
    """A list of product ids; raises TypeError for anything else."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError("a list of product ids was expected")
    return tuple(value)


def check_splits(catalog: Catalog, splits: Splits) -> Iterator[Problem]:
    """Shapes and products in two splits, ids that are no product's, products that no split has."""
    homes, places = defaultdict(list), defaultdict(list)
    for split, shapes in splits.shapes.items():
        for shape, ids in shapes.items():
            homes[shape].append(split)
            for product_id in ids:
                places[product_id].append(f"{split} ({shape})")
    for shape, found in homes.items():
        if len(found) > 1:
            sentence = f"The shape {shape!r} is in {listed(found)}; it belongs in one split only."
            yield Problem("split overlap", SPLITS, sentence)
    for product_id, found in places.items():
        if product_id not in catalog:
            sentence = f"{product_id!r} in {listed(found)} is no product of the catalogue."
            yield Problem("unknown product", SPLITS, sentence)
        elif len(found) > 1:
            yield Problem("split overlap", product_id, f"It is listed {len(found)} times: in {listed(found)}.")
    for product in catalog:
        if product.id not in places:
            yield Problem("no split", product.id, f"{SPLITS} puts it in no split.")
    yield from torn_families(catalog, splits)


def torn_families(catalog: Catalog, splits: Splits) -> Iterator[Problem]:
    """Products of one title and one size in two splits: one shape under two names."""
    families = defaultdict(set)
    for product in catalog:
        if split := splits.split_of.get(product.id):
            families[product.title, product.attributes.get("size", "")].add(split)
    for (title, _), found in families.items():
        if len(found) > 1:
            sentence = f"Products titled {title!r} are in {listed(sorted(found))}; one shape belongs in one split."
            yield Problem("split overlap", SPLITS, sentence)
