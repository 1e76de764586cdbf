"""Misspelled words, mended by edit distance to the words that a catalogue and its shoppers use."""

import re
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from lavic_chat.catalog.text import singular, words_of

SIMILAR = 0.72  # of a word that is none
NEAREST = 20  # words that are compared more closely
FEWEST_LETTERS = 4  # of a word that may be misspelled


class Speller:
    """uses: words of names, by how many names have them; others: further words that may be meant; is_word: whether a
    word is English, and so is left as it is."""

    def __init__(self, uses: Mapping[str, int], others: Collection[str], is_word: Callable[[str], bool]):
        # Of words that are equally near, the one that more things are called is meant.
        self.words = sorted({*uses, *others}, key=lambda word: (-uses.get(word, 0), word))
        self.known, self.is_word = frozenset(self.words), is_word
        self.mend_word = lru_cache(2048)(self._mend_word)

    def mend(self, said: str) -> str:
        """Words in lower case, each that is none as the nearest one."""
        return " ".join(self.mend_word(word) for word in words_of(said)) or said.lower()

    def mend_text(self, text: str) -> str:
        """A text with its misspelled words mended, and all else as it was."""
        return re.sub(r"[^\W\d_]+", lambda match: self._mended(match[0]), text)

    def _mended(self, word: str) -> str:
        low = word.casefold()
        mended = self.mend_word(low)
        return word if mended == low else mended

    def _mend_word(self, word: str) -> str:
        if len(word) < FEWEST_LETTERS or word in self.known or singular(word) in self.known or self.is_word(word):
            return word
        measure = DamerauLevenshtein.normalized_similarity
        near = process.extract(word, self.words, scorer=measure, score_cutoff=SIMILAR, limit=NEAREST)
        # Equally near are letters that changed places and letters that are missing: the former are the likelier slip.
        likely = [(score, sorted(other) == sorted(word), other[0] == word[0], other) for other, score, _ in near]
        return max(likely, key=lambda found: found[:3])[3] if likely else word
