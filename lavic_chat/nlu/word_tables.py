"""All that the words of a catalogue's products are compared by, made once of the products and their captions."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from lavic_chat.catalog.product import Product
from lavic_chat.catalog.text import singular, words_of
from lavic_chat.nlu.brands import BrandWords, brand_words
from lavic_chat.nlu.catalog_words import (
    SMALL_WORDS,
    appearance_terms,
    kind_texts,
    stated_materials,
    stems,
    title_stems,
    without_general,
)
from lavic_chat.nlu.lexicon import Entry, Lexicon
from lavic_chat.nlu.terms import (
    Columns,
    Encoder,
    Lists,
    Postings,
    Terms,
    make_lists,
    make_postings,
    make_terms,
    read_lists,
    read_postings,
    read_terms,
)
from lavic_chat.nlu.thesaurus import Thesaurus, name_words

WORDS_FORMAT = "6"  # counted up when the tables of the same products come to be others


@dataclass(frozen=True, eq=False)
class WordTables:
    """names, seen: what products are called, and what is said of how they look. name_words: the words of each name;
    things: for each thing of the thesaurus the names that mean it. entries [T]: the place in the lexicon of each term
    for looks, -1 where it is not there; stem_words: its words without endings. titles: the words of each title.
    uses: words of names, by how many have them; others: words for looks."""

    names: Terms
    seen: Terms
    name_words: Postings
    things: Lists
    entries: np.ndarray
    stem_words: Postings
    titles: Postings
    uses: Mapping[str, int]
    others: frozenset[str]
    brands: BrandWords

    @cached_property
    def is_sold(self) -> np.ndarray:
        """Of each thing of the thesaurus whether any product is called so."""
        return self.things.sizes > 0

    def titles_in(self, text: str) -> np.ndarray:
        """The rows whose titles are of several words, all of which a text has."""
        return np.flatnonzero((self.titles.having(title_stems(text)) == self.titles.sizes) & (self.titles.sizes > 1))

    def ending_so(self, words: tuple[str, ...], in_order: bool) -> np.ndarray:
        """[T] whether a name has all of the words, and ends with the last; in_order: ends with all of them, for a
        high-back chair is no high chair."""
        if not words:
            return np.zeros(len(self.names.terms), bool)
        found = self.name_words.called(words)
        if in_order and len(words) > 1:
            rows = np.flatnonzero(found)
            found[rows] = [name_words(self.names.terms[row])[-len(words) :] == words for row in rows]
        return found

    def arrays(self) -> dict[str, Any]:
        """Columns by name, as `read_word_tables` takes them."""
        return {
            **self.names.arrays("names"),
            **self.seen.arrays("seen"),
            **self.name_words.arrays("name-words"),
            **self.things.arrays("things"),
            "entries": self.entries,
            **self.stem_words.arrays("stem-words"),
            **self.titles.arrays("titles"),
            "uses": list(self.uses),
            "uses.counts": np.array(list(self.uses.values()), np.int64),
            "others": sorted(self.others),
            "brands.named": sorted(self.brands.named),
            "brands.first": sorted(self.brands.first),
        }


def make_word_tables(
    products: Sequence[Product],
    captions: Sequence[str],
    encoder: Encoder,
    known: tuple[Lexicon, Thesaurus],
    read_attributes: bool = False,
) -> WordTables:
    """captions: by product, "" where there is none. known: what English is measured by. read_attributes: whether those
    of looks may be read, too."""
    lexicon, thesaurus = known
    find = partial(find_entry, lexicon)
    uses: Counter[str] = Counter()
    names, appearance = [], []
    for product, caption in zip(products, captions, strict=True):
        called = kind_texts(product)
        uses.update(word for text in called for word in words_of(text))
        names.append(called)
        terms = appearance_terms(product, caption, read_attributes)
        terms += [one for one in (stated_materials(product, find) if read_attributes else ()) if one not in terms]
        appearance.append(without_general(terms, find))
    named, seen = make_terms(names, encoder), make_terms(appearance, encoder)
    things = [thesaurus.find(name)[0] for name in named.terms]
    for thing in frozenset().union(*things):
        uses.update(word for name in thesaurus.things[thing].names for word in words_of(name))
    place = {id(entry): row for row, entry in enumerate(lexicon.entries)}
    found = (find_entry(lexicon, term) for term in seen.terms)
    return WordTables(
        named,
        seen,
        make_postings(map(name_words, named.terms)),
        make_lists(map(sorted, things)).inverted(len(thesaurus.things)),
        np.array([-1 if entry is None else place[id(entry)] for entry in found], np.int32),
        make_postings(map(stems, seen.terms)),
        make_postings(title_stems(product.title) for product in products),
        uses,
        frozenset(word for term in seen.terms for word in words_of(term)),
        brand_words(products),
    )


def read_word_tables(columns: Columns) -> WordTables:
    """As `WordTables.arrays` has them."""
    return WordTables(
        read_terms(columns, "names"),
        read_terms(columns, "seen"),
        read_postings(columns, "name-words"),
        read_lists(columns, "things"),
        columns["entries"],
        read_postings(columns, "stem-words"),
        read_postings(columns, "titles"),
        dict(zip(columns["uses"], columns["uses.counts"].tolist(), strict=True)),
        frozenset(columns["others"]),
        BrandWords(frozenset(columns["brands.named"]), frozenset(columns["brands.first"])),
    )


def find_entry(lexicon: Lexicon, said: str) -> Entry | None:
    """The lexicon's entry of words, or of their singular."""
    words = words_of(said)
    for text in (said, " ".join(map(singular, words)), " ".join(word for word in words if word not in SMALL_WORDS)):
        if entry := lexicon.find(text):
            return entry
    return None
