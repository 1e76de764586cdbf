"""How probably each product of a catalogue looks in which way, as the item features tell it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lavic_chat.catalog.columns import places_by_name


@dataclass(frozen=True, eq=False)
class AppearanceTable:
    """words [V], each of one of the attributes [V] ("colour", "shade", "material", ...); probability [N, V], in half
    precision: over the words of an attribute it sums to one. others [N]: what captions say beside such words."""

    words: tuple[str, ...]
    attributes: tuple[str, ...]
    probability: np.ndarray
    others: Sequence[str] = ()

    @cached_property
    def places(self) -> dict[str, np.ndarray]:
        """Where the words of each attribute are."""
        return places_by_name(self.attributes)

    @cached_property
    def by_word(self) -> np.ndarray:
        """[V, N] the same word by word, as it is asked for, in single precision: to convert what is asked for each time
        took longer than all that is done with it."""
        return np.ascontiguousarray(self.probability.T, np.float32)

    def expect(self, scores: np.ndarray) -> np.ndarray:
        """Scores of the words [V], none below 0 -> the mean of them over each attribute's words, and of all attributes
        the highest [N]."""
        found = np.zeros(len(self.probability), np.float32)
        for places in self.places.values():
            if (said := places[scores[places] > 0]).size:
                expected = scores[said].astype(np.float32) @ self.by_word[said]
                np.maximum(found, expected, out=found)
        return found

    def mean(self, attribute: str, values: np.ndarray) -> np.ndarray:
        """[N] of the values [V] that an attribute's words have; NaN where one that matters has none."""
        places = self.places.get(attribute, np.empty(0, int))
        known = places[~np.isnan(values[places])]
        if not known.size:
            return np.full(len(self.probability), np.nan)
        weights = self.by_word[known]
        total = weights.sum(0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(total > 0.5, values[known].astype(np.float32) @ weights / total, np.nan)

    def likeliest(self, row: int, attribute: str) -> str:
        """The word of an attribute that a product shows most probably; "" where it has none."""
        places = self.places.get(attribute, np.empty(0, int))
        return self.words[places[int(self.probability[row, places].argmax())]] if places.size else ""
