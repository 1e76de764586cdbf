"""What the words between the marked ones settle: what is turned down outright, what is taken back, and alternatives."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.clauses import without_owned
from lavic_chat.nlu.intent import Appearance
from lavic_chat.nlu.reading import Reading, Span

SHORT = 6  # words of a message that says nothing but what is not wanted
OR = re.compile(r"\s*,?\s*\b(?:nor|or)\s+(?:an?\s+)?", re.IGNORECASE)
LISTED = re.compile(r"\s*(?:,|,?\s*\b(?:nor|or)\b)\s*(?:an?\s+)?", re.IGNORECASE)
DENIED_BEFORE = re.compile(
    r"\b(?:no|not|without|minus|non|isn[’']?t|aren[’']?t|(?:all|anything|any colou?r|everything) but|except"
    r"|gone off|(?:set|dead|[’']s|is|are|am) against"
    r"|(?:sick|tired|fed up|bored) (?:of|with)|hates?|hated|loathes?|dislikes?"
    r"|(?:can|could|won|wouldn?)(?:not|n?[’']?t) (?:stand|bear|abide|face|look at|live with|have))[\s-]+"
    r"(?:(?:any|an?|the|that|these|those|another|more)\s+)*"
    r"(?:(?:one|any) of (?:them|those|these|your)\s+(?:[\w-]+\s+)?)?\Z",
    re.IGNORECASE,
)  # fmt: skip
NOBODY_WANTS = re.compile(  # "cane or rattan we do not want"
    r"\W{0,2}(?:i|we|he|she|they)\s+(?:(?:do|does|did|can) ?not|(?:do|does|did)n[’']?t|never|can[’']?t)\s+"
    r"(?:want|like|need|care for|stand|bear|abide)\b(?!\s+(?:to|it|that|this|one|an?|the|any|another|more)\b)",
    re.IGNORECASE,
)  # fmt: skip
DENIED_TWICE = re.compile(  # "nothing that isn't green"
    r"\b(?:(?:don[’']?t|do not|never) (?:want|need|like|show me)\b[^.,;!?]{0,20}|nothing|none)\s+(?:that|which)\s+"
    r"(?:isn[’']?t|aren[’']?t|(?:is|are) not)\s+(?:an?\s+)?\Z", re.IGNORECASE,
)  # fmt: skip
STILL_BEFORE = re.compile(  # "still after brown, just not this"
    r"\bstill\s+(?:(?:after|wants?|wanting|needs?|likes?|loves?|looking for|keen on|set on|has to be|in)\s+)?"
    r"(?:it\s+)?(?:an?\s+|the\s+)?\Z", re.IGNORECASE,
)  # fmt: skip
STILL_LACKS = re.compile(r"\W*(?:i |we )?(?:still(?: have| got| own)? no|(?:have|got|own) no)\b", re.IGNORECASE)
REQUIRED_BEFORE = re.compile(  # "has to be purple", and not "it doesn't have to be"
    r"(?<!n't )(?<!n’t )(?<!not )(?<!never )\b"
    r"(?:(?:has|have|needs?|got) to be|gotta be|must be|make it|(?:my|our) (?:heart is|hearts are) set on)\s+"
    r"(?:(?:in|an?|the|really|properly|some(?:thing)?)\s+)*\Z", re.IGNORECASE,
)  # fmt: skip
DENIED_BEHIND = re.compile(r"[\s-]?free\b", re.IGNORECASE)
FREE_OF = re.compile(r"([\w ]+?)[\s-]free(?:\s+(.+))?", re.IGNORECASE)  # "leather-free brown"
DISMISSED = re.compile(
    r"\b(?:forget|scrap|skip|ditch|never mind|enough of|enough)(?:\s+(?:about|the|all|these|those|that))*\s*\Z",
    re.IGNORECASE,
)  # fmt: skip
NOT_THAT = re.compile(r"\bnot\s+(?:that|this)(?:\s+one)?\s*(?=[,.;!?]|\Z|and\b|please\b)", re.IGNORECASE)
SAID, MEANT = (
    re.compile(r"\b(?:said|wrote|typed)\b", re.IGNORECASE),
    re.compile(r"\b(?:meant|mean|want|wanted)\b", re.IGNORECASE),
)


def with_negations(read: Reading, text: str) -> Reading:
    """With what words turn down outright, "leather-free", unwanted for sure, whatever the network made of it; with all
    of a list that is turned down unwanted, "not red, blue or white"; without what is taken back, "I said red but I
    meant yellow"; and nothing that is unwanted a possible wish."""
    parts = (part for span in taken_back(without_owned(read.spans, text), text) for part in split_denied(span))
    spans = without_repeats([deny(span, text) for span in parts], r.WANTED)
    kinds = [span for span in spans if span.slot == r.KIND]
    denied = [span for span in kinds if is_denied(span, text) or is_dismissed(span, text)]
    others = len(denied) < len(kinds) or (read.act == r.RECALL and read.words(r.REFERENCE))
    if denied and others:  # "no bookcases, a sideboard"; "no hat, back to the top"
        spans = [replace(span, slot=r.UNWANTED, against=0.0) if span in denied else span for span in spans]
    for place, (before, span) in enumerate(pairwise(spans), 1):
        is_next = spans[place - 1].slot == r.UNWANTED and OR.fullmatch(text[before.end : span.start])
        if is_next and span.slot == r.KIND:
            spans[place] = replace(span, slot=r.UNWANTED, against=0.0)
    spans = without_denied(deny_lists(spans, text))
    unwanted = [span for span in spans if span.slot == r.UNWANTED]
    possible = (one for one in read.possible if not any(one.overlaps(no.start, no.end) for no in unwanted))
    return replace(read, spans=tuple(spans), possible=tuple(possible))


def refuses_kinds(read: Reading, text: str) -> bool:
    """Whether a message names things only to turn them down, "anything but a chair"."""
    kinds = [span for span in read.spans if span.slot == r.KIND]
    is_short = len(text.split()) <= SHORT and read.act in (r.ASK, r.REFINE) and not STILL_LACKS.match(text)
    return bool(kinds) and is_short and all(is_denied(span, text) for span in kinds)


def split_denied(span: Span) -> list[Span]:
    """A span as it is; of "non-leather black" each part, and of "leather-free" the leather, which is unwanted."""
    if span.slot in r.APPEARANCES and (free := FREE_OF.fullmatch(span.text)):
        gone = replace(span, slot=r.UNWANTED, text=free[1], end=span.start + free.end(1), sure=1.0, against=0.0)
        rest = replace(span, text=free[2] or "", start=span.start + max(free.start(2), 0))
        return [gone, rest] if free[2] else [gone]
    match = re.fullmatch(r"(non[\s-])(\w+)\s+(.+)", span.text, re.IGNORECASE) if span.slot in r.APPEARANCES else None
    if not match:
        return [span]
    ends = [(span.start + match.start(part), span.start + match.end(part)) for part in (2, 3)]
    slots = (r.UNWANTED, r.WANTED)
    return [
        replace(span, slot=slot, text=match[part], start=start, end=end)
        for slot, part, (start, end) in zip(slots, (2, 3), ends, strict=True)
    ]


def without_repeats(spans: Sequence[Span], slot: str) -> list[Span]:
    """Without spans of a slot for what the same message turns down: "no leather, my cat scratches leather"."""
    unwanted = {span.text.lower() for span in spans if span.slot == r.UNWANTED}
    return [span for span in spans if span.slot != slot or span.text.lower() not in unwanted]


def without_denied(spans: Sequence[Span]) -> list[Span]:
    """Without things that the same message turns down, where it wishes for another: "an orchid. No, not an orchid, a
    bonsai tree"."""
    left = without_repeats(spans, r.KIND)
    return left if any(span.slot == r.KIND for span in left) else list(spans)


def deny(span: Span, text: str) -> Span:
    """A look that is turned down outright, as unwanted for sure; one whose lack is, or that is wanted still, as wanted;
    any other span as it is."""
    before = text[: span.start]
    meant = (DENIED_TWICE, STILL_BEFORE, REQUIRED_BEFORE)
    if span.slot in r.APPEARANCES and any(words.search(before) for words in meant):
        return replace(span, slot=r.WANTED, against=0.0)
    return (
        replace(span, slot=r.UNWANTED, sure=1.0, against=0.0)
        if span.slot in r.APPEARANCES and is_denied(span, text)
        else span
    )


def deny_lists(spans: Sequence[Span], text: str) -> list[Span]:
    """With looks that follow an unwanted one in a list that ends with "or", or "nor", unwanted as well."""
    found = list(spans)
    joints = [text[one.end : other.start] for one, other in pairwise(spans)]
    denied = False
    for place in reversed(range(len(spans))):
        one = found[place]
        denied = denied and one.slot == r.WANTED and bool(LISTED.fullmatch(joints[place]))
        if denied:  # of "cane or rattan we do not want" the cane as well
            found[place] = replace(one, slot=r.UNWANTED, sure=1.0, against=0.0)
        denied = denied or bool(one.slot == r.UNWANTED and NOBODY_WANTS.match(text[one.end :]))
    spans = tuple(found)
    for first, span in enumerate(spans):
        last = first
        while span.slot == r.UNWANTED and last < len(joints) and LISTED.fullmatch(joints[last]):
            if spans[last + 1].slot not in r.APPEARANCES:
                break
            last += 1
        # Behind the looks may stand the thing itself: "no red, blue or white mugs".
        ends = last + (first < last < len(joints) and spans[last + 1].slot == r.KIND)
        if any(OR.fullmatch(joint) for joint in joints[first:ends]):
            found[first : last + 1] = [
                replace(one, slot=r.UNWANTED, sure=span.sure, against=span.against) for one in spans[first : last + 1]
            ]
    return found


def taken_back(spans: Sequence[Span], text: str) -> list[Span]:
    """Without the looks that a message says were said by mistake."""
    said, meant = SAID.search(text), MEANT.search(text)
    if not said or not meant or meant.start() < said.end():
        return list(spans)
    return [one for one in spans if one.slot not in r.APPEARANCES or not said.end() <= one.start < meant.start()]


def denies_pick(read: Reading, text: str) -> bool:
    """Whether a message turns down what it points at, whatever else it says: "not that one, and no stripes"."""
    return bool(NOT_THAT.search(text)) or any(one.slot == r.REFERENCE and is_denied(one, text) for one in read.spans)


def is_denied(span: Span, text: str) -> bool:
    """Whether a negation stands right before a span, or "-free" behind it."""
    before = text[: span.start]
    denied = DENIED_BEFORE.search(before) and not DENIED_TWICE.search(before)
    behind = text[span.end :]
    return bool(denied or DENIED_BEHIND.match(behind) or NOBODY_WANTS.match(behind))


def is_dismissed(span: Span, text: str) -> bool:
    """Whether a thing is no longer wanted, "scrap hats for now"."""
    first, _, rest = span.text.partition(" ")
    return bool(DISMISSED.search(text[: span.start] + (first if rest else "")))


def join_alternatives(new: Sequence[Appearance], text: str) -> list[Appearance]:
    """Looks that a message names with "or" between are of one facet, for any of them will do: "brass or gold"."""
    joined: list[Appearance] = []
    for one in new:
        last = joined[-1] if joined else None
        if last and not (last.unwanted or one.unwanted) and are_alternatives(last.said, one.said, text):
            one = replace(one, facet=last.facet)
        joined.append(one)
    return joined


def are_alternatives(first: str, second: str, text: str) -> bool:
    """Whether a text has one word, "or", and the other."""
    between = rf"\b{re.escape(first)}\s+or\s+(?:an?\s+)?{re.escape(second)}\b"
    return bool(re.search(between, text, re.IGNORECASE))
