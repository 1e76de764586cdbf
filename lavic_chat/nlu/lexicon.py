"""English words for how things look: what they are also called, and what broader words are true of them.

One JSON object a line (english/appearance.jsonl): `word`, `facet` (colour, material, pattern, style, shape, finish,
part, feature), `also`, `is`, `unlike`, and `hex` of a colour; and english/likenesses.jsonl, things whose colour
everybody knows, "the colour of basil leaves". It knows no catalogue; words that it lacks are found by their meaning.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lavic_chat.catalog.text import singular, words_of

PATTERN = "pattern"  # a facet
COLOUR, PART, MATERIAL = "colour", "part", "material"  # others
ABOUT_COLOUR = frozenset(
    ("colour", "color", "coloured", "colored", "shade", "tone", "hue", "of", "the", "a", "an", "like", "as", "in", "my")
)  # words that may stand beside a thing whose colour is meant
# What a word before a colour adds to its CIE L*, and how many times as strong it makes it.
PALER, DEEPER, STRONGER = (20.0, 0.75), (-18.0, 0.9), (0.0, 1.25)
TONES = dict.fromkeys(("light", "pale", "soft", "lighter", "paler"), PALER)
TONES |= dict.fromkeys(("dark", "deep", "darker", "deeper"), DEEPER)
TONES |= dict.fromkeys(("bright", "strong", "vivid", "intense", "bold"), STRONGER)
LEAST_LIGHT, MOST_LIGHT = 8.0, 95.0
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
    """Entries by every word that means them. likenesses: things whose colour is meant where they are named as one."""

    def __init__(self, entries: Iterable[Entry], likenesses: Iterable[Entry] = ()):
        self.entries = tuple(entries)
        self.likenesses = {
            " ".join(bare_words(name)): entry for entry in likenesses for name in (entry.word, *entry.also)
        }

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
        """The entry that a word means, in British or American spelling."""
        word = word.lower()
        return self.by_word.get(word) or self.by_word.get(word.replace("gray", "grey").replace("color", "colour"))

    def knows(self, word: str) -> bool:
        """Whether a word is known, by itself or as true of another."""
        return bool(self.find(word) or self.find(singular(word))) or word in self.broader_words

    @cached_property
    def broader_words(self) -> frozenset[str]:
        """All words that are true of any entry."""
        return frozenset(word for entry in self.entries for text in entry.broader for word in words_of(text))

    def toned(self, said: str) -> Entry | None:
        """A colour that is said to be lighter, darker or stronger than its name, "light violet", as one of its own;
        None where words say no such thing."""
        words = words_of(said)
        tone = TONES.get(words[0]) if len(words) > 1 else None
        entry = self.find(" ".join(words[1:])) if tone else None
        if not (tone and entry and entry.lab):
            return None
        light, chroma = tone
        lightness = min(max(entry.lab[0] + light, LEAST_LIGHT), MOST_LIGHT)
        return Entry(said, COLOUR, (), entry.broader, (lightness, entry.lab[1] * chroma, entry.lab[2] * chroma))

    def likeness(self, said: str) -> Entry | None:
        """The colour of a thing that words liken it to, "the colour of ripe cherries"."""
        words = bare_words(said)
        for start in range(len(words)):  # "ripe cherries", then "cherries"
            if entry := self.likenesses.get(" ".join(words[start:])):
                return entry
        return None


def bare_words(said: str) -> list[str]:
    """Without those that may stand beside a thing."""
    return [word for word in words_of(said) if word not in ABOUT_COLOUR]


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
        light, red, yellow = map(float, to_lab(np.array(list(bytes.fromhex(row["hex"].removeprefix("#")))) / 255))
        lab = light, red, yellow
    return Entry(row["word"], row["facet"], tuple(row.get("also", ())), frozenset(row.get("is", ())), lab)


def likeness_from(row: Mapping) -> Entry:
    """Of one line's object about a thing of a known colour; raises KeyError for another one."""
    return entry_from({**row, "facet": COLOUR, "is": (row["is"],)})
