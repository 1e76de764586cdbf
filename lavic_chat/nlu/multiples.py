"""Amounts that a message gives as a multiple of another, "double that", "twice as wide": of the last limit, or of what
the shown product costs or measures."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from lavic_chat.catalog.amounts import read_count
from lavic_chat.catalog.measures import LONGEST
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.bounds import bound_before, bound_right_behind
from lavic_chat.nlu.intent import Intent, Limit
from lavic_chat.nlu.limits import DIRECTIONS, bounded
from lavic_chat.nlu.reading import Reading, Span

ALL_TOGETHER = re.compile(
    r"\b(?:total|altogether|all together|in all|for (?:all|the lot|both|them all)|combined)\b", re.IGNORECASE
)
SO_MANY = re.compile(
    r"(?<![\d.,$€£])\b([2-9]|1[0-2]|two|three|four|five|six|seven|eight|nine|ten|twelve)\b"
    r"(?=\s+(?:of\s+(?:them|these|those)|[^\W\d_]))(?!\s*(?:cms?|mm|m|ft|inch|inches|people|persons|adults|hundred|thousand)\b)",
    re.IGNORECASE,
)
FACTORS = {"half": 0.5, "double": 2.0, "twice": 2.0, "triple": 3.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0}
OF_PRICE, OF_SIZE = r"much|expensive|dear|price|budget|cost|costs|limit|money|amount|sum", r"big|large|size"
NAMES = {r.PRICE: OF_PRICE, **DIRECTIONS, r.SIZE: OF_SIZE}
KNOWN = "|".join(NAMES.values())
MULTIPLE = re.compile(
    r"\b(?P<factor>half|double|twice|triple|(?:[0-9]+(?:\.[0-9]+)?|two|three|four|five)(?=\s*(?:times|x)\b))"
    rf"(?:\s*(?:times|x))?\s+(?:of\s+)?(?:as\s+(?P<as>{KNOWN})\b|(?:the|my|our|its|that)\s+(?P<of>{KNOWN})\b"
    r"|(?:that|this)(?=\W*(?:\Z|[.,;!?]|(?:for|if|and|but|please|at)\b)))", re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True)
class Multiple:
    """factor: times what; quantity: "" for that of the last limit. of_shown: of what was shown, rather than of a limit.
    bound: as of an amount, "" where no word says one."""

    factor: float
    quantity: str = ""
    of_shown: bool = False
    bound: str = ""


def multiple_in(text: str) -> Multiple | None:
    """The multiple that a message speaks of; None where it speaks of none."""
    match = MULTIPLE.search(text)
    if not match:
        return None
    said, name = match["factor"].lower(), (match["as"] or match["of"] or "").lower()
    factor = FACTORS.get(said) or float(said)
    quantity = next((one for one, words in NAMES.items() if name and re.fullmatch(words, name)), "")
    bound = bound_before(text[: match.start()]) or bound_right_behind(text[match.end() :])
    return Multiple(factor, quantity, bool(match["as"]), bound)


def relative_limit(text: str, intent: Intent, facts: Mapping[str, float]) -> Limit | None:
    """What a message bounds by a multiple, a price from above unless it says otherwise; None where it does not, or
    where nobody knows of what. facts: of the product that was shown."""
    multiple = multiple_in(text)
    if multiple is None or not multiple.factor:
        return None
    quantity = multiple.quantity or (intent.limits[-1].quantity if intent.limits else r.PRICE)
    limit, shown = intent.limit(quantity), facts.get(LONGEST if quantity == r.SIZE else quantity)
    known = (shown, middle(limit)) if multiple.of_shown and quantity != r.PRICE else (middle(limit), shown)
    base = next((number for number in known if number is not None), None)
    if base is None or quantity == r.SEATS:
        return None
    bound = multiple.bound or (r.MOST if quantity == r.PRICE or is_open(limit) else r.ABOUT)
    return bounded(Span(quantity, "", 0, 0, bound), multiple.factor * base)


def shared_out(limits: Iterable[Limit], text: str) -> list[Limit]:
    """Limits in which a price that is said for several things together, "six chairs, total budget 600", is that of
    each."""
    several = SO_MANY.search(text) if ALL_TOGETHER.search(text) else None
    count = read_count(several[1]) if several else None
    return [shared(limit, count) if count and limit.quantity == r.PRICE else limit for limit in limits]


def shared(limit: Limit, count: int) -> Limit:
    """A limit of so many things as that of each."""
    least, most = (None if end is None else end / count for end in (limit.least, limit.most))
    return replace(limit, least=least, most=most)


def middle(limit: Limit | None) -> float | None:
    """The number that a limit was said with: its bound, or what lies between two; None for no limit."""
    ends = [end for end in (limit.least, limit.most) if end is not None] if limit else []
    return sum(ends) / len(ends) if ends else None


def is_open(limit: Limit | None) -> bool:
    """Whether a limit bounds from above alone."""
    return limit is not None and limit.least is None


def with_multiple(read: Reading, text: str, quantity: str) -> Reading:
    """A wish for so many times as much as a change of the limit, and no refusal; "twice as wide" is wider as well, for
    where nothing is that wide, but "double that" compares no prices."""
    multiple = multiple_in(text)
    compared = read.compared - {f"{r.PRICE}{sign}" for sign in "+-"}
    if multiple and multiple.of_shown and quantity in (*DIRECTIONS, r.SIZE) and quantity in r.COMPARED:
        compared |= {f"{quantity}{'+' if multiple.factor > 1 else '-'}"}
    act = r.REFINE if read.act == r.REJECT else read.act
    return replace(read, act=act, compared=compared, lifted=read.lifted - {quantity, r.PRICE})
