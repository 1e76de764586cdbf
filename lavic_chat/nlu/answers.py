"""What is said instead of a pick: answers about what was shown, and short replies where there is nothing to pick."""

import re
from collections.abc import Mapping, Sequence

from lavic_chat.catalog.amounts import write_money
from lavic_chat.catalog.currencies import currency_sign
from lavic_chat.catalog.measures import DEPTH, DIRECTIONS, HEIGHT, LENGTH, WIDTH
from lavic_chat.catalog.text import listed, words_of
from lavic_chat.catalog.variants import variant_title
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.catalog_words import materials_in, stems
from lavic_chat.nlu.grounding import Grounding
from lavic_chat.nlu.intent import COMPARATIVES, UNAVAILABLE, Intent
from lavic_chat.nlu.lexicon import COLOUR, MATERIAL

FROM_PICTURE = "As far as I can see in the picture"
WORDS = {WIDTH: "wide", DEPTH: "deep", HEIGHT: "high", LENGTH: "long"}
MEASURED = {"price": "costs", "size": "measures"}  # else it is so much
SIGNS = ("+", "-")  # of a comparison, "price-"
APPEARANCE = ("colour", "color", "shade", "material", "pattern", "style", "type")  # attributes that others answer for
SENTENCE = re.compile(r"(?<=[.!?])\s+")  # stands between two
SHORTEST = 4  # letters of a word that a question is about
STOCK = frozenset(("stock", "available", "availability"))  # words of a question whether it can be had
ASKING = frozenset(
    ("what", "does", "have", "will", "would", "with", "this", "that", "there", "come", "from", "made", "much", "many",
     "your", "they", "could", "about")
)  # fmt: skip
SEEN_SO = 0.5  # probability from which on a product counts as of a colour
MOST_VARIANTS = 50  # that one of them is compared with
COUNTED = 0.6  # similarity from which on a product counts as of a kind
SERVICE = (
    "I can only help you to find things here, and know nothing of delivery, returns, opening hours or payment; the "
    "shop itself does. What may I look for?"
)
NOT_SOLD = "I am sorry, I have found no {kind} here. Is there something else that I may look for?"
ALL_SEEN = "You have now seen every {kind} that I have. Shall I look for something else, or go back to one of them?"
LANGUAGE = "I am sorry, I only understand English so far. Could you say it in English?"
GREETING = "Hello! Tell me what you are looking for, and how it should look; a photo helps, too."
PLEASURE = "My pleasure. Tell me when there is something else to look for, or to change."
NOTHING_SHOWN = "I have not shown you anything yet. Tell me what you are looking for."


class Answers:
    """Of one catalogue; facts: numbers of each product; currency: before a price."""

    def __init__(
        self, grounding: Grounding, captions: Sequence[str], facts: Sequence[Mapping[str, float]], currency: str = ""
    ):
        self.grounding, self.captions, self.facts, self.row = grounding, captions, facts, grounding.row
        self.currency = currency

    def reply(self, intent: Intent, shown: Sequence[str], said: str = "") -> str:
        """To a turn that asks for no pick. shown: ids of the newest list, the pick first; empty before the first. said:
        the turn's message."""
        if intent.act == r.OTHER_LANGUAGE:
            return LANGUAGE
        if intent.act == UNAVAILABLE:
            return NOT_SOLD.format(kind=" or ".join(intent.missing)) if intent.missing else SERVICE
        if intent.act == r.CHATTER:
            return PLEASURE if shown else GREETING
        return self.answer(intent, shown, said)

    def answer(self, intent: Intent, shown: Sequence[str], said: str) -> str:
        """To a question, each thing that it asks in a sentence of its own."""
        if intent.asks == "count":
            return self.count(intent)
        if subjects := [self.row[item] for item in intent.subjects if item in self.row]:
            return self.compare(subjects, intent.asks) if intent.asks[-1:] in SIGNS else self.range_of(subjects, intent)
        rows = [self.row[item] for item in shown if item in self.row]
        row = self.row.get(intent.reference or "", rows[0] if rows else -1)
        if row < 0:
            return NOTHING_SHOWN
        if intent.asks in r.EXTREMES:
            return self.extreme(rows, *r.EXTREMES[intent.asks])
        return " ".join(dict.fromkeys(self.tell(row, asks, said) for asks in (intent.asks, *intent.also)))

    def tell(self, row: int, asks: str, said: str) -> str:
        """One thing of a product."""
        if asks in (*DIRECTIONS, LENGTH, "size", "price"):
            return self.measure(row, asks)
        if asks == r.SIZES:
            return self.sizes(row)
        if asks in ("colour", "material", "pattern", "type"):
            return self.seen(row, asks)
        if asks == "other_colours":
            return self.other_colours(row, said)
        if asks == "goes_with":
            return "Tell me which kind of thing should go with it, and I look for one in the same colour."
        if asks == "style" and self.grounding.reads_attributes and asks in self.grounding.products[row].attributes:
            return self.seen(row, asks)
        return self.stated(row, said) or self.all_known(row, asks)

    def title(self, row: int) -> str:
        """Of a product."""
        return self.grounding.columns.titles[row]

    def variant(self, row: int) -> str:
        """A product's title with what tells it from its variants, where the catalogue may be read for that."""
        rows = self.grounding.columns.variants_of(row)[:MOST_VARIANTS] if self.grounding.reads_attributes else ()
        return variant_title(self.grounding.products[row], [self.grounding.products[int(one)] for one in rows])

    def count(self, intent: Intent) -> str:
        """How many there are of a kind."""
        if not intent.kinds:
            return f"There are {len(self.row):,} products here."
        nearest = max(intent.kinds, key=self.grounding.nearest_of)
        admitted = int(self.grounding.admitted([nearest], COUNTED).sum())
        return f"There are {admitted:,} that I would call {' or '.join(intent.kinds)}."

    def extreme(self, rows: Sequence[int], fact: str, highest: bool) -> str:
        """The one of those shown with the highest or lowest number."""
        known = [row for row in rows if fact in self.facts[row]]
        if not known:
            return "That is not known of the ones I showed you."
        best = (max if highest else min)(known, key=lambda row: self.facts[row][fact])
        return f"Of those shown it is the {self.title(best)}: {self.numbers(best)}."

    def compare(self, rows: Sequence[int], comparison: str) -> str:
        """Two products or more by a number, the one that has more of it, or less, first: "price-" is cheaper."""
        fact, more = comparison[:-1], comparison[-1] == "+"
        if unknown := [row for row in rows if fact not in self.facts[row]]:
            return self.measure(unknown[0], fact)
        best, *others = sorted(rows, key=lambda row: self.facts[row][fact], reverse=more)
        if self.facts[best][fact] == self.facts[others[-1]][fact]:
            does = "does" if fact in MEASURED else "is"
            return f"There is no difference: {self.measure(best, fact)[:-1]}, and so {does} the other."
        rest = listed([f"the {self.title(row)} {self.value(row, fact)}" for row in others])
        verb = MEASURED.get(fact, "is")
        return f"The {self.title(best)} is {COMPARATIVES[fact][more]}: it {verb} {self.value(best, fact)}, {rest}."

    def range_of(self, rows: Sequence[int], intent: Intent) -> str:
        """From where to where a number goes, of products that were not shown."""
        known = [row for row in rows if intent.asks in self.facts[row]]
        if not known or intent.asks == "size":
            return f"There are {len(rows):,} of these here, each another; shall I show you some?"
        least, most = (choose(known, key=lambda row: self.facts[row][intent.asks]) for choose in (min, max))
        ends = tuple(dict.fromkeys(self.value(row, intent.asks) for row in (least, most)))
        if len(ends) == 1 and len({self.title(row) for row in rows}) == 1:
            return self.measure(least, intent.asks)
        verb = "cost" if intent.asks == "price" else "measure"
        cheapest = f"; the cheapest is the {self.title(least)}" if verb == "cost" and len(ends) > 1 else ""
        return f"There are {len(rows):,} of these here, which {verb} {' to '.join(ends)}{cheapest}."

    def value(self, row: int, fact: str) -> str:
        """A number of a product with its unit."""
        if fact in ("price", "size"):
            return self.price(row) if fact == "price" else self.sides(row)
        return f"{self.facts[row][fact]:g} cm"

    def sizes(self, row: int) -> str:
        """In which sizes there is a thing, by what its variants measure or are called."""
        same = self.grounding.columns.variants_of(row)
        named = (str(self.grounding.products[int(at)].attributes.get("size", "")) or self.sides(int(at)) for at in same)
        found = [size for size in dict.fromkeys(named) if size]
        if len(found) < 2:
            return f"{self.measure(row, 'size')[:-1]}{', the only size here.' if found else '.'}"
        return f"The {self.title(row)} is here in {listed(found, 8)}."

    def measure(self, row: int, name: str) -> str:
        """A number that the shop knows of a product."""
        if name not in self.facts[row]:  # a size is there where a side is
            return f"The shop does not say that of the {self.title(row)}."
        if name == "price":
            return f"The {self.title(row)} costs {self.price(row)}."
        if name == "size":
            return f"The {self.title(row)} measures {self.sides(row)}."
        return f"The {self.title(row)} is {self.facts[row][name]:g} cm {WORDS[name]}."

    def numbers(self, row: int) -> str:
        """All numbers of a product in a few words."""
        facts = self.facts[row]
        return ", ".join(filter(None, (self.price(row) if "price" in facts else "", self.sides(row))))

    def price(self, row: int) -> str:
        """Of a product that has one, with its own currency or the catalogue's."""
        currency = currency_sign(self.grounding.products[row].currency) or self.currency
        return write_money(self.facts[row]["price"], currency)

    def priced(self, row: int) -> str:
        """A product that has a price, with it: "the Aalto sofa, at €499"."""
        return f"the {self.title(row)}, at {self.price(row)}"

    def sides(self, row: int) -> str:
        """Its measures, "160 x 80 x 80 cm"; "" where none is known."""
        known = [f"{self.facts[row][name]:g}" for name in DIRECTIONS if name in self.facts[row]]
        return f"{' x '.join(known)} cm" if known else ""

    def seen(self, row: int, facet: str) -> str:
        """How a product looks: from the catalogue where it may be read, else from its picture."""
        caption, title = self.captions[row], self.title(row)
        if self.grounding.reads_attributes and (known := self.grounding.products[row].attributes.get(facet)):
            return f"The shop says of the {title}, {facet}: {known}."
        if self.grounding.reads_attributes and facet == MATERIAL and (said := self.material(row)):
            return f"The shop says of the {title}: {said}"
        if facet == "type":
            return f"It is called {title}." + (f" {FROM_PICTURE}, {caption}." if caption else "")
        if not caption:
            return f"The shop does not say that of the {title}."
        if facet == "pattern":
            pattern = caption.partition(",")[2].strip() or "plain, without a pattern"
            return f"{FROM_PICTURE}, the {title} is {pattern}."
        return f"{FROM_PICTURE}, the {title} is {caption}."

    def material(self, row: int) -> str:
        """What a product's own words say that it is made of: a sentence of its description, the value of an
        attribute, or its title; "" where none says it."""
        product = self.grounding.products[row]
        texts = (*SENTENCE.split(product.description), *map(str, product.attributes.values()), product.title)
        return next((text for text in texts if materials_in(text, self.grounding.find)), "")

    def other_colours(self, row: int, said: str) -> str:
        """In which other looks there is the same thing; where a question names a colour, whether in that."""
        title, same = self.title(row), self.grounding.columns.variants_of(row)
        captions = sorted({self.captions[at] for at in same if self.captions[at]} - {self.captions[row]})
        asked = [word for word in words_of(said) if (entry := self.grounding.find(word)) and entry.facet == COLOUR]
        here = [word for word in asked if max(self.grounding.appearance(word)[same]) >= SEEN_SO]
        if not captions:
            return f"The {title} is here in this look only."
        if asked:
            begins = f"Yes, there is a {listed(here)} {title}" if here else f"No, I see no {listed(asked)} {title}"
            return f"{begins}. Besides this one, it is here in {listed(captions, 8)}."
        return f"Yes, the {title} is also here in {listed(captions, 8)}."

    def stated(self, row: int, said: str) -> str:
        """What the shop states of a product that a question may be about: an attribute of that name, or a sentence of
        its description that has one of the question's words; "" where it states nothing."""
        product = self.grounding.products[row]
        if product.in_stock is not None and STOCK & set(words_of(said)):
            return f"The {self.variant(row)} is {'in stock' if product.in_stock else 'out of stock at the moment'}."
        asked = {word for word in stems(said) if len(word) >= SHORTEST} - stems(product.title) - ASKING
        for name, value in product.attributes.items():
            if name not in APPEARANCE and any(
                word[:SHORTEST] == one[:SHORTEST] for word in stems(name) for one in asked
            ):
                return f"The shop says of the {product.title}, {name}: {value}."
        for sentence in SENTENCE.split(product.description):
            if asked & stems(sentence):
                return f"The shop says of the {product.title}: {sentence}"
        return ""

    def all_known(self, row: int, asks: str) -> str:
        """What is known of a product, where a question is about nothing of it."""
        start = f"It is called {self.title(row)}" if asks == "title" else f"That I do not know of the {self.title(row)}"
        caption = f"in the picture I see: {self.captions[row]}" if self.captions[row] else ""
        known = "; ".join(filter(None, (self.numbers(row), caption)))
        return f"{start}{': ' if asks == 'title' and known else '. All I know: ' if known else ''}{known}."
