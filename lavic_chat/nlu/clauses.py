"""What a message only mentions: things that the shopper has already, "we have a brown leather sofa and need a rug"."""

import re
from collections.abc import Sequence

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.reading import Span

ROOM = r"(?:budget|limit|maximum|max|space|room|wall|niche|corner|gap|ceiling|door|favou?rite|idea|taste)"
OWNED = re.compile(
    r"(?<!\bdo )(?<!\bdid )(?<!\bcan )\b(?:(?:i|we)(?:\s+(?:already|currently|just|still))?\s+(?:have|own|bought|got)"
    rf"|(?:i|we)[’']ve\s+(?:already\s+)?(?:got|bought)|(?:my|our)\s+(?!\w*\s?{ROOM})[\w\s-]{{2,30}}?\b(?:is|are))\b",
    re.IGNORECASE,
)
CLAUSE_END = re.compile(
    r"[.;!?]|,(?!\s*\d)|\s(?:and|but|so|now)\s+(?:(?:i|we)(?:[’'](?:m|d|re))?\s+)?(?:now\s+)?"
    r"(?:need|want|would|looking|after|am|are|wonder)\b|\bso\s+(?:a|an|something)\b", re.IGNORECASE,
)  # fmt: skip


def without_owned(spans: Sequence[Span], text: str) -> list[Span]:
    """Spans but for those of clauses that say what the shopper has, as far as a thing is named outside of them. Of a
    clause that names no thing, "we have 90 cm", the amounts count."""
    clauses = [clause_from(match, text) for match in OWNED.finditer(text)]
    kinds = [span for span in spans if span.slot == r.KIND]
    if all(any(is_within(kind, clause) for clause in clauses) for kind in kinds):
        return list(spans)
    return [span for span in spans if not any(is_owned(span, clause, kinds, text) for clause in clauses)]


def is_owned(span: Span, clause: tuple[int, int], kinds: Sequence[Span], text: str) -> bool:
    """Whether a span of a clause is said of what the shopper has."""
    names_thing = any(is_within(kind, clause) for kind in kinds) or text[clause[0]].lower() in "mo"  # "my bed is"
    return is_within(span, clause) and (names_thing or span.slot not in r.AMOUNTS)


def clause_from(match: re.Match, text: str) -> tuple[int, int]:
    """Where a clause begins and ends that begins with a match."""
    end = CLAUSE_END.search(text, match.end())
    return match.start(), end.start() if end else len(text)


def is_within(span: Span, clause: tuple[int, int]) -> bool:
    """Whether a span lies in a clause."""
    return clause[0] <= span.start and span.end <= clause[1]
