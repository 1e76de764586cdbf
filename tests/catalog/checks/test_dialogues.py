"""Dialogue files beside a catalogue: each line fits the products and the split, and is counted."""

import pytest
from helpers.measured import edit_line, talk

from lavic_chat.catalog import load_catalog
from lavic_chat.catalog.checks.dialogues import DialogueStats, check_dialogues, dialogue_files, dialogue_stats
from lavic_chat.catalog.splits import read_splits
from lavic_chat.storage.files import write_jsonl


def found(folder):
    return list(check_dialogues(load_catalog(folder), read_splits(folder)))


def test_sound_dialogues_and_none_at_all(measured, tiny_catalog_folder):
    assert found(measured) == []
    for path in (tiny_catalog_folder / "dialogues").iterdir():
        path.unlink()
    assert found(measured) == [] and dialogue_stats(measured) == ()


@pytest.mark.parametrize(
    ("fields", "kind", "sentence"),
    [
        ({"gt_items": []}, "no answer", "`gt_items` is empty; say which product is the right one."),
        (
            {"gt_items": ["lamp-red", "x"]},
            "unknown product",
            "x is no product of the catalogue.",
        ),
        (
            {"candidates": ["lamp-red", "x", "y"]},
            "unknown product",
            "x and y are no products of the catalogue.",
        ),
        (
            {"candidates": ["lamp-red", "lamp-blue", "lamp-red"]},
            "repeated candidate",
            "`candidates` lists a product more than once.",
        ),
        (
            {"candidates": ["lamp-blue"]},
            "answer not offered",
            "`candidates` holds none of the right answers (lamp-red).",
        ),
        (
            {"candidates": ["lamp-red", "sofa-red", "chair-red"]},
            "wrong split",
            "sofa-red (train) and chair-red (valid) belong to another split than test.",
        ),
        (
            {"context_items": ["sofa-red", 7]},
            "wrong split",
            "sofa-red (train) belongs to another split than test.",
        ),
        ({"context": 7}, "bad line", "`context` must be a text; mend or remove that line."),
        ({"candidates": [1]}, "bad line", "`candidates` must be a list of product ids; mend or remove that line."),
    ],
)
def test_each_fault_is_told_with_its_line(measured, fields, kind, sentence):
    edit_line(measured / "dialogues/test.jsonl", 1, **fields)
    (problem,) = found(measured)
    assert (problem.kind, problem.where) == (kind, "dialogues/test.jsonl, line 1")
    assert problem.sentence == sentence and not problem.is_warning


def test_lists_of_a_retriever_may_miss_the_answer(measured):
    edit_line(measured / "dialogues/test.jsonl", 1, candidates_st=["lamp-blue"])
    (problem,) = found(measured)
    assert problem.kind == "answer not offered" and problem.is_warning


def test_lines_that_are_no_json_are_told_and_the_rest_is_read(measured):
    path = measured / "dialogues/valid.jsonl"
    path.write_text(path.read_text().replace("{", "[", 1))
    edit_line(measured / "dialogues/test.jsonl", 4, gt_items=["none"])
    assert [(problem.kind, problem.where) for problem in found(measured)] == [
        ("bad line", "dialogues/valid.jsonl, line 1"),
        ("answer not offered", "dialogues/test.jsonl, line 4"),
        ("unknown product", "dialogues/test.jsonl, line 4"),
    ]


def test_a_files_first_word_is_its_split(measured):
    lines = [talk("lamp", "red", "handwritten"), talk("sofa", "red", "handwritten")]
    write_jsonl(measured / "dialogues/test-handwritten.jsonl", lines)
    (problem,) = found(measured)
    assert (problem.kind, problem.where) == ("wrong split", "dialogues/test-handwritten.jsonl, line 2")
    (measured / "dialogues/test-handwritten.jsonl").rename(measured / "dialogues/others.jsonl")
    assert found(measured) == []
    names = [path.name for path in dialogue_files(measured)]
    assert names == ["train.jsonl", "valid.jsonl", "test.jsonl", "others.jsonl"]


def test_counts_by_file_and_set(measured):
    lines = [talk("lamp", "red", "visual"), talk("lamp", "red", "mixed"), {"context": ""}]
    write_jsonl(measured / "dialogues/test.jsonl", lines)
    counts = dialogue_stats(measured)
    assert [(talks.file, talks.set, talks.conversations) for talks in counts[2:]] == [
        ("test.jsonl", "visual", 1),
        ("test.jsonl", "mixed", 1),
    ]
    assert counts[0] == DialogueStats("train.jsonl", "visual", 4, turns=3.0, words=8.0)
