"""Amounts of a message as limits: a page of grammar. The network says which words are amounts and of what; where a
direction or a bound stands beside them in so many words ("20 inches high or taller"), these decide."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from lavic_chat.catalog.amounts import read_count, read_measures, read_numbers, unit_behind
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.bounds import CURRENCY, bound_before, bound_behind, bound_right_behind
from lavic_chat.nlu.intent import Limit
from lavic_chat.nlu.reading import Span

ENDLESS = 1e9  # from which on a number bounds nothing
ABOUT = 0.2  # of a price or a measure that is only about so much
REACH = 28  # characters around an amount that may say what it is of
INCHES = r"in(?!\s*\w)|in(?=\s+(?:wide|deep|high|tall|long|across)\b)"
UNIT_NAMES = r"centimet(?:er|re)s?|met(?:er|re)s?|inch(?:es)?|foot|feet"
MANY = r"two|three|four|five|six|seven|eight|nine"
ONES, TENS = rf"one|{MANY}", r"twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
TEENS = r"eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
MEASURE = re.compile(
    rf"(?<![\w.,])(?:[0-9]+(?:[.,][0-9]+)?[\s-]?(?:cms?|mm|m|{INCHES}|ft)"
    rf"|(?:[0-9]+(?:[.,][0-9]+)?|an?|{ONES}|ten|half an?)(?:\s+and\s+a\s+half)?[\s-]?"
    rf"(?:{UNIT_NAMES}))(?:\s+and\s+a\s+half|\s+(?:ten|{TENS})(?:[\s-]?(?:{ONES}))?)?\b", re.IGNORECASE,
)  # fmt: skip
COUNT = rf"[2-9]|{MANY}"
SEATED = re.compile(
    rf"\b(?:for|seats|sits)\s+(?:up to\s+)?({COUNT})(?=\s*(?:people|persons|adults|of us|\Z))"
    rf"|\b({COUNT})[\s-]seat(?:s|ers?)?\b",
    re.IGNORECASE,
)
UNIT = re.compile(rf"\s*(?:cms?|mm|ft|{UNIT_NAMES})\b", re.IGNORECASE)
WORD = rf"(?:{ONES}|ten|{TEENS}|{TENS}|hundred|thousand|grand)"
NUMBERS = re.compile(  # "two hundred and fifty", "a hundred"
    rf"\b(?:an?|half an?|{WORD}|[0-9.,]+)"
    rf"(?:[\s-]+{WORD}|(?:(?<=hundred)|(?<=thousand)|(?<=grand))\s+and\s+{WORD})+\b", re.IGNORECASE,
)  # fmt: skip
MONEY = re.compile(rf"[$€£¥]|\b(?:{CURRENCY}|grand|k)\b", re.IGNORECASE)
DIRECTIONS = {
    r.HEIGHT: r"high|height|tall|taller|talls?|top to bottom",
    r.DEPTH: r"deep|deeper|depth|front to (?:its |the )?(?:back|rear)", r.LENGTH: r"long|longer|length",
    r.WIDTH: r"wide|wider|width|across|broad|side to side|left(?: \w+)? to right",
}  # fmt: skip
AGE = re.compile(r"\b(?:kids?|child(?:ren)?|toddlers?|boys?|girls?|ages?|aged)\b[^.,;!?]{0,12}\Z", re.IGNORECASE)
DECADE = re.compile(r"\d0'?s\b", re.IGNORECASE)
CROSSED = re.compile(r"(?<=[\dm\s])[x×*](?=\s*\d)|\bby\b", re.IGNORECASE)  # "180 x 90", "2 m by 3 m"
CROSSED_BEHIND = re.compile(r"\s*(?:[x×*]|by)\s*\Z", re.IGNORECASE)
SPENT_BEFORE = re.compile(
    r"\b(?:spend|spending|pay|paying|afford|budget|costs?|stretch\s+to)\b[^.,;!?]{0,24}\Z", re.IGNORECASE
)
CROSSING = re.compile(r"\s*(?:[x×*]|by)\s*", re.IGNORECASE)
BEFORE_NAME = re.compile(r"[\s-]*(?:[^\W\d_]+\s)?")  # between a measure and a thing's name, and the other way round
BEHIND_NAME = re.compile(r"\s*,?\s*(?:(?:of|about|around|at|roughly|some)\s+)?", re.IGNORECASE)
ONE_MORE = re.compile(r"\W*(?:and|also|plus)\b", re.IGNORECASE)
JOINED = re.compile(r"\s*(?:and|to|or|[-–x×*])\s*", re.IGNORECASE)  # two amounts of one unit


def limits_in(spans: Sequence[Span], text: str, usual: str = "") -> Iterator[Limit]:
    """The limits of a message's amounts, and of measures that the network has overlooked where words bound them, or
    where they stand at a thing's name, "30cm clock". usual: the measure that was bounded before, and is meant again
    where no direction is said."""
    amounts = [whole(span, text) for span in with_units(spans, text)]
    for match in MEASURE.finditer(text):
        found = Span(r.WIDTH, match[0], match.start(), match.end(), r.MOST)
        overlooked = not any(span.overlaps(found.start, found.end) for span in amounts)
        if overlooked and any(said_beside(*around(found, amounts, text))):
            amounts.append(found)
        elif overlooked and is_of_thing(found, spans, text):
            amounts.append(replace(found, bound=r.ABOUT))
    amounts += overlooked_seats(amounts, text)
    amounts.sort(key=lambda span: span.start)
    for span, behind in zip_longest(amounts, amounts[1:]):
        shared = behind and behind.slot == span.slot and JOINED.fullmatch(text[span.end : behind.start])
        unit = unit_behind(behind.text) if shared else ""
        if not is_time(span, text) and not text[span.end :].lstrip().startswith("%"):
            found = corrected(span, amounts, text)
            yield from limits_of(
                undirected(found, spans, text, usual) if lacks_direction(found, amounts, text) else found, unit
            )


def lacks_direction(span: Span, amounts: Sequence[Span], text: str) -> bool:
    """Whether an amount is a single measure of which no word says what it is of."""
    if span.slot not in r.MEASURES or CROSSED.search(span.text):
        return False
    return not said_beside(*around(span, amounts, text))[0]


def undirected(span: Span, spans: Sequence[Span], text: str, usual: str) -> Span:
    """A measure without a direction: the usual one again, unless it is one more; at a thing's name the thing's main
    size, "a 27 cm plate"; else what the network takes it for."""
    if usual and not ONE_MORE.match(text):
        return replace(span, slot=usual)
    return replace(span, slot=r.SIZE) if span.bound == r.ABOUT and is_of_thing(span, spans, text) else span


def is_of_thing(span: Span, spans: Sequence[Span], text: str) -> bool:
    """Whether a measure stands right before a thing's name, or right behind it."""
    kinds = [one for one in spans if one.slot == r.KIND]
    before = any(one.start >= span.end and BEFORE_NAME.fullmatch(text[span.end : one.start]) for one in kinds)
    return before or any(one.end <= span.start and BEHIND_NAME.fullmatch(text[one.end : span.start]) for one in kinds)


def with_units(spans: Sequence[Span], text: str) -> list[Span]:
    """The amounts, a unit that was read by itself with the number before it, "250" and "cm", and measures with a cross
    between, "180" and "90", as one."""
    joined: list[Span] = []
    for span in map(without_cross, spans):
        if span.slot not in r.AMOUNTS:
            continue
        last = joined[-1] if joined else None
        between = text[last.end : span.start] if last else ""
        if last and last.slot in r.MEASURES and span.slot in r.MEASURES and CROSSING.fullmatch(between):
            joined[-1] = replace(last, slot=r.SIZE, text=text[last.start : span.end], end=span.end)
        elif last and UNIT.fullmatch(span.text) and not text[last.end : span.start].strip(" -"):
            whole_text = text[last.start : span.end]
            joined[-1] = replace(last, text=whole_text, end=span.end, bound=span.bound or last.bound)
        else:
            joined.append(span)
    return joined


def without_cross(span: Span) -> Span:
    """A measure without the cross behind it, "200 x"."""
    cross = CROSSED_BEHIND.search(span.text) if span.slot in r.MEASURES else None
    return replace(span, text=span.text[: cross.start()], end=span.start + cross.start()) if cross else span


def overlooked_seats(amounts: Sequence[Span], text: str) -> list[Span]:
    """How many shall sit, "4 seats", where the network has read no amount in these words."""
    matches = [(match[1] or match[2], match.start(), match.end()) for match in SEATED.finditer(text)]
    if any(span.slot == r.SEATS for span in amounts):
        return []
    free = (one for one in matches if not any(span.start < one[2] and one[1] < span.end for span in amounts))
    return [Span(r.SEATS, *one) for one in free]


def whole(span: Span, text: str) -> Span:
    """An amount with all words of its number, and a measure with its unit, also where the network has overlooked
    them."""
    for match in NUMBERS.finditer(text) if span.slot != r.SEATS else ():
        if span.overlaps(*match.span()):
            start, end = min(span.start, match.start()), max(span.end, match.end())
            span = replace(span, text=text[start:end], start=start, end=end)
    for match in MEASURE.finditer(text):
        if span.slot in r.MEASURES and span.overlaps(*match.span()):
            start, end = min(span.start, match.start()), max(span.end, match.end())
            span = replace(span, text=text[start:end], start=start, end=end)
    return span


def corrected(span: Span, amounts: Sequence[Span], text: str) -> Span:
    """An amount with the direction that stands nearest to it, where it is a measure, and the bound that is said beside
    it."""
    before, after, followed = around(span, amounts, text)
    if span.slot in r.MEASURES and not UNIT.search(span.text + after) and SPENT_BEFORE.search(before):
        span = replace(span, slot=r.PRICE)
    if span.slot == r.PRICE and (slot := direction_of_number(span, before, after)):
        span = replace(span, slot=slot)
    if span.slot not in r.MEASURES:
        return replace(span, bound=bound_before(before) or bound_right_behind(text[span.end :]) or span.bound)
    slot, bound = said_beside(before, after, followed)
    return replace(span, slot=slot or span.slot, bound=bound or span.bound)


def direction_of_number(span: Span, before: str, after: str) -> str:
    """The direction whose name stands right beside a number that names no currency, "max height 150", or which has a
    unit of length, "250 cm"; "" for neither."""
    if MONEY.search(span.text) or MONEY.match(after.strip()):
        return ""
    for slot, words in DIRECTIONS.items():
        ahead = re.search(rf"\b(?:{words})\b(?:\s+(?:of|is|about|max|under|over|up to))*\W*\Z", before, re.IGNORECASE)
        if ahead or re.match(rf"\s*(?:{words})\b", after, re.IGNORECASE):
            return slot
    return r.SIZE if UNIT.match(after) else ""


def around(span: Span, amounts: Sequence[Span], text: str) -> tuple[str, str, bool]:
    """The words before and behind an amount, up to the next one; whether there is one behind."""
    start = max([span.start - REACH, 0, *(one.end for one in amounts if one.end <= span.start)])
    behind = min((one.start for one in amounts if one.start >= span.end), default=len(text))
    after = re.split(r"[.,;!?]", text[span.end : min(behind, span.end + REACH)])[0]
    return text[start : span.start], after, behind < len(text)


def said_beside(before: str, after: str, followed: bool) -> tuple[str, str]:
    """The direction of a measure and its bound, by the words around it; "" where they say none. followed: by another
    amount, whose bound may stand between."""
    found = {}
    for slot, words in DIRECTIONS.items():
        behind = re.search(rf"\b(?:{words})\b", after, re.IGNORECASE)
        ahead = [match.end() for match in re.finditer(rf"\b(?:{words})\b", before, re.IGNORECASE)]
        places = ([behind.start()] if behind else []) + ([len(before) - ahead[-1] + 2] if ahead else [])
        if places:
            found[slot] = min(places)
    bound = bound_before(before) or ("" if followed else bound_behind(after))
    return min(found, key=lambda name: found[name]) if found else "", bound


def is_time(span: Span, text: str) -> bool:
    """Whether a number without a unit is an age or a decade: "for kids under 12", "the 1970s"."""
    bare = re.fullmatch(r"[\d'’s]+", span.text, re.IGNORECASE)
    return bool(
        bare and (AGE.search(text[: span.start]) or DECADE.match(text[span.end - 1 :]) or DECADE.search(span.text))
    )


def limits_of(span: Span, unit: str = "") -> Iterator[Limit]:
    """What an amount bounds: two or three measures with a cross between, "180 x 90", each its own direction."""
    measures = read_measures(span.text, unit) if span.slot in r.MEASURES else []
    if len(measures) in (2, 3) and len(CROSSED.findall(span.text)) == len(measures) - 1:
        for slot, measure in zip((r.WIDTH, r.DEPTH, r.HEIGHT), measures, strict=False):
            yield bounded(replace(span, slot=slot), measure)
    elif limit := limit_of(span, unit):
        yield limit


def limit_of(span: Span, unit: str = "") -> Limit | None:
    """What an amount of a message bounds; None where it says no number of that sort. unit: of one that has none."""
    if span.slot == r.SEATS:
        count = read_count(span.text)
        return Limit(r.SEATS, least=count) if count else None
    numbers = read_numbers(span.text) if span.slot == r.PRICE else read_measures(span.text, unit)
    if not numbers or max(numbers) > ENDLESS:
        return None
    if len(numbers) > 1 and JOINED.search(span.text) and not CROSSED.search(span.text):
        return Limit(span.slot, min(numbers), max(numbers))
    return bounded(span, numbers[0])


def bounded(span: Span, value: float) -> Limit:
    """The limit that a span's bound makes of its number."""
    if span.bound == r.MOST:
        return Limit(span.slot, most=value)
    if span.bound == r.LEAST:
        return Limit(span.slot, least=value)
    return Limit(span.slot, (1 - ABOUT) * value, (1 + ABOUT) * value)
