"""What a question asks, and what becomes of it: an answer about some products, or a wish after all."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lavic_chat.catalog.amounts import in_figures
from lavic_chat.catalog.measures import facts_of
from lavic_chat.catalog.text import words_of
from lavic_chat.catalog.variants import attributes_for_people
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.catalog_words import appearance_in
from lavic_chat.nlu.catalogue_answers import FIRST_OF, SEEN_SO, of_kind
from lavic_chat.nlu.comparisons import comparative_in
from lavic_chat.nlu.intent import UNAVAILABLE, Appearance, Intent, Limit, with_limit
from lavic_chat.nlu.limits import DIRECTIONS, limits_in
from lavic_chat.nlu.negations import is_denied
from lavic_chat.nlu.question_words import assents, is_superlative, question_in
from lavic_chat.nlu.reading import Reading, Span
from lavic_chat.nlu.shown import Shown
from lavic_chat.nlu.subjects import Subjects
from lavic_chat.nlu.variants_meant import variant_meant

LIKE_WHAT = r"\bwhat\b[^.?!]*\blooks?\s+like\b"
FACT_WORDS = {
    "price": r"\bprices?\b|\bcosts?\b|\bset (?:me|us|him|her|them) back\b|\bthe damage\b|\b(?:i|we) pay for\b"
    r"|\bhow much(?!\W+\w+\W+(?:\w+\W+)?(?:hold|weigh|carry|take|fit|contain))"
    r"(?=\W*\Z|\s*[?!.,;]|\s+(?:is|are|was|were|does|do|would|for)\b)",
    **{name: rf"\b(?:{words})\b" for name, words in DIRECTIONS.items()},
    r.SIZE: r"\b(?:dimensions|measurements)\b|\bhow\s+big\b",
    r.SIZES: r"\b(?:sizes|(?:other|another|different) size)\b",
    "material": r"\bmade\s+(?:of|from|out of)\b|\bmaterials?\b|\bfabric\b",
    "colour": rf"\bcolou?rs?\b(?![\s-]?blind)|{LIKE_WHAT}",
    "pattern": r"\bpatterns?\b",
    "style": r"\bstyle\b",
    r.CAPACITY: r"\bholds?\b(?!\s+on\b)|\bcapacity\b|\bvolume\b|\bhow (?:many|much) (?:lit(?:er|re)s?|ml|cups)\b",
    r.WEIGHT: r"\bweighs?\b|\bweight\b|\bhow heavy\b",
}
FACTS = {name: re.compile(words, re.IGNORECASE) for name, words in FACT_WORDS.items()}
NAMES_ONE = re.compile(r"\W*(?:the|your)\s+\w+(?:\s+\w+)?\s+ones?(?:\W+(?:please|pls|plz))?\W*\Z(?<!\?)", re.IGNORECASE)
BARE = frozenset(
    ("and", "the", "what", "would", "is", "its", "about", "of", "it", "that", "this", "one", "please", "pls", "s")
)
CHOICES = (r.FAVOURITE, r.LIGHTEST, r.DARKEST)  # ask for one of several
OTHER = "other"  # asked for where nobody knows what
WHOLE = ("count", "other_colours")  # questions that are about more than a fact
CLAUSE = re.compile(r"[^.?!;]+[.?!;]*")
BESIDE_SAME = re.compile(r"\b(?:as|match(?:es)?|suits?|with|from|to)\b", re.IGNORECASE)  # stands between two
FACET_OF = {  # words for what may be the same -> the facet, or number
    "colo": "colour", "shad": "colour", "fabr": "material", "wood": "material", "mate": "material", "patt": "pattern",
    "size": "size", "pric": "price", "heig": "height", "widt": "width", "dept": "depth", "leng": "length",
}  # fmt: skip
BOUNDED = re.compile(  # "which is under 1000?"
    r"(?<=\bunder )\d[\d.,]*|(?<=\bbelow )\d[\d.,]*|(?<=\bover )\d[\d.,]*|(?<=\babove )\d[\d.,]*|(?<=\bthan )\d[\d.,]*"
)
CHOSEN = re.compile(
    r"\b(?:which|what)\s+((?:[^\W\d_]+\s+){0,2}?[^\W\d_]+)\s+(?:would|do|should|will|is|are)\b", re.IGNORECASE
)
HOW_MANY = re.compile(r"\bhow\s+many\b", re.IGNORECASE)
ELSE = re.compile(r"\b(?:else|other)\b", re.IGNORECASE)
FOR_PLACE = re.compile(r"\b(?:for|from)\s+(?:the\s+|my\s+|our\s+|your\s+|an?\s+)?([^\W\d_]+)", re.IGNORECASE)
ALL = re.compile(r"\W*(?:are|do|is)\s+(?:they|these|those|all)\b(?!.*\bas\b)", re.IGNORECASE)
FACTS_ALIKE = ("price", "size", *DIRECTIONS)  # numbers that all may share


class Questions(Subjects):
    """Follows them in the words of one catalogue."""

    def follow(self, last: Intent, read: Reading, text: str, shown: Shown, place: int, reference: str | None) -> Intent:
        """The intent after a message that asks for no pick: the wish stays as it was. reference: id of the product that
        the message points at."""
        if read.act != r.QUESTION:
            act = UNAVAILABLE if read.act == r.SERVICE else read.act
            return replace(last, act=act, asks=read.asks, also=(), subjects=(), reference=reference, missing=())
        own = question_in(text)
        if own in (r.ELSE, r.ASSORTMENT) and (rest := self.rest_of(last, read, text, shown, place)):
            return rest
        counted = self.counted(read, text) if read.asks == "count" else ()
        proposed = ""
        if self.kinds.is_sold(counted) and not (last.kinds and self.kinds.is_alike(counted, last.kinds)):
            last = Intent(kinds=counted, excluded=last.excluded, since=place)
            proposed = counted[0]
        for limit in limits_aside(read, text):
            last = replace(last, limits=with_limit(last.limits, limit))
        asks, *also = asked_in(read, text)
        asked = replace(last, act=r.QUESTION, asks=asks, also=tuple(also), subjects=(), proposed=proposed, missing=())
        asked = replace(asked, reference=reference)
        if own and (found := self.in_own_words(own, asked, read, text, shown)):
            return found
        comparison = comparative_in(text)
        if comparison and len(compared := self.compared(text, shown)) > 1:
            best = self.foremost(compared, comparison[:-1], comparison[-1] == "+") or compared[0]
            return replace(asked, asks=comparison, also=(), subjects=compared, reference=best)
        if not read.place:
            reference = variant_meant(self.grounding, asks, text, reference, shown.of(r.LAST))
        asked = self.about(replace(asked, reference=reference), read, text, shown)
        if asks in r.EXTREMES and not asked.subjects:
            best = self.foremost(shown.of(r.LAST), *r.EXTREMES[asks])
            asked = replace(asked, reference=best or asked.reference)
        return asked

    def foremost(self, items: Sequence[str], fact: str, is_highest: bool) -> str | None:
        """Id of the product with the highest or lowest number, which an answer in words names; None where it is known
        of none."""
        facts = {item: facts_of(self.grounding.products[self.row[item]]) for item in items if item in self.row}
        known = [item for item in facts if fact in facts[item]]
        return (max if is_highest else min)(known, key=lambda item: facts[item][fact]) if known else None

    def accepted(self, last: Intent, text: str, place: int) -> Intent | None:
        """The wish for what the shop has asked whether to show, where a message says yes to it; None where it does
        not."""
        if last.act != r.QUESTION or not last.proposed or not assents(text):
            return None
        is_title = last.proposed in self.grounding.columns.titles
        kinds, title = ((), last.proposed) if is_title else ((last.proposed,), "")
        return Intent(kinds=kinds, title=title, excluded=last.excluded, since=place)

    def counted(self, read: Reading, text: str) -> tuple[str, ...]:
        """The kind of thing of which a question asks how many there are."""
        return read.words(r.KIND) or tuple(filter(None, (self.kind_in(text),)))

    def rest_of(self, last: Intent, read: Reading, text: str, shown: Shown, place: int) -> Intent | None:
        """The wish in a question what there is that looks so, "what else is made of wood?", "what do you have in
        blue?"; None where it says nothing of looks or kinds."""
        words = appearance_in(text, self.grounding.find)
        place_for = FOR_PLACE.search(text)
        kinds = self.grounding.things_in(text)[:1]
        if not kinds and place_for and self.is_called_kind(place_for[1]):
            kinds = (place_for[1],)
        if not words and not kinds:
            return None
        seen = tuple(Appearance(word, self.grounding.facet(word)) for word in words if word not in kinds)
        seen_before = (shown.pick,) if shown.pick and ELSE.search(text) else ()
        is_new = bool(kinds) or bool(ELSE.search(text)) or not shown.lists
        base = Intent(excluded=last.excluded.union(seen_before), since=place) if is_new else last
        limits = tuple(limits_in(read.spans, text))
        return replace(
            base, act=r.ASK, kinds=kinds or base.kinds, appearance=seen, limits=limits or base.limits, asks="", also=(),
            subjects=(), proposed="", missing=(), reference=None,
        )  # fmt: skip

    def in_own_words(self, own: str, asked: Intent, read: Reading, text: str, shown: Shown) -> Intent | None:
        """A question that the network has no name for; None where its words do not suffice for an answer."""
        whole = replace(asked, asks=own, also=(), reference=None)
        if own in (r.SPEAKER, r.ASSORTMENT, r.FAVOURITE, r.LIGHTEST, r.DARKEST):
            return whole
        if own == r.TOTAL:
            return replace(whole, also=(asked.asks,), reference=asked.reference)
        if own == r.STOCK:
            return self.stocked(asked, read, text, shown)
        if own == r.OF_THOSE and shown.lists:
            found = self.such(asked, read, text, shown)
            if found is None:
                return None if HOW_MANY.search(text) else replace(whole, also=("stated",))
            return replace(whole, subjects=found)
        if own not in (r.DIFFERENCE, r.SAME):
            return None
        compared = self.compared(BESIDE_SAME.sub(",", text), shown)
        if own == r.DIFFERENCE:
            facts = tuple(name for name in asked_in(replace(read, asks=""), text) if name)
            first = FIRST_OF.search(in_figures(text.lower()))
            several = shown.of(r.LAST)[: int(first[1]) if first else 2]
            both = compared if len(compared) > 1 and not first else several
            return replace(whole, subjects=both, also=facts, reference=both[0]) if len(both) > 1 else None
        facet = next((FACET_OF[word[:4]] for word in words_of(text) if word[:4] in FACET_OF), "colour")
        if ALL.match(text) and (facet in FACTS_ALIKE):
            return replace(whole, subjects=shown.of(r.LAST), also=(facet,))
        both = compared[:2]
        return replace(whole, subjects=both, also=(facet,), reference=both[0]) if len(both) > 1 else None

    def such(self, asked: Intent, read: Reading, text: str, shown: Shown) -> tuple[str, ...] | None:
        """Ids of those shown that look and measure as a question says, "which of them is made of wood?"; None where it
        says neither."""
        by_facet: dict[str, list[np.ndarray]] = {}
        every = [self.row[item] for item in shown.of(r.LAST) if item in self.row]
        rows = of_kind(every, asked.kinds, self.grounding)
        for word in appearance_in(text, self.grounding.find):
            start = max(text.lower().find(word), 0)
            seen = self.grounding.appearance(word)[rows] >= SEEN_SO
            is_unwanted = is_denied(Span(r.UNWANTED, word, start, start + len(word)), text)
            by_facet.setdefault(self.grounding.facet(word), []).append(~seen if is_unwanted else seen)
        amounts = [one for one in read.spans if one.slot in r.AMOUNTS]
        bare = [Span(r.PRICE, match[0], *match.span()) for match in BOUNDED.finditer(text) if not amounts]
        limits = tuple(limits_in(amounts or bare, text))
        if not (by_facet or limits) or not rows:
            return None
        fits = np.ones(len(rows), bool)
        for each in by_facet.values():
            fits &= np.any(each, 0)
        for place, row in enumerate(rows):
            facts = facts_of(self.grounding.products[row])
            fits[place] &= all(one.quantity in facts and one.admits(facts[one.quantity]) for one in limits)
        return tuple(self.grounding.columns.ids[row] for row, fit in zip(rows, fits, strict=True) if fit)

    def stocked(self, asked: Intent, read: Reading, text: str, shown: Shown) -> Intent | None:
        """A question whether something can be had: about the variants that it says of what was shown, of what it
        names, or of a kind."""
        found = self.about(asked, read, text, shown)
        rows = [self.row[item] for item in found.subjects or (found.reference or "",) if item in self.row]
        kinds = self.grounding.things_in(text)[:1]
        if kinds and not any(self.is_such(self.grounding.columns.ids[row], kinds) for row in rows):
            rows = self.rows_of(kinds[0]).tolist()
        elif len(rows) == 1:
            rows = self.grounding.columns.variants_of(rows[0]).tolist()
        if not rows:
            return None
        said = [self.values_said(row, text) for row in rows]
        best = max(said)
        ids = [self.grounding.columns.ids[row] for row, count in zip(rows, said, strict=True) if count == best]
        if not best and found.reference in ids:
            ids = [found.reference]
        return replace(found, asks=r.STOCK, also=(asked.asks,), subjects=tuple(ids), reference=ids[0])

    def values_said(self, row: int, text: str) -> float:
        """How many of a product's values a text says, "sand" and "450 ml", or else looks that it has."""
        product, low = self.grounding.products[row], squeezed(text)
        values = attributes_for_people(product).values() if self.grounding.reads_attributes else ()
        stated = sum(bool(value) and bool(re.search(rf"\b{re.escape(squeezed(value))}\b", low)) for value in values)
        seen = (self.grounding.appearance(word)[row] for word in appearance_in(text, self.grounding.find))
        return stated + float(sum(seen))

    def asks_for_extreme(self, read: Reading, text: str, last: Intent, shown: Shown) -> bool:
        """Whether "the cheapest lamp", or "the cheapest one", asks for one, rather than about those that were shown."""
        kinds = self.chosen_kind(text) if question_in(text) in CHOICES else read.words(r.KIND)
        if read.asks in r.EXTREMES and read.act == r.QUESTION and not kinds and NAMES_ONE.match(text):
            return True
        chooses = read.asks in r.EXTREMES or question_in(text) in CHOICES
        return bool(
            chooses and kinds and self.kinds.is_sold(kinds)
            and not (shown.lists and last.kinds and self.kinds.is_alike(kinds, last.kinds))
        )  # fmt: skip

    def chosen_kind(self, text: str) -> tuple[str, ...]:
        """The kind of thing of which a question asks for one, "which rug would you recommend?"; empty for none."""
        match = CHOSEN.search(text)
        return self.grounding.things_in(match[1])[:1] if match else ()

    def as_request(self, read: Reading, text: str) -> Reading:
        """A question that asks for one, as a wish for the kind that it names."""
        if question_in(text) not in CHOICES:
            return replace(read, act=r.ASK)
        name = self.chosen_kind(text)[0]
        start = max(text.lower().find(name.lower()), 0)
        return Reading(r.ASK, (Span(r.KIND, name, start, start + len(name)),))

    def refuses(self, read: Reading, text: str, reference: str | None) -> bool:
        """Whether a question is a refusal as well, for what it asks about costs more than is said beside it: "how
        much?? it can't be over two hundred"."""
        limits = [one for one in limits_aside(read, text) if one.quantity == r.PRICE]
        if not limits or reference is None or "price" not in asked_in(read, text):
            return False
        price = self.grounding.columns.prices[self.row[reference]]
        return bool(price == price and not all(one.admits(price) for one in limits))


def asked_in(read: Reading, text: str) -> tuple[str, ...]:
    """What a question asks, in the order of its words: they go before the network, which names one thing, and knows
    other words for measures."""
    places = {name: match.start() for name, words in FACTS.items() if (match := words.search(text))}
    said = sorted(places, key=lambda name: places[name])
    if read.asks in r.EXTREMES and read.act == r.QUESTION and not is_superlative(text):  # "which is most popular?"
        read = replace(read, asks=OTHER)
    if r.SIZES in said:
        said = [name for name in said if name != r.SIZE]
    is_like = read.asks == "goes_with" and "style" not in said and not re.search(LIKE_WHAT, text, re.IGNORECASE)
    if not said or read.asks in (*r.EXTREMES, *WHOLE) or is_like:
        return (read.asks,)
    if read.asks == r.SIZE and set(said) & DIRECTIONS.keys():  # "how long is it"
        return tuple(said)
    is_measure = read.asks in (*DIRECTIONS, r.SIZE)
    return tuple(said) if not is_measure or read.asks in said or r.SIZES in said else (read.asks, *said)


def squeezed(text: str) -> str:
    """A text without case, and without what stands between a number and its unit: "450 ML" as "450ml"."""
    return re.sub(r"(?<=\d)\s+(?=[^\W\d_]{1,2}\b)", "", text.casefold())


def is_bare(text: str) -> bool:
    """Whether a message is the name of a fact and nothing else: "price?", "and the dimensions"."""
    rest = text
    for words in FACTS.values():
        rest = words.sub(" ", rest)
    said = {word for word in words_of(text) if word.endswith("er")}  # "wider" asks for another
    return rest != text and not said and not [word for word in words_of(rest) if word not in BARE]


def limits_aside(read: Reading, text: str) -> tuple[Limit, ...]:
    """The limits that stand beside a question, in a sentence that asks nothing."""
    clauses = [match for match in CLAUSE.finditer(text) if "?" not in match[0] and not any(
        words.search(match[0]) for words in FACTS.values())]  # fmt: skip
    amounts = [span for span in read.spans if span.slot in r.AMOUNTS]
    aside = [span for span in amounts if any(one.start() <= span.start < one.end() for one in clauses)]
    return tuple(limits_in(aside, text)) if aside else ()
