"""splits.json: read with care; shapes and products each in one split, and all of them."""

import pytest
from helpers.measured import change, edit_json

from lavic_chat.catalog import load_catalog
from lavic_chat.catalog.splits import MAX_BYTES, Splits, check_splits, read_splits
from lavic_chat.catalog.text import listed
from lavic_chat.errors import CatalogError


def found(folder) -> list[tuple[str, str]]:
    problems = list(check_splits(load_catalog(folder), read_splits(folder)))
    assert not any(problem.is_warning for problem in problems)
    return [(problem.kind, problem.where) for problem in problems]


def test_a_folder_without_splits_has_none(tmp_path):
    assert read_splits(tmp_path) is None


def test_every_product_has_its_split(measured):
    splits = read_splits(measured)
    assert list(splits.shapes) == ["train", "valid", "test"]
    assert splits.shapes["test"]["kl/lamp"] == ("lamp-red", "lamp-green", "lamp-blue", "lamp-yellow")
    assert splits.split_of["chair-blue"] == "valid" and len(splits.split_of) == 12
    assert found(measured) == []


@pytest.mark.parametrize(
    "text", ["", "[", "[]", '{"train": []}', '{"train": {"a": "b"}}', '{"a": {"b": [1]}}', "[" * 9999]
)
def test_other_files_are_refused_with_a_sentence(tmp_path, text):
    (tmp_path / "splits.json").write_text(text)
    with pytest.raises(CatalogError, match=r"make it anew or remove it\.$"):
        read_splits(tmp_path)


def test_a_file_without_end_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "splits.json").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(CatalogError, match="50 MB"):
        read_splits(tmp_path)


def test_a_shape_in_two_splits_is_told_with_its_products(measured):
    edit_json(measured / "splits.json", lambda splits: splits["train"].update({"kl/lamp": ["lamp-red"]}))
    assert found(measured) == [
        ("split overlap", "splits.json"),  # the shape
        ("split overlap", "lamp-red"),
        ("split overlap", "splits.json"),  # the title that is in both
    ]


def test_a_shape_under_another_name_is_known_by_its_title(measured):
    def move(splits):
        splits["test"]["kl/lamp"].remove("lamp-red")
        splits["train"]["kl/lamp2"] = ["lamp-red"]

    edit_json(measured / "splits.json", move)
    assert found(measured) == [("split overlap", "splits.json")]
    change(measured, "lamp-red", attributes={"size": "another"})
    assert found(measured) == []


def test_unknown_and_forgotten_products(measured):
    edit_json(measured / "splits.json", lambda splits: splits["test"].update({"kl/lamp": ["lamp-red", "none"]}))
    assert found(measured) == [
        ("unknown product", "splits.json"),
        ("no split", "lamp-green"),
        ("no split", "lamp-blue"),
        ("no split", "lamp-yellow"),
    ]


def test_names_go_into_sentences_without_control_characters(tmp_path):
    (tmp_path / "splits.json").write_text('{"a\\u001b[31m": {"b\\n": []}}')
    assert read_splits(tmp_path) == Splits({"a?[31m": {"b?": ()}})


def test_lists_are_read_aloud():
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(list("abcdefg")) == "a, b, c, d, e and 2 more"
