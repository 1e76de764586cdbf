"""A network's scores of a message <-> its reading. No network in here: scores come as numpy arrays.

A token has a score for each of TAGS (no slot; the beginning and the inside of each) and for each of BOUNDS; a message
has one for every name of every head.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, groupby
from typing import Any, Protocol

import numpy as np

from lavic_chat.catalog.amounts import read_quantities
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.reading import Reading, Span


@dataclass(frozen=True)
class Head:
    """One decision about a whole message. many: each of the names may hold, else exactly one does."""

    name: str
    names: tuple
    many: bool = False


HEADS = (
    Head("act", r.ACTS),
    Head("asks", r.ASKS),
    Head("which", r.ANSWERS),
    Head("place", r.PLACES),
    Head("compared", r.COMPARISONS, many=True),
    Head("same", r.FACETS, many=True),
    Head("other", r.FACETS, many=True),
    Head("lifted", r.LIFTED, many=True),
)
ENDS = tuple(accumulate(len(head.names) for head in HEADS))
TAGS, ABOUT = 1 + 2 * len(r.SLOTS), ENDS[-1]
TOKEN_SCORES = TAGS + len(r.BOUNDS)
NO_SLOT = 0
OPPOSITE = {r.WANTED: r.UNWANTED, r.UNWANTED: r.WANTED}
POSSIBLE = 0.1  # probability from which on a word may be of a kind
LIKELY = -0.7  # log odds from which on one of many names holds: they are rare, so the network is shy
WORD = re.compile(r"\d+(?:[.,'’]\d+)*\w*|\w+|[^\w\s]")
REMEMBERED = 4096  # messages
SMALL_WORDS = frozenset(
    ("a", "an", "the", "my", "our", "your", "some", "any", "of", "for", "in", "on", "with", "that", "which", "and",
     "or", "to", "at", "from", "no", "not", "please", "pls", "is", "be", "has", "have", "must", "you", "we",
     "they", "she", "he", "i", "it")
)  # fmt: skip
NUMBERS = frozenset(("a", "an"))  # that may begin an amount, "a metre"
COUNTED = re.compile(  # before things in the plural, "two chairs", which need not be called so
    r"(?:a )?(?:\d+|two|three|four|five|six|seven|eight|nine|ten|twelve|(?:pair|set|couple) of(?: \w+)?)\s+"
    r"(?!(?:seat|door|drawer|tier|piece|light|shelf|person)\w*\b)(?=.*s\Z)", re.IGNORECASE,
)  # fmt: skip


def head_scores(about: Any) -> dict[str, Any]:
    """[..., ABOUT] -> by head [..., names]"""
    starts = (0, *ENDS[:-1])
    return {head.name: about[..., start:end] for head, start, end in zip(HEADS, starts, ENDS, strict=True)}


def begins(slot: str) -> int:
    """The tag of a slot's first token; that of the others is the next one."""
    return 1 + 2 * r.SLOTS.index(slot)


def tags_of(spans: Sequence[Span], offsets: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Tag and bound (-1: none) of each token, by its place in the text."""
    tags = [(NO_SLOT, -1)] * len(offsets)
    for span in spans:
        inside = [place for place, (start, end) in enumerate(offsets) if start < span.end and end > span.start]
        bound = r.BOUNDS.index(span.bound) if span.bound else -1
        for place in inside:
            tags[place] = (begins(span.slot) + (place != inside[0]), bound)
    return tags


def decode(text: str, offsets: Sequence[tuple[int, int]], tokens: np.ndarray, about: np.ndarray) -> Reading:
    """Offsets of n tokens in the text, their scores [n, TOKEN_SCORES], and the message's [ABOUT] -> the reading."""
    scored = head_scores(about)
    decided = {head.name: choose(head, scored[head.name]) for head in HEADS}
    if decided["act"] != r.QUESTION:
        decided["asks"] = r.NOTHING
    words = of_one_mind(weighed_words(text, offsets, tokens))
    return Reading(
        spans=tuple(decode_spans(text, words)), possible=tuple(possible_kinds(text, words)),
        which_shares=shares_of(scored["which"]), place_shares=shares_of(scored["place"]), **decided,
    )  # fmt: skip


def shares_of(scores: np.ndarray) -> tuple[float, ...]:
    """Scores of a head of which one name holds -> the probability of each."""
    shares = np.exp(scores - scores.max())
    return tuple((shares / shares.sum()).tolist())


def choose(head: Head, scores: np.ndarray) -> Any:
    """The best name of a head, or all of those that are likely."""
    if head.many:
        return frozenset(name for name, score in zip(head.names, scores, strict=True) if score > LIKELY)
    return head.names[int(scores.argmax())]


@dataclass(frozen=True, eq=False)
class Word:
    """A word of a message, from `start` to `end`, with the probability of each tag [TAGS] and the scores of the bounds,
    its tokens taken together."""

    start: int
    end: int
    tags: np.ndarray
    bounds: np.ndarray

    def sure(self, slot: str) -> float:
        """Probability that it is of a slot."""
        return float(self.tags[begins(slot) : begins(slot) + 2].sum())


def weighed_words(text: str, offsets: Sequence[tuple[int, int]], tokens: np.ndarray) -> list[Word]:
    """The words of a text by the scores of their tokens [n, TOKEN_SCORES]."""
    found = []
    for first, last in words_in(text, offsets):
        scores = tokens[first:last]
        bounds = scores[:, TAGS:].sum(0)
        found.append(Word(offsets[first][0], offsets[last - 1][1], tag_probabilities(scores), bounds))
    return found


def of_one_mind(words: Sequence[Word]) -> list[Word]:
    """The words with one polarity for looks that stand side by side: of "navy blue" either both are wanted or neither
    is, as their probabilities say together."""
    found = list(words)
    start = 0
    while start < len(found):
        end = start
        while end < len(found) and best_slot(found[end]) in r.APPEARANCES:
            end += 1
        row = found[start:end]
        if len({best_slot(word) for word in row}) > 1:
            slot, other = sorted(r.APPEARANCES, key=lambda name: -sum(word.sure(name) for word in row))
            found[start:end] = [turned(word, other, slot) for word in row]
        start = max(end, start + 1)
    return found


def best_slot(word: Word) -> str:
    """The slot that a word most probably is of; "" where it is of none."""
    best = int(word.tags.argmax())
    return r.SLOTS[(best - 1) // 2] if best else ""


def turned(word: Word, slot: str, to: str) -> Word:
    """A word of one slot as one of another; any other word as it is."""
    if best_slot(word) != slot:
        return word
    tags, (first, second) = word.tags.copy(), (begins(slot), begins(to))
    tags[second : second + 2], tags[first : first + 2] = word.tags[first : first + 2], word.tags[second : second + 2]
    return replace(word, tags=tags)


def decode_spans(text: str, words: Sequence[Word]) -> list[Span]:
    """A slot goes on from word to word until another begins."""
    spans: list[Span] = []
    open_slot, start, end, bounds = "", 0, 0, np.zeros(len(r.BOUNDS))
    sure: list[tuple[float, float]] = []  # of each word, and that it is of the opposite slot

    def close() -> None:
        first, last = trimmed(text, start, end, open_slot)
        if open_slot and first < last:
            bound = r.BOUNDS[int(bounds.argmax())] if open_slot in r.AMOUNTS and open_slot != r.SEATS else ""
            probable, against = np.mean(sure, 0).tolist()
            spans.append(Span(open_slot, text[first:last], first, last, bound, probable, against))

    for word in words:
        best, slot = int(word.tags.argmax()), best_slot(word)
        if slot != open_slot or (best and best == begins(slot)):
            close()
            open_slot, start, bounds, sure = slot, word.start, np.zeros(len(r.BOUNDS)), []
        if slot:
            end, bounds = word.end, bounds + word.bounds
            sure.append((word.sure(slot), word.sure(OPPOSITE[slot]) if slot in OPPOSITE else 0.0))
    close()
    return join_amounts(spans, text)


def join_amounts(spans: Sequence[Span], text: str) -> list[Span]:
    """With amounts of one slot that stand side by side as one where they are one, "3 foot" and "4"."""
    found: list[Span] = []
    for span in spans:
        last = found[-1] if found else None
        if last and last.slot == span.slot and span.slot in r.AMOUNTS and text[last.end : span.start].isspace():
            whole = text[last.start : span.end]
            if len(read_quantities(whole)) == 1:
                found[-1] = replace(last, text=whole, end=span.end)
                continue
        found.append(span)
    return found


def trimmed(text: str, start: int, end: int, slot: str) -> tuple[int, int]:
    """A span's ends without marks and, but for what points, small words at them: "lamp for the" -> "lamp"."""
    small = frozenset() if slot == r.REFERENCE else SMALL_WORDS
    if slot == r.KIND and (counted := COUNTED.match(text[start:end])):
        start += counted.end()
    words = list(re.finditer(r"[^\W_]+[\"”″'’]*|[$€£¥]", text[start:end]))
    while words and words[-1][0].lower() in small:
        words.pop()
    while words and words[0][0].lower() in small - NUMBERS:
        words.pop(0)
    return (start + words[0].start(), start + words[-1].end()) if words else (start, start)


def possible_kinds(text: str, words: Sequence[Word]) -> list[Span]:
    """Words in a row that may be a kind of thing, as sure as the surest of them."""
    found: list[Span] = []
    for likely, group in groupby(words, lambda word: word.sure(r.KIND) >= POSSIBLE):
        if likely:
            row = list(group)
            start, end = row[0].start, row[-1].end
            found.append(Span(r.KIND, text[start:end], start, end, sure=max(word.sure(r.KIND) for word in row)))
    return found


def tag_probabilities(scores: np.ndarray) -> np.ndarray:
    """Scores [n, TOKEN_SCORES] of a word's tokens -> [TAGS] of the word."""
    mean = word_scores(scores[:, :TAGS]) / len(scores)
    shares = np.exp(mean - mean.max())
    return shares / shares.sum()


def word_scores(tags: np.ndarray) -> np.ndarray:
    """Scores [n, TAGS] of a word's tokens -> [TAGS] of the word: its first token may begin a slot, the others go on."""
    shifted = tags[1:].copy()
    inside = shifted[:, 2::2]
    shifted[:, 1::2] = inside
    return tags[0] + shifted.sum(0)


def words_in(text: str, offsets: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """First and last place (exclusive) of each word's tokens; figures with their marks are one word, "1.40"."""
    ends = {place: match.end() for match in WORD.finditer(text) for place in range(match.start(), match.end())}
    words: list[list[int]] = []
    for place, (start, _) in enumerate(offsets):
        same = words and start in ends and ends.get(offsets[words[-1][1] - 1][0]) == ends[start]
        if same:
            words[-1][1] = place + 1
        else:
            words.append([place, place + 1])
    return [(first, last) for first, last in words]


class TurnScores(Protocol):
    """A network's of a message. offsets: of its n tokens in the text; tokens [n, TOKEN_SCORES]; about [ABOUT]."""

    @property
    def offsets(self) -> tuple[tuple[int, int], ...]:
        """First and last character (exclusive) of each token."""
        ...

    @property
    def tokens(self) -> np.ndarray:
        """[n, TOKEN_SCORES]"""
        ...

    @property
    def about(self) -> np.ndarray:
        """[ABOUT]"""
        ...


class Scorer(Protocol):
    """Whatever scores a message after the earlier ones."""

    def score(self, before: str, text: str) -> TurnScores:
        """Of one message; before: the shopper's earlier ones, as one text."""
        ...


class TurnReader:
    """Reads messages by a network's scores; one that comes again, as all do in the next turn, costs nothing."""

    def __init__(self, scorer: Scorer):
        self.scorer = scorer
        self._read = lru_cache(maxsize=REMEMBERED)(self._read_once)

    def read(self, before: Sequence[str], text: str) -> Reading:
        """Of one message after the shopper's earlier ones, oldest first."""
        return self._read(r.newest_before(before), text)

    def _read_once(self, before: str, text: str) -> Reading:
        scores = self.scorer.score(before, text)
        return decode(text, scores.offsets, scores.tokens, scores.about)
