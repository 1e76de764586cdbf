"""Scores of a message <-> its reading."""

import numpy as np
import pytest

from lavic_chat.errors import DialogueError
from lavic_chat.nlu import reading as r
from lavic_chat.nlu import tagging
from lavic_chat.nlu.reading import Reading, Span
from lavic_chat.training.marked_turns import read_marked_turns, turn_from, unmark

TEXT = "a leather-free sofa under 1,200 please"


def offsets_of(text: str) -> list[tuple[int, int]]:
    """As BERT's tokenizer parts it before word pieces."""
    import re

    return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]


def scores_of(text: str, reading: Reading) -> tuple[list[tuple[int, int]], np.ndarray, np.ndarray]:
    """Those of a network that is sure of a reading."""
    offsets = offsets_of(text)
    tokens = np.zeros((len(offsets), tagging.TOKEN_SCORES), np.float32)
    for place, (tag, bound) in enumerate(tagging.tags_of(reading.spans, offsets)):
        tokens[place, tag] = 9
        if bound >= 0:
            tokens[place, tagging.TAGS + bound] = 9
    about = np.full(tagging.ABOUT, -9.0, np.float32)
    for head, part in tagging.head_scores(about).items():
        names = next(one for one in tagging.HEADS if one.name == head).names
        value = getattr(reading, head)
        for place, name in enumerate(names):
            if name == value or (isinstance(value, frozenset) and name in value):
                part[place] = 9
    return offsets, tokens, about


def test_what_was_tagged_is_read():
    text, spans = unmark("a [unwanted:leather]-free [kind:sofa] under [price<:1,200] please")
    reading = Reading(
        r.REFINE, spans, compared=frozenset({"light-"}), same=frozenset({"shape"}), lifted=frozenset({"size"})
    )
    assert text == TEXT
    assert tagging.decode(text, *scores_of(text, reading)) == reading


def test_two_values_beside_each_other_stay_two():
    text, spans = unmark("[wanted:green] [wanted:velvet] [kind:arm chair]")
    assert tagging.decode(text, *scores_of(text, Reading(spans=spans))).spans == spans


def test_small_words_at_the_ends_are_left_out():
    assert tagging.trimmed("lamp for the", 0, 12, r.KIND) == (0, 4)
    assert tagging.trimmed("a metre", 0, 7, r.WIDTH) == (0, 7)
    assert tagging.trimmed("the one", 0, 7, r.REFERENCE) == (0, 7)
    assert tagging.trimmed(" of the ", 0, 8, r.KIND) == (0, 0)


def test_only_questions_ask():
    text, spans = unmark("how wide is [ref:it]")
    reading = Reading(r.ASK, spans, asks="width")
    assert tagging.decode(text, *scores_of(text, reading)).asks == ""


def test_word_pieces_of_a_word_decide_together():
    offsets = [(0, 4), (4, 6)]  # "coff" "##ee"
    tokens = np.zeros((2, tagging.TOKEN_SCORES), np.float32)
    tokens[0, tagging.begins(r.KIND)] = 4
    tokens[1, tagging.NO_SLOT] = 1
    assert tagging.decode_spans("coffee", tagging.weighed_words("coffee", offsets, tokens)) == [
        Span(r.KIND, "coffee", 0, 6)
    ]


def test_a_span_is_as_sure_as_its_words_are():
    text, spans = unmark("[kind:red sofa]")
    offsets, tokens, about = scores_of(text, Reading(spans=spans))
    assert tagging.decode(text, offsets, tokens, about).spans[0].sure == pytest.approx(1, abs=0.01)
    tokens[:, tagging.NO_SLOT] = 9  # no less likely
    tokens[:, tagging.begins(r.KIND) :] += 0.01
    assert tagging.decode(text, offsets, tokens, about).spans[0].sure == pytest.approx(0.5, abs=0.01)


def test_words_that_may_be_a_kind_are_told_though_they_are_not_likely():
    offsets = offsets_of("any dining chair left")
    tokens = np.zeros((4, tagging.TOKEN_SCORES), np.float32)
    tokens[:, tagging.NO_SLOT] = 9
    tokens[1:3, tagging.begins(r.KIND)] = (7.5, 8)
    read = tagging.decode("any dining chair left", offsets, tokens, np.zeros(tagging.ABOUT))
    assert read.spans == () and [one.text for one in read.possible] == ["dining chair"]
    assert read.possible[0].sure == pytest.approx(1 / (1 + np.e), abs=0.01)


@pytest.mark.parametrize(
    "row",
    [
        {"text": "a [colour:red] sofa", "act": "ask"},
        {"text": "[price:5]", "act": "ask"},
        {"text": "[kind<:sofa]", "act": "ask"},
        {"text": "a sofa", "act": "buy"},
        {"text": "a sofa", "act": "ask", "compare": ["cheaper"]},
        {"text": "a sofa", "act": "ask", "compare": "price-"},
        {"act": "ask"},
    ],
)
def test_a_bad_mark_is_told_with_its_place(row):
    with pytest.raises(DialogueError, match="here: "):
        turn_from(row, "here")


def test_the_shipped_messages_are_all_readable(request):
    turns = read_marked_turns(request.config.rootpath / "assets" / "language" / "turns.jsonl")
    assert len(turns) > 3000
    assert {turn.reading.act for turn in turns} == set(r.ACTS)
    assert {span.slot for turn in turns for span in turn.reading.spans} == set(r.SLOTS)
    assert all(turn.text[span.start : span.end] == span.text for turn in turns for span in turn.reading.spans)


def leaning(text: str, shares: list[tuple[float, float]]) -> list[tagging.Word]:
    """The words of a text, each wanted and unwanted with these probabilities."""
    words = []
    for (start, end), (wanted, unwanted) in zip(offsets_of(text), shares, strict=True):
        tags = np.zeros(tagging.TAGS)
        tags[tagging.NO_SLOT] = 1 - wanted - unwanted
        tags[tagging.begins(r.WANTED)], tags[tagging.begins(r.UNWANTED)] = wanted, unwanted
        words.append(tagging.Word(start, end, tags, np.zeros(len(r.BOUNDS))))
    return words


def test_words_side_by_side_are_of_one_mind():
    words = tagging.of_one_mind(leaning("navy blue", [(0.9, 0.1), (0.4, 0.5)]))
    spans = tagging.decode_spans("navy blue", words)
    assert {span.slot for span in spans} == {r.WANTED}
    apart = tagging.of_one_mind(leaning("navy , blue", [(0.9, 0.1), (0.0, 0.0), (0.4, 0.5)]))
    assert [span.slot for span in tagging.decode_spans("navy , blue", apart)] == [r.WANTED, r.UNWANTED]


def test_a_span_knows_how_probably_it_is_the_opposite():
    (span,) = tagging.decode_spans("green", leaning("green", [(0.4, 0.55)]))
    assert (span.slot, span.sure, span.against) == (r.UNWANTED, pytest.approx(0.55), pytest.approx(0.4))


def test_amounts_side_by_side_are_one_where_they_are_one():
    text, spans = unmark("[width<:3 foot] [width<:4] across")
    assert [span.text for span in tagging.join_amounts(spans, text)] == ["3 foot 4"]
    text, spans = unmark("[width<:3 foot] and [width<:4 foot]")
    assert len(tagging.join_amounts(spans, text)) == 2
    text, spans = unmark("[price>:50] [price<:80]")
    assert len(tagging.join_amounts(spans, text)) == 2
