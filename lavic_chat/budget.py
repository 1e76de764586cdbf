"""What a shopper's words say of money: "under $300", "cheaper than that". No picture shows a price, so these words
bound the search, as the filters do, rather than being weighed by a model that looks.

Vague words ("a normal budget", "about $300", "cheap is good, but not everything") bound nothing.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce

from lavic_chat.catalog.filters import NO_FILTERS, Filters
from lavic_chat.catalog.product import Product
from lavic_chat.dialogue import SEEKER, Dialogue

CENT = 0.01  # the limits of filters are inclusive
LONGEST = 80  # characters before a limit that are read for a word that turns it round

NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d{1,7})(?:\.\d{1,2})?(?![\d.,]*\d)"
SIGN, NAME = r"[$€£¥]", r"(?:dollars?|euros?|eur|usd|gbp|pounds?|quid|bucks?)\b"
MONEY = rf"(?:{SIGN}\s?{NUMBER}|{NUMBER}\s?(?:{SIGN}|{NAME}))"
ANY = rf"(?:{SIGN}\s?)?{NUMBER}(?!\s?(?:%|cm|mm|m|inch|in|people|seats?)\b)"  # where the words before it speak of money
# A bare number, "under 300", where nothing follows that could be what it counts; smaller ones are ages and seats.
BARE = r"(?:[2-9]\d|\d{3,7})(?=\s*(?:\Z|[;!?)]|[.,](?!\d)|(?:please|but|if|though|thanks|thank)\b))"
PLAIN = r"(?:is|are|of|was|=|:|to|\s)*"
# Words that turn a limit round, "not over $300", and what may stand between them and it.
TURNED = re.compile(
    r"(?:\bno|\bnot|\bnever|\bnothing|\bcannot|n['’]?t)\s+"
    r"(?:(?:want|need|have|like|wish|able|willing|going|to|spend|pay|go|costs?|costing|be|priced|much|any|anything|it)\s+){0,6}\Z",
    re.IGNORECASE,
)

CHEAPER = (
    r"\b(?:cheaper|less\s+(?:expensive|costly|pricey)|more\s+affordable)\b(?!\s+is\s+better)"
    r"|\btoo\s+(?:expensive|pricey|costly|dear)\b|\bcosts?\s+too\s+much\b"
    r"|\b(?:over|above|beyond|out\s+of)\s+(?:my|our|the)\s+(?:budget|price\s+range)\b"
)
DEARER = r"\bmore\s+expensive\b|\b(?:pricier|dearer)\b|\btoo\s+cheap\b"
# Words that compare prices only, and what goes with them: search has nothing to learn from these.
COMPARED = re.compile(
    rf"(?:\b(?:something|anything|an?\s+(?:bit|little)|much|slightly|even|way|far|(?:that|it)(?:['’]s|\s+is))\s+)*"
    rf"(?:{CHEAPER}|{DEARER})(?:\s+than\s+(?:that|this|it|those|these)(?:\s+one)?\b)?",
    re.IGNORECASE,
)

RULES = {
    "range": rf"(?:\b(?:between|from)\s+)?(?:{MONEY}\s?(?:and|to|-|–)\s?{ANY}|{ANY}\s?(?:and|to|-|–)\s?{MONEY})",
    "under": r"\b(?:under|below|less\s+than|cheaper\s+than|at\s+most|up\s+to|within|max(?:imum)?(?:\s+of)?"
    rf"|(?:no|not)\s+(?:more\s+than|over|above))\s+(?:{MONEY}|{BARE})"
    rf"|{MONEY}\s+(?:or\s+(?:less|under|below|cheaper)|at\s+(?:the\s+)?most|max(?:imum)?|tops)\b"
    rf"|\b(?:budget|limit|maximum|max)\b{PLAIN}(?:up\s+to\s+)?{ANY}"
    rf"|\b(?:I\s+have|I['’]ve\s+got)\s+(?:only\s+)?{MONEY}"
    rf"|\b(?:spend|pay)\s+(?:up\s+to|at\s+most|less\s+than)\s+{ANY}",
    "over": rf"\b(?:over|above|more\s+than|at\s+least|upwards\s+of)\s+{MONEY}"
    rf"|{MONEY}\s+(?:or\s+more|and\s+(?:up|above))\b"
    rf"|\b(?:spend|pay)\s+(?:more\s+than|over|above|at\s+least)\s+{ANY}",
    "free": r"\bany\s+price\b|\b(?:price|cost|budget)\s+(?:doesn['’]?t|does\s+not)\s+matter\b"
    r"|\bmoney\s+is\s+no\s+(?:object|issue)\b",
    "cheaper": CHEAPER,
    "dearer": DEARER,
}
RULE = re.compile("|".join(f"(?P<{name}>{rule})" for name, rule in RULES.items()), re.IGNORECASE)


@dataclass(frozen=True)
class Limit:
    """One thing that was said: a lowest or a highest price, or both, or (free) that there is none any more."""

    lowest: float | None = None
    highest: float | None = None
    free: bool = False


def read_budget(dialogue: Dialogue, price_of: Callable[[str], float | None]) -> Filters:
    """The range of prices that the shopper's messages leave, later words above earlier ones.

    price_of: a product's price by its id; "cheaper" means cheaper than the pick before it, and is nothing without one.
    """
    return reduce(heed, said_limits(dialogue, price_of), NO_FILTERS)


def affords(budget: Filters, product: Product) -> bool:
    """Unlike a filter that was set, words about money leave products in whose price nobody knows."""
    return product.price is None or budget.admits(product)


def said_limits(dialogue: Dialogue, price_of: Callable[[str], float | None]) -> Iterator[Limit]:
    pick = None
    for turn in dialogue.turns:
        if turn.role == SEEKER:
            yield from limits_in(turn.text, price_of(pick) if pick else None)
        elif turn.shown:
            pick = turn.shown[0]


def limits_in(text: str, price: float | None) -> Iterator[Limit]:
    """Those of one message; price: of the pick that it speaks of, if one is known."""
    for match in RULE.finditer(text):
        rule, turned = match.lastgroup, bool(TURNED.search(text[max(0, match.start() - LONGEST) : match.start()]))
        amounts = sorted(float(number.replace(",", "")) for number in re.findall(NUMBER, match[0]))
        if rule == "free":
            yield Limit(free=True)
        elif rule == "range":
            yield Limit(amounts[0], amounts[-1])
        elif rule in ("under", "over"):
            yield Limit(highest=amounts[0]) if (rule == "under") != turned else Limit(lowest=amounts[0])
        elif price is not None and not turned:  # "it need not be cheaper" bounds nothing
            yield Limit(highest=max(0, price - CENT)) if rule == "cheaper" else Limit(lowest=price + CENT)


def heed(range_: Filters, limit: Limit) -> Filters:
    """A range of prices after one more limit; an older one that contradicts it is forgotten."""
    if limit.free:
        return NO_FILTERS
    lowest = range_.lowest if limit.lowest is None else limit.lowest
    highest = range_.highest if limit.highest is None else limit.highest
    if lowest is not None and highest is not None and lowest > highest:
        lowest, highest = limit.lowest, limit.highest
    return Filters(lowest=lowest, highest=highest)
