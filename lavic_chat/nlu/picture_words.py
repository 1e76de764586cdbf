"""What the words for looks say of pictures, whose looks are known as probabilities."""

from collections.abc import Sequence

import numpy as np

from lavic_chat.catalog.text import words_of
from lavic_chat.nlu.appearance_table import AppearanceTable
from lavic_chat.nlu.catalog_words import BROADER, stems
from lavic_chat.nlu.lexicon import COLOUR, Entry, Lexicon
from lavic_chat.nlu.terms import Encoder, Postings, make_postings, nearest
from lavic_chat.nlu.word_tables import find_entry

PLAIN, PATTERNED = "plain", "patterned"  # captions say nothing of what has no pattern
SHADE = "shade"  # the attribute that names a colour most exactly
MEANT_FROM, MEANT_WIDTH, MEANT_MOST = 0.62, 0.3, 0.9  # cosine from which words may mean the same, and how surely


class Vocabulary:
    """Words for looks, with what they are compared by. entries [T]: the place in the lexicon of each, -1 where it is
    not there; stem_words: its words without endings; vectors [T, d]."""

    def __init__(self, entries: np.ndarray, stem_words: Postings, vectors: np.ndarray):
        self.entries, self.stem_words, self.vectors = entries, stem_words, vectors

    def match(self, said: str, by_entry: np.ndarray, vector: np.ndarray) -> np.ndarray:
        """[T] how probably each word says what is said. by_entry: that of each entry of the lexicon, and a 0; vector
        [1, d] of what is said, or of the word that is meant."""
        scores = by_entry[self.entries]  # the last is of words that have none
        if stem := stems(said):
            scores[self.stem_words.equal(stem)] = 1.0
        meanings = np.clip((nearest(self.vectors, vector) - MEANT_FROM) / MEANT_WIDTH, 0, MEANT_MOST)
        return np.maximum(scores, meanings * (scores == 0))


class PictureWords:
    """Of one catalogue's table."""

    def __init__(self, table: AppearanceTable, lexicon: Lexicon, encoder: Encoder):
        self.table = table
        self.entries: Sequence[Entry | None] = [find_entry(lexicon, word) for word in table.words]
        place = {id(entry): row for row, entry in enumerate(lexicon.entries)}
        places = np.array([-1 if entry is None else place[id(entry)] for entry in self.entries], np.int32)
        vectors = encoder.encode_cached(table.words)
        self.vocabulary = Vocabulary(places, make_postings(map(stems, table.words)), vectors)
        self.words = frozenset(word for said in table.words for word in words_of(said))
        self.facets = frozenset(entry.facet for entry in self.entries if entry)
        self.is_plain = np.array(table.words) == PLAIN
        self.is_shaded = (np.array(table.attributes) == COLOUR) & (SHADE in table.places)

    def probability(self, said: str, by_entry: np.ndarray, vector: np.ndarray) -> np.ndarray:
        """[N] that a product looks as words say; see `Vocabulary.match`. Colours that are not quite what is said do not
        count where shades are known, nor that there is no pattern."""
        scores = self.vocabulary.match(said, by_entry, vector)
        vague = self.is_shaded & (scores < BROADER)
        return self.table.expect(np.where(vague | self.is_plain, 0.0, scores))

    def likeliest(self, row: int, facet: str) -> str:
        """The word of a facet that a product shows most probably, of its colour the shade; "" where none is known."""
        return self.table.likeliest(row, SHADE if facet == COLOUR and SHADE in self.table.places else facet)

    @property
    def lightness(self) -> np.ndarray:
        """[N] mean CIE L* of the shades that each product may have, or else of its colours; NaN where none is known."""
        values = np.array([entry.lab[0] if entry and entry.lab else np.nan for entry in self.entries])
        of_shades, of_colours = (self.table.mean(name, values) for name in (SHADE, COLOUR))
        return np.where(np.isnan(of_shades), of_colours, of_shades)
