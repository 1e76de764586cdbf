"""A reader of amounts: numbers, money and measures as people and shops write them.

    "1.299,00 €"  "1'299.-"  "1 299"  "49,90"  "1.5k"  "half a grand"  "fifteen hundred"      -> numbers
    "1.20 m"  "47 inches"  "6 ft 2"  "1m20"  "four feet"  "232 x 94 x 80 cm"                  -> centimetres

A grammar, and no more: what an amount is of, and whether it bounds from above or below, is for others to say.
"""

import re
import string
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from lavic_chat.catalog.currencies import split_currency

LONGEST = 200  # characters that are read of what should be an amount
UNITS = {
    "mm": 0.1, "millimeter": 0.1, "millimetre": 0.1, "cm": 1.0, "centimeter": 1.0, "centimetre": 1.0, "cms": 1.0,
    "dm": 10.0, "m": 100.0, "mtr": 100.0, "meter": 100.0, "metre": 100.0, '"': 2.54, "”": 2.54, "″": 2.54, "''": 2.54,
    "in": 2.54, "inch": 2.54, "inche": 2.54, "ft": 30.48, "foot": 30.48, "feet": 30.48, "'": 30.48, "’": 30.48,
    "′": 30.48, "yd": 91.44, "km": 1e5, "kilometer": 1e5, "kilometre": 1e5, "mile": 160934.4, "yard": 91.44,
}  # fmt: skip  # in centimetres; a plural s is dropped before
SMALLER = {
    "ft": "in", "foot": "in", "feet": "in", "'": '"', "’": '"', "′": '"', "m": "cm", "meter": "cm", "metre": "cm",
}  # fmt: skip
OTHER_UNIT = re.compile(
    r"\d\s*-?\s*(?:m?l|cl|lit(?:re|er)s?|k?g|kilos?|lbs?|oz|ounces?|gal(?:lon)?s?|pints?|w(?:atts?)?|v(?:olts?)?|[gt]b"
    r"|px|mp|hz)\b|\b(?:litre|liter|kilo|gallon|pint|pound)s?\b", re.IGNORECASE,
)  # fmt: skip
SCALES = {
    "k": 1e3, "grand": 1e3, "thousand": 1e3, "hundred": 1e2, "hundreds": 1e2, "mil": 1e6, "million": 1e6, "dozen": 12.0,
    "ton": 100.0,
}  # fmt: skip
FRACTIONS = {"half": 0.5, "½": 0.5, "quarter": 0.25, "¼": 0.25, "¾": 0.75}
IN_METRES = 3.5  # a bare measure up to this is in metres, a larger one in centimetres
FIGURES = re.compile(r"[0-9]+(?:['’ \u00a0\u202f\u2009][0-9]{3}(?![0-9])|[.,][0-9]+)*(?:[.,]-)?")
NO_CENTS = re.compile(r"[.,:]\s?[-–—]{1,2}\Z")  # "1299,-"
PLAIN_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,2})?\Z")
WORD = re.compile(r"[^\W\d_]+|[½¼¾\"”″'’′]+")
TOKEN = re.compile(rf"{FIGURES.pattern}|{WORD.pattern}")
COUPLE = {"couple": 2, "pair": 2}
NUMERAL = r"(?:[1-9]\d?(?:[.,]\d{1,2})?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty)"
SHARED_SCALE = re.compile(  # "1-2k", "two to three hundred", "between five and six thousand"
    rf"\b({NUMERAL})\s*(?:[-–]|\bto\b|\band\b|\bor\b)\s*(?={NUMERAL}\s*(k|hundred|thousand|grand)\b)"
)
HALF_MORE, ONE = re.compile(r"\b([\w.]+) ([a-z]+) and a half\b"), {"a": "one", "an": "one"}  # "a metre and a half"


@dataclass(frozen=True)
class Quantity:
    """A number with its unit, "" where none is said; the unit in lower case, singular."""

    number: float
    unit: str = ""

    @property
    def centimetres(self) -> float:
        """As a measure."""
        if self.unit:
            return self.number * UNITS[self.unit]
        return self.number * (100 if self.number <= IN_METRES else 1)


def read_numbers(text: str) -> list[float]:
    """The numbers of an amount of money, or a count, in order: "between 100 and 1.5k" -> [100, 1500]."""
    return [quantity.number for quantity in read_quantities(text)]


def read_money(text: str, decimal: str = "") -> float:
    """The one amount of money that a field holds, with or without its currency. decimal: the mark, "." or ",", before
    decimals in the field's column, where that is known. Raises ValueError for anything else."""
    if PLAIN_NUMBER.match(text):
        return float(text)
    plain = in_figures(NO_CENTS.sub("", split_currency(text[:LONGEST])[0]).lower())
    figures = FIGURES.search(plain)
    # Figures and their scale, and nothing between or beside them.
    rest = FIGURES.sub("", plain, count=1)
    numbers = read_numbers(plain)
    is_name = bool(figures) and plain[: figures.start()][-1:].isalpha()  # "A1" is a name, no amount
    if is_name or len(numbers) != 1 or re.sub(r"\b(?:and|an?|of)\b|\s", "", WORD.sub(drop_scale, rest)):
        raise ValueError(f"{text[:40]!r} is not an amount of money.")
    if figures is None:
        return numbers[0]
    read = parse_grouped(figures[0], decimal)
    if read is None:
        raise ValueError(f"{text[:40]!r} is not an amount of money.")
    return read * (numbers[0] / parse_figures(figures[0]) if rest.strip() and parse_figures(figures[0]) else 1)


def parse_grouped(text: str, decimal: str = "") -> float | None:
    """Figures whose marks stand where they may, "1.299,00" or "1,29,900"; None for others, "1.2.3"."""
    whole, mark, rest = split_decimals(text, decimal)
    groups = re.split(r"[.,'’ \u00a0\u202f\u2009]", whole)
    fits = len(groups) == 1 or (
        1 <= len(groups[0]) <= 3 and len(groups[-1]) == 3 and all(len(group) in (2, 3) for group in groups[1:])
    )
    return float("".join(groups) + (f".{rest}" if mark else "")) if fits else None


def split_decimals(text: str, decimal: str = "") -> tuple[str, str, str]:
    """("1.299", ",", "00"): what stands before the decimals, their mark, and they; no mark where there are none."""
    plain = re.sub(r"[.,]-\Z", "", text)
    marks = re.findall(r"[.,]", plain)
    whole, mark, rest = plain.rpartition(marks[-1]) if marks else (plain, "", "")
    if not marks or (len(marks) > 1 and len(set(marks)) == 1):
        return plain, "", ""
    parts_thousands = mark != decimal if is_ambiguous(plain) else False
    return (plain, "", "") if parts_thousands else (whole, mark, rest)


def is_ambiguous(text: str) -> bool:
    """Whether figures have one mark that may part thousands as well as decimals: "1.299", but not "0.299" or
    "1299.500"."""
    return bool(re.fullmatch(r"[1-9][0-9]{0,2}[.,][0-9]{3}", text.strip()))


def find_decimal_mark(texts: Iterable[str]) -> str:
    """The mark before decimals in a column, by the amounts that can be read in one way only: "." or ","; ".," where
    they differ and not one is twice as frequent, "" where none tells."""
    votes: Counter[str] = Counter()
    for text in texts:
        figures = FIGURES.search(text)
        if not figures or is_ambiguous(figures[0]):
            continue
        marks = re.findall(r"[.,](?=[0-9])", figures[0])
        if len(marks) > 1 and len(set(marks)) == 1:
            votes["." if marks[0] == "," else ","] += 1
        elif marks:
            votes[marks[-1]] += 1
    few, many = sorted((votes[mark], mark) for mark in ".,")
    return many[1] if many[0] and many[0] >= 2 * few[0] else ".," if few[0] else ""


def write_money(amount: float, currency: str = "") -> str:
    """An amount as a price, without empty cents: "$1,234.50"."""
    return f"{currency}{amount:,.2f}".removesuffix(".00")


def drop_scale(match: re.Match) -> str:
    """Nothing in place of a word that is part of a number."""
    return "" if match[0] in SCALES or match[0] in FRACTIONS else match[0]


def read_measures(text: str, unit: str = "") -> list[float]:
    """The measures of a text in centimetres; a unit that stands once, at the end, is that of all: "60 x 40 cm". unit:
    of a text that says none. What is in another unit, litres say, is none."""
    if OTHER_UNIT.search(text):
        return []
    found = read_quantities(text)
    last = next((one.unit for one in reversed(found) if one.unit), unit)
    return [Quantity(one.number, one.unit or last).centimetres for one in found]


def unit_behind(text: str) -> str:
    """The unit of a text's last measure, "" where it has none."""
    return next((one.unit for one in reversed(read_quantities(text)) if one.unit), "")


def read_count(text: str) -> int | None:
    """How many people, say: "two", "a couple", "8 people"."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    if shared := next((COUPLE[word] for word in words if word in COUPLE), None):
        return shared
    numbers = read_numbers(text)
    return int(numbers[0]) if numbers and 0 < numbers[0] < 1000 else None


def read_quantities(text: str) -> list[Quantity]:
    """Every number of a text with its scale and unit."""
    whole = HALF_MORE.sub(lambda found: f"{ONE.get(found[1], found[1])} and a half {found[2]}", text[:LONGEST].lower())
    shared = SHARED_SCALE.sub(r"\1 \2 - ", whole)
    tokens = TOKEN.findall(in_figures(shared))
    found: list[Quantity] = []
    place = 0
    while place < len(tokens):
        number, place_after = read_one(tokens, place)
        if number is None:
            place = place_after
            continue
        unit = unit_of(tokens[place_after]) if place_after < len(tokens) else ""
        place = place_after + bool(unit)
        if unit in SMALLER and place < len(tokens) and tokens[place][0] in string.digits:  # "6 ft 2", "1 m 20"
            following = unit_of(tokens[place + 1]) if place + 1 < len(tokens) else ""
            if following in ("", SMALLER[unit], "cm", "in", '"', "”", "″", "''"):
                rest = Quantity(parse_figures(tokens[place]), following or SMALLER[unit]).centimetres
                number, place = number + rest / UNITS[unit], place + 1 + bool(following)
        found.append(Quantity(number, unit))
    return found


def read_one(tokens: list[str], place: int) -> tuple[float | None, int]:
    """The number that begins at a place, and the place behind it; None, and the next place, where none does."""
    token = tokens[place]
    if token[0] in string.digits:
        number, place = parse_figures(token), place + 1
        if tokens[place : place + 2] == ["and", "half"] or tokens[place : place + 3] == ["and", "a", "half"]:
            number, place = number + 0.5, place + (2 if tokens[place + 1] == "half" else 3)
            if tokens[place : place + 1] in (["1000"], ["100"]):
                number, place = number * float(tokens[place]), place + 1
    elif token in COUPLE and "".join(tokens[place + 1 : place + 3]) in ("of100", "of1000"):
        number, place = COUPLE[token] * float(tokens[place + 2]), place + 3
    elif token in FRACTIONS:
        number, place = FRACTIONS[token], place + 1
        place += tokens[place : place + 1] in (["a"], ["of"])
        place += tokens[place : place + 1] == ["a"]
    elif (
        token in ("a", "an", "one")
        and place + 1 < len(tokens)
        and (tokens[place + 1] in SCALES or unit_of(tokens[place + 1]))
    ):
        number, place = 1.0, place + 1
    elif token in SCALES and token != "k":
        number = 1.0
    else:
        return None, place + 1
    if place < len(tokens) and tokens[place] in SCALES:
        scale, place = SCALES[tokens[place]], place + 1
        half = next((end for end in (["and", "half"], ["and", "a", "half"]) if tokens[place:][: len(end)] == end), [])
        number, place = (number + 0.5 * bool(half)) * scale, place + len(half)
    return number, place


def unit_of(token: str) -> str:
    """A unit's name, "" for another word."""
    if token in UNITS:
        return token
    return token[:-1] if token.endswith("s") and token[:-1] in UNITS else ""


def parse_figures(text: str) -> float:
    """Figures with any of the world's marks for thousands and decimals: "1.299,00", "1'299", "12,5", "1,299".

    A single mark with three figures behind it parts thousands, unless the number begins with a zero.
    """
    plain = re.sub(r"[.,]-\Z|[ \u00a0\u202f\u2009'’]", "", text)
    marks = re.findall(r"[.,]", plain)
    if not marks:
        return float(plain)
    last = marks[-1]
    whole, _, rest = plain.rpartition(last)
    parts_thousands = len(set(marks)) == 1 and len(rest) == 3 and whole.lstrip("0.,") != ""
    if len(set(marks)) == 1 and (len(marks) > 1 or parts_thousands):
        return float(re.sub(r"[.,]", "", plain))
    return float(re.sub(r"[.,]", "", whole) + "." + rest)


@lru_cache(maxsize=1024)
def in_figures(text: str) -> str:
    """Number words as figures: "fifteen hundred" -> "1500"."""
    if not re.search(r"[a-z]{3}", text):
        return text
    from text_to_num import alpha2digit

    marked = re.sub(r"(\d)\s+(hundred|thousand)\b", lambda m: f"{m[1]}{'00' if m[2] == 'hundred' else '000'}", text)
    return alpha2digit(re.sub(r"(?<=[a-z])-(?=[a-z])", " ", marked), "en", threshold=0)
