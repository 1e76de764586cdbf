"""Generated messages with marks that say what each word is: to learn to read from (`assets/language/README.md`).

A marking teller puts signs around what it fills into a fragment. They pass through everything that a voice does to a
text, and become marks at the end: "a [wanted:green] [kind:sofa]".
"""

import re
from functools import cache

from .voice import Teller
from .wishes import Wish

SLOTS = ("kind", "wanted", "unwanted", "price<", "price~")
SIGNS = {slot: chr(0xE000 + place) for place, slot in enumerate(SLOTS)}  # of Unicode's private use: in no fragment
END = chr(0xE00F)
ALL_SIGNS = "".join((*SIGNS.values(), END))
MARKED = re.compile(f"([{''.join(SIGNS.values())}])([^{ALL_SIGNS}]*){END}")
ABOUT = re.compile(r"(?:about|around|roughly) $")
COLOUR_OF = re.compile(r"(colou?rs?) of (?:an? |the )?$", re.IGNORECASE)
# What a tone is called in fragments that have no place to fill: words that mean it, and its opposite's.
TONES = {
    "dark": (r"dark(?:er|est|ish)?|gloomy|moody", r"pale|light"),
    "light": (r"pale(?:r|st)?|light(?:er|est)?|airy", r"dark"),
    "vivid": (r"bright(?:er|est)?|loud(?:er)?|bold(?:er)?|colou?rful|cheerful|vivid", r"neutrals?|boring"),
    "dull": (r"neutrals?|muted|quiet|calm", r"loud|bright|colou?rful"),
    "warm": (r"warm|fiery|sunset|red|orange|yellow", r"cold"),
    "cool": (r"cool|sea|blues?|greens?|blue-green", r"warm"),
    "plain": (r"plain(?:er)?|solid|one colou?r", r"patterns?|patterned|stripes|dots|busy"),
    "patterned": (r"patterned|patterns?", r"plain"),
}


class MarkingTeller(Teller):
    """A teller whose words are marked."""

    def mark(self, slot: str, text: str) -> str:
        """The text between the signs of a slot; as it is where it has some already, or says nothing."""
        return f"{SIGNS[slot]}{text}{END}" if text and END not in text else text

    def mark_tone(self, wish: Wish, text: str) -> str:
        """Words of a tone or a pattern, which stand in the fragment itself, and those of the opposite."""
        meant, opposite = tone_words(wish.value)
        sides = ("unwanted", "wanted") if wish.negated else ("wanted", "unwanted")
        marked = meant.sub(lambda match: self.mark(sides[0], match[0]), text)
        return opposite.sub(lambda match: self.mark(sides[1], match[0]), marked)


@cache
def tone_words(tone: str) -> tuple[re.Pattern, re.Pattern]:
    """What means it, and what its opposite."""
    meant, opposite = TONES[tone]
    return re.compile(rf"\b(?:{meant})\b", re.IGNORECASE), re.compile(rf"\b(?:{opposite})\b", re.IGNORECASE)


def to_marks(text: str) -> str:
    """Signs become marks; "the colour of" belongs to what it is of."""
    parts, last = [], 0
    for match in MARKED.finditer(text):
        slot = SLOTS[ord(match[1]) - 0xE000]
        before, words = text[last : match.start()], match[2]
        if slot == "price<" and ABOUT.search(before):
            slot = "price~"
        if slot == "wanted" and (found := COLOUR_OF.search(before)):
            before, words = before[: found.start()], before[found.start() :] + words
        parts += [before, f"[{slot}:{words}]"]
        last = match.end()
    return "".join([*parts, text[last:]])


def without_signs(text: str) -> str:
    """The text as a shopper would write it."""
    return text.translate({ord(sign): None for sign in ALL_SIGNS})
