"""What a product measures, in centimetres, and how many it seats: from its attributes, else from its texts."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import overload

import numpy as np

from lavic_chat.catalog.amounts import read_count, read_measures
from lavic_chat.catalog.product import Product

WIDTH, DEPTH, HEIGHT, LENGTH, SEATS = "width", "depth", "height", "length", "seats"
LONGEST = "longest"  # of the sides
DIRECTIONS = (WIDTH, DEPTH, HEIGHT)
SIZE_NAMES = ("size", "dimensions", "dimension", "measurements", "product dimensions")
NUMBER = r"\d+(?:[.,]\d+)?"
UNIT = r"(?:(?:mm|cm|m|in(?:ch(?:es)?)?|ft)(?![a-z])|[\"”″])"
TIMES = re.compile(rf"{NUMBER}\s*{UNIT}?\s*[x×*]\s*{NUMBER}(?:\s*{UNIT}?\s*[x×*]\s*{NUMBER})?\s*{UNIT}?", re.IGNORECASE)
SEATING = re.compile(
    r"\b(?:seats|sleeps)\s+(?:up to\s+)?(?P<behind>\w+)|\b(?P<before>\w+)[\s-]?(?:seat(?:er|s)?\b|persons?\b|people\b)",
    re.IGNORECASE,
)


def measures_of(product: Product) -> dict[str, float]:
    """Width, depth and height, as far as they are said."""
    named = {name.strip().lower(): value for name, value in product.attributes.items()}
    found = {name: read[0] for name in DIRECTIONS if (read := read_measures(named.get(name, "")))}
    sizes = [match[0] for name in SIZE_NAMES for match in TIMES.finditer(named.get(name, ""))]
    others = [match[0] for text in (product.description, product.title) for match in TIMES.finditer(text)]
    sizes += [size for size in others if re.search(UNIT, size, re.IGNORECASE)]  # "2 x 3 candles" is no size
    return dict(zip(DIRECTIONS, read_measures(sizes[0]), strict=False)) | found if sizes else found


def seats_of(product: Product) -> int | None:
    """For how many it is, where its title, attributes or description say so."""
    if count := read_count(str(product.attributes.get(SEATS, ""))):
        return count
    for text in (product.title, *map(str, product.attributes.values()), product.description):
        for match in SEATING.finditer(text):
            if count := read_count(match["behind"] or match["before"]):
                return count
    return None


def facts_of(product: Product) -> Mapping[str, float]:
    """All numbers that are known of a product: price, measures in centimetres, length (the longer side on the
    ground), the longest side, size (the volume, or area), seats."""
    facts: dict[str, float] = dict(measures_of(product))
    sides = [facts[name] for name in DIRECTIONS if name in facts]
    if sides:
        facts[LENGTH] = max(facts.get(WIDTH, 0.0), facts.get(DEPTH, 0.0)) or sides[0]
        facts[LONGEST] = max(sides)
        volume = 1.0
        for side in sides:
            volume *= side
        facts["size"] = volume
    if product.price is not None:
        facts["price"] = product.price
    if seats := seats_of(product):
        facts[SEATS] = float(seats)
    return facts


FACTS = (WIDTH, DEPTH, HEIGHT, LENGTH, LONGEST, "size", "price", SEATS)


class FactTable(Sequence[Mapping[str, float]]):
    """The facts of N products as numbers [N, 8], in the order of FACTS; NaN where nobody says them."""

    def __init__(self, numbers: np.ndarray):
        self.numbers = numbers

    def column(self, name: str) -> np.ndarray:
        """[N] one fact of each product; NaN where nobody says it, and for a name that is no fact."""
        if name not in FACTS:
            return np.full(len(self), np.nan)
        return np.asarray(self.numbers[:, FACTS.index(name)])

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, row: int) -> Mapping[str, float]: ...
    @overload
    def __getitem__(self, row: slice) -> "FactTable": ...
    def __getitem__(self, row: int | slice) -> "Mapping[str, float] | FactTable":
        if isinstance(row, slice):
            return FactTable(self.numbers[row])
        known = zip(FACTS, self.numbers[row].tolist(), strict=True)
        return {name: number for name, number in known if number == number}


def fact_table(facts: Iterable[Mapping[str, float]]) -> FactTable:
    """Of products' facts, as `facts_of` finds them."""
    rows = [[fact.get(name, np.nan) for name in FACTS] for fact in facts]
    return FactTable(np.array(rows, float).reshape(-1, len(FACTS)))
