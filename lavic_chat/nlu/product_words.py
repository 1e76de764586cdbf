"""Words for single products: what they are called, cost and measure, and what the shop's description says."""

import re
from collections.abc import Mapping, Sequence

from lavic_chat.catalog.amounts import write_money
from lavic_chat.catalog.currencies import currency_sign
from lavic_chat.catalog.measures import DEPTH, DIRECTIONS, HEIGHT, LENGTH, WIDTH
from lavic_chat.catalog.text import listed
from lavic_chat.catalog.variants import attributes_for_people, differing, lowered
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.grounding import Grounding

WORDS = {WIDTH: "wide", DEPTH: "deep", HEIGHT: "high", LENGTH: "long"}
MEASURED = {"price": "costs", "size": "measures"}  # else it is so much
SENTENCE = re.compile(r"(?<=[.!?])\s+|\s*\n\s*")  # stands between two
NUMBER = r"(?<!for )(?<![\d.,])\d+(?:[.,]\d+)?\s*-?\s*"
LENGTHS = re.compile(
    rf"{NUMBER}(?:(?:mm|cm|m|in|inch(?:es)?|ft|feet|foot|met(?:er|re)s?|centimet(?:er|re)s?)\b|[\"″”])", re.IGNORECASE
)
UNITS = {  # of what a description may tell
    r.CAPACITY: re.compile(
        rf"{NUMBER}(?:[mcd]?l|lit(?:er|re)s?|(?:fl\.?\s*)?oz|gal(?:lon)?s?|pints?|cups?|quarts?)\b", re.IGNORECASE
    ),
    r.WEIGHT: re.compile(rf"{NUMBER}(?:k?g|kilos?|grams?|lbs?|pounds?|oz|ounces?)\b", re.IGNORECASE),
    **dict.fromkeys((*DIRECTIONS, LENGTH, "size"), LENGTHS),
}  # fmt: skip
OWN_WORDS = {  # which say of what a measure is
    r.CAPACITY: r"\bhold|\bcapacity|\bfits?\b|\bvolume", r.WEIGHT: r"\bweigh|\bheavy|\blight",
    HEIGHT: r"\btall|\bhigh|\bheight",
    WIDTH: r"\bwide|\bwidth|\bacross|Ø|\bdiameter", DEPTH: r"\bdeep|\bdepth", LENGTH: r"\blong|\blength",
    "size": r"\bsize|\bmeasur|Ø|\bx\b",
}  # fmt: skip
LONGEST = 300  # characters of a sentence that are read
MOST_QUOTED = 160  # characters of a description that are all said at once


class ProductWords:
    """Of one catalogue; facts: numbers of each product; currency: before a price."""

    def __init__(
        self, grounding: Grounding, captions: Sequence[str], facts: Sequence[Mapping[str, float]], currency: str = ""
    ):
        self.grounding, self.captions, self.facts, self.row = grounding, captions, facts, grounding.row
        self.currency = currency

    def title(self, row: int) -> str:
        """Of a product."""
        return self.grounding.columns.titles[row]

    def named_among(self, row: int, rows: Sequence[int]) -> str:
        """A product's title, with what tells it from others of that title among those in rows."""
        same = [one for one in rows if self.title(one) == self.title(row)]
        if len(same) < 2:
            return self.title(row)
        values = [lowered(value) for value in self.values(row, same)[:2]]
        tells = ", ".join(values) or (self.captions[row] if len({self.captions[one] for one in same}) > 1 else "")
        return f"{self.title(row)} in {tells}" if tells else self.title(row)

    def values(self, row: int, rows: Sequence[int]) -> tuple[str, ...]:
        """The values in which a product differs from others of its title in rows, where attributes may be read."""
        if not self.grounding.reads_attributes:
            return ()
        same = [one for one in rows if self.title(one) == self.title(row)]
        return differing(self.grounding.products[row], [self.grounding.products[one] for one in same])

    def numbered(self, rows: Sequence[int], shown: Sequence[int], most: int = 5) -> str:
        """Products by their places among those shown: "No. 2, the Aalto sofa (red wool); No. 5, ..."."""
        names = []
        for row in rows[:most]:
            place = f"No. {shown.index(row) + 1}, " if row in shown else ""
            tells = ", ".join(map(lowered, self.values(row, shown)[:2])) or self.captions[row]
            caption = f" ({tells})" if tells else ""
            names.append(f"{place}the {self.title(row)}{caption}")
        return "; ".join([*names, *([f"and {len(rows) - most:,} more"] if len(rows) > most else [])])

    def value(self, row: int, fact: str) -> str:
        """A number of a product with its unit."""
        if fact in ("price", "size"):
            return self.price(row) if fact == "price" else self.sides(row)
        return f"{self.facts[row][fact]:g} cm"

    def measure(self, row: int, name: str) -> str:
        """A number that the shop knows of a product, or what its description says of it."""
        facts = self.facts[row]
        if name not in facts:  # a size is there where a side is
            return self.described(row, name) or f"The shop does not say that of the {self.title(row)}."
        if name == "price":
            return f"The {self.title(row)} costs {self.price(row)}."
        if name == "size":
            return f"The {self.title(row)} measures {self.sides(row)}."
        if name == LENGTH and facts.get(HEIGHT, 0.0) > facts[name]:  # a curtain is as long as it hangs down
            sides = [f"{facts[side]:g} cm {WORDS[side]}" for side in DIRECTIONS if side in facts]
            return f"The {self.title(row)} is {listed(sides)}."
        return f"The {self.title(row)} is {facts[name]:g} cm {WORDS[name]}."

    def described(self, row: int, name: str) -> str:
        """What the shop's own words say of a measure of a product: a sentence of its description, or the value of an
        attribute, that has one of its units; "" where none has."""
        units, product = UNITS.get(name), self.grounding.products[row]
        if units is None:
            return ""
        own = re.compile(rf"(?:{OWN_WORDS[name]}).*\d|\d.*(?:{OWN_WORDS[name]})", re.IGNORECASE)
        sentences = [sentence[:LONGEST] for sentence in SENTENCE.split(product.description)]
        found = [sentence for sentence in sentences if units.search(sentence) or own.search(sentence)]
        found.sort(key=lambda sentence: not re.search(OWN_WORDS[name], sentence, re.IGNORECASE))
        for attribute, value in attributes_for_people(product).items():
            if name in (r.CAPACITY, r.WEIGHT) and units.search(value):
                return f"The shop says of the {self.title(row)}, {attribute}: {value}."
        return f"The shop says of the {self.title(row)}: {ended(found[0])}" if found else ""

    def numbers(self, row: int) -> str:
        """All numbers of a product in a few words."""
        facts = self.facts[row]
        return ", ".join(filter(None, (self.price(row) if "price" in facts else "", self.sides(row))))

    def price(self, row: int) -> str:
        """Of a product that has one, with its own currency or the catalogue's."""
        return self.money(self.facts[row]["price"], row)

    def money(self, amount: float, row: int) -> str:
        """An amount in the currency of a product."""
        return write_money(amount, currency_sign(self.grounding.products[row].currency) or self.currency)

    def priced(self, row: int) -> str:
        """A product that has a price, with it: "the Aalto sofa, at €499"."""
        return f"the {self.title(row)}, at {self.price(row)}"

    def sides(self, row: int) -> str:
        """Its measures, "160 x 80 x 80 cm"; "" where none is known."""
        known = [f"{self.facts[row][name]:g}" for name in DIRECTIONS if name in self.facts[row]]
        return f"{' x '.join(known)} cm" if known else ""

    def description(self, row: int) -> str:
        """The shop's own description of a product without the measures that are known, or the beginning of a long one;
        "" for none."""
        sentences = SENTENCE.split(self.grounding.products[row].description)
        known = bool(self.sides(row))
        left = [one for one in sentences if one.strip() and not (known and LENGTHS.search(one))]
        whole = " ".join(" ".join(map(ended, left)).split())
        return whole if len(whole) <= MOST_QUOTED else SENTENCE.split(whole)[0][:MOST_QUOTED]


def ended(sentence: str) -> str:
    """A sentence with the mark that ends it."""
    return sentence if sentence[-1:] in ".!?" else f"{sentence}."
