"""Things that are said to be for something, and not what they are."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.english import load_thesaurus
from lavic_chat.nlu.reading import Span
from lavic_chat.nlu.uses import described_use, named_use, uses_in, with_uses


def span_of(said: str, text: str, slot: str = r.KIND) -> Span:
    start = text.rindex(said)
    return Span(slot, said, start, start + len(said))


@pytest.mark.parametrize(
    ("text", "said", "whole"),
    [
        ("I need something green to sit on", "sit on", "something to sit on"),
        ("something emerald to play with", "play", "something to play with"),
        ("pink things to use in the kitchen", "to use in the kitchen", "something to use in the kitchen"),
        ("green things to put a cup on?", "things to put a cup", "something to put a cup on"),
        ("somewhere dry to hide boots", "hide boots", "somewhere to hide boots"),
        ("something orange for kids", "kids", "something for kids"),
        ("something for hunting in red", "hunting", "something for hunting"),
        ("something for the sofa", "sofa", "sofa"),
        ("I need to find a sofa", "sofa", "sofa"),
        ("something to match a sofa", "sofa", "sofa"),
        ("something red. I go to sleep", "sleep", "sleep"),
    ],
)
def test_what_a_thing_is_for_is_read_as_a_whole(text, said, whole):
    assert described_use(span_of(said, text), text).text == whole


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("something grey for the kitchen, not too pale", "something for the kitchen"),
        ("First of all: anything white to sit on for the hallway", "something to sit on"),
        ("could it be something green for my bathroom?", "something for my bathroom"),
        ("things useful for the kitchen, yellow", "things for the kitchen"),
        ("something to light the room in red", "something to light the room"),
        ("something for next Tuesday", ""),
        ("something. It is for the kitchen", ""),
        ("a table for the kitchen", ""),
    ],
)
def test_names_that_say_what_a_thing_is_for_are_found_around_looks(text, named):
    found = named_use(text, load_thesaurus())
    assert (found.text if found else "") == named
    if found:
        assert text[found.start : found.end].split()[0].lower() in ("something", "anything", "things")


def test_a_known_use_stands_for_all_that_was_read_of_its_words():
    text = "something grey for the kitchen"
    spans = [span_of("something", text), span_of("grey", text, r.WANTED), span_of("kitchen", text)]
    found = with_uses(spans, text, load_thesaurus())
    assert [(one.slot, one.text) for one in found] == [
        (r.KIND, "something for the kitchen"),
        (r.WANTED, "grey"),
    ]


def test_a_thing_that_is_named_elsewhere_goes_before_a_use():
    text = "a sofa, and no other thing to sit on"
    sofa = span_of("sofa", text)
    assert with_uses([sofa], text, load_thesaurus()) == [sofa]


@pytest.mark.parametrize(
    ("text", "kinds", "found"),
    [
        ("a fashion item for the weekend", ["fashion item"], ["fashion item"]),
        ("something for the living room floor, a rug", ["rug"], ["rug"]),
        ("something nice to look at. There is a wood stove", ["wood stove"], ["something to look at"]),
        ("something calm, neutral for my kitchen", ["calm"], ["something for my kitchen"]),
        ("something more or less green for the patio", [], ["something for the patio"]),
        ("something red and shiny to play with", ["shiny to play"], ["something to play with"]),
        ("one more thing, a torch for power cuts", ["torch for power cuts"], ["torch for power cuts"]),
        ("a piece of storage for the kids", ["piece of storage"], ["piece of storage"]),
    ],
)
def test_a_use_or_a_thing_that_is_named(text, kinds, found):
    spans = [replace(span_of(kind, text), sure=0.8) for kind in kinds]
    assert [one.text for one in with_uses(spans, text, load_thesaurus())] == found


@given(st.text(max_size=80))
def test_uses_lie_within_any_text(text):
    for use in uses_in(text):
        assert 0 <= use.start < use.end <= len(text)
