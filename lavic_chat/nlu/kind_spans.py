"""Which words that name a thing are none that is wished for: parts of another, places where it shall stand."""

import re
from collections.abc import Iterator, Sequence

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.reading import Span

VAGUE = frozenset(
    ("place", "somewhere", "something", "smth", "summat", "thing", "anything", "space", "storage", "bits", "stuff")
)
PART_BEHIND = re.compile(r"\s*\bwith\b(?!.*\b(?:matching|and)\b)[^,.;!?]*", re.IGNORECASE)  # a thing, and its part
PURPOSE_BEHIND = re.compile(  # what a thing is for
    r"\s+(?:that(?:[’']?s|\s+is)\s+)?for\s+(?:the|my|our|his|her|their)\s+(?:[\w-]+\s+)?", re.IGNORECASE
)
IT_HAS = re.compile(  # "and it needs a mirror"
    r"\bit\s+(?:needs|has|(?:should|must|has\s+to|needs\s+to|ought\s+to)\s+have)\s+(?:an?|some|the)\s+\Z", re.IGNORECASE
)
PART_BEFORE = re.compile(r"\b(?:with|without|no|has|have|having)\s+(?:[\w-]+\s+){0,2}\Z", re.IGNORECASE)
STANDS_BEFORE = r"\s+(?:the|my|our|his|her|their|this|that|an?)\s+(?:[\w-]+\s+)?\Z"
WHERE_BEFORE = re.compile(
    r"\b(?:in front of|next to|beside|behind|above|underneath|under|opposite|between|on top of|to go (?:by|over)"
    r"|(?:put|hang|stand|sit|lie|lay|throw|drape|go|goes|fit|fits|mount|place|use)\s+(?:it\s+|them\s+)?on)"
    + STANDS_BEFORE, re.IGNORECASE,
)  # fmt: skip
ON_BEFORE = re.compile(  # "for on the desk", "money in the tea caddy"; but "any leads on a desk?"
    r"\b(?:(?<!set )(?<!keen )(?<!sold )(?<!hooked )(?<!depends )(?<!down )on|in(?!\s+an?\b))" + STANDS_BEFORE,
    re.IGNORECASE,
)
PLACES = frozenset(
    ("bedroom", "bathroom", "kitchen", "room", "hall", "hallway", "landing", "attic", "garden", "porch", "balcony",
     "patio", "office", "study", "den", "lounge", "flat", "apartment", "house", "home", "furniture")
)  # fmt: skip
CAN = re.compile(r"\bcan\b", re.IGNORECASE)
NAMED_CAN = re.compile(
    r"\b(?:an?|the|any|some|my|our|new|old|trash|rubbish|garbage|waste|watering|pedal|metal|steel)\s+(?:[\w-]+\s+){0,2}\Z",
    re.IGNORECASE,
)  # fmt: skip
QUALITIES = frozenset(  # which are no part of any name
    ("small", "little", "tiny", "big", "large", "huge", "tall", "short", "long", "wide", "narrow", "slim", "nice",
     "good", "lovely", "pretty", "beautiful", "decent", "proper", "simple", "basic", "comfy", "comfortable", "cosy",
     "cozy", "cheap", "cheaper", "sturdy", "solid", "strong", "fancy", "posh", "cute", "funny", "smart", "compact",
     "matching", "different", "other", "another", "extra", "spare", "new", "second", "real", "certain", "suitable",
     "quiet", "light", "heavy", "more", "less")
)  # fmt: skip
NO_THINGS = frozenset(  # as a word of its own: what a thing has, or stands at
    ("wall", "door", "window", "corner", "floor", "ceiling", "top", "bottom", "side", "sides", "back", "front", "gap",
     "update")
)  # fmt: skip


def is_verb(span: Span, text: str) -> bool:
    """Whether what was taken for a thing is the "can" of "we can spend 200"."""
    return span.text.lower() == "can" and not NAMED_CAN.search(text[: span.start])


def without_verbs(text: str) -> str:
    """A text without each "can" that is no thing."""
    return CAN.sub(lambda word: word[0] if NAMED_CAN.search(text[: word.start()]) else " ", text)


def is_stood_at(before: str) -> bool:
    """Whether words end as they do before a thing at which another shall stand."""
    return bool(WHERE_BEFORE.search(before) or ON_BEFORE.search(before))


def without_places(spans: Sequence[Span], text: str) -> list[Span]:
    """Spans but for things that only say where another shall stand, "in front of the settee"; what something is "on"
    is such a place where anything else is left."""
    left = [span for span in spans if not WHERE_BEFORE.search(text[: span.start])]
    return [span for span in left if not ON_BEFORE.search(text[: span.start])] or left


def beside(span: Span, text: str) -> Iterator[tuple[int, int]]:
    """Where a span would begin and end with the two words, or the word, before it, and with the word behind it."""
    for count in (2, 1):
        if before := re.search(rf"(?:\b[^\W\d_]+[ -]){{{count}}}\Z", text[: span.start]):
            yield before.start(), span.end
    if behind := re.match(r"[ -][^\W\d_]+", text[span.end :]):
        yield span.start, span.end + behind.end()


def without_parts(spans: Sequence[Span], text: str) -> list[Span]:
    """Spans but for things that are parts of the one before, or what it is for: of "a mirror with a black frame" not
    the frame, of "a lamp for the desk" not the desk."""
    kept: list[Span] = []
    for span in spans:
        before = next((one for one in reversed(kept) if one.slot == r.KIND), None)
        between = text[before.end : span.start] if before and span.slot == r.KIND else "."
        is_part = PART_BEHIND.fullmatch(between) or PURPOSE_BEHIND.fullmatch(between)
        is_part = is_part or (span.slot == r.KIND and IT_HAS.search(text[: span.start]))
        kept += [] if is_part else [span]
    return kept


def is_part(span: Span, text: str) -> bool:
    """Whether what is wanted is a part of a thing, "with a drawer"."""
    return bool(PART_BEFORE.search(text[: span.start]))


def is_vague(kind: str) -> bool:
    """Whether what is wished for is only described, "a place to hide the shoes"."""
    return kind.lower().split()[0] in VAGUE


def is_place(kind: str) -> bool:
    """Whether what was taken for a thing is where things stand, or what they have."""
    return kind.lower().split()[-1] in PLACES or kind.lower() in NO_THINGS
