"""What a message's own words leave no doubt of, where the network doubts: a name of a thing alone is a wish for it, and
a wish beside a question about delivery is a wish."""

import re
from dataclasses import replace

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.grounding import LONGEST_NAME
from lavic_chat.nlu.kinds import Kinds
from lavic_chat.nlu.questions import asked_in, is_bare
from lavic_chat.nlu.reading import Reading, Span

SOMETHING_ELSE = re.compile(
    r"\W*(?:(?:show|give|try|have you|got|do you have)\W+(?:me\W+)?)?"
    r"(?:something|anything|some|an|any)\W*(?:else|other|different)"
    r"(?:\W+(?:one|ones|please|pls|then|instead|maybe))*\W*", re.IGNORECASE,
)  # fmt: skip
NOT_IT = re.compile(
    r"\b(?:that|this|it)(?:['’]?s|\s+is|\s+was)?(?:\s+(?:so|still|just))?\s+n(?:ot|o)\s+(?:it|quite|the one|right)\b"
    r"|\bsays? no\b|\A\W*(?:no+|nope|nah)(?:\W+(?:no+|nope|nah|again|either))*\W*\Z", re.IGNORECASE,
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
    r"|\byou\s+(?:opened|started|began)\s+with\b", re.IGNORECASE,
)  # fmt: skip
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
SAID = 0.8  # probability from which on a thing in a message about delivery is wished for


def settle_act(read: Reading, text: str, kinds: Kinds) -> Reading:
    """A reading of a text, with another act, or another one that is pointed at, where its words settle that."""
    if second := SECOND.search(text):
        apart = (one for one in read.spans if not (one.start < second.end() and second.start() < one.end))
        read = replace(read, place=2, spans=tuple(apart))  # "the runner-up" names no rug
    if NO_LIMIT.search(text):
        read = replace(read, lifted=read.lifted | {"price"})
    if FIRST_LIST.search(text):
        read = replace(read, which=r.FIRST)
    elif FIRST_PICK.search(text):
        read = replace(read, which=r.FIRST, place=0)
    asks_for_one = read.act in (r.REJECT, r.REFINE, r.ASK, r.RECALL)
    if asks_for_one and OTHER_COLOUR.search(text) and not OTHER_COLOURS.search(text):
        read = replace(read, same=read.same - {"colour"}, other=read.other | {"colour"})
    if read.act == r.CHATTER and not read.spans and is_thing(text, kinds):
        return replace(read, act=r.ASK, asks=r.NOTHING, spans=(Span(r.KIND, text, 0, len(text)),))
    if read.act == r.CHATTER and not read.spans and NOT_IT.search(text):
        return replace(read, act=r.REJECT, asks=r.NOTHING)
    is_unmarked = not any(one.slot != r.REFERENCE for one in read.spans)
    if read.act in (r.SERVICE, r.REFINE, r.CHATTER) and is_unmarked and is_bare(text):
        return replace(read, act=r.QUESTION, asks=asked_in(read, text)[0], compared=frozenset())
    for asks, words in (("size", MEASUREMENTS), ("other_colours", OTHER_COLOURS)):
        if read.act == r.REFINE and not read.spans and words.search(text):
            return replace(read, act=r.QUESTION, asks=asks, other=frozenset(), compared=frozenset())
    if read.act == r.REJECT and (facet := facet_blamed(text)):
        return replace(read, other=read.other | {facet})
    if read.act in (r.REFINE, r.ASK) and not read.spans and not read.compared and SOMETHING_ELSE.fullmatch(text):
        return replace(read, act=r.REJECT, asks=r.NOTHING)
    if read.act == r.OTHER_LANGUAGE and not any(letter.isalpha() for letter in text):
        return replace(read, act=r.CHATTER)
    if read.act == r.SERVICE and wants_thing(read, kinds):
        return replace(read, act=r.ASK, asks=r.NOTHING)
    return read


def facet_blamed(text: str) -> str:
    """The facet of what was shown that a refusal is about, "that colour is for the young"; "" where it names none."""
    return next((facet for facet, names in FACET_NAMES.items() if re.search(rf"\bthat (?:{names})\b", text, re.I)), "")


def is_thing(text: str, kinds: Kinds) -> bool:
    """Whether a message is the name of a thing, and nothing else: "pouf"."""
    return len(text.split()) <= LONGEST_NAME and kinds.grounding.is_thing(text)


def wants_thing(read: Reading, kinds: Kinds) -> bool:
    """Whether a message names a thing that is sold here, and how it shall look, or what it may cost."""
    named = [span for span in read.spans if span.slot == r.KIND and span.sure >= SAID]
    described = any(span.slot in (r.WANTED, r.UNWANTED, *r.AMOUNTS) for span in read.spans)
    return described and any(kinds.is_sold((span.text,)) for span in named)
