"""Marked messages that become others: whatever is changed, the spans stand where they are said to."""

import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.reading import MarkedTurn
from lavic_chat.training import turn_augment
from lavic_chat.training.marked_turns import turn_from
from lavic_chat.training.turn_augment import Words, misspell, other_figure, rewrite, slip, vary

WORDS = Words(
    kinds=("lamp", "corner sofa", "pair of shoes"),
    appearance={"colour": ("red", "pale blue"), "material": ("oak", "boiled wool")},
    facet={"red": "colour", "green": "colour", "oak": "material"},
)
MARKED = (
    ("A [wanted:red] [kind:Sofa], under [price<:1,200.50]: no [unwanted:oak]!", {}),
    ("[ref:the second one] then", {"act": "recall", "place": 2, "before": ["a sofa"]}),
    ("thanks.", {"act": "small_talk", "before": ["a sofa", "in red"]}),
    ("İstanbul [kind:Straße ẞofa] [wanted:IĞDIR]", {}),
    ("[kind:sofa][wanted:green][price~:0.5]", {}),
    ("cheaper", {"act": "refine", "compare": ["price-"]}),
)
TURNS = tuple(turn_from({"text": text, "act": "ask", **keys}, "test") for text, keys in MARKED)
turns = st.sampled_from(TURNS)


def assert_spans_stand(turn: MarkedTurn) -> None:
    """Every span's words stand at its place, in order and apart."""
    end = 0
    for span in turn.reading.spans:
        assert turn.text[span.start : span.end] == span.text and span.start >= end
        end = span.end


@given(turns, st.integers(0, 10**6))
def test_spans_follow_whatever_is_changed(turn, seed):
    varied = vary(turn, WORDS, random.Random(seed))
    assert_spans_stand(varied)
    before, after = turn.reading, varied.reading
    assert [(one.slot, one.bound) for one in after.spans] == [(one.slot, one.bound) for one in before.spans]
    assert all(span.text for span in after.spans)
    assert after.act == before.act and after.place == before.place and after.compared == before.compared
    assert varied.before in (turn.before, ())


@given(turns, st.integers(0, 10**6))
def test_the_same_draw_gives_the_same_message(turn, seed):
    assert vary(turn, WORDS, random.Random(seed)) == vary(turn, WORDS, random.Random(seed))


@given(turns, st.lists(st.text(max_size=8), min_size=1, max_size=12))
def test_any_rewriting_keeps_the_places(turn, texts):
    pieces = iter(texts * 12)
    assert_spans_stand(rewrite(turn, lambda span, text: next(pieces)))
    assert rewrite(turn, lambda span, text: text) == turn


def test_things_looks_and_amounts_are_swapped_for_their_like(monkeypatch):
    monkeypatch.setattr(turn_augment, "SWAP", 1.0)
    for name in ("TYPO", "LOWER", "UPPER", "BARE"):
        monkeypatch.setattr(turn_augment, name, 0.0)
    seen = {}
    for seed in range(60):
        varied = vary(TURNS[0], WORDS, random.Random(seed))
        for span in varied.reading.spans:
            seen.setdefault(span.slot, set()).add(span.text)
        assert varied.text.startswith("A ") and varied.text.endswith("!")
    assert seen[r.KIND] == set(WORDS.kinds)
    assert seen[r.WANTED] == set(WORDS.appearance["colour"]) and seen[r.UNWANTED] == set(WORDS.appearance["material"])
    assert len(seen[r.PRICE]) > 20 and all(len(price) == len("1,200.50") for price in seen[r.PRICE])


def test_words_of_no_known_facet_stay(monkeypatch):
    monkeypatch.setattr(turn_augment, "SWAP", 1.0)
    turn = turn_from({"text": "[wanted:frobbed] with [ref:that one]", "act": "ask"}, "test")
    for seed in range(20):
        spans = vary(turn, WORDS, random.Random(seed)).reading.spans
        assert {span.slot for span in spans} == {r.WANTED, r.REFERENCE}
    assert turn_augment.swap(turn.reading.spans[0], "frobbed", WORDS, random.Random(0)) == "frobbed"


def test_messages_that_need_the_earlier_ones_keep_them():
    recall = TURNS[1]
    assert all(vary(recall, WORDS, random.Random(seed)).before == recall.before for seed in range(200))
    thanks = [vary(TURNS[2], WORDS, random.Random(seed)).before for seed in range(200)]
    assert set(thanks) == {TURNS[2].before, ()}


@given(st.from_regex(r"[0-9]{1,8}", fullmatch=True), st.integers(0, 10**6))
def test_a_number_stays_as_long_and_does_not_begin_with_a_new_zero(figure, seed):
    other = other_figure(figure, random.Random(seed))
    assert len(other) == len(figure) and other.isdigit()
    assert (other[0] == "0") == (figure[0] == "0")


@given(st.text(string.ascii_letters, min_size=4, max_size=12), st.integers(0, 10**6))
def test_a_slip_changes_one_letter_or_two_beside_each_other(word, seed):
    slipped = slip(word, random.Random(seed))
    assert abs(len(slipped) - len(word)) <= 1
    if len(slipped) == len(word):
        assert sum(one != other for one, other in zip(word, slipped, strict=True)) <= 2


@given(st.lists(st.sampled_from(["a", "no", "the", "£40", "red,", "1,200"])), st.integers(0, 10**6))
def test_short_words_and_numbers_are_never_misspelled(words, seed):
    text = " ".join(words)
    assert misspell(text, random.Random(seed)) == text


@pytest.mark.parametrize("word", ["sofa", "chair"])
def test_every_kind_of_slip_is_made(word):
    made = {len(slip(word, random.Random(seed))) - len(word) for seed in range(80)}
    assert made == {-1, 0, 1}


def test_an_opening_is_read_alike_after_another_wish():
    words = Words(("vase", "lamp"), {}, {}, openings=("a red kettle",))
    opening = turn_from({"text": "a [kind:vase] please", "act": "ask"}, "test")
    before = {vary(opening, words, random.Random(seed)).before for seed in range(40)}
    assert before == {(), ("a red kettle",)}
    goes_on = turn_from({"text": "in [wanted:blue]", "act": "refine"}, "test")
    nameless = turn_from({"text": "in [wanted:blue]", "act": "ask"}, "test")
    for turn in (goes_on, nameless):
        assert all(vary(turn, words, random.Random(seed)).before == () for seed in range(40))
