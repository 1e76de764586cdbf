"""The words of a catalogue: what its products are called, and what is said of how they look."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Protocol

import numpy as np

from lavic_chat.catalog.product import Product
from lavic_chat.catalog.text import singular, words_of
from lavic_chat.nlu.lexicon import Entry

SMALL_WORDS = frozenset(
    ("a", "an", "the", "and", "or", "of", "for", "with", "in", "on", "to", "my", "our", "some", "any", "one", "ones",
     "it", "is", "that", "this", "please", "colour", "color", "coloured", "colored")
)  # fmt: skip
MOST = 0.5  # share of a catalogue
MARK = re.compile(r"[,|(–—]|\s-\s")  # what a thing is called often ends before one
NOT_APPEARANCE = ("type", "size", "width", "depth", "height", "length")  # attributes that say nothing of looks


class Encoder(Protocol):
    """Texts to unit vectors [n, d], in which names of one thing lie near each other."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Of what is said once: nothing is kept."""
        ...

    def encode_cached(self, texts: Sequence[str], progress: bool = False) -> np.ndarray:
        """Of what comes again."""
        ...


class Terms:
    """The distinct terms of all products, and which each product has."""

    def __init__(self, by_product: Sequence[Sequence[str]], encoder: Encoder):
        self.terms = tuple(dict.fromkeys(term for terms in by_product for term in terms))
        row = {term: place for place, term in enumerate(self.terms)}
        self.of = [[row[term] for term in terms] for terms in by_product]
        longest = max(map(len, self.of), default=1)
        self._padded = np.array([[*rows, *[len(self.terms)] * (longest - len(rows))] for rows in self.of], np.int64)
        self.vectors = encoder.encode_cached(self.terms, True)
        lasts = np.bincount([rows[-1] for rows in self.of if rows], minlength=len(self.terms))
        # [T] whether a term is the last one of most products, and so tells no two apart: "clothing"
        self.is_common = lasts > MOST * len(self.of)

    def last(self, scores: np.ndarray) -> np.ndarray:
        """Scores of the terms [T] -> that of each product's last term [N]; 1 where it has none."""
        return np.array([scores[rows[-1]] if rows else 1.0 for rows in self.of])

    def best(self, scores: np.ndarray) -> np.ndarray:
        """Scores of the terms [T] -> the highest of each product [N]; 0 where it has none."""
        if not len(self._padded):
            return np.zeros(0)
        return np.append(scores, 0.0)[self._padded].max(1)


def is_called(name: Sequence[str], words: Sequence[str]) -> bool:
    """Whether a name has all of the words, and ends with the same one."""
    return words[-1:] == name[-1:] and set(words) <= set(name)


def share(words: Sequence[str], name: Sequence[str]) -> float:
    """How many of the words a name has."""
    return len(set(words) & set(name)) / max(len(words), 1)


def kind_texts(product: Product) -> list[str]:
    """What a product is called: its title, also without what follows behind a mark; then its type where the catalogue
    has one, else the last part of its category."""
    types = [str(product.attributes.get(name, "")) for name in ("type", "product type", "product_type")]
    of_category = [] if any(types) else re.split(r"[>/|]", product.category)[-1:]
    texts = (MARK.split(product.title)[0], product.title, *of_category, *types)
    return list(dict.fromkeys(" ".join(text.lower().split()) for text in texts if text.strip()))


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
    """Stems of what is true of an entry."""
    return frozenset(stem for text in entry.broader for stem in stems(text))
