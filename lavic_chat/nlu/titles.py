"""Titles of a catalogue's products, where messages name them."""

import unicodedata
from functools import cached_property

import numpy as np
from rapidfuzz import fuzz, process

from lavic_chat.catalog.columns import Columns
from lavic_chat.nlu.catalog_words import title_stems
from lavic_chat.nlu.word_tables import WordTables

LEAST, MOST = 1e-4, 0.97  # probability that a product is called so
CALLED = 0.75  # share of a name that a title has at least
CALLED_WIDTH, NO_MORE_CALLED = 0.08, 0.25  # below the best: a title may be meant; hardly any probability is left


class Titles:
    """Of one catalogue."""

    def __init__(self, tables: WordTables, columns: Columns):
        self.tables, self.columns = tables, columns

    def probability(self, said: str) -> np.ndarray:
        """[N] probability that a product is called so, brand and all."""
        shares = self.tables.titles.share(list(title_stems(said)))
        # what is spelled less alike than the best, by so much, has the least probability whatever it is
        least = 100 * max(0.0, shares.max(initial=0.0) - NO_MORE_CALLED)
        titles, name = self.plain_titles, without_accents(said.lower())
        spelled = process.cdist(
            [name], titles, scorer=fuzz.token_set_ratio, score_cutoff=least, dtype=np.float64, workers=-1
        )  # fmt: skip
        both = np.maximum(shares, spelled[0] / 100 if len(titles) else 0.0)
        best = both.max(initial=0.0)
        known = min(1.0, best / CALLED) ** 4  # nothing here may be called so
        return np.clip(known * np.exp(-(((best - both) / CALLED_WIDTH) ** 2)), LEAST, MOST)

    @cached_property
    def plain_titles(self) -> tuple[str, ...]:
        """The titles in lower case, without accents: "fete" names the Fête cake stand."""
        return tuple(map(without_accents, self.columns.lower_titles))

    def says(self, said: str) -> np.ndarray:
        """[N] whether a product's title has all the words."""
        return self.tables.titles.share(list(title_stems(said))) >= 1.0

    def named_in(self, text: str) -> str:
        """The longest title of several words that stands in a text, whatever its letters; "" where none does."""
        return max(sorted(self.all_in(text)), key=len, default="")

    def listed_in(self, text: str) -> tuple[str, ...]:
        """All titles of several words that stand in a text, in their order, none of them within another."""
        low = text.lower()
        found = self.all_in(text)
        whole = [one for one in found if not any(one != other and one.lower() in other.lower() for other in found)]
        return tuple(sorted(whole, key=lambda title: low.index(title.lower())))

    def all_in(self, text: str) -> set[str]:
        """All titles of several words that stand in a text, whatever their letters."""
        low, titles = text.lower(), self.columns.titles
        return {titles[row] for row in self.tables.titles_in(text) if titles[row].lower() in low}


def without_accents(text: str) -> str:
    """A text whose letters have no accents."""
    if text.isascii():
        return text
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
