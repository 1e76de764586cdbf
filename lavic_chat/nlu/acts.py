"""What a message's own words leave no doubt of, where the network doubts: a name of a thing alone is a wish for it, and
a wish beside a question about delivery is a wish."""

import re
from dataclasses import replace

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.catalog_words import appearance_in
from lavic_chat.nlu.comparisons import comparative_in
from lavic_chat.nlu.gifts import without_gifts
from lavic_chat.nlu.kinds import Kinds
from lavic_chat.nlu.negations import is_denied
from lavic_chat.nlu.question_words import PRICE_OF, is_question, question_in
from lavic_chat.nlu.questions import BOUNDED, asked_in, is_bare
from lavic_chat.nlu.reading import Reading, Span
from lavic_chat.nlu.thesaurus import LONGEST_NAME

SOMETHING_ELSE = re.compile(
    r"\W*(?:(?:show|give|try|have you|got|do you have)\W+(?:me\W+)?)?"
    r"(?:something|anything|some|an|any)\W*(?:else|other|different)"
    r"(?:\W+(?:one|ones|please|pls|then|instead|maybe))*\W*", re.IGNORECASE,
)  # fmt: skip
NOT_IT = re.compile(
    r"\b(?:that|this|it)(?:['’]?s|\s+is|\s+was)?(?:\s+(?:so|still|just))?\s+n(?:ot|o)\s+(?:it|quite|the one|right)\b"
    r"|\bsays? no\b|\A\W*nor\s+(?:that|this|those|these|it)\b"
    r"|\A\W*(?:no+|nope|nah)(?:\W+(?:no+|nope|nah|again|either))*\W*\Z", re.IGNORECASE,
)  # fmt: skip
SECOND = re.compile(
    r"\brunners?[- ]{0,3}up\b"
    r"|\b(?:right|just|directly|straight)\s+(?:after|below|behind|under|beneath)\s+(?:it|that|this|(?:the|that)\s+"
    r"(?:top|first)\s+one)\b", re.IGNORECASE,
)  # fmt: skip
FIRST_LIST = re.compile(
    r"\b(?:your|the)\s+(?:very\s+)?first\s+(?:lot|list|batch|set|ten|answer|suggestions?|picks|ones)\b", re.IGNORECASE
)
FIRST_PICK = re.compile(
    r"\bthe\s+(?:very\s+)?first\s+(?:[\w-]+\s+){0,2}(?:was|were|you\s+(?:had|showed|gave|picked|suggested))\b"
    r"|\b(?:was|were)\s+the\s+(?:very\s+)?first\b|\byou\s+(?:opened|started|began)\s+with\b", re.IGNORECASE,
)  # fmt: skip
OTHER_ONE = re.compile(r"\bthe\s+other\s+one\b", re.IGNORECASE)
NO_LIMIT = re.compile(
    r"\b(?:forget|ignore|drop|never mind|scrap|lift)\s+(?:about\s+)?(?:the|my|that|any)\s+(?:limit|budget|price)\b",
    re.IGNORECASE,
)  # fmt: skip
MEASUREMENTS = re.compile(r"\b(?:dimensions|measurements)\b|\bhow\s+big\b", re.IGNORECASE)
OTHER_COLOUR = re.compile(r"\b(?:an?other|different|other)\s+(?:colou?r|shade)s?\b", re.IGNORECASE)
FACET_NAMES = {
    "colour": "colou?rs?|shade", "pattern": "pattern|print", "material": "material|fabric", "style": "style",
}  # fmt: skip
OTHER_COLOURS = re.compile(
    r"\b(?:come|comes|made|available|exist|exists|got|get|have|sold)\b[^.!?]*\b(?:other|different|more|another)\s+"
    r"(?:colou?r|shade)s?\b[^.!]*\?", re.IGNORECASE,
)  # fmt: skip
SHOWN_AGAIN = re.compile(r"\b(?:put|pop|show|pull)\b[^.,;!?]{1,40}\b(?:back|again)\b", re.IGNORECASE)
NOT_THE_PICK = re.compile(r"\W*(?:no|nope|nah|naw)\s*[,.;!]", re.IGNORECASE)
LAST_SENTENCES = re.compile(r"[.!?;]+")
COMPARES_ALONE = 3  # words of a sentence that does nothing but compare
FOR_SOMEBODY = re.compile(r"\b(?:any|some)thing\s+for\s+(?:my|our|the|a|an|his|her)\s+[^\W\d_]+", re.IGNORECASE)
SAID = 0.8  # probability from which on a thing in a message about delivery is wished for
NAMED = 0.5  # the same of a thing in an opening that is small talk otherwise


def settle_act(read: Reading, text: str, kinds: Kinds, opens: bool) -> Reading:
    """A reading of a text, with another act, or another one that is pointed at, where its words settle that. opens:
    whether nothing was said before it."""
    read = without_gifts(settle_place(read, text), text, kinds.grounding)
    if asks_so(read, text, kinds, opens):
        return replace(read, act=r.QUESTION, compared=frozenset(), same=frozenset(), other=frozenset())
    if read.act in (r.CHATTER, r.SERVICE) and (settled := unmistaken(read, text, kinds, opens)):
        return settled
    named = first_named(text, kinds) if read.act in (r.REFINE, r.RECALL, r.REJECT) else None
    if named and (opens or (read.act == r.REFINE and stands_alone(named, read, text))):
        return replace(read, act=r.ASK, spans=(*read.spans, named))
    if opens and read.act in (r.RECALL, r.REJECT) and not read.spans:  # there is nothing yet to turn down
        return replace(read, act=r.CHATTER)
    if read.act == r.REJECT and (match := FOR_SOMEBODY.search(text)):
        return replace(read, act=r.ASK, spans=(*read.spans, Span(r.KIND, match[0], *match.span())))
    is_unmarked = not any(one.slot != r.REFERENCE for one in read.spans)
    if read.act in (r.SERVICE, r.REFINE, r.CHATTER) and is_unmarked and is_bare(text):
        return replace(read, act=r.QUESTION, asks=asked_in(read, text)[0], compared=frozenset())
    if read.act == r.QUESTION and not read.compared and (compared := compared_alone(text)):
        return replace(read, act=r.REFINE, asks=r.NOTHING, compared=frozenset((compared,)))
    for asks, words in (("size", MEASUREMENTS), ("other_colours", OTHER_COLOURS)):
        if read.act == r.REFINE and not read.spans and words.search(text):
            return replace(read, act=r.QUESTION, asks=asks, other=frozenset(), compared=frozenset())
    if read.act in (r.REJECT, r.REFINE) and (facet := facet_blamed(text)):
        return replace(read, act=r.REJECT, same=read.same - {facet}, other=read.other | {facet})
    if read.act == r.REFINE and not opens and NOT_THE_PICK.match(text):
        return replace(read, act=r.REJECT)
    if read.act in (r.REFINE, r.ASK) and not read.spans and not read.compared and SOMETHING_ELSE.fullmatch(text):
        return replace(read, act=r.REJECT, asks=r.NOTHING)
    letters = [letter for letter in text if letter.isalpha()]
    if letters and not any(letter.isascii() for letter in letters):
        return replace(read, act=r.OTHER_LANGUAGE, spans=())
    if read.act == r.OTHER_LANGUAGE and not letters:
        return replace(read, act=r.CHATTER)
    return read


def asks_so(read: Reading, text: str, kinds: Kinds, opens: bool) -> bool:
    """Whether a message is a question by its words alone: one that the network has no name for, or what things cost."""
    amounts = any(one.slot in r.AMOUNTS for one in read.spans)
    if is_question(text, opens):
        says_how = amounts or BOUNDED.search(text) or appearance_in(text, kinds.grounding.find)
        return question_in(text) != r.OF_THOSE or bool(says_how)
    return read.act in (r.ASK, r.REFINE) and not amounts and not read.compared and bool(PRICE_OF.match(text))


def settle_place(read: Reading, text: str) -> Reading:
    """With the place, the answer or the facet that its words point at, and without a limit that they lift."""
    if second := SECOND.search(text):
        apart = (one for one in read.spans if not one.overlaps(*second.span()))
        read = replace(read, place=2, spans=tuple(apart))  # "the runner-up" names no rug
    if NO_LIMIT.search(text):
        read = replace(read, lifted=read.lifted | {"price"})
    if FIRST_LIST.search(text):
        read = replace(read, which=r.FIRST)
    elif FIRST_PICK.search(text):
        read = replace(read, which=r.FIRST, place=0)
    elif OTHER_ONE.search(text) and read.act == r.RECALL and not read.place:
        read = replace(read, which=r.PREVIOUS)
    asks_for_one = read.act in (r.REJECT, r.REFINE, r.ASK, r.RECALL)
    if asks_for_one and OTHER_COLOUR.search(text) and not OTHER_COLOURS.search(text):
        read = replace(read, same=read.same - {"colour"}, other=read.other | {"colour"})
    return read


def first_named(text: str, kinds: Kinds) -> Span | None:
    """A thing that is sold here and named in an opening that the network took for a later message, "the terracotta
    plate"; None where none is."""
    name = next(iter(kinds.grounding.things_in(text)), "")
    place = text.lower().find(name) if name else -1
    return Span(r.KIND, name, place, place + len(name)) if place >= 0 else None


def stands_alone(named: Span, read: Reading, text: str) -> bool:
    """Whether a short message of which nothing else was read ends with a thing's name, "oak table"."""
    is_read = bool(read.spans or read.compared)
    return not is_read and named.end == len(text) and len(text.split()) <= LONGEST_NAME


def unmistaken(read: Reading, text: str, kinds: Kinds, opens: bool) -> Reading | None:
    """What was taken for small talk, or for a question about the service, and is a wish; None where it is not."""
    if not read.spans and is_thing(text, kinds) and (read.act == r.CHATTER or opens):
        return replace(read, act=r.ASK, asks=r.NOTHING, spans=(Span(r.KIND, text, 0, len(text)),))
    if wants_thing(read, kinds) if read.act == r.SERVICE else opens and names_thing(read, kinds, NAMED):
        return replace(read, act=r.ASK, asks=r.NOTHING)
    if not opens and SHOWN_AGAIN.search(text):
        return replace(read, act=r.RECALL, asks=r.NOTHING, which=r.NAMED)
    if read.act == r.CHATTER and not read.spans and NOT_IT.search(text):
        return replace(read, act=r.REJECT, asks=r.NOTHING)
    return None


def facet_blamed(text: str) -> str:
    """The facet of what was shown that a refusal is about, "that colour is for the young", "can't stand the colour"; ""
    where it names none."""
    for facet, names in FACET_NAMES.items():
        for match in re.finditer(rf"\b(that |the |its )?({names})\b(?!\s+\w*ed\b)", text, re.IGNORECASE):
            before = (match[1] or "").lower()
            if before == "that " or (before and is_denied(Span(r.UNWANTED, match[2], *match.span(2)), text)):
                return facet
    return ""


def compared_alone(text: str) -> str:
    """What the last sentences of a message that asks something compare, with nothing else in them: "how much?! no,
    cheaper"; "" where none does."""
    rest = (part for part in LAST_SENTENCES.split(text)[1:] if len(part.split()) <= COMPARES_ALONE)
    return next((found for part in rest if (found := comparative_in(part))), "") if not text.endswith("?") else ""


def is_thing(text: str, kinds: Kinds) -> bool:
    """Whether a message is the name of a thing, and nothing else: "pouf"."""
    return len(text.split()) <= LONGEST_NAME and kinds.grounding.is_thing(text)


def names_thing(read: Reading, kinds: Kinds, least: float) -> bool:
    """Whether a message names a thing that is sold here; least: how probably."""
    spans = (*read.spans, *read.possible)  # of a "rocking horse" the network may be sure of the first word alone
    named = (span for span in spans if span.slot == r.KIND and span.sure >= least)
    return any(kinds.is_sold((span.text,)) for span in named)


def wants_thing(read: Reading, kinds: Kinds) -> bool:
    """Whether a message names a thing that is sold here, and how it shall look, or what it may cost."""
    described = any(span.slot in (r.WANTED, r.UNWANTED, *r.AMOUNTS) for span in read.spans)
    return described and names_thing(read, kinds, SAID)
