"""What is said instead of a pick: answers about what was shown, and short replies where there is nothing to pick."""

import re
from collections.abc import Sequence

from lavic_chat.catalog.measures import DIRECTIONS, LENGTH
from lavic_chat.catalog.text import listed, words_of
from lavic_chat.catalog.variants import attributes_for_people
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.catalog_words import materials_in, stems
from lavic_chat.nlu.catalogue_answers import SEEN_SO, CatalogueAnswers, of_kind
from lavic_chat.nlu.chatter import reply_to_chatter
from lavic_chat.nlu.gifts import GIFT
from lavic_chat.nlu.intent import UNAVAILABLE, Intent
from lavic_chat.nlu.lexicon import COLOUR, MATERIAL
from lavic_chat.nlu.product_words import SENTENCE, ended
from lavic_chat.nlu.shown_answers import ShownAnswers

OPEN = re.compile(
    r"\W*(?:(?:and|so|ok)\W+)*(?:what|which|whats)\b", re.IGNORECASE
)  # begins a question that no yes answers
FROM_PICTURE = "As far as I can see in the picture"
SIGNS = ("+", "-")  # of a comparison, "price-"
APPEARANCE = ("colour", "color", "shade", "material", "pattern", "style", "type")  # attributes that others answer for
MOST_VARIANTS = 50  # that one of them is compared with
MOST_STATED = 4  # attributes that are all said at once
SHORTEST = 4  # letters of a word that a question is about
STOCK = frozenset(("stock", "available", "availability"))  # words of a question whether it can be had
ASKING = frozenset(
    ("what", "does", "have", "will", "would", "with", "this", "that", "there", "come", "from", "made", "much", "many",
     "your", "they", "could", "about")
)  # fmt: skip
SERVICE = (
    "I can only help you to find things here, and know nothing of delivery, returns, opening hours or payment; the "
    "shop itself does. What may I look for?"
)
NOT_SOLD = "I am sorry, I have found no {kind} here. Is there something else that I may look for?"
ALL_SEEN = "You have now seen every {kind} that I have. Shall I look for something else, or go back to one of them?"
LANGUAGE = "I am sorry, I only understand English so far. Could you say it in English?"
PRESENT = "Gladly. Tell me what kind of thing it might be, in which colour, or what it may cost."
SPEAKER = "I am a programme that looks at the pictures of what is sold here, and no person. What may I look for?"
UNSEEN = "That I do not know of those shown: I see colours, materials and patterns, and know prices and measures."
NOTHING_SHOWN = "I have not shown you anything yet. Tell me what you are looking for."


class Answers(ShownAnswers, CatalogueAnswers):
    """Of one catalogue."""

    def reply(self, intent: Intent, shown: Sequence[str], said: str = "") -> str:
        """To a turn that asks for no pick. shown: ids of the newest list, the pick first; empty before the first. said:
        the turn's message."""
        if intent.act == r.OTHER_LANGUAGE:
            return LANGUAGE
        if intent.act == UNAVAILABLE:
            return NOT_SOLD.format(kind=" or ".join(intent.missing)) if intent.missing else SERVICE
        if intent.act == r.CHATTER:
            return PRESENT if GIFT.search(said) else reply_to_chatter(said, bool(shown))
        return self.answer(intent, shown, said)

    def answer(self, intent: Intent, shown: Sequence[str], said: str) -> str:
        """To a question, each thing that it asks in a sentence of its own."""
        if intent.asks in (r.SPEAKER, r.ASSORTMENT):
            return SPEAKER if intent.asks == r.SPEAKER else self.assortment()
        if intent.asks == "count":
            return self.count(intent, said)
        subjects = [self.row[item] for item in intent.subjects if item in self.row]
        rows = [self.row[item] for item in shown if item in self.row]
        row = self.row.get(intent.reference or "", rows[0] if rows else -1)
        if intent.asks in (r.STOCK, r.TOTAL):
            spoken_of = [one for one in dict.fromkeys((row, *rows)) if one >= 0]
            found = self.total(said, spoken_of) if intent.asks == r.TOTAL else self.stock(subjects or spoken_of[:1])
            if found or (intent.asks == r.STOCK and row >= 0 and intent.also in ((), ("",), ("other",))):
                return found or f"Whether the {self.title(row)} is in stock, the shop does not say."
        elif intent.asks in r.OF_SEVERAL:
            return self.of_several(intent, subjects, rows, said) if rows else NOTHING_SHOWN
        elif subjects:
            return self.compare(subjects, intent.asks) if intent.asks[-1:] in SIGNS else self.range_of(subjects, intent)
        if row < 0:
            return NOTHING_SHOWN
        if intent.asks in r.EXTREMES:
            return self.extreme(of_kind(rows, intent.kinds, self.grounding), *r.EXTREMES[intent.asks])
        asked = intent.also if intent.asks in (r.STOCK, r.TOTAL) and intent.also else (intent.asks, *intent.also)
        return " ".join(dict.fromkeys(self.tell(row, asks, said) for asks in asked))

    def of_several(self, intent: Intent, subjects: Sequence[int], shown: Sequence[int], said: str) -> str:
        """To a question about several of those shown; subjects and shown: rows."""
        if intent.asks == r.OF_THOSE and intent.also:
            stated = dict.fromkeys(filter(None, (self.stated(row, said) for row in shown)))
            return " ".join(list(stated)[:MOST_STATED]) or UNSEEN
        if intent.asks == r.OF_THOSE:
            return self.of_those(subjects, shown, said, len(of_kind(shown, intent.kinds, self.grounding)))
        if intent.asks in (r.LIGHTEST, r.DARKEST):
            return self.by_lightness(of_kind(shown, intent.kinds, self.grounding), shown, intent.asks)
        if intent.asks == r.FAVOURITE or len(subjects) < 2:
            return self.favourite(shown)
        return self.same(subjects, intent.also[0]) if intent.asks == r.SAME else self.difference(subjects, intent.also)

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
        if asks in (r.CAPACITY, r.WEIGHT) and (known := self.described(row, asks)):
            return known
        if asks == "goes_with":
            return "Tell me which kind of thing should go with it, and I look for one in the same colour."
        if asks == "style" and self.grounding.reads_attributes and asks in self.grounding.products[row].attributes:
            return self.seen(row, asks)
        return self.stated(row, said) or self.all_known(row, asks)

    def sizes(self, row: int) -> str:
        """In which sizes there is a thing, by what its variants measure or are called."""
        same = self.grounding.columns.variants_of(row)
        named = (str(self.grounding.products[int(at)].attributes.get("size", "")) or self.sides(int(at)) for at in same)
        found = [size for size in dict.fromkeys(named) if size]
        if len(found) < 2:
            return f"{self.measure(row, 'size')[:-1]}{', the only size here.' if found else '.'}"
        return f"The {self.title(row)} is here in {listed(found, 8)}."

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
        if captions and OPEN.match(said):
            return f"The {title} is here in {listed([self.captions[row], *captions], 8)}."
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
        if STOCK & set(words_of(said)) and (state := self.stock([row])):
            return state
        asked = {word for word in stems(said) if len(word) >= SHORTEST} - stems(product.title) - ASKING
        for name, value in product.attributes.items():
            if name not in APPEARANCE and any(
                word[:SHORTEST] == one[:SHORTEST] for word in stems(name) for one in asked
            ):
                return f"The shop says of the {product.title}, {name}: {value}."
        for sentence in SENTENCE.split(product.description):
            if asked & stems(sentence):
                return f"The shop says of the {product.title}: {ended(sentence)}"
        return ""

    def all_known(self, row: int, asks: str) -> str:
        """What is known of a product, where a question is about nothing of it."""
        start = f"It is called {self.title(row)}" if asks == "title" else f"That I do not know of the {self.title(row)}"
        caption = f"in the picture I see: {self.captions[row]}" if self.captions[row] else ""
        described = f"the shop says: {words.rstrip('.')}" if (words := self.description(row)) else ""
        attributes = attributes_for_people(self.grounding.products[row]) if self.grounding.reads_attributes else {}
        stated = ", ".join(f"{name}: {value}" for name, value in list(attributes.items())[:MOST_STATED])
        known = "; ".join(filter(None, (self.numbers(row), stated, described, caption)))
        return f"{start}{': ' if asks == 'title' and known else '. All I know: ' if known else ''}{known}."
