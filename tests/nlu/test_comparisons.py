"""What is said to be too much of something, in so many words."""

import pytest

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.comparisons import with_comparisons
from lavic_chat.nlu.reading import Reading, Span


@pytest.mark.parametrize(
    ("text", "compared"),
    [
        ("Not so dark then", {"light+"}), ("less bright, please", {"light-"}), ("it's too wide", {"width-"}),
        ("a bit too low for me", {"height+"}), ("not quite as expensive", {"price-"}), ("less busy", {"pattern-"}),
        ("not that big, not so deep", {"size-", "depth-"}), ("not so dark blue", set()), ("less tall than 80", set()),
        ("something that costs more", {"price+"}), ("it should cost a bit less", {"price-"}),
        ("costs more than 80", set()), ("the room is dark", set()), ("it is lovely", set()),
    ],
)  # fmt: skip
def test_what_is_too_much_shall_be_less(text, compared):
    read = with_comparisons(Reading(r.ASK), text)
    assert read.compared == compared and read.act == (r.REFINE if compared else r.ASK)


@pytest.mark.parametrize(
    ("text", "seen", "compared"),
    [
        ("forget the budget, i need a wider one", set(), {"width+"}),
        ("shelves, yes, but taller than this", set(), {"height+"}),
        ("a desk more narrow than this second one", set(), {"width-"}),
        ("cheaper than that", {"price-"}, {"price-"}),
        ("darker ones please", set(), set()),  # of a look, the network says which
        ("wider than 90 cm", set(), set()),
        ("it only goes back 55 cm, so it can't be any deeper than that", set(), set()),
        ("no bigger than this one, but a taller one", set(), {"height+"}),
        ("taller than the fridge", set(), set()),
        ("got a taller bin?", {"size+"}, {"height+"}),
        ("bigger and taller", {"size+"}, {"size+"}),
        ("something smaller", {"size-"}, {"size-"}),
    ],
)
def test_more_or_less_than_what_was_shown(text, seen, compared):
    read = with_comparisons(Reading(r.ASK, spans=(Span(r.KIND, "desk", 0, 4),), compared=frozenset(seen)), text)
    assert read.compared == compared


def test_what_the_network_has_read_stays():
    compared = Reading(r.REFINE, compared=frozenset({"price-"}))
    thing = Reading(r.ASK, spans=(Span(r.KIND, "lamp", 0, 4),))
    assert with_comparisons(thing, "a lamp that costs less").compared == {"price-"}
    question = Reading(r.QUESTION)
    for read in (compared, thing, question):
        assert with_comparisons(read, "not so dark") == read
