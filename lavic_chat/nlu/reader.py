"""A dialogue -> its newest Intent: each message of the shopper is read, and the readings follow each other."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from lavic_chat.catalog.measures import facts_of
from lavic_chat.catalog.text import words_of
from lavic_chat.dialogue.turns import MORE_LIKE, SEEKER, Dialogue, Turn
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.acts import settle_act
from lavic_chat.nlu.comparisons import with_comparisons, with_extreme
from lavic_chat.nlu.gifts import PURPOSE, WORD
from lavic_chat.nlu.grounding import Grounding
from lavic_chat.nlu.intent import BRAND, UNAVAILABLE, Appearance, Intent, Limit, Relation, with_limit, with_limits
from lavic_chat.nlu.kinds import CLEARLY, Kinds, sureness
from lavic_chat.nlu.limits import limits_in
from lavic_chat.nlu.multiples import multiple_in, relative_limit, with_multiple
from lavic_chat.nlu.negations import denies_pick, is_denied, join_alternatives, with_negations
from lavic_chat.nlu.pointing import without_neighbours
from lavic_chat.nlu.questions import Questions
from lavic_chat.nlu.reading import Reading, Span
from lavic_chat.nlu.references import References
from lavic_chat.nlu.shown import Shown

ANOTHER = 0.7  # probability of a thing that is not sold, from which on it is wished for in place of an earlier one
LIKE_NOTHING = 0.4  # of a whole message, below which it is like nothing here
BESIDE = (r.QUESTION, r.CHATTER, r.SERVICE, r.OTHER_LANGUAGE)  # acts of messages that later ones do not go on from
EXTREME = ("black", "white")  # than which nothing of that colour is darker, or lighter
REPLACED = ("colour", "material", "pattern", "style", "shape", BRAND)  # new wishes take the place of older ones
CONNECTED = re.compile(r"\s*(?:\b(?:nor|or|and|n)\b|[,/&+])\s*", re.IGNORECASE)


class Tagger(Protocol):
    """Whatever reads a message alone, after the shopper's earlier ones."""

    def read(self, before: Sequence[str], text: str) -> Reading:
        """Of one message."""
        ...


class IntentReader:
    """Reads intents in the words of one catalogue."""

    def __init__(self, tagger: Tagger, grounding: Grounding):
        self.tagger, self.grounding, self.row = tagger, grounding, grounding.row
        self.references, self.kinds = References(grounding), Kinds(grounding)
        self.questions = Questions(grounding, self.kinds, self.references)

    def read(self, dialogue: Dialogue) -> Intent:
        """The newest turn's intent."""
        intent, shown, before, text = Intent(), Shown(), [], ""
        by_ids = any(turn.shown for turn in dialogue.turns)  # then words alone show nothing
        for place, turn in enumerate(dialogue.turns):
            if turn.role != SEEKER:
                known = tuple(item for item in turn.shown if item in self.row)
                named = () if by_ids else self.named_in(turn)
                shown.add(known or named, intent, text)
                shown.by_title.add(named)
                continue
            text = turn.text
            if turn.text and not turn.text.startswith(MORE_LIKE):  # a button says that, not the shopper
                read, text = self.understand(before, turn.text)
                if read.act in (r.REFINE, r.RECALL) and denies_pick(read, text):
                    read = replace(read, act=r.REJECT)
                if read.act == r.CHATTER and turn.photo:  # "hello": what is wanted is in the photo
                    intent = intent.by_photo()
                else:
                    accepted = self.questions.accepted(intent, text, place)
                    intent = accepted or self.follow(intent, read, replace(turn, text=text), shown, place)
                if read.act not in BESIDE:
                    before.append(text)
            elif turn.photo:
                intent = intent.by_photo()
            for key in sorted(key for at, key in dialogue.dropped if at in (place, place + 1)):
                intent = intent.drop(key)
        return replace(intent, excluded=intent.excluded | dialogue.rejected)

    def understand(self, before: Sequence[str], text: str) -> tuple[Reading, str]:
        """A message's reading, and the text that was read: mended, unless it is of another language."""
        read = self.tagger.read(tuple(before), text)
        mended = self.grounding.speller.mend_text(text)
        if mended != text and (read.act != r.OTHER_LANGUAGE or self.grounding.is_thing(mended)):
            read, text = self.tagger.read(tuple(before), mended), mended
        read = settle_act(self.kinds.with_appearance(read, text), text, self.kinds, not before)
        read = with_comparisons(read, text) if before else read
        return without_neighbours(with_negations(read, text), text), text

    def named_in(self, turn: Turn) -> tuple[str, ...]:
        """Products of the longest title that a message of the shop holds, where it shows none by id."""
        columns = self.grounding.columns
        named = "" if turn.shown else columns.title_in(turn.text)
        return tuple(columns.ids[row] for row, title in enumerate(columns.titles) if named and title == named)

    def follow(self, last: Intent, read: Reading, turn: Turn, shown: Shown, place: int) -> Intent:
        """The intent after one more message."""
        text = turn.text
        reference = self.references.find(read, text, shown)
        if self.questions.asks_for_extreme(read, text, last, shown):
            read = self.questions.as_request(read, text)
        if read.act == r.QUESTION and reference == shown.pick and self.questions.refuses(read, text, reference):
            read = replace(read, act=r.REJECT, asks=r.NOTHING)
        if read.act in BESIDE:
            return self.questions.follow(last, read, text, shown, place, reference)
        if relative := self.relative_limit(last, text, reference or shown.pick):
            read = with_multiple(read, text, relative.quantity)
        title = self.title_of(read, text)
        kinds, later = self.kinds_in(read, turn, last)
        kinds, read = self.kinds.narrowed(kinds, last.kinds, read)
        if kinds and not title and not self.kinds.is_sold(kinds):
            missing = self.kinds.missing(kinds, last.kinds)
            if read.act == r.ASK and missing and (not last.kinds or sureness(read, kinds) >= ANOTHER):
                return replace(last, act=UNAVAILABLE, missing=missing, asks="", reference=None)
            kinds, later = (), ()  # a part, or a place, that is no thing of its own
        if not turn.photo and self.is_like_nothing(read, text, last):
            return replace(last, act=r.CHATTER, missing=(), asks="", reference=None)
        base = Intent(excluded=last.excluded, since=place) if self.is_another(kinds, title, last) else last
        if read.act == r.RECALL and reference:  # what it was an answer to comes back with it
            base = replace(shown.intent_for(reference), excluded=last.excluded)
        if "all" in read.lifted:
            base = Intent(kinds=base.kinds, excluded=base.excluded, since=place)
        goes_on = read.act == r.REFINE and not kinds and not read.compared
        asks, read = with_extreme(read, text)
        intent = replace(
            base, act=read.act, kinds=kinds or base.kinds, later=later, missing=(), also=(), subjects=(),
            title=title or (base.title if goes_on else ""),
            sure=sureness(read, kinds) if kinds else base.sure,
            asks=asks or (base.asks if goes_on and base.asks in r.EXTREMES else ""),
            reference=reference if read.act == r.RECALL else None,
        )  # fmt: skip
        intent = self.change(intent, read, text, reference or shown.pick)
        intent = replace(intent, limits=with_limit(intent.limits, relative)) if relative else intent
        if read.act == r.REJECT and shown.lists:
            intent = intent.without(self.references.turned_down(read, text, reference, shown))
        return self.references.resolve(intent, read)

    def kinds_in(self, read: Reading, turn: Turn, last: Intent) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The kinds that a message wishes for, and those for later; where it names none that anybody knows, the thing
        that it describes by what it is for."""
        kinds, later = self.kinds.of(read, turn.text)
        compares = read.compared or read.act == r.REJECT
        if compares and (same := self.kinds.same_again((*kinds, *later), last.kinds)):
            return same, ()
        if read.act != r.ASK or self.title_of(read, turn.text) or turn.photo:
            return kinds, later
        named = ""
        is_unknown = bool(kinds) and not self.kinds.is_sold(kinds) and not any(map(self.grounding.is_thing, kinds))
        if is_unknown or not (kinds or last.kinds):
            named = self.kinds.described_in(turn.text)
        elif kinds and all(map(self.kinds.is_no_name, kinds)):
            named = self.kinds.described_in(turn.text, CLEARLY)
        return ((named,), ()) if named else (kinds, later)

    def is_another(self, kinds: Sequence[str], title: str, last: Intent) -> bool:
        """Whether another thing is wished for than before; a budget that was said before any thing stays."""
        if not (kinds or title) or not (last.kinds or last.title):
            return False
        return not (kinds and last.kinds and self.kinds.is_alike(kinds, last.kinds))

    def is_like_nothing(self, read: Reading, text: str, last: Intent) -> bool:
        """Whether an opening message names nothing that is known, and means nothing that is sold here."""
        says_nothing = not read.spans and not last.kinds and not last.appearance
        return read.act == r.ASK and says_nothing and self.grounding.nearest_of(text) < LIKE_NOTHING

    def title_of(self, read: Reading, text: str) -> str:
        """A product as it is called by name, which is more than a brand; what any such thing is called is no name."""
        known = self.grounding
        names = (one for one in read.words(r.TITLE) if one not in known.brands and not known.is_thing(one))
        title = " ".join(one for one in names if one.lower() not in known.thesaurus.words)
        is_whole = read.act in (r.ASK, r.RECALL) and known.brands.find_in(text)
        return title or (known.columns.title_in(text) if is_whole else "")

    def change(self, intent: Intent, read: Reading, text: str, anchor: str | None) -> Intent:
        """With the conditions that a message takes back, and those that it adds. anchor: the product that it compares
        with."""
        intent = self.drop_lifted(intent, read)
        intent = self.add_limits(intent, read, text)
        intent = self.add_appearance(intent, read, text)
        return self.add_relations(intent, read, anchor)

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

    def relative_limit(self, last: Intent, text: str, anchor: str | None) -> Limit | None:
        """What a message bounds by a multiple of a limit, or of a fact of the product that it speaks of."""
        facts = facts_of(self.grounding.products[self.row[anchor]]) if anchor and multiple_in(text) else {}
        return relative_limit(text, last, facts)

    def add_limits(self, intent: Intent, read: Reading, text: str) -> Intent:
        """With the amounts of a message."""
        new, bounded = {span.slot for span in read.spans if span.slot in r.AMOUNTS}, intent.measures
        limits = with_limits(intent.limits, tuple(limits_in(read.spans, text, bounded[0] if len(bounded) == 1 else "")))
        relations = tuple(one for one in intent.relations if one.facet not in new)
        return replace(intent, limits=limits, relations=relations)

    def add_appearance(self, intent: Intent, read: Reading, text: str) -> Intent:
        """With the looks of a message: a wanted one takes the place of older ones of its facet, unless it is said to be
        one more; what is turned down is not wanted any longer, and the other way round."""
        new = [
            Appearance(said, self.facet(said), span.slot == r.UNWANTED, span.sure, span.against)
            for span in read.spans if span.slot in r.APPEARANCES
            for said in self.parts_of(span) if said not in intent.kinds
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
        """Which facet words are of, brands and gifts among them."""
        known = BRAND if said in self.grounding.brands else PURPOSE if said == WORD else ""
        return known or self.grounding.facet(said)

    def parts_of(self, span: Span) -> list[str]:
        """What a span says, each by itself: "checks nor stripes", "cotton, velvet, wool", "red velvet"."""
        said = span.text if self.grounding.meant(span.text) else self.grounding.respell_appearance(span.text)
        parts = [part.strip() for part in CONNECTED.split(said) if part.strip()]
        words = span.text.split()
        if len(parts) == 1 and len(words) > 1 and not self.grounding.meant(span.text):
            facets = [entry.facet for word in words if (entry := self.grounding.find(word))]
            if len(facets) == len(words) and (span.slot == r.UNWANTED or len(set(facets)) == len(words)):
                return words
        return parts

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
