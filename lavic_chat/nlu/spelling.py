"""Misspelled words, mended by edit distance and by sound to the words that a catalogue and its shoppers use."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property, lru_cache

from jellyfish import metaphone
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from lavic_chat.catalog.text import singular, words_of

SIMILARITY = DamerauLevenshtein.normalized_similarity
SIMILAR = 0.72  # of a word that is none
SOUNDS_SO = 0.8  # mean similarity of letters and of sounds: "xilofone"
LEAST_ALIKE = 0.65  # of the letters of such a word
NEAREST = 40  # words that are compared more closely
LONG, COMMON_LIKE = 6, 0.8  # letters of a word that may be a common one, and its likeness to that
SHORT_FOR = frozenset(("smth", "sumth", "tmrw", "bday", "appt", "approx"))  # something else: left as they are
MADE_UP = 0.85  # likeness to a brand's name
FEWEST_LETTERS = 4  # of a word that may be misspelled


class Speller:
    """uses: words of names, by how many names have them; others: further words that may be meant; is_word: whether a
    word is English, and so is left as it is; common: English words that are meant where a long word is hardly any
    other, "confortable"; made_up: words of brands, which are meant only where hardly a letter is wrong."""

    def __init__(
        self,
        uses: Mapping[str, int],
        others: Collection[str],
        is_word: Callable[[str], bool],
        common: Callable[[], Sequence[str]] = tuple,
        made_up: Collection[str] = (),
    ):
        # Of words that are equally near, the one that more things are called is meant.
        self.words = sorted({*uses, *others}, key=lambda word: (-uses.get(word, 0), word))
        self.known, self.is_word, self.called = frozenset(self.words), is_word, frozenset(uses)
        self.find_common, self.made_up = common, frozenset(made_up)
        self.mend_word = lru_cache(2048)(self._mend_word)

    @cached_property
    def common(self) -> list[str]:
        """The long ones of the common words, which are read when first asked for."""
        return [word for word in self.find_common() if len(word) >= LONG]

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
        if (
            len(word) < FEWEST_LETTERS
            or word in SHORT_FOR
            or word in self.known
            or singular(word) in self.known
            or self.is_word(word)
        ):
            return word
        likely = [found for said in (word, without_r(word)) if said for found in self._near(said)]
        best = max(likely, key=lambda found: found[:-1])[-1] if likely else word
        if len(word) >= LONG and (found := self._nearest_common(word)):
            # "moorning" is no "motoring", and "plesse" is not what some product is called
            own = SIMILARITY(word, best) if likely else 0.0
            is_known = (best in self.called and self.is_word(best)) or metaphone(best) == metaphone(word)
            return found[0] if found[1] > own or (found[1] == own and not is_known) else best
        return best

    def _nearest_common(self, word: str) -> tuple[str, float] | None:
        """The common word that is most like one that is none, and how like; None where none is."""
        found = process.extractOne(word, self.common, scorer=SIMILARITY, score_cutoff=COMMON_LIKE)
        return (found[0], found[1]) if found else None

    def may_be(self, other: str, letters: float) -> bool:
        """Whether a word may be meant by one whose letters are so similar: "tryna" is no "Torina"."""
        return letters >= MADE_UP or other not in self.made_up

    def _near(self, word: str) -> list[tuple[float, bool, bool, bool, str]]:
        """Words that may be meant: how like each is, whether it has the same letters, sounds the same, "pinck" as pink,
        and begins with the same letter."""
        sound = metaphone(word)
        near = process.extract(word, self.words, scorer=SIMILARITY, score_cutoff=LEAST_ALIKE, limit=NEAREST)
        # Equally near are letters that changed places and letters that are missing: the former are the likelier slip.
        return [
            (score, sorted(other) == sorted(word), metaphone(other) == sound, other[0] == word[0], other)
            for other, letters, _ in near if (score := likeness(word, other, letters)) and self.may_be(other, letters)
        ]  # fmt: skip


def without_r(word: str) -> str:
    """A word that ends in "er" as those write "a" who do not speak that r, "sofer"; "" of another one."""
    return f"{word[:-2]}a" if word.endswith(("er", "ar", "or")) and len(word) > FEWEST_LETTERS else ""


def likeness(word: str, other: str, letters: float) -> float:
    """How like another word one is that is none, whose letters are so similar: by these alone, or, less than any by
    these, as it sounds, too; 0 where it can hardly be meant."""
    if letters >= SIMILAR:
        return letters
    heard = (letters + SIMILARITY(metaphone(word), metaphone(other))) / 2
    return SIMILAR * heard if heard >= SOUNDS_SO else 0.0
