"""How much a thing holds, weighs or needs, "450 ml": no limit of ours is about that, but variants are called so."""

import re
from dataclasses import replace

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.reading import Reading, Span

VOLUME = re.compile(
    r"[0-9]+(?:[.,][0-9]+)?\s?(?:ml|cl|dl|l|lit(?:re|er)s?|fl\.?\s?oz|oz|kg|g|grams?|kilos?|gb|tb|w|watts?)\b",
    re.IGNORECASE,
)


def is_volume(said: str) -> bool:
    """Whether words are such an amount, and no more."""
    return bool(VOLUME.fullmatch(said))


def with_volumes(read: Reading, text: str) -> Reading:
    """A reading in which such amounts are wanted as they are called, whatever the network took them for."""
    return replace(read, spans=tuple(as_wanted(span, text) for span in read.spans))


def as_wanted(span: Span, text: str) -> Span:
    """An amount of that sort as a look that is wanted; any other span as it is."""
    match = VOLUME.match(text, span.start) if span.slot in (r.PRICE, r.SIZE, *r.MEASURES) else None
    return replace(span, slot=r.WANTED, text=match[0], end=match.end(), bound="") if match else span
