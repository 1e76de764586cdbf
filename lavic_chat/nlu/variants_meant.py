"""Which variant of a product, or of what else is shown, a question means by what it says of it: "is the sand one in
450 ml in stock?"."""

import re
from collections.abc import Sequence
from dataclasses import replace

from lavic_chat.catalog.product import Product
from lavic_chat.catalog.text import singular, words_of
from lavic_chat.catalog.variants import differing
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.answers import APPEARANCE, MOST_VARIANTS
from lavic_chat.nlu.catalogue_answers import SEEN_SO
from lavic_chat.nlu.grounding import Grounding

SAID_OF_ONE = re.compile(r"\bthe\s+((?:[\w-]+\s+){1,3}?)ones?\b|\bin\s+([^,.;?!]+)", re.IGNORECASE)
SEEN_ALONE = (*APPEARANCE, "accent")  # attributes that are for the pictures to tell, where a catalogue says so
PART = re.compile(r"\d+(?:[.,]\d+)?|[^\W\d_]+")
ABOUT_ALL = ("count", "other_colours", "colour", "material", "pattern", "style", r.SIZES, *r.EXTREMES)  # of no variant


def without_appearance(product: Product) -> Product:
    """A product as a catalogue tells it whose looks are for the pictures alone to tell."""
    kept = {name: value for name, value in product.attributes.items() if name.strip().lower() not in SEEN_ALONE}
    return replace(product, attributes=kept)


def variant_meant(grounding: Grounding, asks: str, text: str, item: str | None, shown: Sequence[str]) -> str | None:
    """Id of what a question says most of, among a product, those shown and the product's variants; the product itself
    where nothing is said that tells them apart. asks: what is asked; item: the product; shown: the newest ids."""
    said = " ".join(match[1] or match[2] for match in SAID_OF_ONE.finditer(text))
    if item is None or not said or asks in ABOUT_ALL:
        return item
    own = grounding.row[item]
    near = [grounding.row[one] for one in shown if one in grounding.row]
    rows = dict.fromkeys((own, *near, *alike(grounding, own)))
    counts = {row: said_of(grounding, row, said) for row in rows}
    for word in filter(grounding.is_known, words_of(said)):
        seen = grounding.appearance(word)
        counts = {row: count + float(seen[row] >= SEEN_SO) for row, count in counts.items()}
    return grounding.columns.ids[max(counts, key=lambda row: counts[row])]


def alike(grounding: Grounding, row: int) -> list[int]:
    """Rows of a product's variants, those first that have the most in common with it: of a moss mug the other sizes in
    moss."""
    own = grounding.products[row].attributes

    def in_common(one: int) -> int:
        others = grounding.products[one].attributes
        return sum(others.get(name) == value for name, value in own.items())

    rows = [int(one) for one in grounding.columns.variants_of(row)[:MOST_VARIANTS]]
    return sorted(rows, key=in_common, reverse=True)


def said_of(grounding: Grounding, row: int, said: str) -> float:
    """How many of the values that tell a product from its variants are said."""
    same = grounding.columns.variants_of(row)[:MOST_VARIANTS]
    if len(same) < 2:
        return 0.0
    product, *variants = (grounding.products[int(one)] for one in (row, *same))
    if not grounding.reads_attributes:
        product, *variants = map(without_appearance, (product, *variants))
    words = parts_of(said)
    return float(sum(bool(parts := parts_of(value)) and parts <= words for value in differing(product, variants)))


def parts_of(text: str) -> frozenset[str]:
    """Words and numbers, apart from each other: "450ml" is "450 ml"."""
    return frozenset(singular(part) for part in PART.findall(text.lower()))
