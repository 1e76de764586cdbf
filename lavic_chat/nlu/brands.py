"""The brands of a catalogue, where messages name them."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from lavic_chat.catalog.product import Product
from lavic_chat.catalog.text import singular, words_of

ATTRIBUTES = ("brand", "manufacturer", "vendor")
SHORTEST, MOST_WORDS = 3, 4  # letters, and words, of a brand's name


@dataclass(frozen=True)
class BrandWords:
    """What may be a brand: names by the attributes, and the words that begin titles."""

    named: frozenset[str]
    first: frozenset[str]


class Brands:
    """Names of brands, of words that mean nothing else: by the catalogue's attributes, or where it has none, words that
    begin titles and are no English ones. common: words that mean something else."""

    def __init__(self, found: BrandWords, common: Collection[str], is_word: Callable[[str], bool]):
        names = found.named or {word for word in found.first if not (is_word(word) or is_word(singular(word)))}
        self.names = frozenset(name for name in names if len(name) >= SHORTEST and name not in common)

    def __contains__(self, said: str) -> bool:
        """Whether words are the name of a brand, and no more."""
        return " ".join(words_of(said)) in self.names

    def find_in(self, text: str) -> dict[str, tuple[int, int]]:
        """The brands that a message names, and where, in characters."""
        words = list(re.finditer(r"[^\W\d_]+", text))
        found: dict[str, tuple[int, int]] = {}
        for size in range(MOST_WORDS, 0, -1):
            for start in range(len(words) - size + 1):
                first, last = words[start].start(), words[start + size - 1].end()
                if text[first:last] in self and not any(a <= first < b for a, b in found.values()):
                    found[text[first:last].lower()] = first, last
        return found


def brands_of(product: Product) -> list[str]:
    """Its brand, as the catalogue's attributes call it."""
    named = {name.lower(): value for name, value in product.attributes.items()}
    return [str(named[name]) for name in ATTRIBUTES if named.get(name)]


def brand_words(products: Iterable[Product]) -> BrandWords:
    """Of a catalogue."""
    named, first = set(), set()
    for product in products:
        named.update(" ".join(words_of(brand)) for brand in brands_of(product))
        first.update(words_of(product.title)[:1])
    return BrandWords(frozenset(named), frozenset(first))
