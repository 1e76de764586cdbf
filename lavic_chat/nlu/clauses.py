"""What a message only mentions: things that the shopper has already, "we have a brown leather sofa and need a rug"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.reading import Span

ROOM = r"(?:budget|limit|maximum|max|space|room|wall|niche|corner|gap|ceiling|door|favou?rite|idea|taste)"
OWNED = re.compile(
    r"(?<!\bdo )(?<!\bdid )(?<!\bcan )\b(?:(?:i|we)(?:\s+(?:already|currently|just|still))?\s+(?:have|own|bought|got)"
    r"|(?:i|we)[’']ve\s+(?:already\s+)?(?:got|bought)"
    rf"|(?<!between )(?P<mine>my|our)\s+(?!\w*\s?{ROOM})[\w\s-]{{2,30}}?\b(?:is|are))\b",
    re.IGNORECASE,
)
CLAUSE_END = re.compile(
    r"[.;!?]|,(?!\s*\d)|\s(?:and|but|so|now)\s+(?:(?:i|we)(?:[’'](?:m|d|re))?\s+)?(?:now\s+)?"
    r"(?:need|want|would|looking|after|am|are|wonder)\b|\bso\s+(?:a|an|something)\b", re.IGNORECASE,
)  # fmt: skip


@dataclass(frozen=True)
class Clause:
    """Where it begins and ends; names_thing: whether it names what the shopper has, "my bed is"."""

    start: int
    end: int
    names_thing: bool

    def holds(self, span: Span) -> bool:
        """Whether a span lies in it."""
        return self.start <= span.start and span.end <= self.end

    def owns(self, span: Span) -> bool:
        """Whether a span is said of what the shopper has; where no thing is named, "we have 90 cm", amounts are not."""
        return self.holds(span) and (self.names_thing or span.slot not in r.AMOUNTS)


def without_owned(spans: Sequence[Span], text: str) -> list[Span]:
    """Spans but for what clauses say that the shopper has, as far as a thing is named outside of them."""
    kinds = [span for span in spans if span.slot == r.KIND]
    clauses = [clause_from(match, text, kinds) for match in OWNED.finditer(text)]
    if all(any(clause.holds(kind) for clause in clauses) for kind in kinds):
        return list(spans)
    return [span for span in spans if not any(clause.owns(span) for clause in clauses)]


def clause_from(match: re.Match, text: str, kinds: Sequence[Span]) -> Clause:
    """The clause that begins with a match of OWNED."""
    ends = CLAUSE_END.search(text, match.end())
    clause = Clause(match.start(), ends.start() if ends else len(text), bool(match["mine"]))
    return replace(clause, names_thing=clause.names_thing or any(map(clause.holds, kinds)))
