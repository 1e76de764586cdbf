"""Gifts: what is asked for as a present is no kind of thing, but anything that suits, best what the shop calls so."""

import re
from dataclasses import replace

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.grounding import Grounding
from lavic_chat.nlu.reading import Reading, Span

GIFT = re.compile(
    r"\b(?:[^\W\d_]+\s+)?(gift|present)s?\b(?!\s*(?:cards?|vouchers?|certificates?|tokens?|box(?:es)?|bags?|wrap\w*|paper"
    r"|sets?|tags?|baskets?|hampers?|ribbons?)\b)", re.IGNORECASE,
)  # fmt: skip
NOUN_BEFORE = re.compile(r"\b(?:an?|some|any|\w+day|christmas|xmas|wedding)\s+(?:\w+\s+)?\Z|\A\W*\Z", re.IGNORECASE)
VAGUE = frozenset(("something", "anything", "smth", "sth", "some", "a", "an", "as", "for", "to", "give", "thing"))
CALLED_SO = 0.9  # probability from which on a shop calls something a gift
WORD, PURPOSE = "a gift", "purpose"  # the words that stand for it, and their facet


def without_gifts(read: Reading, text: str, grounding: Grounding) -> Reading:
    """A reading in which "a gift" is no kind of thing; where nothing else is named, what the shop's own words call a
    gift is wanted."""
    match = GIFT.search(text)
    if match is None or read.act not in (r.ASK, r.REFINE, r.CHATTER, r.SERVICE):
        return read
    if match[1].lower() == "present" and not NOUN_BEFORE.search(text[: match.start(1)]):  # "the present one"
        return read
    apart = [one for one in read.spans if one.slot != r.KIND or not is_gift(one, match)]
    likely = tuple(one for one in read.possible if not is_gift(one, match))
    if not any(one.slot in (r.KIND, r.TITLE) for one in apart) and is_called_so(grounding):
        apart.append(Span(r.WANTED, WORD, *match.span(1)))
    named = any(one.slot in (r.KIND, r.TITLE) for one in apart)
    act = r.CHATTER if not apart else r.ASK if named else r.REFINE  # it describes no thing
    return replace(read, act=act, spans=tuple(apart), possible=likely)


def is_gift(span: Span, match: re.Match) -> bool:
    """Whether a span names but a gift, "something as a gift", and no "place setting as a gift"."""
    before = span.text[: max(match.start() - span.start, 0)].lower().split()
    return span.overlaps(*match.span()) and VAGUE.issuperset(before)


def is_called_so(grounding: Grounding) -> bool:
    """Whether the words that a shop has for its things call any a gift."""
    return grounding.reads_attributes and bool(grounding.appearance(WORD).max(initial=0.0) >= CALLED_SO)
