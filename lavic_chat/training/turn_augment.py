"""Marked messages made different every time they are learned from: other things, colours and amounts in the same
sentence, typing mistakes, other letters and marks. The places of the spans follow."""

import random
import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.reading import MarkedTurn, Span

SWAP, TYPO, LOWER, UPPER, BARE, NO_BEFORE, AFTER = 0.35, 0.25, 0.35, 0.04, 0.3, 0.15, 0.4  # of messages, or spans
FIGURES = re.compile(r"\d+")


@dataclass(frozen=True)
class Words:
    """What may stand in place of other words. kinds: names of things; appearance: by facet, the words of each, and by
    word the facets that it belongs to. openings: messages with which conversations began."""

    kinds: Sequence[str]
    appearance: Mapping[str, Sequence[str]]
    facet: Mapping[str, str]
    openings: Sequence[str] = ()


def vary(turn: MarkedTurn, words: Words, rng: random.Random) -> MarkedTurn:
    """Another message that is read alike."""
    turn = rewrite(turn, lambda span, text: swap(span, text, words, rng))
    if rng.random() < TYPO:
        turn = rewrite(turn, lambda span, text: misspell(text, rng))
    if rng.random() < LOWER:
        turn = rewrite(turn, lambda span, text: text.lower() if len(text.lower()) == len(text) else text)
    elif rng.random() < UPPER:
        turn = rewrite(turn, lambda span, text: text.upper() if len(text.upper()) == len(text) else text)
    if rng.random() < BARE:
        turn = rewrite(turn, lambda span, text: text if span else re.sub(r"[,;:!]|\.(?=\s|\Z)", "", text))
    if turn.before and rng.random() < NO_BEFORE and turn.reading.act in (r.ASK, r.CHATTER, r.SERVICE, r.OTHER_LANGUAGE):
        turn = replace(turn, before=())
    elif words.openings and starts_afresh(turn) and rng.random() < AFTER:
        turn = replace(turn, before=(rng.choice(words.openings),))
    return turn


def starts_afresh(turn: MarkedTurn) -> bool:
    """Whether an opening would be read alike after another wish: it names its thing, or is no wish at all."""
    other_acts = turn.reading.act in (r.CHATTER, r.SERVICE, r.OTHER_LANGUAGE)
    return not turn.before and (other_acts or (turn.reading.act == r.ASK and bool(turn.reading.words(r.KIND))))


def rewrite(turn: MarkedTurn, change: Callable[[Span | None, str], str]) -> MarkedTurn:
    """Every piece of a message, spans and what lies between them (None), by what it becomes."""
    parts: list[str] = []
    spans: list[Span] = []
    place = length = 0
    for span in turn.reading.spans:
        between, inside = change(None, turn.text[place : span.start]), change(span, span.text)
        parts += [between, inside]
        start = length + len(between)
        length, place = start + len(inside), span.end
        spans.append(replace(span, text=inside, start=start, end=length))
    parts.append(change(None, turn.text[place:]))
    return replace(turn, text="".join(parts), reading=replace(turn.reading, spans=tuple(spans)))


def swap(span: Span | None, text: str, words: Words, rng: random.Random) -> str:
    """Other words of the same kind for a share of the spans."""
    if span is None or rng.random() > SWAP:
        return text
    if span.slot == r.KIND:
        return rng.choice(words.kinds)
    if span.slot in (r.WANTED, r.UNWANTED):
        facet = words.facet.get(text.lower())
        return rng.choice(words.appearance[facet]) if facet else text
    if span.slot in r.AMOUNTS:
        return FIGURES.sub(lambda found: other_figure(found[0], rng), text)
    return text


def other_figure(figure: str, rng: random.Random) -> str:
    """A number of as many figures."""
    first = rng.choice("123456789") if figure[0] != "0" else "0"
    return first + "".join(rng.choice("0000555123456789") for _ in figure[1:])


def misspell(text: str, rng: random.Random) -> str:
    """A mistake in about one word of six."""
    return re.sub(r"[A-Za-z]{4,}", lambda found: slip(found[0], rng) if rng.random() < 1 / 6 else found[0], text)


def slip(word: str, rng: random.Random) -> str:
    """One letter left out, doubled, swapped with the next, or another one."""
    place = rng.randrange(len(word) - 1)
    head, letter, tail = word[:place], word[place], word[place + 1 :]
    return rng.choice(
        (
            head + tail,
            head + letter * 2 + tail,
            head + tail[0] + letter + tail[1:],
            head + rng.choice(string.ascii_lowercase) + tail,
        )
    )
