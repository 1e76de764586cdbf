"""Which products a question is about: one that was shown, one that is called by its name, two that are compared, or
all of a kind."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lavic_chat.catalog.amounts import in_figures
from lavic_chat.catalog.text import singular, words_of
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.catalog_words import stems
from lavic_chat.nlu.comparisons import comparative_in
from lavic_chat.nlu.grounding import OTHER_TYPE, SAME_THING, Grounding
from lavic_chat.nlu.intent import Intent
from lavic_chat.nlu.kinds import SOLD, Kinds
from lavic_chat.nlu.pointing import DEFINITE, POINTING
from lavic_chat.nlu.reading import Reading, Span
from lavic_chat.nlu.references import References
from lavic_chat.nlu.shown import Shown

NAMED_SO = 0.5  # probability from which on a product is the one that is called so
PART = re.compile(r"\b(?:or|than|and|versus|vs|against|between)\b|[,:?]", re.IGNORECASE)
PLACE = re.compile(r"\b(10|[1-9])(?:st|nd|rd|th)\b|(?:\bnumber|\bno\.?|#)\s*(10|[1-9])\b|\b(last)\b")  # in figures
PICK = re.compile(r"\b(?:it|this|that)\b", re.IGNORECASE)
WITH_NUMBER = re.compile(r"\bthan\s+\S*\d", re.IGNORECASE)
ASKED_KIND = re.compile(  # "how many lamps do you have?", "how much is a chair?"
    r"\b(?:how\s+many|what\s+(?:do|does|would|will)|how\s+much\s+(?:do|does|are|is|would|will))\s+"
    r"(?:(?:of\s+)?your\s+|an?\s+|different\s+|other\s+)*((?:[^\W\d_]+[ -]){0,2}?[^\W\d_]+)"
    r"(?=\s+(?:do|does|are|is|have|can|costs?|there|here)\b|\W*\Z)", re.IGNORECASE,
)  # fmt: skip
PRICE_RANGE = re.compile(r"\b(?:price\s+range|range\s+of\s+prices)\b", re.IGNORECASE)
INDEFINITE = re.compile(r"\ban?\s+(?:[^\W\d_]+\s+)?\Z", re.IGNORECASE)
WHOLE_KIND = re.compile(r"\b(?:the|this|that|these|those|my|it|one)\s+(?:[^\W\d_]+\s+){0,2}\Z", re.IGNORECASE)
OF_KIND = 0.6  # similarity from which on a product is of a kind that is asked about


class Subjects:
    """Finds them in the words of one catalogue."""

    def __init__(self, grounding: Grounding, kinds: Kinds, references: References):
        self.grounding, self.kinds, self.references, self.row = grounding, kinds, references, grounding.row

    def about(self, asked: Intent, read: Reading, text: str, shown: Shown) -> Intent:
        """A question about one product, the one it points at or another that it names, or about all of a kind that is
        sold and was not shown."""
        marked = " ".join((*read.words(r.REFERENCE), *read.words(r.TITLE)))
        named = None if read.place else self.named(marked, shown, is_title=bool(read.words(r.TITLE)))
        definite = (self.named(match[1], shown) for match in DEFINITE.finditer(text))
        if named := named or next(filter(None, definite), None):
            is_shown = any(named in items for items in shown.lists)
            rows = () if is_shown else self.grounding.columns.variants_of(self.row[named])
            proposed = "" if is_shown else self.grounding.columns.titles[self.row[named]]
            return replace(self.about_rows(asked, rows, named), proposed=proposed)
        if asked.asks != "price":  # a part has measures, no price
            return asked
        if PRICE_RANGE.search(text) and asked.kinds:
            return self.about_rows(asked, self.rows_of(asked.kinds[0]), asked.reference)
        kinds, (whole, is_plural) = self.references.kinds_in(read, text), self.whole_kind(text)
        kinds = (whole,) if whole else kinds
        if not whole and not any(map(self.kinds.is_named_so, kinds)):
            return asked
        rows = self.rows_of(kinds[0])
        is_such = self.row.get(asked.reference or "", -1) in rows if whole else self.is_such(asked.reference, kinds)
        if is_such and not is_plural:
            return asked
        return replace(self.about_rows(asked, rows, asked.reference), proposed=kinds[0])

    def whole_kind(self, text: str) -> tuple[str, bool]:
        """The things of which a question means all that there are, "what do double beds cost?", "how much is a chair?",
        and whether it says so in the plural; "" where it means those shown."""
        name = self.kind_in(text)
        before = text[: max(text.lower().find(name.lower()), 0)]
        is_plural = bool(name) and singular(name.split()[-1]) != name.split()[-1]
        is_whole = (is_plural and not WHOLE_KIND.search(before)) or INDEFINITE.search(before)
        return (name, is_plural) if name and is_whole else ("", False)

    def kind_in(self, text: str) -> str:
        """What a question names of the things that are sold here, also by a broad name, "how many lamps do you have?";
        "" where it names none."""
        for match in ASKED_KIND.finditer(text):
            words = match[1].split()
            names = (" ".join(words[start:]) for start in range(len(words)) if words[start].lower() not in POINTING)
            if named := next((name for name in names if self.is_called_kind(name)), ""):
                return named
        return next(iter(self.grounding.things_in(text)), "")

    def is_called_kind(self, name: str) -> bool:
        """Whether things here are called so, or are things of that broad name."""
        return self.grounding.nearest_of(name) >= SAME_THING - OTHER_TYPE

    def rows_of(self, kind: str) -> np.ndarray:
        """Rows of all things of a kind; of one that has a name of several words, those that are called just so where
        any are: "double beds" without single ones."""
        rows, words = np.flatnonzero(self.grounding.admitted([kind], OF_KIND)), stems(kind)
        called = [row for row in rows.tolist() if words <= stems(self.grounding.columns.titles[row])]
        return np.array(called) if called and len(words) > 1 else rows

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


def place_in(part: str) -> int:
    """The place in a list that a part of a message says, -1 for the last; 0 where it says none."""
    match = PLACE.search(in_figures(part.lower()))
    return 0 if match is None else -1 if match[3] else int(match[1] or match[2])
