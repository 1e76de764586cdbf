"""Answers about what is sold: of which categories, how many of a kind, at which prices, what is in stock, what several
things cost together."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from lavic_chat.catalog.amounts import in_figures
from lavic_chat.catalog.text import listed, singular
from lavic_chat.catalog.variants import variant_title
from lavic_chat.nlu.catalog_words import SMALL_WORDS, appearance_in, category_parts
from lavic_chat.nlu.grounding import HARDLY_LESS, Grounding
from lavic_chat.nlu.intent import Intent
from lavic_chat.nlu.kinds import SOLD
from lavic_chat.nlu.product_words import ProductWords

SEEN_SO = 0.5  # probability from which on a product looks as said
COUNTED = 0.6  # similarity from which on a product counts as of a kind
MOST_CATEGORIES, MOST_VARIANTS = 12, 6  # that are named
SHOW_SOME = " Shall I show you some?"
COUNTED_THING = re.compile(  # "a bench and 2 cushions"
    r"\b(\d{1,3}|an?|the|this|that|another|one)\s+([a-z][a-z' -]*?)"
    r"(?=\s+(?:and|plus|with|together|costs?|come|in|for|of|altogether|please|be)\b|[,.?!]|\s*\Z)"
)
FIRST_OF = re.compile(r"\b(?:first|1st|top)\s+(\d{1,2})\b")  # of those shown
NUMBER = re.compile(r"\b(\d{1,3})\b")


class CatalogueAnswers(ProductWords):
    """Of one catalogue."""

    def assortment(self) -> str:
        """The categories of what is sold, the largest first, with how many there are of each."""
        found: Counter[str] = Counter()
        for name, count in self.grounding.columns.counts.items():
            found[category_parts(name)[0]] += count
        names = [f"{name} ({count:,})" for name, count in found.most_common() if name]
        of = f": {listed(names, MOST_CATEGORIES)}" if names else ""
        return f"There are {len(self.row):,} products here{of}. What may I look for?"

    def count(self, intent: Intent, said: str = "") -> str:
        """How many there are of a kind, and how many of them look as a question says."""
        if not intent.kinds:
            return f"There are {len(self.row):,} products here."
        nearest = max(intent.kinds, key=self.grounding.nearest_of)
        admitted = self.grounding.admitted([nearest], COUNTED)
        words = appearance_in(said, self.grounding.find)
        seen = [self.grounding.appearance(word) >= SEEN_SO for word in words]
        so = f", {int((admitted & np.all(seen, 0)).sum()):,} of them {' '.join(words)} in the pictures" if seen else ""
        more = SHOW_SOME if intent.proposed and admitted.any() else ""
        names, number = " or ".join(intent.kinds), int(admitted.sum())
        called = f"{names} here" if is_plural(names) else f"that I would call {names}"
        return f"There are {number:,} {called}{so}.{more}"

    def range_of(self, rows: Sequence[int], intent: Intent) -> str:
        """From where to where a number goes, of products that were not shown."""
        more = SHOW_SOME if intent.proposed else ""
        several = self.several(rows, intent.proposed)
        if intent.asks == "goes_with":
            return f"{several}.{more} Then tell me which kind of thing should go with it."
        known = [row for row in rows if intent.asks in self.facts[row]]
        if not known or intent.asks == "size":
            return f"{several}, each another.{more}"
        least, most = (choose(known, key=lambda row: self.facts[row][intent.asks]) for choose in (min, max))
        ends = tuple(dict.fromkeys(self.value(row, intent.asks) for row in (least, most)))
        if len(ends) == 1 and len({self.title(row) for row in rows}) == 1:
            return self.measure(least, intent.asks)
        verb = "cost" if intent.asks == "price" else "measure"
        cheapest = f"; the cheapest is the {self.named_among(least, rows)}" if verb == "cost" and len(ends) > 1 else ""
        return f"{several}, which {verb} {' to '.join(ends)}{cheapest}.{more}"

    def several(self, rows: Sequence[int], name: str) -> str:
        """How many there are, as they are called: "There are 14 double beds here"."""
        titles = {self.title(row) for row in rows}
        if len(titles) == 1:
            return f"There are {len(rows):,} of the {titles.pop()} here"
        called = f"here that I would call {name}" if name and not is_plural(name) else f"{name or 'of these'} here"
        return f"There are {len(rows):,} {called}"

    # ---- stock ----

    def stock(self, rows: Sequence[int]) -> str:
        """Which products are in stock; "" where nobody says it of any."""
        products = self.grounding.products
        known = [row for row in rows if products[row].in_stock is not None]
        there, gone = ([row for row in known if products[row].in_stock is one] for one in (True, False))
        if not known:
            return ""
        if len(known) == 1 or not (there and gone):
            titles = listed(list(dict.fromkeys(map(self.whole_title, known))), MOST_VARIANTS)
            is_one = len(dict.fromkeys(map(self.whole_title, known))) == 1
            state = "in stock" if there else "out of stock at the moment"
            return f"The {titles} {'is' if is_one else 'are'} {state}.{self.others_there(gone)}"
        names = [listed([f"the {self.whole_title(row)}" for row in part], MOST_VARIANTS) for part in (there, gone)]
        return f"In stock: {names[0]}. Out of stock at the moment: {names[1]}."

    def others_there(self, gone: Sequence[int]) -> str:
        """The variants of what is sold out that are in stock; "" where there are none."""
        families = dict.fromkeys(int(other) for row in gone for other in self.grounding.columns.variants_of(row))
        there = [row for row in families if self.grounding.products[row].in_stock and row not in gone]
        named = [f"the {self.whole_title(row)}" for row in there]
        return f" In stock: {listed(named, MOST_VARIANTS)}." if named else ""

    def whole_title(self, row: int) -> str:
        """A product's title, with what tells it from its variants, where that may be read."""
        variants = [self.grounding.products[int(one)] for one in self.grounding.columns.variants_of(row)[:50]]
        product = self.grounding.products[row]
        return variant_title(product, variants) if self.grounding.reads_attributes else product.title

    # ---- sums ----

    def total(self, said: str, rows: Sequence[int]) -> str:
        """What several things cost together, the one spoken of or the pick where it is such a thing, else the cheapest;
        "" where no number of things is said. rows: of what is spoken of, then of what was shown."""
        wanted = self.counted_in(said, rows)
        sold = [(row, count, name) for row, count, name in wanted if row >= 0]
        if not sold or any("price" not in self.facts[row] for row, _, _ in sold):
            return ""
        parts = [
            self.priced(row) if count == 1 else f"{count:,} of the {self.title(row)}, at {self.price(row)} each"
            for row, count, _ in sold
        ]  # fmt: skip
        amount = self.money(sum(self.facts[row]["price"] * count for row, count, _ in sold), sold[0][0])
        cheapest = [name for _, _, name in sold if name]
        missing = [name for row, _, name in wanted if row < 0]
        begins = f"I have found no {listed(missing)} here. " if missing else ""
        behind = f", the cheapest {listed(cheapest)} here" if cheapest else ""
        if sum(count for _, count, _ in sold) == 1:
            return f"{begins}{self.measure(sold[0][0], 'price')[:-1]}{behind}."
        return f"{begins}Together {'from ' if cheapest else ''}{amount}: {listed(parts)}{behind}."

    def counted_in(self, said: str, rows: Sequence[int]) -> list[tuple[int, int, str]]:
        """What a question counts: the row of a product, -1 for what is not sold, how many of it, and what it is called
        where no such thing was shown."""
        text, found = in_figures(said.lower()), []
        if first := FIRST_OF.search(text):
            return [(row, 1, "") for row in rows[: int(first[1])]]
        for match in COUNTED_THING.finditer(text):
            name = match[2].strip()
            if name.split()[0] in SMALL_WORDS or not (self.grounding.is_thing(name) or self.is_sold(name)):
                continue
            near = self.grounding.kind(name)
            such = [row for row in rows if near[row] >= max(SOLD, near.max() - HARDLY_LESS)]
            row = such[0] if such else self.cheapest_of(name)
            found.append((row, int(match[1]) if match[1].isdigit() else 1, "" if such else name))
        if not found and rows and (number := NUMBER.search(text)):
            return [(rows[0], int(number[1]), "")]
        return found

    def is_sold(self, kind: str) -> bool:
        """Whether the catalogue has any such thing."""
        return self.grounding.nearest_of(kind) >= SOLD

    def cheapest_of(self, kind: str) -> int:
        """The row of the cheapest product of a kind that can be had; -1 where there is none."""
        if not self.is_sold(kind):
            return -1
        columns = self.grounding.columns
        near = self.grounding.admitted([kind], COUNTED) & columns.in_stock & ~np.isnan(columns.prices)
        rows = np.flatnonzero(near)
        return int(rows[columns.prices[rows].argmin()]) if len(rows) else -1


def is_plural(name: str) -> bool:
    """Whether a thing is called in the plural."""
    return bool(name) and singular(name.split()[-1]) != name.split()[-1]


def of_kind(rows: Sequence[int], kinds: Sequence[str], grounding: Grounding) -> list[int]:
    """Those of some rows that are of any of the kinds, hardly less so than the best; all where there is none."""
    if not kinds or not rows:
        return list(rows)
    near = np.max([grounding.kind(kind)[list(rows)] for kind in kinds], 0)
    return [row for row, value in zip(rows, near, strict=True) if value >= near.max() - HARDLY_LESS]
