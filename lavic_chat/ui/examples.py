"""The requests that the greeting offers: three that the catalogue at hand can meet, or those of the home catalogue."""

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np

from lavic_chat.catalog.product import Catalog, Product
from lavic_chat.catalog.text import singular
from lavic_chat.catalog.variants import attributes_for_people, plain_name

OF_A_HOME = (
    "A red armchair for a reading corner",
    "Something warm to light a dark hallway",
    "A dining table in light wood for six people",
    "A wardrobe under 200 cm high, no glossy doors",
    "A vase that brings some colour to a grey shelf",
    "A quiet bedside table, nothing shiny",
)
SOLD_TO_HOMES = frozenset(("armchair", "table lamp", "dining table", "wardrobe", "vase", "bedside table"))
COUNT = 3
READ = 4000  # products, from all over the catalogue
TYPES, SEEN = ("type", "producttype"), ("colour", "color", "material")  # attributes that name a thing, or its look
NAME = re.compile(r"[^\W\d_]+(?:[ '’-][^\W\d_]+){0,2}")  # what can be said in a sentence
LONGEST_NAME = 28
SAYS_NOTHING = frozenset(
    ("multi", "multicolour", "multicolor", "various", "assorted", "other", "mixed", "none", "default")
)
# Without "a".
PLURAL = frozenset(
    ("trousers", "jeans", "shorts", "pants", "leggings", "tights", "glasses", "sunglasses", "scissors", "shoes")
)
UNCOUNTED = frozenset(
    ("furniture", "seating", "lighting", "bedding", "clothing", "jewellery", "jewelry", "luggage", "decor", "linen",
     "cutlery", "tableware", "footwear", "wallpaper", "storage", "art", "underwear", "outerwear", "swimwear")
)  # fmt: skip


def examples_of(catalog: Catalog) -> tuple[str, ...]:
    """COUNT of them, "A rug in beige", of things and looks of which one is in stock, the things that there are most of
    first; fewer where the catalogue names no more."""
    pairs = list(sold(catalog))
    things = Counter(thing for thing, _ in pairs)
    if things.keys() >= SOLD_TO_HOMES:
        return OF_A_HOME
    found: dict[str, str] = {}  # by thing
    for thing in by_count(things):
        seen = by_count(Counter(look for name, look in pairs if name == thing and look))
        new = [look for look in seen if look not in found.values()]
        found[thing] = next(iter((*new, *seen)), "")
        if len(found) == COUNT:
            break
    requests = [request(thing, look) for thing, look in found.items()]
    more = [request(thing, look) for thing, look in by_count(Counter(pairs)) if thing in found and look]
    return tuple(dict.fromkeys((*requests, *more)))[:COUNT]


def by_count(counter: Counter) -> list:
    """What is there most often first; of as many the one that comes first in the alphabet."""
    return sorted(counter, key=lambda key: (-counter[key], key))


def sold(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """(thing, look) of products that are in stock, of at most READ of them; "" for a look that is not known."""
    rows = np.flatnonzero(catalog.columns.in_stock)
    for row in rows[:: max(1, -(-len(rows) // READ))]:
        product = catalog.products[int(row)]
        if thing := thing_name(product):
            yield thing, appearance_of(product)


def thing_name(product: Product) -> str:
    """What one such thing is called, by the product's type, else by the last part of its category, of which only what
    the title has is meant where it names several; "" for what is no name."""
    known = {plain_name(name): value for name, value in attributes_for_people(product).items()}
    texts = [known[name] for name in TYPES if name in known] or re.split(r"[>/|]", product.category)[-1:]
    parts = [
        part for text in texts for part in re.split(r"\s*(?:,|&|\band\b)\s*", " ".join(text.lower().split())) if part
    ]
    names = [singular_name(part) for part in parts]
    title = product.title.lower()
    named = names if len(names) == 1 else [name for name in names if name in title]
    return next((name for name in named if NAME.fullmatch(name) and len(name) <= LONGEST_NAME), "")


def singular_name(name: str) -> str:
    """ "dining tables" -> "dining table"; what has no singular stays."""
    first, _, last = name.rpartition(" ")
    return name if last in PLURAL else f"{first} {singular(last)}".strip()


def appearance_of(product: Product) -> str:
    """A word for how it looks, its colour before its material; "" where the shop says none."""
    known = {plain_name(name): value for name, value in attributes_for_people(product).items()}
    words = (re.split(r"[,/;(|]", known[name])[0].strip().lower() for name in SEEN if name in known)
    return next(
        (word for word in words if NAME.fullmatch(word) and len(word) <= LONGEST_NAME and word not in SAYS_NOTHING), ""
    )


def request(thing: str, look: str) -> str:
    """As one would say it."""
    last = thing.rpartition(" ")[2]
    article = "" if last in PLURAL | UNCOUNTED else "an " if thing[0] in "aeiou" else "a "
    sentence = f"{article}{thing}{f' in {look}' if look else ''}"
    return sentence[0].upper() + sentence[1:]
