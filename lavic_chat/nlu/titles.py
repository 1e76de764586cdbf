"""Titles of a catalogue's products, where messages name them."""

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
        titles = self.columns.lower_titles
        spelled = process.cdist(
            [said.lower()], titles, scorer=fuzz.token_set_ratio, score_cutoff=least, dtype=np.float64, workers=-1
        )  # fmt: skip
        both = np.maximum(shares, spelled[0] / 100 if len(titles) else 0.0)
        best = both.max(initial=0.0)
        known = min(1.0, best / CALLED) ** 4  # nothing here may be called so
        return np.clip(known * np.exp(-(((best - both) / CALLED_WIDTH) ** 2)), LEAST, MOST)

    def says(self, said: str) -> np.ndarray:
        """[N] whether a product's title has all the words."""
        return self.tables.titles.share(list(title_stems(said))) >= 1.0

    def named_in(self, text: str) -> str:
        """The longest title of several words that stands in a text, whatever its letters; "" where none does."""
        low, titles = text.lower(), self.columns.titles
        found = {titles[row] for row in self.tables.titles_in(text) if titles[row].lower() in low}
        return max(sorted(found), key=len, default="")
