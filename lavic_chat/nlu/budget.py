"""What a shopper's words say of money: "under $300", "cheaper than that". No picture shows a price, so these words
bound the search, as the filters do, rather than being weighed by a model that looks.

In doubt a number is no price: vague words ("about $300", "cheap is good, but not everything"), sizes and ages bound
nothing.
"""

import re
from collections.abc import Callable, Iterator
from functools import reduce

from lavic_chat.catalog.filters import NO_LIMITS, PriceRange
from lavic_chat.dialogue.turns import MORE_LIKE, SEEKER, Dialogue

CENT = 0.01  # limits are inclusive
LIFTED = NO_LIMITS  # what a message yields that takes back every limit before it
LONGEST = 80  # characters before a limit, and after it, that may change what it means

NUMBER = (
    r"(?<![\d.,])(?:\d{1,3}(?:,\d{3}){1,2}|\d{1,7})(?:\.\d{1,2})?(?:\s?k\b)?(?![.,]?\d|\s?k\w|\s(?:\d{3}|thousand)\b)"
)
SIGN, NAME = r"[$€£¥]", r"(?:dollars?|euros?|eur|usd|gbp|pounds?|quid|bucks?)\b"
MONEY = rf"(?:{SIGN}\s?{NUMBER}|{NUMBER}\s?(?:{SIGN}|{NAME}))"
UNITS = (
    r"cm|mm|m|in|inch(?:es)?|foot|feet|ft|kg|lbs?|g|w|watts?|gb|x|hours?|minutes?|days?|weeks?|months?|years?|people|kids"
    r"|seats?|seaters?|doors?|drawers?|pieces?"
)
ANY = rf"(?:{SIGN}\s?)?{NUMBER}(?!\s?(?:[%\"”″×]|(?:{UNITS})\b))"  # where the words before it speak of money
# A bare number, "under 300", where nothing follows that could be what it counts; smaller ones are ages and seats.
BARE = (
    r"(?<![\d.,])(?:[2-9]\d|\d{3,7})"
    r"(?=\s*(?:\Z|[;!)]|[.,](?!\d)|(?:please|but|and|or|if|though|thanks|thank|now|then|total|in\s+total)\b))"
)
PLAIN = r"(?:is|are|of|was|now|only|=|:|\s)*"

CHEAPER = (
    r"\b(?:cheaper|less\s+(?:expensive|costly|pricey)|more\s+affordable)\b(?!\s+is\s+better)"
    r"|\btoo\s+(?:expensive|pricey|costly|dear)\b|\bcosts?\s+too\s+much\b"
    r"|\b(?:over|above|beyond|out\s+of)\s+(?:my|our|the)\s+(?:budget|price\s+range)\b"
)
DEARER = r"\bmore\s+expensive\b|\b(?:pricier|dearer)\b|\btoo\s+cheap\b"
# Words that compare prices only, and what goes with them: search has nothing to learn from these.
COMPARED = re.compile(
    rf"(?:\b(?:something|anything|an?\s+(?:bit|little)|much|slightly|even|way|far|(?:that|it)(?:['’]s|\s+is))\s+){{0,4}}"
    rf"(?:{CHEAPER}|{DEARER})(?:\s+than\s+(?:that|this|it|those|these)(?:\s+one)?\b)?",
    re.IGNORECASE,
)

RULES = {
    "range": rf"\b(?:budget|price\s+range){PLAIN}(?:between\s+|from\s+)?{ANY}\s?(?:and|to|-|–)\s?{ANY}"
    rf"|(?:\b(?:between|from|have)\s+)?(?:{MONEY}\s?(?:and|to|-|–)\s?{ANY}|{ANY}\s?(?:and|to|-|–)\s?{MONEY})",
    "under": r"\b(?:under|below|less\s+than|cheaper\s+than|at\s+most|up\s+to|within|max(?:imum|\.)?(?:\s+of)?"
    rf"|(?:no|not)\s+(?:more\s+than|over|above))\s+(?:{MONEY}|{BARE})"
    rf"|{MONEY}\s+(?:or\s+(?:less|under|below|cheaper)|at\s+(?:the\s+)?most|max(?:imum)?(?!\.?\s?[$€£¥\d])|tops)\b"
    rf"|\b(?:budget|limit)\b{PLAIN}(?:up\s+to\s+)?(?:{MONEY}|{BARE})"
    rf"|\b(?:I\s+have|I['’]ve\s+got)\s+(?:only\s+)?{MONEY}(?!\s?(?:to|-|–)\s?[\d$€£¥])"
    rf"|\b(?:spend|pay)\s+(?:up\s+to|at\s+most|less\s+than)\s+{ANY}",
    "over": rf"\b(?:over|above|more\s+than|at\s+least|upwards\s+of|min(?:imum|\.)?(?:\s+of)?)\s+{MONEY}"
    rf"|{MONEY}\s+(?:or\s+more|and\s+(?:up|above))\b"
    rf"|\b(?:spend(?:ing)?|pay(?:ing)?)\s+(?:more\s+than|over|above|at\s+least)\s+{ANY}",
    "free": r"\bany\s+price\b|\b(?:forget|ignore|never\s+mind|drop)\s+(?:the|my|about\s+the)\s+(?:budget|price|limit)\b"
    r"|\b(?:price|cost|budget|money)\s+(?:doesn['’]?t|does\s+not|isn['’]?t|is\s+not|is\s+no)\s+(?:really\s+)?"
    r"(?:matter|important|object|issue|problem|concern)\b|\bno\s+(?:budget|price)\s+limit\b|\bI\s+can\s+(?:spend|pay)\s+more\b",
    "cheaper": CHEAPER,
    "dearer": DEARER,
}
RULE = re.compile("|".join(f"(?P<{name}>{rule})" for name, rule in RULES.items()), re.IGNORECASE)

# What stands before a limit, up to its clause's beginning, and turns it round ("nothing over $300") or takes it back.
NO = (
    r"(?:\b(?:no|not|never|nothing|none|without|avoid|cannot|(?:do|does|did|is|ca|wo|would|should|could)nt)"
    r"|\w{2}n['’]t)\b"
)


def earlier(words: str) -> re.Pattern:
    """Matches a text that has such words in its last clause."""
    return re.compile(rf"{words}(?:(?!\bbut\b)[^.,;!?])*\Z", re.IGNORECASE)


def called(words: str) -> re.Pattern:
    """Matches a text that begins with "is", "are" or "would be" and such words."""
    return re.compile(rf"\s*(?:is|are|would\s+be)\s+(?:\w+\s+)?(?:{words})\b", re.IGNORECASE)


NEAR = re.compile(
    rf"{NO}\s+(?:(?:want|like|wish|able|willing|going|to|spend|pay|go|costs?|costing|be|priced|much|any|anything|it)\s+)"
    r"{0,6}\Z",
    re.IGNORECASE,
)
FAR = earlier(NO)
NEEDLESS = earlier(rf"(?:{NO}\s+(?:have|need)\s+to|\bneedn['’]?t|\bpaid)\b")
MAYBE = earlier(r"\b(?:(?:can|could|may)\s+be|if)\b")
WELCOME = earlier(r"n['’]?t\s+mind")
COUNTED = earlier(
    r"\b(?:width|wide|depth|deep|height|high|tall|ceiling|length|long(?!\s+as\b)|weigh\w*|holds?|supports?|carry|seats?"
    r"|people|someone|kids|children|students|son|daughter|size|tv|screen|monitor|room)\b"
)
TOO_MUCH = called("too|out|beyond|over|not")
FINE = called("fine|ok|okay|good|possible")
QUESTION = re.compile(r"\A\W*(?:is(?!\s+there)|was|why|how)\b[^?]*\?\s*\Z", re.IGNORECASE)


def read_budget(
    dialogue: Dialogue,
    price_of: Callable[[str], float | None],
    is_another: Callable[[str, str], bool] = lambda text, pick: False,
) -> PriceRange:
    """The range of prices that the shopper's messages leave, later words above earlier ones.

    price_of: a product's price by its id; "cheaper" means cheaper than the pick before it, and is nothing without one.
    is_another: whether a message asks for another thing than the pick of that id, which has a budget of its own.
    """
    return reduce(heed, said_limits(dialogue, price_of, is_another), NO_LIMITS)


def said_limits(
    dialogue: Dialogue, price_of: Callable[[str], float | None], is_another: Callable[[str, str], bool]
) -> Iterator[PriceRange]:
    """Every limit of every message of the shopper's, in order; see `read_budget`."""
    pick = None
    for turn in dialogue.turns:
        if turn.shown:
            pick = turn.shown[0]
        if turn.role != SEEKER or turn.text.startswith(MORE_LIKE):  # that has a title in it, whatever that says
            continue
        if pick and is_another(turn.text, pick):
            yield LIFTED
        yield from limits_in(turn.text, price_of(pick) if pick else None)


def limits_in(text: str, price: float | None) -> Iterator[PriceRange]:
    """Those of one message, LIFTED where it lifts all; price: of the pick that it speaks of, if one is known."""
    if QUESTION.search(text):
        return
    for match in RULE.finditer(text):
        before = text[max(0, match.start() - LONGEST) : match.start()]
        after = text[match.end() : match.end() + LONGEST]
        if match.lastgroup in ("cheaper", "dearer"):
            limit = compared(match.lastgroup, price, before, after)
        else:
            limit = named(str(match.lastgroup), match[0], before, after)
        if limit is not None:
            yield limit


def compared(rule: str, price: float | None, before: str, after: str) -> PriceRange | None:
    """ "cheaper", "too cheap": than the pick; "it need not be cheaper" and "cheaper is fine" bound nothing."""
    if rule == "dearer" and (FINE.match(after) or WELCOME.search(before)):
        return LIFTED
    if price is None or FINE.match(after) or any(words.search(before) for words in (FAR, NEEDLESS, MAYBE)):
        return None
    return PriceRange(highest=max(0, price - CENT)) if rule == "cheaper" else PriceRange(lowest=price + CENT)


def named(rule: str, said: str, before: str, after: str) -> PriceRange | None:
    """ "under $300": an amount, or two, perhaps turned round by what stands before or after."""
    if rule == "free":
        return LIFTED
    if NEEDLESS.search(before) or (COUNTED.search(before) and not re.search(SIGN, said)):
        return None
    amounts = sorted(amount(number) for number in re.findall(NUMBER, said, re.IGNORECASE))
    if rule == "range":
        return PriceRange(lowest=amounts[0], highest=amounts[-1])
    if rule == "under":
        return (
            PriceRange(lowest=amounts[0])
            if NEAR.search(before) or TOO_MUCH.match(after)
            else PriceRange(highest=amounts[0])
        )
    if FINE.match(after) or WELCOME.search(before):
        return LIFTED
    return (
        PriceRange(highest=amounts[0]) if FAR.search(before) or TOO_MUCH.match(after) else PriceRange(lowest=amounts[0])
    )


def amount(number: str) -> float:
    """ "1,200" or "1.5k"."""
    plain = number.replace(",", "").lower()
    return float(plain.rstrip("k ")) * (1000 if plain.endswith("k") else 1)


def heed(known: PriceRange, limit: PriceRange) -> PriceRange:
    """A range of prices after one more limit; an older one that contradicts it is forgotten."""
    if not limit:  # LIFTED
        return NO_LIMITS
    lowest = known.lowest if limit.lowest is None else limit.lowest
    highest = known.highest if limit.highest is None else limit.highest
    if lowest is not None and highest is not None and lowest >= highest:
        lowest, highest = limit.lowest, limit.highest
    return PriceRange(lowest=lowest, highest=highest)
