"""The words of a catalogue: what its products are called, and what is said of how they look."""

import re
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from lavic_chat.catalog.columns import Columns
from lavic_chat.catalog.product import Product
from lavic_chat.catalog.text import singular, words_of
from lavic_chat.nlu.lexicon import COLOUR, MATERIAL, PATTERN, Entry

SMALL_WORDS = frozenset(
    ("a", "an", "the", "and", "or", "of", "for", "with", "in", "on", "to", "my", "our", "some", "any", "one", "ones",
     "it", "is", "that", "this", "please", "colour", "color", "coloured", "colored")
)  # fmt: skip
MARK = re.compile(r"[,|(–—]|\s-\s")  # what a thing is called often ends before one
CATEGORY_MARK = re.compile(r"[>/|]")  # stands between a category and one within it
BROADER, NARROWER = 0.93, 0.4  # that what is seen as navy is blue; that what is seen as blue is navy
OTHER_PATTERN = 0.25  # that it is not the one that is seen
LIGHT, DARK = frozenset(("light", "pale")), frozenset(("dark", "deep"))  # words before a colour
LIGHT_FROM, DARK_TO = 62.0, 35.0  # CIE L* of what is called so
COLOUR_WIDTH, OTHER_WIDTH = 20.0, 22.0  # CIE94 difference at which a shade is another; CIE76 of other colours
SAME_COLOUR, OTHER_COLOUR = 0.12, 0.01  # that a shade is another of its colour; that a colour is quite another one
BASIC = frozenset(
    ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "beige", "white", "grey", "black", "gold",
     "silver")
)  # fmt: skip
NOT_APPEARANCE = ("type", "size", "width", "depth", "height", "length")  # attributes that say nothing of looks


def kind_texts(product: Product) -> list[str]:
    """What a product is called: its title, also without what follows behind a mark; then its type where the catalogue
    has one, else the last part of its category."""
    types = [str(product.attributes.get(name, "")) for name in ("type", "product type", "product_type")]
    of_category = [] if any(types) else category_parts(product.category)[-1:]
    texts = (MARK.split(product.title)[0], product.title, *of_category, *types)
    return list(dict.fromkeys(" ".join(text.lower().split()) for text in texts if text.strip()))


@lru_cache(maxsize=65536)
def category_parts(category: str) -> tuple[str, ...]:
    """A category and those that it lies in, the widest first: "Women > Bags" -> Women, Bags."""
    return tuple(part.strip() for part in CATEGORY_MARK.split(category))


def in_category(columns: Columns, said: str) -> np.ndarray:
    """[N] whether a product's category, or one that it lies in, is called so."""
    words = stems(said)
    called = [any(stems(part) == words for part in category_parts(name)) for name in columns.category_names]
    return np.array([*called, False])[columns.categories] & bool(words)


def appearance_terms(product: Product, caption: str, read_attributes: bool) -> list[str]:
    """The words, and pairs of words, that say how a product looks; those of the caption last, the most special of them
    behind the others."""
    texts = [product.title, caption]
    if read_attributes:
        texts += [value for name, value in product.attributes.items() if name not in NOT_APPEARANCE]
    terms: dict[str, None] = {}
    for text in texts:
        words = words_of(text)
        terms.update(dict.fromkeys((*words, *map(" ".join, pairwise(words)))))
    return list(terms)


def materials_in(text: str, find: Callable[[str], Entry | None]) -> list[str]:
    """The words of a text that name a material. find: the lexicon's entry of a word."""
    words = dict.fromkeys(words_of(text))
    return [word for word in words if (entry := find(word)) and entry.facet == MATERIAL]


def appearance_in(
    text: str, find: Callable[[str], Entry | None], facets: Collection[str] = (COLOUR, MATERIAL, PATTERN)
) -> list[str]:
    """The words of a text that say how things look, "light blue" as one. find: as above."""
    words, found = words_of(text), []
    for place, word in enumerate(words):
        pair = " ".join(words[max(place - 1, 0) : place + 1])
        entry = find(pair) if place else None
        if entry and entry.facet in facets and entry.word != word:
            found = [one for one in found if one != words[place - 1]]
            found.append(pair)
        elif (entry := find(word)) and entry.facet in facets:
            found.append(word)
    return list(dict.fromkeys(found))


def stated_materials(product: Product, find: Callable[[str], Entry | None]) -> list[str]:
    """What a shop says that a product is made of: by title and attributes, or else by its description."""
    said = " ".join((product.title, *(f"{name} {value}" for name, value in product.attributes.items())))
    return materials_in(said, find) or materials_in(product.description, find)


def without_general(terms: Sequence[str], find: Callable[[str], Entry | None]) -> list[str]:
    """Terms but for colours that another of them is a shade of: what is seen as "brown (camel)" is camel, which says
    more of how near it is to caramel than that both are brown. find: the lexicon's entry of a term."""
    entries = [find(term) for term in terms]
    general = frozenset().union(*(entry.broader for entry in entries if entry and entry.lab))
    return [term for term, entry in zip(terms, entries, strict=True) if not (entry and entry.lab and term in general)]


@lru_cache(maxsize=65536)
def stems(text: str) -> frozenset[str]:
    """The words of a text without endings and small words."""
    return frozenset(singular(word) for word in words_of(text) if word not in SMALL_WORDS)


def title_stems(title: str) -> frozenset[str]:
    """The words of a title, numbers and all, for these tell models of one name apart."""
    return stems(title) | frozenset(re.findall(r"\w*\d\w*", title.casefold()))


@lru_cache(maxsize=4096)
def broader(entry: Entry) -> frozenset[str]:
    """Stems of what is true of an entry; of a colour also whether it is light or dark."""
    light = entry.lab[0] if entry.lab else (LIGHT_FROM + DARK_TO) / 2
    by_lightness = LIGHT if light >= LIGHT_FROM else DARK if light <= DARK_TO else frozenset()
    return by_lightness | frozenset(stem for text in entry.broader for stem in stems(text))


def colour_difference(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """CIE94 of two colours in CIE L*a*b*, by the mean of their chromas: among strong colours people tell smaller
    differences in hue and strength no more apart than among greys (CIE 116-1995)."""
    chromas = float(np.hypot(*one[1:])), float(np.hypot(*other[1:]))
    mean, by_chroma = sum(chromas) / 2, chromas[0] - chromas[1]
    by_hue = max((one[1] - other[1]) ** 2 + (one[2] - other[2]) ** 2 - by_chroma**2, 0.0)
    scaled = (one[0] - other[0], by_chroma / (1 + 0.045 * mean), by_hue**0.5 / (1 + 0.015 * mean))
    return float(np.linalg.norm(scaled))


def alike(entry: Entry, other: Entry) -> float:
    """How probably one colour is called by the name of another: of the same basic colour the more so, "mocha" and
    "chocolate", than of two, however near these lie."""
    lab, other_lab = entry.lab or (0.0, 0.0, 0.0), other.lab or (0.0, 0.0, 0.0)
    if basic_colours(entry) & basic_colours(other):
        difference = colour_difference(lab, other_lab)
        return max(SAME_COLOUR, float(np.exp(-((difference / COLOUR_WIDTH) ** 2))))
    difference = float(np.linalg.norm(np.subtract(lab, other_lab)))
    return max(OTHER_COLOUR, float(np.exp(-((difference / OTHER_WIDTH) ** 2))))


@lru_cache(maxsize=4096)
def basic_colours(entry: Entry) -> frozenset[str]:
    """The basic colours that an entry is, or is a shade of."""
    return (entry.broader | {entry.word}) & BASIC


def entry_match(stem: frozenset[str], entry: Entry | None, other: Entry) -> float:
    """How probably an entry of the lexicon says what is said, by its words and its colour; 0 where it says nothing
    of it."""
    # "dark" and "red" are both true of burgundy
    is_true = bool(stem) and stem <= broader(other) | stems(other.word)
    if is_true or (entry and entry.word in other.broader):
        return BROADER
    if not entry:
        return 0.0
    if entry.word == other.word:
        return 1.0
    if other.word in entry.broader:
        return NARROWER
    if entry.facet == other.facet == PATTERN:
        return OTHER_PATTERN
    if entry.lab and other.lab:
        return alike(entry, other)
    return 0.0
