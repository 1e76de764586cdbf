"""Comparisons that a message makes in so many words, "not so dark", "less wide", where the network has seen none; and
superlatives, "the least expensive"."""

import re
from dataclasses import replace

from lavic_chat.catalog.measures import DIRECTIONS
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.reading import Reading

ADJECTIVES = {  # of more of a facet, and of less
    "light": ("light|pale|bright", "dark"),
    r.WIDTH: ("wide|broad", "narrow|slim"),
    r.HEIGHT: ("tall|high", "low|short"),
    r.DEPTH: ("deep", "shallow"),
    r.SIZE: ("big|large|bulky|huge", "small|little|tiny"),
    r.PRICE: ("expensive|dear|pricey|costly|steep", "cheap"),
    "pattern": ("busy|fussy|patterned", "plain"),
}
TOO = (
    r"\b(?:not\s+(?:(?:quite|nearly)\s+)?(?:so|as|that|too)|less|a\s+(?:bit|little|touch|tad)\s+too"
    r"|(?:is|it[’']?s|are)\s+too)"
)
BEHIND = r"(?!\s+than\s+\S*\d)(?!\s+(?:blue|green|red|grey|gray|brown|pink|yellow|purple|orange|wood))\b"
TOO_MUCH = {  # what shall be less of a facet, or more
    facet + sign: re.compile(rf"{TOO}\s+(?:{words}){BEHIND}", re.IGNORECASE)
    for facet, (more, less) in ADJECTIVES.items()
    for sign, words in (("-", more), ("+", less))
}
RATHER = r"\bcosts?\s+(?:(?:a\s+)?(?:bit|little|lot)\s+|rather\s+|somewhat\s+)?"
COSTS = {
    name: re.compile(rf"{RATHER}{word}\b(?!\s+than\s+\S*\d)", re.IGNORECASE)
    for name, word in (("price+", "more"), ("price-", "less"))
}
COMPARATIVES = {  # with which a question compares products
    "price-": "cheaper|(?:less|not as) expensive|costs? less", "price+": "dearer|pricier|more expensive|costs? more",
    "width-": "narrower|slimmer", "width+": "wider|broader", "depth-": "shallower|less deep", "depth+": "deeper",
    "height-": "lower|shorter", "height+": "taller|higher", "size-": "smaller", "size+": "bigger|larger",
}  # fmt: skip
MORE = {  # "more narrow"
    facet + sign: rf"more (?:{words})"
    for facet, (more, less) in ADJECTIVES.items() for sign, words in (("+", more), ("-", less))
}  # fmt: skip
SHOWN = r"(?:ones?\b|than\s+(?:(?:this|that|it|these|those)\b|the\s+(?:first|second|third|fourth|last|one)\b))"
ALL_WORDS = {name: "|".join(filter(None, (COMPARATIVES.get(name), MORE.get(name)))) for name in r.COMPARISONS}
THAN_SHOWN = {  # "a wider one", "taller than this"
    name: re.compile(rf"\b(?:{words})\s+{SHOWN}", re.IGNORECASE) for name, words in ALL_WORDS.items() if words
}
DENIED = re.compile(
    r"(?:\b(?:no|not|never|cannot)|n[’']?t)\s+(?:(?:be|go|get|come|stand|any|much)\s+)*\Z", re.IGNORECASE
)
COMPARATIVE = {name: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for name, words in COMPARATIVES.items()}
SUPERLATIVES = {
    "cheapest": ("cheapest", "least expensive", "lowest priced"), "dearest": ("dearest", "most expensive", "priciest"),
    "widest": ("widest", "broadest"), "narrowest": ("narrowest", "slimmest"), "tallest": ("tallest", "highest"),
    "smallest": ("smallest", "tiniest"), "biggest": ("biggest", "largest"),
}  # fmt: skip
NAMES = "|".join(name.replace(" ", "[ -]") for names in SUPERLATIVES.values() for name in names)
SUPERLATIVE = re.compile(rf"\b(?:{NAMES})\b", re.IGNORECASE)
TO_COMPARE = re.compile(r"\bto compare\b|\bcompare (?:them|two|some|these|a few)\b|\bside by side\b", re.IGNORECASE)


def with_comparisons(read: Reading, text: str) -> Reading:
    """A reading with what is said to be more, or less, than what was shown; and with what is said to be too much of
    something, where it compares nothing yet and names no thing."""
    if read.act not in (r.ASK, r.REFINE, r.REJECT):
        return read
    if said := frozenset(name for name, words in THAN_SHOWN.items() if is_said(words, text)):
        act = r.REFINE if read.act == r.ASK else read.act
        return replace(read, act=act, compared=by_sides(read.compared | said, text))
    if read.compared:
        return replace(read, compared=by_sides(read.compared, text))
    costs = frozenset(name for name, words in COSTS.items() if words.search(text))
    if read.words(r.KIND):
        return replace(read, compared=costs)
    found = costs.union(name for name, words in TOO_MUCH.items() if words.search(text))
    act = r.REFINE if found and read.act == r.ASK else read.act
    return replace(read, act=act, compared=found) if found else read


def is_said(words: re.Pattern, text: str) -> bool:
    """Whether a message says a comparison, and not that something must not be so, "it can't be deeper than that"."""
    return any(not DENIED.search(text[: match.start()]) for match in words.finditer(text))


def by_sides(compared: frozenset[str], text: str) -> frozenset[str]:
    """Comparisons with the side that a message names, "taller", in place of a size that it does not."""
    named = {name for name, words in COMPARATIVE.items() if words.search(text)}
    for size in compared & {"size+", "size-"} - named:
        if sides := {name for name in named if name[:-1] in DIRECTIONS and name[-1] == size[-1]}:
            compared = compared - {size} | sides
    return compared


def comparative_in(text: str) -> str:
    """The comparison that a question makes, "price-" of "which is cheaper"; "" where it makes none."""
    return next((name for name, words in COMPARATIVE.items() if words.search(text)), "")


def with_extreme(read: Reading, text: str) -> tuple[str, Reading]:
    """The superlative of a wish, or that it is for products to compare, "" where it is neither; "the cheapest one" is
    then more than a cheaper one."""
    asks = read.asks if read.asks in r.EXTREMES else extreme_in(text) if read.act in (r.ASK, r.REFINE) else ""
    gone = {r.EXTREMES[asks][0] + sign for sign in "+-"} if asks else set()
    if not asks and read.act in (r.ASK, r.REFINE) and TO_COMPARE.search(text):
        asks = r.COMPARE
    return asks, replace(read, compared=read.compared - gone)


def to_compare(read: Reading, text: str) -> Reading:
    """A message that asks to see products beside each other, and no fact of them, as a wish."""
    if not (said := TO_COMPARE.search(text)):
        return read
    apart = tuple(one for one in read.spans if one.end <= said.start() or said.end() <= one.start)
    read = replace(read, spans=apart)  # "side by side" is no shape
    is_bare = not read.spans and read.act in (r.QUESTION, r.SERVICE, r.CHATTER, r.REJECT)
    if is_bare and not comparative_in(text):
        return replace(read, act=r.REFINE, asks=r.NOTHING, same=frozenset(), other=frozenset())
    return read


def extreme_in(text: str) -> str:
    """What the superlative of a message asks for, "the least expensive lamp"; "" where there is none."""
    match = SUPERLATIVE.search(text)
    words = re.sub(r"\W+", " ", match[0].lower()) if match else ""
    return next((asks for asks, names in SUPERLATIVES.items() if words in names), "")
