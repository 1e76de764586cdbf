"""A dialogue -> its newest Intent: each message of the shopper is read, and the readings follow each other."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Protocol

from lavic_chat.dialogue.turns import SEEKER, Dialogue, Turn
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.grounding import Grounding
from lavic_chat.nlu.intent import UNAVAILABLE, Appearance, Intent, Relation, with_limit
from lavic_chat.nlu.limits import limits_in
from lavic_chat.nlu.reading import Reading, Span
from lavic_chat.nlu.shown import Shown

NAMED_SO = 0.87  # and that it is called so
LIKE_NOTHING = 0.4  # of a whole message, below which it is like nothing here
SOLD = 0.55  # similarity from which on a thing is sold here
ALIKE = 0.5  # share of products in common from which on two kinds are one
MATCHES = 0.5  # probability from which on a shown product looks as said
CONNECTED = re.compile(r"\s*(?:\b(?:nor|or|and|n)\b|[,/&+])\s*", re.IGNORECASE)
DENIED_BEFORE = re.compile(r"\b(?:no|not|without|minus|non)[\s-]+(?:any\s+)?\Z", re.IGNORECASE)
DENIED_BEHIND = re.compile(r"[\s-]?free\b", re.IGNORECASE)
BETWEEN_ALTERNATIVES = re.compile(r"\bor\b|/")
ALL_SHOWN = re.compile(
    r"\b(?:none|neither|any|all)\s+of\s+(?:these|those|them)\b|\bnot\s+(?:these|those)\b", re.IGNORECASE
)


class Tagger(Protocol):
    """Whatever reads a message alone, after the shopper's earlier ones."""

    def read(self, before: Sequence[str], text: str) -> Reading:
        """Of one message."""
        ...


class IntentReader:
    """Reads intents in the words of one catalogue."""

    def __init__(self, tagger: Tagger, grounding: Grounding):
        self.tagger, self.grounding, self.row = tagger, grounding, grounding.row

    def read(self, dialogue: Dialogue) -> Intent:
        """The newest turn's intent."""
        intent, shown, before = Intent(), Shown(), []
        by_ids = any(turn.shown for turn in dialogue.turns)  # then words alone show nothing
        for place, turn in enumerate(dialogue.turns):
            if turn.role != SEEKER:
                known = tuple(item for item in turn.shown if item in self.row)
                named = () if by_ids else self.named_in(turn)
                shown.lists += filter(None, (known or named,))
                shown.by_title.add(named)
                continue
            if turn.text:
                intent = self.follow(intent, self.tagger.read(tuple(before), turn.text), turn, shown, place)
                before.append(turn.text)
            for key in sorted(key for at, key in dialogue.dropped if at in (place, place + 1)):
                intent = intent.drop(key)
        return replace(intent, excluded=intent.excluded | dialogue.rejected)

    def named_in(self, turn: Turn) -> tuple[str, ...]:
        """Products of the longest title that a message of the shop holds, where it shows none by id."""
        if turn.shown:
            return ()
        low = turn.text.lower()
        titles = sorted({p.title for p in self.grounding.products if p.title.lower() in low}, key=len, reverse=True)
        return tuple(p.id for title in titles[:1] for p in self.grounding.products if p.title == title)

    # ---- one message after another ----

    def follow(self, last: Intent, read: Reading, turn: Turn, shown: Shown, place: int) -> Intent:
        """The intent after one more message."""
        text = turn.text
        reference = self.refer(read, shown)
        if self.asks_for_extreme(read, last, shown):
            read = replace(read, act=r.ASK)
        if read.act in (r.CHATTER, r.SERVICE, r.OTHER_LANGUAGE, r.QUESTION):
            act = UNAVAILABLE if read.act == r.SERVICE else read.act
            return replace(last, act=act, asks=read.asks, reference=reference, missing=())
        title = self.title_of(read, text)
        kinds, later = self.kinds_of(read, text)
        if kinds and not title and not self.is_sold(kinds):
            if read.act == r.ASK:
                return replace(last, act=UNAVAILABLE, missing=kinds, asks="", reference=None)
            kinds, later = (), ()  # a part, or a place, that is no thing of its own
        if not turn.photo and self.is_like_nothing(read, text, last):
            return replace(last, act=UNAVAILABLE, missing=("such thing",), asks="", reference=None)
        starts = bool(kinds or title) and (not last.kinds or not kinds or not self.is_alike(kinds, last.kinds))
        base = Intent(excluded=last.excluded, since=place) if starts else last
        if "all" in read.lifted:
            base = Intent(kinds=base.kinds, excluded=base.excluded, since=place)
        intent = replace(
            base, act=read.act, kinds=kinds or base.kinds, later=later, title=title,
            asks=read.asks if read.asks in r.EXTREMES else "", missing=(),
            reference=reference if read.act == r.RECALL else None,
        )  # fmt: skip
        intent = self.drop_lifted(intent, read)
        intent = self.add_limits(intent, read, text)
        intent = self.add_appearance(intent, read, text)
        anchor = reference or (shown.pick if shown.lists else None)
        intent = self.add_relations(intent, read, anchor)
        if read.act == r.REJECT and shown.lists:
            items = shown.lists[-1]
            turned_down = items if ALL_SHOWN.search(text) or items in shown.by_title else items[:1]
            intent = replace(intent, excluded=intent.excluded.union(turned_down))
        return self.resolve(intent, read, shown)

    def is_like_nothing(self, read: Reading, text: str, last: Intent) -> bool:
        """Whether an opening message names nothing that is known, and means nothing that is sold here."""
        says_nothing = not read.spans and not last.kinds and not last.appearance
        return read.act == r.ASK and says_nothing and self.grounding.kind(text).max(initial=0.0) < LIKE_NOTHING

    def asks_for_extreme(self, read: Reading, last: Intent, shown: Shown) -> bool:
        """Whether "the cheapest lamp" asks for one, rather than about those that were shown."""
        kinds = read.words(r.KIND)
        return bool(
            read.asks in r.EXTREMES and kinds and self.is_sold(kinds)
            and not (shown.lists and last.kinds and self.is_alike(kinds, last.kinds))
        )  # fmt: skip

    def resolve(self, intent: Intent, read: Reading, shown: Shown) -> Intent:
        """A recall either brings back a product that was shown, or asks for its like in another look."""
        if intent.act != r.RECALL:
            return intent
        wanted = read.words(r.WANTED)
        if intent.title:
            return replace(intent, reference=None)
        if intent.reference and wanted and not read.place and not self.appears_so(intent.reference, wanted):
            like = (*intent.relations, Relation("shape", "=", intent.reference))
            return replace(intent, act=r.REFINE, relations=like, reference=None)
        if not intent.reference:
            return replace(intent, act=r.REFINE)
        return intent

    def refer(self, read: Reading, shown: Shown) -> str | None:
        """Id of the shown product that a message points at, the pick where it does not say which."""
        if not shown.lists:
            return None
        by_name = read.which == r.NAMED or (read.act == r.RECALL and read.words(r.KIND) and not read.place)
        if by_name and (found := self.find_shown(read, shown.picks)):
            return found
        items = shown.of(read.which)
        if read.place:
            place = read.place - 1 if read.place > 0 else len(items) - 1
            return items[place] if 0 <= place < len(items) else None
        if read.act == r.RECALL and read.words(r.WANTED):
            return self.find_shown(read, list(items)) or items[0]
        return items[0]

    def find_shown(self, read: Reading, items: Sequence[str]) -> str | None:
        """The first of the items that is, and looks, as a message says; None where none does."""
        for item in items:
            row = self.row[item]
            is_kind = all(self.grounding.kind(kind)[row] >= SOLD for kind in read.words(r.KIND))
            if is_kind and self.appears_so(item, read.words(r.WANTED)):
                return item
        return None

    def appears_so(self, item: str, words: Sequence[str]) -> bool:
        """Whether a product looks as each of the words says."""
        row = self.row[item]
        return all(self.grounding.appearance(word)[row] >= MATCHES for word in words)

    # ---- parts of a message ----

    def title_of(self, read: Reading, text: str) -> str:
        """A product as it is called by name: what was read as a title, or a brand of this catalogue with the kind."""
        if titles := read.words(r.TITLE):
            return " ".join(titles)
        brands = self.grounding.brands_in(text)
        return " ".join((*brands, *read.words(r.WANTED), *read.words(r.KIND)[:1])) if brands else ""

    def kinds_of(self, read: Reading, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The kinds of thing wanted now, any of them, and those announced for later. Where none that was read is sold
        here, those that the words name anywhere."""
        spans = [span for span in read.spans if span.slot == r.KIND]
        sold = [span for span in spans if self.is_sold((span.text,))]
        sure = [span for span in sold if self.grounding.kind(span.text).max(initial=0.0) >= NAMED_SO]
        if not sure and read.act == r.ASK and (named := self.grounding.things_in(text)):
            return named[:1], ()
        spans = sold or spans
        if not spans:
            return (), ()
        now, later = [spans[0].text], []
        for before, span in pairwise(spans):
            alternative = BETWEEN_ALTERNATIVES.search(text[before.end : span.start])
            (now if alternative or self.is_alike((span.text,), tuple(now)) else later).append(span.text)
        return tuple(now), tuple(later)

    def is_sold(self, kinds: Sequence[str]) -> bool:
        """Whether the catalogue has any such thing."""
        return any(self.grounding.kind(kind).max(initial=0.0) >= SOLD for kind in kinds)

    def is_alike(self, kinds: Sequence[str], others: Sequence[str]) -> bool:
        """Whether two names of kinds mean many of the same products."""
        first, second = (self.grounding.admitted(names, SOLD) for names in (kinds, others))
        return bool((first & second).sum() >= ALIKE * min(first.sum(), second.sum()))

    def drop_lifted(self, intent: Intent, read: Reading) -> Intent:
        """Without the limits and wishes that a message takes back."""
        measures = (*r.MEASURES, r.SEATS)
        gone = {name for name in read.lifted for name in (measures if name == r.SIZE else (name,))}
        return replace(
            intent,
            limits=tuple(limit for limit in intent.limits if limit.quantity not in gone),
            appearance=tuple(one for one in intent.appearance if one.facet not in gone or one.unwanted),
            relations=tuple(one for one in intent.relations if one.facet not in gone),
        )

    def add_limits(self, intent: Intent, read: Reading, text: str) -> Intent:
        """With the amounts of a message."""
        limits, new = intent.limits, {span.slot for span in read.spans if span.slot in r.AMOUNTS}
        for limit in limits_in(read.spans, text):
            limits = with_limit(limits, limit)
        relations = tuple(one for one in intent.relations if one.facet not in new)
        return replace(intent, limits=limits, relations=relations)

    def add_appearance(self, intent: Intent, read: Reading, text: str) -> Intent:
        """With the looks of a message: a wanted one takes the place of older ones of its facet, unless it is said to be
        one more; what is turned down is not wanted any longer, and the other way round."""
        new = [
            Appearance(said, self.grounding.facet(said), span.slot == r.UNWANTED or is_denied(span, text))
            for span in read.spans if span.slot in (r.WANTED, r.UNWANTED)
            for said in self.parts_of(span) if said not in intent.kinds
        ]  # fmt: skip
        within = [said for kind in read.words(r.KIND) for said in self.grounding.appearance_in(kind)]
        new += [Appearance(said, self.grounding.facet(said)) for said in within]
        said = {one.said.lower() for one in new}
        replaced = {
            one.facet for one in new if not one.unwanted and one.facet in ("colour", "material", "pattern", "style")
        }
        if re.match(r"\W*(?:or|also)\b", text, re.IGNORECASE):
            replaced = set()
        kept = tuple(
            one for one in intent.appearance
            if one.said.lower() not in said and (one.unwanted or one.facet not in replaced)
        )  # fmt: skip
        relations = tuple(
            one for one in intent.relations
            if one.facet not in replaced and not (one.facet == "light" and "colour" in replaced)
        )  # fmt: skip
        return replace(intent, appearance=(*kept, *new), relations=relations)

    def parts_of(self, span: Span) -> list[str]:
        """What a span says, each by itself: "checks nor stripes", "cotton, velvet, wool"."""
        parts = [part.strip() for part in CONNECTED.split(span.text) if part.strip()]
        words = span.text.split()
        if span.slot == r.UNWANTED and len(parts) == 1 and len(words) > 1 and all(map(self.grounding.find, words)):
            return words
        return parts

    def add_relations(self, intent: Intent, read: Reading, anchor: str | None) -> Intent:
        """With what a message compares to the product that it speaks of."""
        if not anchor:
            return intent
        new = [Relation(name[:-1], name[-1], anchor) for name in read.compared]
        new += [Relation(facet, "=", anchor) for facet in read.same] + [
            Relation(facet, "!", anchor) for facet in read.other
        ]
        facets = {one.facet for one in new}
        limits = tuple(limit for limit in intent.limits if limit.quantity not in facets or limit.quantity == r.PRICE)
        kept = tuple(one for one in intent.relations if one.facet not in facets)
        gone = {one.facet for one in new if one.sign == "!"} | ({"pattern"} if "pattern" in facets else set())
        appearance = tuple(one for one in intent.appearance if one.unwanted or one.facet not in gone)
        return replace(intent, relations=(*kept, *new), limits=limits, appearance=appearance)


def is_denied(span: Span, text: str) -> bool:
    """Whether a negation stands right before a span, or "-free" behind it."""
    return bool(DENIED_BEFORE.search(text[: span.start]) or DENIED_BEHIND.match(text[span.end :]))
