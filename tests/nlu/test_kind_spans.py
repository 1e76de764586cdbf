"""Words that name a thing, and none that is wished for."""

import pytest

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.kind_spans import is_verb, without_places, without_verbs
from lavic_chat.nlu.reading import Span


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("we can spend up to 300", True),
        ("delivery can take a while", True),
        ("a can", False),
        ("a black metal can", False),
    ],
)
def test_the_can_of_what_one_can_do_is_no_thing(text, verb):
    start = text.index("can")
    assert is_verb(Span(r.KIND, "can", start, start + 3), text) is verb
    assert ("can" in without_verbs(text)) is not verb


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("I've got my heart set on a sofa", True),
        ("really keen on the sofa", True),
        ("my happiness depends on a sofa", True),
        ("something to put on the sofa", False),
        ("for the space next to the sofa", False),
    ],
)
def test_what_a_heart_is_set_on_is_no_place(text, kept):
    start = text.index("sofa")
    assert bool(without_places([Span(r.KIND, "sofa", start, start + 4)], text)) is kept
