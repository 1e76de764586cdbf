"""Which way an amount bounds, where words beside it say so: "under 200", "no wider than 90 cm", "200 or more"."""

import re

from lavic_chat.nlu import reading as r

NOT = (
    r"(?:no|not|cannot|nothing|nowt|none|never|\w+n[’']?t)\s+"
    r"(?:(?:be|go|come|in|out|stick|cost|pay|paying|spend|spending|to|much|any|a penny)\s+)*"
)
COMPARED_UP = r"(?:more|greater|wider|deeper|taller|higher|longer|bigger|larger|dearer|pricier)\s+th[ae]n"
COMPARED_DOWN = r"(?:less|fewer|lower|narrower|shallower|smaller|shorter|cheaper)\s+th[ae]n"
OVER, UNDER = rf"(?:over|above|{COMPARED_UP})", rf"(?:under|below|beneath|{COMPARED_DOWN})"
LEAST_SAID = r"(?:at\s+(?:the\s+)?(?:very\s+)?least|min(?:imum)?|upwards?\s+of|starting\s+(?:at|from))"
MOST_SAID = r"(?:at\s+(?:the\s+)?(?:very\s+)?most|max(?:imum)?|up\s+to|within|exceed(?:s|ing)?)"
# Between a bound and its amount: small words, what is measured, a currency.
FILLED = (
    r"[\s:,]*(?:(?:a|an|the|of|is|be|about|around|roughly|say|like|maybe|us|my|height|width|depth|length|size|budget"
    r"|price|cost|seat)\b[\s:,]*)*[$€£¥]?\s*\Z"
)
BEFORE = re.compile(
    rf"\b(?:(?P<most>{NOT}{OVER}|{MOST_SAID})|(?P<least>{NOT}{UNDER}|{LEAST_SAID})|(?P<over>{OVER})|(?P<under>{UNDER}))"
    rf"{FILLED}", re.IGNORECASE,
)  # fmt: skip
ALL_OF_THEM = re.compile(r"\b(?:anything|everything|all|those)\W*\Z", re.IGNORECASE)
MORE = (
    r"(?:(?:and|or)\s+(?:up(?:wards?)?|more|above|over|taller|wider|longer|higher|deeper|bigger)|upwards?"
    r"|at\s+(?:the\s+)?(?:very\s+)?least|min(?:imum)?)\b"
)
MY_MOST = r"(?:ceiling|limit|max(?:imum)?|top|budget|cap|lot)"
LESS = (
    rf"(?:(?:is|being)\s+(?:(?:my|our|the|her|his)\s+(?:absolute\s+|very\s+)?{MY_MOST}|where\s+(?:i|we)\s+(?:stop|draw)"
    r"|all\s+(?:i|we|there)\b)|(?:and|or)\s+(?:less|under|below|cheaper|smaller|shorter|narrower|lower)|tops|max(?:imum)?"
    r"|at\s+(?:the\s+)?(?:very\s+)?most)\b"
)
CURRENCY = r"dollars?|bucks|quid|euros?|pounds?|usd|eur|gbp"
RIGHT_BEHIND = rf"\W{{0,2}}(?:(?:{CURRENCY})\b\s*)?"


def bound_before(before: str) -> str:
    """By the words that lead up to an amount; "" where they say nothing."""
    match = BEFORE.search(before)
    if not match or (not match["most"] and not match["least"] and ALL_OF_THEM.search(before[: match.start()])):
        return ""  # of "anything over 40 is useless" the rest has to be read
    return r.MOST if match["most"] or match["under"] else r.LEAST


def bound_right_behind(after: str) -> str:
    """By the words right behind an amount, or its currency; "" where they say nothing."""
    if re.match(RIGHT_BEHIND + MORE, after, re.IGNORECASE):
        return r.LEAST
    return r.MOST if re.match(RIGHT_BEHIND + LESS, after, re.IGNORECASE) else ""


def bound_behind(after: str) -> str:
    """By the words anywhere behind a measure: "20 inches high or taller"; "" where they say nothing."""
    if re.search(rf"\b{MORE}", after, re.IGNORECASE):
        return r.LEAST
    return r.MOST if re.search(rf"\b{LESS}", after, re.IGNORECASE) else ""
