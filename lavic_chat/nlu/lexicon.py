"""English words for how things look: what they are also called, and what broader words are true of them.

One JSON object a line (english/appearance.jsonl): `word`, `facet` (colour, material, pattern, style, shape, finish,
part, feature), `also`, `is`, `unlike`, and `hex` of a colour. It knows no catalogue; words that it lacks are found by
their meaning.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lavic_chat.catalog.text import words_of

PATTERN = "pattern"  # a facet
D65 = np.array([0.95047, 1.0, 1.08883])


@dataclass(frozen=True)
class Entry:
    """A word of a catalogue. also: what shoppers may call it; broader: words that are true of it; lab: CIE L*a*b* of a
    colour."""

    word: str
    facet: str
    also: tuple[str, ...] = ()
    broader: frozenset[str] = frozenset()
    lab: tuple[float, float, float] | None = None


class Lexicon:
    """Entries by every word that means them."""

    def __init__(self, entries: Iterable[Entry]):
        self.entries = tuple(entries)

    @cached_property
    def by_word(self) -> Mapping[str, Entry]:
        """A word, or another for it, in lower case; the word itself goes before others' other words."""
        others = {name.lower(): entry for entry in reversed(self.entries) for name in entry.also}
        return others | {entry.word.lower(): entry for entry in self.entries}

    @cached_property
    def words(self) -> frozenset[str]:
        """All words of all names, as they are written."""
        return frozenset(word for name in self.by_word for word in words_of(name))

    def find(self, word: str) -> Entry | None:
        """The entry that a word means."""
        return self.by_word.get(word.lower())


def to_lab(rgb: np.ndarray) -> np.ndarray:
    """sRGB [..., 3] from 0 to 1 -> CIE L*a*b* under D65."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ matrix.T / D65
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def entry_from(row: Mapping) -> Entry:
    """Of one line's object; raises KeyError for another one."""
    lab = None
    if "hex" in row:
        light, red, yellow = map(float, to_lab(np.array(list(bytes.fromhex(row["hex"]))) / 255))
        lab = light, red, yellow
    return Entry(row["word"], row["facet"], tuple(row.get("also", ())), frozenset(row.get("is", ())), lab)
