"""What a message changes of an Intent: limits, looks and comparisons that it adds, and those that it takes back."""

import re
from dataclasses import replace

from lavic_chat.catalog.measures import facts_of
from lavic_chat.catalog.text import words_of
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.appearance_parts import parts_of
from lavic_chat.nlu.grounding import Grounding
from lavic_chat.nlu.intent import BRAND, VARIANT, Appearance, Intent, Limit, Relation, with_limits
from lavic_chat.nlu.limits import limits_in
from lavic_chat.nlu.multiples import multiple_in, relative_limit, shared_out
from lavic_chat.nlu.negations import is_denied, join_alternatives
from lavic_chat.nlu.reading import Reading, Span
from lavic_chat.nlu.volumes import is_volume

EXTREME = ("black", "white")  # than which nothing of that colour is darker, or lighter
# New ones take the place of older ones.
REPLACED = ("colour", "material", "pattern", "style", "shape", BRAND, VARIANT)


class Changes:
    """In the words of one catalogue."""

    def __init__(self, grounding: Grounding):
        self.grounding = grounding

    def apply(self, intent: Intent, read: Reading, text: str, anchor: str | None) -> Intent:
        """With the conditions that a message takes back, and those that it adds. anchor: the product that it compares
        with."""
        intent = self.drop_lifted(intent, read)
        intent = self.add_limits(intent, read, text)
        intent = self.add_appearance(intent, read, text)
        return self.add_relations(intent, read, anchor)

    def drop_lifted(self, intent: Intent, read: Reading) -> Intent:
        """Without the limits and wishes that a message takes back."""
        gone = {name for one in read.lifted for name in ((*r.MEASURES, r.SEATS) if one == r.SIZE else (one,))}
        return replace(
            intent,
            limits=tuple(limit for limit in intent.limits if limit.quantity not in gone),
            appearance=tuple(one for one in intent.appearance if one.facet not in gone or one.unwanted),
            relations=tuple(one for one in intent.relations if one.facet not in gone),
        )

    def relative_limit(self, last: Intent, text: str, anchor: str | None) -> Limit | None:
        """What a message bounds by a multiple of a limit, or of a fact of the product that it speaks of."""
        facts = facts_of(self.grounding.products[self.grounding.row[anchor]]) if anchor and multiple_in(text) else {}
        return relative_limit(text, last, facts)

    def add_limits(self, intent: Intent, read: Reading, text: str) -> Intent:
        """With the amounts of a message."""
        new, bounded = {span.slot for span in read.spans if span.slot in r.AMOUNTS}, intent.measures
        said = shared_out(limits_in(read.spans, text, bounded[0] if len(bounded) == 1 else ""), text)
        limits = with_limits(intent.limits, tuple(said))
        relations = tuple(one for one in intent.relations if one.facet not in new)
        return replace(intent, limits=limits, relations=relations)

    def add_appearance(self, intent: Intent, read: Reading, text: str) -> Intent:
        """With the looks of a message: a wanted one takes the place of older ones of its facet, unless it is said to be
        one more; what is turned down is not wanted any longer, and the other way round."""
        new = [
            Appearance(said, self.facet(said), span.slot == r.UNWANTED, span.sure, span.against)
            for span in read.spans if span.slot in r.APPEARANCES
            for said in parts_of(span, self.grounding) if said not in intent.kinds
        ]  # fmt: skip
        new = join_alternatives(self.go_on_denying(new, intent, text), text)
        within = [said for kind in read.words(r.KIND) for said in self.grounding.appearance_in(kind)]
        new += [Appearance(said, self.grounding.facet(said)) for said in within]
        marked = {one.said.lower() for one in new}
        new += [
            Appearance(brand, BRAND, is_denied(Span(BRAND, brand, *place), text))
            for brand, place in self.grounding.brands.find_in(text).items() if brand not in marked
        ]  # fmt: skip
        said = {one.said.lower() for one in new}
        replaced = {one.facet for one in new if not one.unwanted and one.facet in REPLACED}
        if re.match(r"\W*(?:or|also)\b", text, re.IGNORECASE):
            replaced = set()
        denied = {one.said.lower() for one in new if one.unwanted}
        kept = tuple(
            one for one in intent.appearance
            if one.said.lower() not in said and (one.unwanted or one.facet not in replaced)
            and (one.unwanted or not denied & self.general(one.said))
        )  # fmt: skip
        relations = tuple(
            one for one in intent.relations
            if one.facet not in replaced and not (one.facet == "light" and "colour" in replaced)
        )  # fmt: skip
        return replace(intent, appearance=(*kept, *new), relations=relations)

    def go_on_denying(self, new: list[Appearance], intent: Intent, text: str) -> list[Appearance]:
        """New looks; the first of a message that goes on with what was turned down, "or white", as unwanted."""
        last = intent.appearance[-1] if intent.appearance else None
        if not new or not last or not last.unwanted or not re.match(r"\W*(?:n?or|and no)\b", text, re.IGNORECASE):
            return new
        return [replace(new[0], unwanted=True), *(one for one in new[1:] if one.said.lower() != new[0].said.lower())]

    def general(self, said: str) -> frozenset[str]:
        """What is true of words for a look, themselves among it: of "navy" that it is blue."""
        entry = self.grounding.meant(said)
        return frozenset((said.lower(), *(entry.broader if entry else ())))

    def facet(self, said: str) -> str:
        """Which facet words are of, brands among them."""
        if is_volume(said):
            return VARIANT
        return BRAND if said in self.grounding.brands else self.grounding.facet(said)

    def add_relations(self, intent: Intent, read: Reading, anchor: str | None) -> Intent:
        """With what a message compares to the product that it speaks of."""
        if not anchor:
            return intent
        new = [Relation(name[:-1], name[-1], anchor) for name in sorted(read.compared)]
        new += [Relation(facet, "=", anchor) for facet in sorted(read.same)] + [
            Relation(facet, "!", anchor) for facet in sorted(read.other)
        ]
        if any(one.facet == "light" for one in new):  # in another colour, then
            new = [one for one in new if (one.facet, one.sign) != ("colour", "=")]
        facets = {one.facet for one in new}
        stays = {r.PRICE, *(span.slot for span in read.spans)}  # "narrower, though at least 130"
        limits = tuple(limit for limit in intent.limits if limit.quantity not in facets - stays)
        kept = tuple(one for one in intent.relations if one.facet not in facets)
        gone = {one.facet for one in new if one.sign == "!"} | ({"pattern"} if "pattern" in facets else set())
        appearance = tuple(one for one in intent.appearance if one.unwanted or one.facet not in gone)
        if any(one.sign in "+-" for one in new):  # a title, or a brand, has only named what it is compared to
            own = {word for span in read.spans for word in words_of(span.text)}
            named = {word for one in intent.appearance if one.facet == BRAND for word in words_of(one.said)} - own
            appearance = tuple(one for one in appearance if one.unwanted or not named & set(words_of(one.said)))
            intent = replace(intent, title="" if intent.kinds and not read.words(r.TITLE) else intent.title)
        if "light" in facets:
            now = {span.text.lower() for span in read.spans}  # "in mustard, and darker" stays mustard
            left = [one for one in appearance if one.unwanted or one.said.lower() not in EXTREME]
            appearance = tuple(one if one.said.lower() in now else self.loosened(one) for one in left)
        return replace(intent, relations=(*kept, *new), limits=limits, appearance=appearance)

    def loosened(self, one: Appearance) -> Appearance:
        """A wanted shade as the colour that it is one of, for lighter or darker ones of it are wanted: "light blue" as
        blue."""
        entry = self.grounding.meant(one.said) if one.facet == "colour" and not one.unwanted else None
        found = (other for name in (entry.broader if entry else ()) if (other := self.grounding.find(name)))
        colour = next((other.word for other in found if other.lab), "")
        return replace(one, said=colour) if colour else one
