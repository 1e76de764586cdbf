"""Which kinds of thing a message wishes for, in the words of one catalogue."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise, takewhile

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.grounding import DESCRIBING, SEEN, Grounding
from lavic_chat.nlu.kind_spans import (
    QUALITIES,
    beside,
    is_part,
    is_place,
    is_stood_at,
    is_vague,
    is_verb,
    without_parts,
    without_places,
    without_verbs,
)
from lavic_chat.nlu.negations import is_denied
from lavic_chat.nlu.reading import Reading, Span
from lavic_chat.nlu.thesaurus import GLUE, JOINTS, name_words
from lavic_chat.nlu.uses import with_uses

SOLD = 0.55  # similarity from which on a product is of a kind, and a kind is sold here
NAMED_SO = 0.87  # similarity from which on a kind is called so here
UNSURE = 0.5  # probability of a kind whose words nobody is sure of
ALIKE = 0.5  # share of products in common from which on two kinds are one
WITH_BEFORE = re.compile(r"\w\s+with\s+(?:(?!matching\b)[\w-]+\s+){0,2}\Z", re.IGNORECASE)  # a part, or a look
WHERE = re.compile(r"\b(?:in front of|next to|beside|behind|above|opposite)\s+(?:the|my|our)\s+\w+\b", re.IGNORECASE)
PURPOSE_BEFORE = re.compile(
    r"(?<!look)(?<!looking)(?<!after)(?<!search)(?<!searching)(?<!ask)(?<!asking)(?<!go)\s+for\s+"
    r"(?:(?:the|my|our|his|her|their|your|all|some|an?)\s+)*\Z|\A\W*for\s+(?:(?:the|my|our|all|some|an?)\s+)*\Z",
    re.IGNORECASE,
)  # fmt: skip
FILLED_WITH = re.compile(  # "two tins of paint"
    r"\b(?:tins?|cans?|pots?|bags?|sacks?|packe?t?s?|rolls?|bottles?|jars?|box|boxes|tubes?|buckets?|bunch|bunches|crates?"
    r"|litres?|liters?|kilos?)\s+of\s+(?!some\b|any\b|your\b|th)([^\W\d_]+(?:\s+(?!and\b|or\b)[^\W\d_]+)?)",
    re.IGNORECASE,
)  # fmt: skip
PLACE_BEHIND = re.compile(
    r"\s+(?:that(?:[’']?s|\s+is)\s+)?for\s+(?:the|my|our|his|her|an?)?\s*([^\W\d_]+(?:\s+[^\W\d_]+)?)\b", re.IGNORECASE
)
ENDS = JOINTS | {"is", "are", "that", "which", "who"}  # behind a name
ONE_BEHIND = re.compile(r"\s+ones?\b", re.IGNORECASE)
SENTENCE_END = re.compile(r"[.!?;\n]+")
DESCRIBED_SO, NEARLY = 0.68, 0.05  # likeness to what a thing is for, at least, and below that of the best
CLEARLY = 0.78  # the same where a kind was read that is no name of any thing
CALLED_ALIKE = 0.7  # similarity from which on what is described is sold
RESPELLED, RESPELLED_WORD, NEAR_NAMES = 0.75, 0.8, 5  # likeness of names of several words, of one; names that are tried
RESPELLED_COMMON = 0.9  # of several words that are all common ones
BETWEEN_ALTERNATIVES = re.compile(r"\bor\b|/")


class Kinds:
    """Finds them."""

    def __init__(self, grounding: Grounding):
        self.grounding = grounding

    def of(self, read: Reading, text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The kinds of thing wanted now, any of them, and those announced for later. Where none that was read is called
        so here, what the words name that may be a kind."""
        spans = with_uses(without_parts(read.spans, text), text, self.grounding.thesaurus)
        named = (self.whole(self.unqualified(span), read, text) for span in spans)
        spans = [span for span in named if self.is_kind(span, text)]
        if read.act == r.REFINE:  # of what is wished for already; "for clothes" says what it is for
            spans = [span for span in spans if span.sure >= UNSURE and not PURPOSE_BEFORE.search(text[: span.start])]
        if any(self.grounding.is_thing(span.text) for span in spans):  # "what washes plates, a dishwasher I think"
            spans = [
                span for span in spans if len(span.text.split()) < DESCRIBING or self.grounding.is_thing(span.text)
            ]
        spans = without_places([self.respelled(self.bare(span)) for span in spans], text)
        sold = [span for span in spans if self.is_sold((span.text,))]
        sure = [span for span in sold if self.is_named_so(span.text) and not is_denied(span, text)]
        is_known = any(
            (self.grounding.is_thing(span.text) or is_vague(span.text)) and not is_denied(span, text) for span in sold
        )
        if not sure and not is_known and read.act == r.ASK and (named := self.possible(read, text)):
            return (named,), ()
        missing = [span for span in spans if span not in sold and self.grounding.is_thing(span.text)]
        is_guess = bool(missing) and not any(self.is_named_so(span.text) for span in sold)
        spans = missing if is_guess else sold or spans
        if not spans:
            return (), ()
        now, later = [spans[0].text], []
        for before, span in pairwise(spans):
            alternative = BETWEEN_ALTERNATIVES.search(text[before.end : span.start])
            (now if alternative or self.is_alike((span.text,), tuple(now)) else later).append(span.text)
        special = [kind for kind in now if not self.grounding.thesaurus.is_group(kind)]  # "something to sit on, a sofa"
        return tuple(dict.fromkeys(special or now)), tuple(later)

    def whole(self, span: Span, read: Reading, text: str) -> Span:
        """A kind's name with the words beside it that belong to it, where the network has cut them off: "moka pot"."""
        others = [one for one in read.spans if one is not span]
        filled = FILLED_WITH.match(text, span.start)
        if filled and not self.grounding.thesaurus.is_phrase(filled[0]):
            known = (said for said in (filled[1], filled[1].split()[0]) if self.grounding.is_thing(said))
            return replace(span, text=next(known, filled[1]))
        if (place := PLACE_BEHIND.match(text[span.end :])) and len(name_words(span.text)) == 1:
            for words in dict.fromkeys((place[1], *place[1].split())):  # "stools for our breakfast bar"
                name = f"{words} {span.text}"
                if self.grounding.thesaurus.is_name(name) and self.is_named_so(name):
                    return replace(span, text=name)
        for start, end in beside(span, text):
            said = text[start:end]
            taken = any(one.overlaps(start, end) for one in others)
            is_longer = len(name_words(said)) > len(name_words(span.text)) and said.lower().split()[0] not in GLUE
            if self.grounding.thesaurus.is_name(said) and is_longer and not taken:
                return replace(span, text=said, start=start, end=end)
        return span

    def unqualified(self, span: Span) -> Span:
        """A kind's name without what says only how good or big it shall be, "a small table"."""
        words = span.text.split()
        count = sum(1 for _ in takewhile(QUALITIES.__contains__, map(str.lower, words[:-1])))
        if span.slot != r.KIND or not count or self.grounding.is_thing(span.text):
            return span
        name = " ".join(words[count:])
        is_name = self.grounding.is_thing(name) or self.is_named_so(name)
        return replace(span, text=name, start=span.end - len(name)) if is_name else span

    def bare(self, span: Span) -> Span:
        """A kind's name without the looks before it where nothing is called just so: of "checked sofa" the sofa."""
        words, appearance = span.text.split(), self.grounding.appearance_in(span.text)
        name = " ".join(words[len(appearance) :])
        is_before = [word.lower() for word in words[: len(appearance)]] == list(appearance)
        if (
            not appearance
            or not name
            or not is_before
            or self.grounding.nearest_of(span.text) >= 1.0
            or not self.is_sold((name,))
        ):
            return span
        return replace(span, text=name)

    def respelled(self, span: Span) -> Span:
        """A name by which nothing is called as the nearest name of a thing that is sold: "sofer bed", "shugar bole",
        "christmas tre", "little christmas tre"."""
        words, known = name_words(span.text), self.grounding
        if known.is_thing(span.text) or self.is_named_so(span.text):
            return span
        for start in range(len(words)):
            if start and words[start - 1] not in QUALITIES:
                break
            if name := self.nearest_name(words[start:]):
                return replace(span, text=name)
        return span

    def nearest_name(self, words: Sequence[str]) -> str:
        """Of a thing that is sold, by its letters; "" where none is like the words."""
        is_spelled = all(map(self.grounding.is_word, words))
        if is_spelled and len(words) == 1:
            return ""
        likeness = RESPELLED_COMMON if is_spelled else RESPELLED if len(words) > 1 else RESPELLED_WORD
        near = process.extract(
            " ".join(words), self.thing_names, scorer=DamerauLevenshtein.normalized_similarity,
            score_cutoff=likeness, limit=NEAR_NAMES,
        )  # fmt: skip
        return next((name for name, _, _ in near if self.is_named_so(name)), "")

    def described_in(self, text: str, likely: float = DESCRIBED_SO) -> str:
        """The thing sold here that a message, or a sentence of it, describes best by what it is for; "" where it
        describes none well, or things that are not sold here far better. What it names is not what it describes.
        likely: what the likeness is at least."""
        parts = [text, *(part for part in SENTENCE_END.split(text) if len(part.split()) >= DESCRIBING)]
        named = self.grounding.thesaurus.named_in(text)
        found = self.grounding.described(self.grounding.encoder.encode(parts), named)
        least = max(likely, max(found.values(), default=0.0) - NEARLY)
        near = sorted((thing for thing in found if found[thing] >= least), key=lambda thing: -found[thing])
        names = (self.grounding.thesaurus.things[thing].names[0] for thing in near)
        return next((name for name in names if self.grounding.nearest_of(name) >= CALLED_ALIKE), "")

    def narrowed(
        self, kinds: tuple[str, ...], last: Sequence[str], read: Reading, text: str
    ) -> tuple[tuple[str, ...], Reading]:
        """The kinds, and what is left of the reading, where words wanted of a kind make another name with its own: of
        the last one, "a table", "a dining one", or of one beside them, "a folding chair"."""
        for span in read.spans:
            entry = self.grounding.meant(span.text)
            if span.slot != r.WANTED or (entry and entry.facet in SEEN):
                continue
            for kind in kinds or last:
                name = f"{span.text} {kind.split()[-1]}".lower()
                is_said = not kinds or name in text.lower()
                if is_said and self.grounding.is_thing(name) and self.is_named_so(name):
                    return (name,), replace(read, spans=tuple(one for one in read.spans if one is not span))
        return kinds, read

    def is_no_name(self, kind: str) -> bool:
        """Whether no thing at all, and nothing here, is called so."""
        return not self.grounding.is_thing(kind) and not self.is_named_so(kind)

    def is_named_so(self, name: str) -> bool:
        """Whether anything here is called so."""
        return self.grounding.nearest_of(name) >= NAMED_SO

    @cached_property
    def thing_names(self) -> tuple[str, ...]:
        """Of all things that the thesaurus knows, sold here or not."""
        things = self.grounding.thesaurus.things
        return tuple(dict.fromkeys(" ".join(name_words(name)) for thing in things for name in thing.names))

    def with_appearance(self, read: Reading, text: str) -> Reading:
        """A reading in which what was taken for a thing is a look, where it is one and right before another, "yellow"
        of "yellow jacket", or is no thing that is sold and stands before "one": "a sliding-door one"; and where nothing
        at all is called so, "material: lacquer"."""
        kinds = [span for span in read.spans if span.slot == r.KIND]
        adjectives = [
            before for before, span in pairwise(kinds)
            if span.start - before.end <= 1 and self.grounding.meant(before.text) and not self.is_sold((before.text,))
        ]  # fmt: skip
        adjectives += [span for span in kinds if self.grounding.find(span.text) and self.is_no_name(span.text)]
        titles = [span for span in read.spans if span.slot == r.TITLE and self.grounding.meant(span.text)]
        adjectives += [span for span in titles if not self.grounding.titles.says(span.text).any()]  # "the cobalt mug"
        adjectives += [span for span in kinds if ONE_BEHIND.match(text[span.end :]) and not self.is_sold((span.text,))]
        return replace(
            read, spans=tuple(replace(one, slot=r.WANTED) if one in adjectives else one for one in read.spans)
        )

    def is_kind(self, span: Span, text: str) -> bool:
        """Whether words were read as a kind of thing, or as a look though they name a thing that is sold here."""
        if span.slot == r.WANTED and not self.grounding.meant(span.text):
            return self.grounding.things_in(span.text)[:1] == (span.text.lower(),) and not is_part(span, text)
        is_where = is_place(span.text) and not self.grounding.thesaurus.is_phrase(span.text)
        is_quality = span.text.lower() in QUALITIES and not self.grounding.is_thing(span.text)
        return span.slot == r.KIND and not (is_where or is_quality or is_verb(span, text))

    def possible(self, read: Reading, text: str) -> str:
        """What the words that may be a kind name, the likeliest first; what they describe at length stays as it is.
        Where they name rooms alone, "for the bedroom", what stands anywhere else in the message. "" for none."""
        for span in sorted(read.possible, key=lambda one: -one.sure):
            if WITH_BEFORE.search(text[: span.start]):
                continue
            is_none = is_denied(span, text) or FILLED_WITH.match(span.text)
            if is_none or len(span.text.split()) >= DESCRIBING or not (name := self.head_of(span.text)):
                continue
            place = max(span.text.lower().rfind(name), 0)
            if not is_stood_at(text[: span.start + place]):
                return name
        kinds = read.words(r.KIND)
        elsewhere = without_verbs(WHERE.sub(" ", text))
        return next(iter(self.grounding.things_in(elsewhere)), "") if kinds and all(map(is_place, kinds)) else ""

    def head_of(self, said: str) -> str:
        """The longest thing sold here by whose name words end, a "table" of "small table", for of "shoe rack" the shoe
        is none; "" for none."""
        words = self.grounding.mend(" ".join(re.split(r"\s+", said))).split()
        ends = next((place for place, word in enumerate(words) if place and word in ENDS), len(words))
        named = self.grounding.things_in(" ".join(words[:ends]))
        return next((name for name in named if words[:ends][-len(name.split()) :] == name.split()), "")

    def is_sold(self, kinds: Sequence[str]) -> bool:
        """Whether the catalogue has any such thing."""
        return any(self.grounding.nearest_of(kind) >= SOLD for kind in kinds)

    def same_again(self, kinds: Sequence[str], last: Sequence[str]) -> tuple[str, ...]:
        """What was wished for before, where a message names another thing first: "for a tin box? a hood that costs
        less"."""
        same = [kind for kind in kinds if last and self.is_alike((kind,), last)]
        return tuple(same[:1]) if same and kinds[0] not in same else ()

    def missing(self, kinds: Sequence[str], last: Sequence[str] = ()) -> tuple[str, ...]:
        """What is not sold here, as it is called; nothing where words only describe it, and it is not clear what, or
        are but a part of what was wished for before, "fire" of "fireplace"."""
        if all(any(kind.lower() in other.lower() for other in last) for kind in kinds):
            return ()
        return tuple(name for kind in kinds if (name := self.name_of(kind)))

    def is_plain_word(self, kind: str) -> bool:
        """Whether a kind is one common word, and the name of no thing: "sit"."""
        known = self.grounding
        return len(kind.split()) == 1 and known.is_word(kind.lower()) and not known.is_thing(kind)

    def name_of(self, kind: str) -> str:
        """A kind as it is called, or the name of what is not sold here where words only describe it at length."""
        is_described = is_vague(kind) or (len(kind.split()) >= DESCRIBING and not self.grounding.is_thing(kind))
        return self.grounding.name_described(kind) if is_described else kind

    def is_alike(self, kinds: Sequence[str], others: Sequence[str]) -> bool:
        """Whether two names of kinds mean many of the same products."""
        first, second = (self.grounding.admitted(names, SOLD) for names in (kinds, others))
        return bool((first & second).sum() >= ALIKE * min(first.sum(), second.sum()))


def sureness(read: Reading, kinds: Sequence[str]) -> float:
    """How probably any of the kinds is wished for: as the surest words that hold its name."""
    spans = (*read.spans, *read.possible)
    named = [one for one in spans if one.slot == r.KIND and any(kind.lower() in one.text.lower() for kind in kinds)]
    return max((one.sure for one in named), default=UNSURE)
