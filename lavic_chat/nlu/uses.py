"""What is wished for by what it is for, without a name: "something green to sit on", "anything for the kitchen"."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.reading import Span
from lavic_chat.nlu.thesaurus import GLUE, Thesaurus

HEAD = re.compile(
    r"\b(?:something|anything|smth|sth|things?|stuff|items?|pieces?|place|somewhere|somethin|summat)\b(?!\s+of\b)",
    re.IGNORECASE,
)
WORD = re.compile(r"[^\W\d_](?:[\w'’-]*\w)?|[.,;:!?/()–—]")
JOINTS = frozenset(("to", "for", "with"))
ENDS = frozenset(("but", "because", "so", "that", "which"))
ANOTHER = re.compile(
    r"(?:and|or|,)\s*(?:an?|the|some|my|our|is|it|i|we|for|to|with|please)\b", re.IGNORECASE
)  # thing begins
HEADS = ("something", "thing", "anything", "item", "piece")  # a name may begin with any of them
PLACES = frozenset(("place", "somewhere"))
SENTENCE_END = re.compile(r"[.!?\n]")
SURELY = 0.9  # probability of a kind
BEFORE_JOINT, BEHIND_JOINT = 4, 5  # words at most: looks; what it is for
STRANDED = re.compile(  # it ends what a thing is for, "to sit on", but in "for the games room in red"
    r"\s+(?:with|on|in|at|from|behind|under)\b(?=\W*\Z|\s*[.,;:!?]|\s+(?:for|that|which|please|and|by|to)\b)",
    re.IGNORECASE,
)


def uses_in(text: str) -> Iterator[Span]:
    """All that is said of what a thing is for as its name would be, the longest first, from the word that it begins
    with: "something green to sit on for now" -> "something to sit on for now", "something to sit on for", ..."""
    for head in HEAD.finditer(text):
        words = clause_behind(head.end(), text)
        for place, joint in enumerate(words[: BEFORE_JOINT + 1]):
            if joint[0].lower() in JOINTS:
                for last in reversed(words[place + 1 : place + 1 + BEHIND_JOINT]):
                    if last[0].lower() in GLUE:
                        continue
                    said = f"{head[0]} {text[joint.start() : last.end()]}"
                    yield Span(r.KIND, said, head.start(), last.end())


def clause_behind(start: int, text: str) -> list[re.Match]:
    """The words from a place on, up to where another clause begins."""
    words: list[re.Match] = []
    for word in WORD.finditer(text, start):
        is_end = not word[0][0].isalpha() or word[0].lower() in ENDS
        if (is_end and word[0] != ",") or ANOTHER.match(text, word.start()):
            break
        if not is_end:
            words.append(word)
    return words


def named_use(text: str, thesaurus: Thesaurus) -> Span | None:
    """The first thing that is named by what it is for, also where a look stands between."""
    for use in uses_in(text):
        head, behind = use.text.split(maxsplit=1)
        for name in dict.fromkeys(f"{one} {behind}" for one in (head.lower(), *HEADS)):
            if thesaurus.is_phrase(name):
                return replace(use, text=name)
    return None


def with_uses(spans: Sequence[Span], text: str, thesaurus: Thesaurus) -> list[Span]:
    """Spans in which what names or describes a thing by what it is for is one of a kind, whatever was read of its
    words; a known name of that sort stands only where no other thing is named."""
    use = named_use(text, thesaurus)
    kinds = [one for one in spans if one.slot == r.KIND]
    if use and not any(thesaurus.is_name(one.text) and goes_before(one, use, text) for one in kinds):
        return sorted([use, *(one for one in spans if one not in kinds)], key=lambda one: one.start)
    return [described_use(one, text) for one in spans]


def goes_before(kind: Span, use: Span, text: str) -> bool:
    """Whether a thing that is named is what is wished for, and no use: it holds the use's first word, "a fashion item
    for the weekend", stands in the same sentence, "something for the floor, a rug", or is surely meant."""
    if kind.overlaps(use.start, use.end):
        return kind.start < use.start
    first, second = sorted((kind, use), key=lambda one: one.start)
    return kind.sure >= SURELY or not SENTENCE_END.search(text[first.end : second.start])


def described_use(span: Span, text: str) -> Span:
    """A span of a kind that says what a thing is for, as a whole: of "something green to sit on" "to sit"."""
    if span.slot != r.KIND:
        return span
    whole = next((use for use in uses_in(text) if use.start <= span.start and use.end >= span.end), None)
    if not whole:
        return span
    head = text[whole.start :].split(maxsplit=1)[0]
    joint = next(word for word in clause_behind(whole.start + len(head), text) if word[0].lower() in JOINTS)
    if span.end <= joint.end() or text[joint.end() : span.start].strip():  # "something to match a sofa" is one
        return span
    behind = STRANDED.match(text, span.end)
    end = behind.end() if behind else span.end
    head = head.lower() if head.lower() in PLACES else HEADS[0]  # what things are known by
    return replace(span, text=f"{head} {text[joint.start() : end]}")
