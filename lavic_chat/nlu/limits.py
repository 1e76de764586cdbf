"""Amounts of a message as limits: a page of grammar. The network says which words are amounts and of what; where a
direction or a bound stands beside them in so many words ("20 inches high or taller"), these decide."""

import re
from collections.abc import Iterator, Sequence

from lavic_chat.catalog.amounts import read_count, read_measures, read_numbers
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.intent import Limit
from lavic_chat.nlu.reading import Span

ABOUT = 0.2  # of a price or a measure that is only about so much
REACH = 28  # characters around an amount that may say what it is of
MEASURE = re.compile(
    r"(?<![\w.,])(?:[0-9]+(?:[.,][0-9]+)?[\s-]?(?:cms?|mm|m|in(?!\s*\w)|ft)"
    r"|(?:[0-9]+(?:[.,][0-9]+)?|an?|one|two|three|four|five|six|seven|eight|nine|ten|half an?)[\s-]?"
    r"(?:centimet(?:er|re)s?|met(?:er|re)s?|inch(?:es)?|foot|feet))\b", re.IGNORECASE,
)  # fmt: skip
DIRECTIONS = {
    r.HEIGHT: r"high|height|tall|taller|talls?", r.DEPTH: r"deep|deeper|depth", r.LENGTH: r"long|longer|length",
    r.WIDTH: r"wide|wider|width|across|broad",
}  # fmt: skip
AT_LEAST = re.compile(
    r"\b(?:at (?:the )?(?:very )?least|min(?:imum)?|or (?:more|up|over|taller|wider|longer|higher))\b", re.IGNORECASE
)
AT_MOST = re.compile(
    r"\b(?:at (?:the )?(?:very )?most|max(?:imum)?|or (?:less|under)|no (?:more|wider|deeper|taller|higher|longer)"
    r"|not? over|below|under|exceed)\b", re.IGNORECASE,
)  # fmt: skip


def limits_in(spans: Sequence[Span], text: str) -> Iterator[Limit]:
    """The limits of a message's amounts, and of measures that the network has overlooked where words bound them."""
    amounts = [span for span in spans if span.slot in r.AMOUNTS]
    for match in MEASURE.finditer(text):
        found = Span(r.WIDTH, match[0], match.start(), match.end(), r.MOST)
        overlooked = not any(span.start < found.end and found.start < span.end for span in amounts)
        if overlooked and any(said_beside(found, text)):
            amounts.append(found)
    for span in sorted(amounts, key=lambda span: span.start):
        if limit := limit_of(corrected(span, text)):
            yield limit


def corrected(span: Span, text: str) -> Span:
    """A measure with the direction that stands nearest to it, and the bound that is said beside it."""
    if span.slot not in r.MEASURES:
        return span
    slot, bound = said_beside(span, text)
    return Span(slot or span.slot, span.text, span.start, span.end, bound or span.bound)


def said_beside(span: Span, text: str) -> tuple[str, str]:
    """The direction of a measure and its bound, by the words around it; "" where they say none."""
    before, after = text[max(0, span.start - REACH) : span.start], text[span.end : span.end + REACH]
    after = re.split(r"[.;!?]", after)[0]
    found = {}
    for slot, words in DIRECTIONS.items():
        behind = re.search(rf"\b(?:{words})\b", after, re.IGNORECASE)
        ahead = [match.end() for match in re.finditer(rf"\b(?:{words})\b", before, re.IGNORECASE)]
        places = ([behind.start()] if behind else []) + ([len(before) - ahead[-1] + 2] if ahead else [])
        if places:
            found[slot] = min(places)
    near = f"{before} {after}"
    bound = r.LEAST if AT_LEAST.search(near) else r.MOST if AT_MOST.search(near) else ""
    return min(found, key=lambda name: found[name]) if found else "", bound


def limit_of(span: Span) -> Limit | None:
    """What an amount of a message bounds; None where it says no number."""
    if span.slot not in r.AMOUNTS:
        return None
    if span.slot == r.SEATS:
        count = read_count(span.text)
        return Limit(r.SEATS, least=count) if count else None
    numbers = (read_numbers if span.slot == r.PRICE else read_measures)(span.text)
    if not numbers:
        return None
    if len(numbers) > 1 and span.slot == r.PRICE:
        return Limit(span.slot, min(numbers), max(numbers))
    value = numbers[0]
    if span.bound == r.MOST:
        return Limit(span.slot, most=value)
    if span.bound == r.LEAST:
        return Limit(span.slot, least=value)
    return Limit(span.slot, (1 - ABOUT) * value, (1 + ABOUT) * value)
