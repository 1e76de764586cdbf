"""How probably each product looks as words say: by what is written of its looks, and by what is seen in its picture."""

from functools import cached_property, lru_cache

import numpy as np

from lavic_chat.nlu.appearance_table import AppearanceTable
from lavic_chat.nlu.catalog_words import entry_match, stems
from lavic_chat.nlu.lexicon import COLOUR, Entry, Lexicon
from lavic_chat.nlu.picture_words import PictureWords, Vocabulary
from lavic_chat.nlu.terms import Encoder, remember_sparse, room_for
from lavic_chat.nlu.word_tables import WordTables, find_entry


class SeenWords:
    """Of one catalogue. table: what is seen of each product; None where captions alone tell. Where the shop may say how
    things look (`reads_attributes`), what it says of a facet goes before what is seen."""

    def __init__(
        self,
        tables: WordTables,
        lexicon: Lexicon,
        encoder: Encoder,
        table: AppearanceTable | None = None,
        reads_attributes: bool = False,
    ):
        self.entries, self.lexicon, self.encoder, self.terms = tables.entries, lexicon, encoder, tables.seen
        self.table, self.reads_attributes = table, reads_attributes
        self.written = Vocabulary(tables.entries, tables.stem_words, self.terms.vectors)
        self.pictures = PictureWords(table, lexicon, encoder) if table else None
        self.words = self.pictures.words if self.pictures else frozenset[str]()
        self.compared = lru_cache(512)(self._compared)
        self.match = remember_sparse(self._match, len(self.terms.terms))
        self.probability = lru_cache(room_for(512, len(self.terms.of)))(self._probability)

    def _probability(self, said: str) -> np.ndarray:
        """[N] that a product looks as words say, which are not taken apart."""
        written = self.terms.best(self.match(said))
        if not self.pictures:
            return written
        seen, meant = self.pictures.probability(said, *self.compared(said)), self.meant(said)
        return np.maximum(written, np.where(self.stated(meant.facet), 0.0, seen) if meant else seen)

    def _match(self, said: str) -> np.ndarray:
        """[T] how probably each term of the catalogue's says what is said."""
        return self.written.match(said, *self.compared(said))

    def _compared(self, said: str) -> tuple[np.ndarray, np.ndarray]:
        """How probably each entry of the lexicon says what is said, and a 0; and the vector [1, d] of what is meant."""
        stem, meant = stems(said), self.meant(said)
        toned = meant or self.lexicon.toned(said)
        by_entry = np.array([*(entry_match(stem, toned, other) for other in self.lexicon.entries), 0.0])
        return by_entry, self.encoder.encode([meant.word if meant else said])

    def meant(self, said: str) -> Entry | None:
        """The lexicon's entry of words that are said of a look, also where they liken it to a thing."""
        return find_entry(self.lexicon, said) or self.lexicon.likeness(said)

    def stated(self, facet: str) -> np.ndarray:
        """[N] whether the shop says a facet of a product, where it may be read."""
        nowhere = np.zeros(len(self.terms.of), bool)
        return self.says.get(facet, nowhere) if self.reads_attributes else nowhere

    @cached_property
    def says(self) -> dict[str, np.ndarray]:
        """Facet -> whether [N] any of the words written of a product's looks are of it."""
        names = np.array(self.facet_names)
        return {name: self.terms.best((names == name)[self.entries] * 1.0) > 0 for name in self.written_facets}

    @cached_property
    def facet_names(self) -> tuple[str, ...]:
        """Of each entry of the lexicon; the last is of terms that have none."""
        return (*(entry.facet for entry in self.lexicon.entries), "")

    @cached_property
    def written_facets(self) -> frozenset[str]:
        """Those of which the catalogue's words say anything."""
        return frozenset(self.facet_names[place] for place in np.unique(self.entries) if place >= 0)

    @property
    def facets(self) -> frozenset[str]:
        """Those of which the catalogue's words, or its pictures, say anything."""
        return self.written_facets | self.measured

    @property
    def measured(self) -> frozenset[str]:
        """Those whose probabilities are of what is seen, and so have their doubts in them."""
        return self.pictures.facets if self.pictures else frozenset()

    def of_facet(self, row: int, facet: str) -> list[str]:
        """What a product's looks say of a facet, "scarlet" of its colour; the most special word alone."""
        if self.pictures and not self.stated(facet)[row] and (word := self.pictures.likeliest(row, facet)):
            return [word]
        places = [place for place in self.terms.of[row] if self.facet_names[self.entries[place]] == facet]
        return [self.terms.terms[int(place)] for place in places[-1:]]

    @cached_property
    def lightness(self) -> np.ndarray:
        """[N] CIE L* of the colour that each product is seen in, the most special name of it; NaN where none is."""
        written = self.written_lightness()
        if not self.pictures:
            return written
        seen = self.pictures.lightness
        return np.where(np.isnan(seen) | (self.stated(COLOUR) & ~np.isnan(written)), written, seen)

    def written_lightness(self) -> np.ndarray:
        """The same by the words alone."""
        light = np.array([*(entry.lab[0] if entry.lab else np.nan for entry in self.lexicon.entries), np.nan])
        of_terms, of = light[self.entries], self.terms.of
        known = ~np.isnan(of_terms[of.members])
        rows = np.repeat(np.arange(len(of)), of.sizes)[known]
        found = np.full(len(of), np.nan)
        found[rows] = of_terms[of.members[known]]  # the last one stays
        return found
