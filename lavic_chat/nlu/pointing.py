"""Which of all products that were shown a message points at: each is scored, and the best is meant.

    log P(answer) + log P(place in it) + sum over the words that point of log P(word | product)

The first two are the network's; a word is likely of a product that is called so, looks so or is such a thing, or that
came in answer to a message which said it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from lavic_chat.catalog.text import words_of
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.catalog_words import SMALL_WORDS, stems
from lavic_chat.nlu.grounding import Grounding
from lavic_chat.nlu.negations import is_denied, is_dismissed
from lavic_chat.nlu.reading import Reading, Span
from lavic_chat.nlu.shown import Shown

# Chosen on the development conversations: the network's word counts for less than it is sure, so that a name decides.
ANSWER_WEIGHT, ASIDE, RECENT = 0.6, 0.5, 0.1  # aside: of words that are not marked; recent: of one answer later
CALLED, ASKED_FOR, UNLIKELY = 0.9, 0.8, 0.03  # probability of a word: of a title, of the message answered, of neither
NO_HEAD = 0.6  # that a thing is meant by a word which only stands in its name
OTHER_PLACE = 0.1  # that one beside the pick is meant where no place is said
NO_PLACE = 0.9  # probability from which on surely no place is said
LEAST = 0.01  # of an answer or a place
MEANT_FROM, MEANT_TO = 0.85, 0.95  # similarity of a kind that is another thing, and that is the very thing
IS_SUCH = 0.5  # probability from which on an answer's pick is what words point at
NEIGHBOUR = re.compile(r"\b(before|after)\b([^.,;!?]*)", re.IGNORECASE)  # "the one before the teddy"
DEFINITE = re.compile(r"\b(?:the|that|those|this)\s+([^\W\d_]+(?:\s+[^\W\d_]+)?)", re.IGNORECASE)  # "the bear"
WORD = re.compile(r"[^\W\d_]+")
MARKED = (r.REFERENCE, r.WANTED, r.TITLE)
POINTING = SMALL_WORDS | frozenset(
    ("first", "last", "previous", "second", "third", "very", "thing", "things", "back", "again", "more", "once", "show",
     "showed", "shown", "see", "saw", "said", "go", "want", "wanted", "let", "me", "you", "i", "we", "us", "was",
     "were", "beginning", "start", "before", "after", "earlier", "moment", "ago", "just", "no", "not", "nah", "yes",
     "ok", "okay", "bring", "take", "better", "actually", "original", "put", "up", "had", "have", "what", "from", "at",
     "they", "will", "would", "could", "can", "like", "liked", "prefer", "preferred", "over", "all", "s", "t", "d",
     "ll", "m")
)  # fmt: skip

Name = TypeVar("Name")


@dataclass(frozen=True)
class Occurrence:
    """A product where it was shown: at a place of an answer, both counted from 0."""

    answer: int
    place: int
    item: str


class Pointing:
    """Finds what is meant in the words of one catalogue."""

    def __init__(self, grounding: Grounding):
        self.grounding, self.row = grounding, grounding.row

    def find(self, read: Reading, text: str, shown: Shown, kinds: Sequence[str]) -> str | None:
        """Id of the product that is meant; None where the place that is said is beyond its list. kinds: of thing, that
        the message points with."""
        each = [one for one in occurrences(shown, read.place) if one.item in self.row]
        if not each:
            return None
        if read.place == 1 and read.act == r.RECALL and shown.lists[-1][0] == shown.on_card:
            return shown.as_first_shown[0]  # "no, the first one": that of the list before it was changed
        said = self.word_scores(read, text, shown, each, kinds)
        first = self.first_such(said, each)
        answers = np.log(answer_shares(read, len(shown.lists), shown.before_it, first))
        scores = said + RECENT * np.array([one.answer for one in each])
        scores += ANSWER_WEIGHT * answers[[one.answer for one in each]]
        if not read.place:
            newest = shown.pick if read.which == r.PREVIOUS else shown.current
            meant = [*(items[0] for items in shown.lists[:-1]), newest]
            shares = [place_share(read, one, shown.lists[one.answer], meant[one.answer]) for one in each]
            scores += np.log(shares)
        best = each[int(scores.argmax())]
        return item_at(shown.lists[best.answer], read.place) if read.place else best.item

    def first_such(self, said: np.ndarray, each: Sequence[Occurrence]) -> int:
        """The first answer whose pick is as likely called as the words say as any other: "the very first fan"."""
        picks = [(score, one.answer) for score, one in zip(said, each, strict=True) if one.place == 0]
        best = max((score for score, _ in picks), default=0.0)
        return min((answer for score, answer in picks if score >= best + np.log(IS_SUCH)), default=0)

    def word_scores(
        self, read: Reading, text: str, shown: Shown, each: Sequence[Occurrence], kinds: Sequence[str]
    ) -> np.ndarray:
        """[n] of each occurrence, the log probability of the words that point; of those behind "before", the
        neighbour's."""
        total = np.zeros(len(each))
        asked = [stems(message) for message in shown.messages]
        rows = [self.row[one.item] for one in each]
        answers = [one.answer for one in each]
        called = [frozenset() if one.place else asked[one.answer] for one in each]  # of the ten, the pick is the answer
        for unit, weight in units_of(read, text, kinds, self.grounding.speller.known.__contains__).items():
            total += weight * np.log(self.likely(unit, rows, called))
        picks = [self.row.get(items[0], -1) for items in shown.lists]
        for words, step in neighbours(text):
            for unit in words:
                near = np.log(self.likely(unit, picks, asked))
                beyond = np.log(UNLIKELY)
                total += [near[at + step] if 0 <= at + step < len(near) else beyond for at in answers]
        return total

    def likely(self, unit: str, rows: Sequence[int], asked: Sequence[frozenset[str]]) -> np.ndarray:
        """[n] how probably products, by their rows, are spoken of with a word or a name of several; asked: words of the
        messages that each answered."""
        words = stems(unit)
        titles = [stems(self.grounding.columns.titles[row]) if row >= 0 else frozenset() for row in rows]
        most = NO_HEAD if self.grounding.is_thing(unit) else 1.0  # a desk lamp is no desk
        found = np.array([min(CALLED, most) if words <= title else 0.0 for title in titles])
        found = np.maximum(found, [min(ASKED_FOR, most) if words <= said else 0.0 for said in asked])
        near = (self.grounding.kind(unit)[list(rows)] - MEANT_FROM) / (MEANT_TO - MEANT_FROM)
        found = np.maximum(found, np.minimum(near, CALLED))
        if self.grounding.is_known(unit):
            found = np.maximum(found, self.grounding.appearance(unit)[list(rows)])
        return np.clip(found, UNLIKELY, 1.0)


def units_of(read: Reading, text: str, kinds: Sequence[str], is_name: Callable[[str], bool]) -> dict[str, float]:
    """The words that a message points with, a thing's name whole, and how much each counts; in a recall, all that may
    name a product do a little, those behind an article more. Where a place is said, names alone: "the runner-up" is no
    rug. is_name: whether a word may."""
    found = dict.fromkeys(kinds, 1.0)
    if read.place:
        return found
    is_recall = read.act == r.RECALL
    marked = [(one.start, one.end) for one in read.spans if one.slot in MARKED]
    marked += [match.span(1) for match in DEFINITE.finditer(text)] if is_recall else []
    apart = [match.span() for match in NEIGHBOUR.finditer(text)] if is_recall else []
    known = POINTING.union(*(words_of(kind) for kind in kinds))
    for match in WORD.finditer(text):
        span = Span(r.REFERENCE, match[0].lower(), *match.span())
        is_marked = lies_in(span, marked)
        if span.text in known or lies_in(span, apart) or not (is_marked or (is_recall and is_name(span.text))):
            continue
        if not (is_denied(span, text) or is_dismissed(span, text)):
            found[span.text] = max(found.get(span.text, 0.0), 1.0 if is_marked else ASIDE)
    return found


def lies_in(span: Span, parts: Sequence[tuple[int, int]]) -> bool:
    """Whether a span begins in any part of its message, each from its first to its last character (exclusive)."""
    return any(start <= span.start < end for start, end in parts)


def neighbours(text: str) -> Iterator[tuple[list[str], int]]:
    """What is said of the answer beside the one that is meant, and by how many steps that one lies later: "the toy you
    showed before the teddy"."""
    for match in NEIGHBOUR.finditer(text):
        words = [word for word in words_of(match[2]) if word not in POINTING]
        yield words, 1 if match[1].lower() == "before" else -1


def without_neighbours(read: Reading, text: str) -> Reading:
    """A recall without wishes for what only says beside which answer it stood, "before I said black"."""
    if read.act != r.RECALL:
        return read
    behind = [match.span(2) for match in NEIGHBOUR.finditer(text)]
    kept = (one for one in read.spans if one.slot == r.REFERENCE or not lies_in(one, behind))
    return replace(read, spans=tuple(kept))


def occurrences(shown: Shown, place: int) -> list[Occurrence]:
    """Everything that was shown, and what an answer has only named; the picks alone where a place is said."""
    found = [
        Occurrence(answer, at, item) for answer, items in enumerate(shown.lists)
        for at, item in enumerate(items[:1] if place else items)
    ]  # fmt: skip
    named = shown.spoken_of
    if named and not place and shown.lists and named not in shown.lists[-1]:
        found.append(Occurrence(len(shown.lists) - 1, len(shown.lists[-1]), named))
    return found


def answer_shares(read: Reading, count: int, previous: int, first: int) -> np.ndarray:
    """[count] probability that each answer of the shop is pointed at. previous: the one before what is on the card;
    first: the first one that may be called so."""
    known = settled(read.which_shares, r.ANSWERS, read.which)
    found = np.full(count, LEAST + known[r.NAMED] / count)
    found[-1] += known[r.LAST]
    found[previous] += known[r.PREVIOUS]
    found[first] += known[r.FIRST]
    return found


def place_share(read: Reading, one: Occurrence, items: Sequence[str], meant: str | None) -> float:
    """Probability that the place of a list is pointed at. meant: what is, where no place is said: its pick, or what the
    talk has come to."""
    known = settled(read.place_shares, r.PLACES, read.place)
    found = LEAST + known.get(one.place + 1, 0.0) + known[0] * (1 - OTHER_PLACE if one.item == meant else OTHER_PLACE)
    return found + (known[-1] if one.place == len(items) - 1 else 0.0)


def points(read: Reading) -> bool:
    """Whether a message points at a place or at an earlier answer, or may do so."""
    is_surely_none = read.place_shares[0] >= NO_PLACE if read.place_shares else True
    return bool(read.place) or not is_surely_none or read.which in (r.PREVIOUS, r.FIRST)


def said_anew(read: Reading, alone: Reading) -> Reading:
    """A message without the place or the answer that only the messages before it point at: after "take the third" it
    is the third of the list no longer. alone: the message read without them."""
    if read.place != alone.place:
        read = replace(read, place=alone.place, place_shares=alone.place_shares)
    if read.which in (r.PREVIOUS, r.FIRST) and alone.which == r.LAST:
        read = replace(read, which=r.LAST, which_shares=alone.which_shares)
    return read


def settled(shares: Sequence[float], names: Sequence[Name], chosen: Name) -> dict[Name, float]:
    """Probability of each name; where words have settled on another than the network would, or nobody knows its
    scores, all is of that one."""
    if shares and names[int(np.argmax(shares))] == chosen:
        return dict(zip(names, shares, strict=True))
    return {name: float(name == chosen) for name in names}


def item_at(items: Sequence[str], place: int) -> str | None:
    """What stands at a place that is said, -1 for the last; None beyond the end."""
    at = place - 1 if place > 0 else len(items) - 1
    return items[at] if 0 <= at < len(items) else None
