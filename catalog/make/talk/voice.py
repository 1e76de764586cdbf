"""Who speaks: register, spelling, habits and slips, and how fragments become the sentences of that person."""

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .banks import bank, spin

if TYPE_CHECKING:
    from .wishes import Wish

REGISTERS = {"terse": 17, "plain": 30, "chatty": 18, "rambling": 12, "polite": 9, "slang": 8, "keyword": 6}  # weights
CARELESS = {"terse": 0.55, "plain": 0.15, "chatty": 0.15, "rambling": 0.2, "polite": 0.0, "slang": 0.9, "keyword": 0.9}
BLUNT = {"terse", "slang", "keyword"}  # who makes no sentences
EMOJI = {"chatty": 0.16, "slang": 0.2, "rambling": 0.08, "plain": 0.05}
AMERICAN = {
    "colour": "color", "grey": "gray", "greyhound": "greyhound", "favourite": "favorite", "neighbour": "neighbor",
    "flatmate": "roommate", "mum": "mom", "woollen": "wool", "moulded": "molded", "yoghurt": "yogurt",
    "whilst": "while", "aubergine": "eggplant", "candyfloss": "cotton candy", "post box": "mailbox",
    "icing sugar": "powdered sugar", "reckon": "figure", "lorry": "truck", "pavement": "sidewalk", 
    "liquorice": "licorice", "our whole flat": "our whole apartment", "solicitor": "lawyer",
}  # fmt: skip
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")  # of a keyboard
SIGN = "[\ue000-\ue00f]"  # around marked words
LONG_WORD = re.compile(r"(?<![\w'])[A-Za-z]{6,}(?![\w'])")


@dataclass(frozen=True)
class Voice:
    """A seeker's way of writing, the same through a whole conversation."""

    register: str
    american: bool
    careless: bool  # lower case, few full stops
    slips: bool  # typos
    emoji: bool = False

    @staticmethod
    def draw(rng: random.Random) -> "Voice":
        """A person: register by weight, half of them American, one in twelve with typos."""
        register = rng.choices(list(REGISTERS), REGISTERS.values())[0]
        careless, slips = rng.random() < CARELESS[register], rng.random() < 0.085
        return Voice(register, rng.random() < 0.5, careless, slips, rng.random() < EMOJI.get(register, 0.0))

    @property
    def blunt(self) -> bool:
        return self.register in BLUNT

    def write(self, text: str, rng: random.Random) -> str:
        """Put finished sentences into this person's spelling and habits, typos last."""
        text = americanise(text) if self.american else text
        if self.careless:
            text = slur(text, rng)
        if self.slips:
            text = misspell(text, random.Random(rng.random()))
        if self.emoji and rng.random() < 0.6:
            text = f"{text.removesuffix('.')} {rng.choice(bank('emoji'))}"
        return text


class Teller:
    """Draws fragments for one conversation and does not repeat itself."""

    def __init__(self, rng: random.Random, voice: Voice):
        self.rng, self.voice, self.used = rng, voice, set()

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def pick(self, options: Iterable[str]) -> str:
        """One option, unused and of the speaker's region if there is such; "" when there are none."""
        options = [text for text in map(self.regional, options) if text is not None]
        fresh = [option for option in options if option not in self.used] or options
        if not fresh:
            return ""
        choice = self.rng.choice(fresh)
        self.used.add(choice)
        return choice

    def regional(self, text: str) -> str | None:
        """The text without its region mark; None where the mark is the other region's."""
        bare, mark, region = text.partition(" @")
        return bare if not mark or (region == "us") == self.voice.american else None

    def say(self, name: str, *fallbacks: str, **slots: str) -> str:
        """A fragment of the section `name` with its choices settled and its slots filled."""
        return self.settle(bank(name, *fallbacks), **slots)

    def settle(self, options: Iterable[str], **slots: str) -> str:
        """One of the fragments with its choices settled and its slots filled."""
        return spin(self.rng, self.pick(options), **slots)

    def mark(self, slot: str, text: str) -> str:
        """Words of a slot as they are told; with signs around them where messages are made to learn from."""
        return text

    def mark_tone(self, wish: "Wish", text: str) -> str:
        """The same of a fragment that says a tone, or a pattern, in words of its own."""
        return text


def article(noun: str) -> str:
    """ "a sofa", "an armchair"."""
    begins = re.match(rf"{SIGN}*(?:[aeio]|u(?!n[io]|s[ei]|t[ei])|hou?r|x-)", noun, re.I)
    return f"{'an' if begins else 'a'} {noun}"


def plural(noun: str) -> str:
    """Plural of a noun phrase; of what stands before "of" where there is one."""
    head, joint, rest = re.match(r"(.+?)(?:( (?:of|for|to|with) )(.*))?$", noun).groups("")
    for pattern, ending in ((r"(shel|lea)f$", r"\1ves"), (r"([^aeiou])y$", r"\1ies"), (r"(s|x|ch|sh)$", r"\1es")):
        if re.search(pattern, head):
            return re.sub(pattern, ending, head) + joint + rest
    return f"{head}s{joint}{rest}"


def tidy(text: str) -> str:
    """No stray spaces, commas or dashes, and no "something in something green"."""
    text = re.sub(r"\b(something|anything) in something\b", r"\1", text, flags=re.IGNORECASE)
    text = re.sub(r"\s*(?:–|--)\s*", " – ", text)
    text = re.sub(r"\s*[–,\s]*([.?!])", r"\1", re.sub(r"(?: –)+ ?(?=,)", "", text))
    text = re.sub(r"\s*,[\s,]*", ", ", re.sub(r"[\s,]+([;:])", r"\1", text)).replace(", –", " –")
    return re.sub(r"([!?])\.(?!\.)", r"\1", re.sub(r"\s+", " ", text)).strip(" ,–:")


def sentence(text: str) -> str:
    """Tidied, capitalised, and with a full stop at the end unless there is an end already."""
    text = tidy(text)
    text = re.sub(r"([.?!]\s+)([a-z])", lambda match: match[1] + match[2].upper(), text)
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".?!…\"'" else ".")


def lower_first(text: str) -> str:
    """Without the capital that begins a sentence; "I" keeps it."""
    return text if re.match(r"I\b|[A-Z]{2}", text) else text[:1].lower() + text[1:]


def paragraph(*parts: str) -> str:
    """Sentences in a row; empty parts are left out."""
    return " ".join(filter(None, map(sentence, parts)))


def americanise(text: str) -> str:
    """British words and spellings replaced by American ones, capitals kept."""

    def swap(match: re.Match) -> str:
        word = AMERICAN[match[0].lower()]
        return word[0].upper() + word[1:] if match[0][0].isupper() else word

    return re.sub(rf"\b(?:{'|'.join(sorted(AMERICAN, key=len, reverse=True))})", swap, text, flags=re.IGNORECASE)


def slur(text: str, rng: random.Random) -> str:
    """Lower case; often without apostrophes, and without the full stop at the end."""
    text = text.lower()
    if rng.random() < 0.4:
        text = re.sub(r"\b(do|is|are|ca|wo|would|did|does|have)n't\b", r"\1nt", text)
        text = re.sub(r"\b(i)'(m|ve|d)\b", r"\1\2", text).replace("it's", "its").replace("that's", "thats")
    if rng.random() < 0.25:
        text = text.replace("please", "pls").replace("thanks", "thx").replace(" – ", ", ")
    return text.removesuffix(".") if rng.random() < 0.8 else text


def misspell(text: str, rng: random.Random, most: int = 2) -> str:
    """At most `most` slips, each in a word of six letters or more and never in its first letter."""
    words = list(LONG_WORD.finditer(text))
    chosen = rng.sample(words, min(len(words), rng.randint(1, most)))
    for match in sorted(chosen, key=lambda found: -found.start()):
        text = text[: match.start()] + slip(match[0], rng) + text[match.end() :]
    return text


def slip(word: str, rng: random.Random) -> str:
    """One slip of the finger: letters swapped, dropped, doubled, or a key beside the right one."""
    at = rng.randrange(1, len(word) - 1)
    before, letter, following, rest = word[:at], word[at], word[at + 1], word[at + 2 :]
    kind = rng.choice(("swap", "drop", "double", "beside"))
    if kind == "swap":
        return before + following + letter + rest
    if kind == "drop":
        return before + following + rest
    if kind == "double":
        return before + letter * 2 + following + rest
    return before + beside(letter) + following + rest


def beside(letter: str) -> str:
    """The next key in the row of the keyboard."""
    row = next((row for row in ROWS if letter.lower() in row), letter.lower() * 2)
    return row[(row.index(letter.lower()) + 1) % len(row)]
