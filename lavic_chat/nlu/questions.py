"""What a question asks, and about which products: one that was shown, one that is called by its name, two that are
compared, or all of a kind."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lavic_chat.catalog.amounts import in_figures
from lavic_chat.catalog.measures import facts_of
from lavic_chat.catalog.text import words_of
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.catalog_words import stems
from lavic_chat.nlu.comparisons import comparative_in
from lavic_chat.nlu.grounding import Grounding
from lavic_chat.nlu.intent import UNAVAILABLE, Intent, Limit, with_limit
from lavic_chat.nlu.kinds import SOLD, Kinds
from lavic_chat.nlu.limits import DIRECTIONS, limits_in
from lavic_chat.nlu.pointing import DEFINITE, POINTING
from lavic_chat.nlu.reading import Reading, Span
from lavic_chat.nlu.references import References
from lavic_chat.nlu.shown import Shown
from lavic_chat.nlu.variants_meant import variant_meant

NAMED_SO = 0.5  # probability from which on a product is the one that is called so
OF_KIND = 0.6  # similarity from which on a product is of a kind that is asked about
FACT_WORDS = {
    "price": r"\bprices?\b|\bcosts?\b|\bset (?:me|us|him|her|them) back\b|\bthe damage\b|\b(?:i|we) pay for\b"
    r"|\bhow much(?=\W*\Z|\s*[?!.,;]|\s+(?:is|are|was|were|does|do|would|for)\b)",
    **{name: rf"\b(?:{words})\b" for name, words in DIRECTIONS.items()},
    r.SIZE: r"\b(?:dimensions|measurements)\b|\bhow\s+big\b",
    r.SIZES: r"\b(?:sizes|(?:other|another|different) size)\b",
    "material": r"\bmade\s+(?:of|from|out of)\b|\bmaterials?\b|\bfabric\b",
    "colour": r"\bcolou?rs?\b(?![\s-]?blind)",
    "pattern": r"\bpatterns?\b",
    "style": r"\bstyle\b",
}
FACTS = {name: re.compile(words, re.IGNORECASE) for name, words in FACT_WORDS.items()}
NAMES_ONE = re.compile(r"\W*(?:the|your)\s+\w+(?:\s+\w+)?\s+ones?(?:\W+(?:please|pls|plz))?\W*\Z(?<!\?)", re.IGNORECASE)
BARE = frozenset(
    ("and", "the", "what", "would", "is", "its", "about", "of", "it", "that", "this", "one", "please", "pls", "s")
)
WHOLE = ("count", "other_colours")  # questions that are about more than a fact
CLAUSE = re.compile(r"[^.?!;]+[.?!;]*")
PART = re.compile(r"\b(?:or|than|and|versus|vs|against|between)\b|[,:?]", re.IGNORECASE)
PLACE = re.compile(r"\b(10|[1-9])(?:st|nd|rd|th)\b|(?:\bnumber|\bno\.?|#)\s*(10|[1-9])\b|\b(last)\b")  # in figures
PICK = re.compile(r"\b(?:it|this|that)\b", re.IGNORECASE)
WITH_NUMBER = re.compile(r"\bthan\s+\S*\d", re.IGNORECASE)


class Questions:
    """Follows them in the words of one catalogue."""

    def __init__(self, grounding: Grounding, kinds: Kinds, references: References):
        self.grounding, self.kinds, self.references, self.row = grounding, kinds, references, grounding.row

    def follow(self, last: Intent, read: Reading, text: str, shown: Shown, place: int, reference: str | None) -> Intent:
        """The intent after a message that asks for no pick: the wish stays as it was. reference: id of the product that
        the message points at."""
        if read.act != r.QUESTION:
            act = UNAVAILABLE if read.act == r.SERVICE else read.act
            return replace(last, act=act, asks=read.asks, also=(), subjects=(), reference=reference, missing=())
        counted = read.words(r.KIND) if read.asks == "count" else ()
        if self.kinds.is_sold(counted) and not (last.kinds and self.kinds.is_alike(counted, last.kinds)):
            last = Intent(kinds=counted, excluded=last.excluded, since=place)
        for limit in limits_aside(read, text):
            last = replace(last, limits=with_limit(last.limits, limit))
        asks, *also = asked_in(read, text)
        asked = replace(last, act=r.QUESTION, asks=asks, also=tuple(also), subjects=(), missing=())
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

    def about(self, asked: Intent, read: Reading, text: str, shown: Shown) -> Intent:
        """A question about one product, the one it points at or another that it names, or about all of a kind that is
        sold and was not shown."""
        marked = " ".join((*read.words(r.REFERENCE), *read.words(r.TITLE)))
        named = None if read.place else self.named(marked, shown, is_title=bool(read.words(r.TITLE)))
        definite = (self.named(match[1], shown) for match in DEFINITE.finditer(text))
        if named := named or next(filter(None, definite), None):
            is_shown = any(named in items for items in shown.lists)
            rows = () if is_shown else self.grounding.columns.variants_of(self.row[named])
            return self.about_rows(asked, rows, named)
        kinds = self.references.kinds_in(read, text) if asked.asks == "price" else ()  # a part has measures, no price
        if any(map(self.kinds.is_named_so, kinds)) and not self.is_such(asked.reference, kinds):
            return self.about_rows(asked, np.flatnonzero(self.grounding.admitted(kinds, OF_KIND)), asked.reference)
        return asked

    def about_rows(self, asked: Intent, rows: Sequence[int] | np.ndarray, item: str | None) -> Intent:
        """A question about the products in some rows of the catalogue; about one where they are none."""
        ids = tuple(self.grounding.columns.ids[int(row)] for row in rows)
        return replace(asked, subjects=ids if len(ids) > 1 else (), reference=ids[0] if len(ids) == 1 else item)

    def is_such(self, item: str | None, kinds: Sequence[str]) -> bool:
        """Whether a product is of any of the kinds."""
        return item is not None and max(self.grounding.kind(kind)[self.row[item]] for kind in kinds) >= SOLD

    def called(self, title: str) -> str | None:
        """Id of the product whose title has all words of a name; None where none has."""
        found = self.grounding.titles.probability(title)
        best = int(found.argmax()) if len(found) else -1
        is_so = best >= 0 and found[best] >= NAMED_SO and stems(title) <= stems(self.grounding.columns.titles[best])
        return self.grounding.columns.ids[best] if is_so else None

    def asks_for_extreme(self, read: Reading, text: str, last: Intent, shown: Shown) -> bool:
        """Whether "the cheapest lamp", or "the cheapest one", asks for one, rather than about those that were shown."""
        kinds = read.words(r.KIND)
        if read.asks in r.EXTREMES and read.act == r.QUESTION and not kinds and NAMES_ONE.match(text):
            return True
        return bool(
            read.asks in r.EXTREMES and kinds and self.kinds.is_sold(kinds)
            and not (shown.lists and last.kinds and self.kinds.is_alike(kinds, last.kinds))
        )  # fmt: skip

    # ---- two that are compared ----

    def compared(self, text: str, shown: Shown) -> tuple[str, ...]:
        """Ids of the products that a question compares, in the order in which it names them: "is the first cheaper than
        the second?"; the last two picks where it names none; none where it compares with a number."""
        parts = (self.pointed(part, shown) for part in PART.split(text))
        found = tuple(dict.fromkeys(item for item in parts if item))
        picks = tuple(dict.fromkeys(filter(None, (shown.current, *shown.picks))))[:2]
        if WITH_NUMBER.search(text) or len(found) > 1:
            return found
        return tuple(dict.fromkeys((*found, *picks)))[:2] if found else tuple(reversed(picks))

    def pointed(self, part: str, shown: Shown) -> str | None:
        """Id of the product that a part of a question names, by its place, its name or what it is; None for none."""
        items = shown.of(r.LAST)
        if place := place_in(part):
            return items[place - 1 if place > 0 else -1] if place <= len(items) else None
        if named := self.named(part, shown):
            return named
        if kinds := self.grounding.things_in(part)[:1]:
            found = self.find_named(part, shown, kinds)
            return found if self.is_such(found, kinds) else None
        return shown.current if PICK.search(part) else None

    def named(self, said: str, shown: Shown, is_title: bool = False) -> str | None:
        """Id of the product whose title has all words of a name that is more than what it is, one that was shown where
        one is called so; None for none. is_title: a single word will do, "the Norune"."""
        words = [word for word in words_of(said) if word not in POINTING and not comparative_in(word)]
        name = " ".join(words)
        kinds = self.grounding.things_in(name)
        if all(any(word in kind.split() for kind in kinds) for word in words):
            return None
        if self.references.is_called(found := self.find_named(name, shown, kinds), name):
            return found
        return self.called(name) if len(words) > 1 or is_title else None

    def find_named(self, name: str, shown: Shown, kinds: Sequence[str]) -> str | None:
        """The product of all that was shown that is most probably called so."""
        span = Span(r.REFERENCE, name, 0, len(name))
        return self.references.pointing.find(Reading(r.QUESTION, (span,), which=r.NAMED), name, shown, kinds)

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
    if r.SIZES in said:
        said = [name for name in said if name != r.SIZE]
    if not said or read.asks in (*r.EXTREMES, *WHOLE) or (read.asks == "goes_with" and "style" not in said):
        return (read.asks,)
    is_measure = read.asks in (*DIRECTIONS, r.SIZE)
    return tuple(said) if not is_measure or read.asks in said or r.SIZES in said else (read.asks, *said)


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


def place_in(part: str) -> int:
    """The place in a list that a part of a message says, -1 for the last; 0 where it says none."""
    match = PLACE.search(in_figures(part.lower()))
    return 0 if match is None else -1 if match[3] else int(match[1] or match[2])
