"""Looks and the things that they were read together with."""

import pytest
from helpers.listening import make_grounding

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.mixed_spans import with_things_apart
from lavic_chat.nlu.reading import Reading, Span


@pytest.mark.parametrize(
    ("said", "slot", "parts"),
    [
        ("leather sofa", r.UNWANTED, [(r.UNWANTED, "leather"), (r.KIND, "sofa")]),
        ("red velvet rug", r.WANTED, [(r.WANTED, "red velvet"), (r.KIND, "rug")]),
        ("leather", r.UNWANTED, [(r.UNWANTED, "leather")]),
        ("navy blue", r.WANTED, [(r.WANTED, "navy blue")]),
        ("leather whatsit", r.WANTED, [(r.WANTED, "leather whatsit")]),
        ("sofa", r.KIND, [(r.KIND, "sofa")]),
    ],
)
def test_a_thing_is_taken_out_of_a_look(said, slot, parts):
    text = f"please, {said}"
    read = with_things_apart(Reading(r.ASK, spans=(Span(slot, said, 8, len(text)),)), make_grounding())
    assert [(one.slot, one.text) for one in read.spans] == parts
    assert all(text[one.start : one.end] == one.text for one in read.spans)


def test_a_reading_that_names_a_thing_stays_as_it_is():
    read = Reading(r.ASK, spans=(Span(r.KIND, "rug", 0, 3), Span(r.UNWANTED, "leather sofa", 8, 20)))
    assert with_things_apart(read, make_grounding()) == read
