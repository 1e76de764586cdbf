"""What a message's own words leave no doubt of, where the network doubts: a name of a thing alone is a wish for it, and
a wish beside a question about delivery is a wish."""

import re
from dataclasses import replace

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.grounding import LONGEST_NAME
from lavic_chat.nlu.kinds import Kinds
from lavic_chat.nlu.reading import Reading, Span

SOMETHING_ELSE = re.compile(
    r"\W*(?:(?:show|give|try|have you|got|do you have)\W+(?:me\W+)?)?"
    r"(?:something|anything|some|an|any)\W*(?:else|other|different)"
    r"(?:\W+(?:one|ones|please|pls|then|instead|maybe))*\W*", re.IGNORECASE,
)  # fmt: skip
SAID = 0.8  # probability from which on a thing in a message about delivery is wished for


def settle_act(read: Reading, text: str, kinds: Kinds) -> Reading:
    """A reading of a text, with another act where its words settle that."""
    if read.act == r.CHATTER and not read.spans and is_thing(text, kinds):
        return replace(read, act=r.ASK, asks=r.NOTHING, spans=(Span(r.KIND, text, 0, len(text)),))
    if read.act in (r.REFINE, r.ASK) and not read.spans and not read.compared and SOMETHING_ELSE.fullmatch(text):
        return replace(read, act=r.REJECT, asks=r.NOTHING)
    if read.act == r.OTHER_LANGUAGE and not any(letter.isalpha() for letter in text):
        return replace(read, act=r.CHATTER)
    if read.act == r.SERVICE and wants_thing(read, kinds):
        return replace(read, act=r.ASK, asks=r.NOTHING)
    return read


def is_thing(text: str, kinds: Kinds) -> bool:
    """Whether a message is the name of a thing, and nothing else: "pouf"."""
    return len(text.split()) <= LONGEST_NAME and kinds.grounding.is_thing(text)


def wants_thing(read: Reading, kinds: Kinds) -> bool:
    """Whether a message names a thing that is sold here, and how it shall look, or what it may cost."""
    named = [span for span in read.spans if span.slot == r.KIND and span.sure >= SAID]
    described = any(span.slot in (r.WANTED, r.UNWANTED, *r.AMOUNTS) for span in read.spans)
    return described and any(kinds.is_sold((span.text,)) for span in named)
