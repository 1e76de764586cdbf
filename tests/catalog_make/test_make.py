"""The recipe of the catalogue, as far as it runs without Blender: shapes, finishes, splits, drops, handwriting."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from catalog.make import handwriting, measure, review, shapes
from catalog.make.colour import nearest_shade, nearest_timber
from catalog.make.finishes import BY_TYPE, Group, choose, main_group
from catalog.make.identity import product_id
from catalog.make.palette import RANGES, SHADES, finish_named, finishes_of
from catalog.make.records import LOOKS
from catalog.make.taxonomy import price, types
from lavic_chat.dialogue.reddit_amazon import parse_context
from lavic_chat.errors import DialogueError

SOFA = Group("fabric", ("cloth",), 0.8, (0.5, 0.5, 0.5), False)
CASE = {"case": "001", "wanted": "W", "candidates": list("WABCDEFGHI"), "shown": ["X", "Y", "Z"]}


def test_every_shape_has_a_type_and_a_title_that_does_not_tell():
    listed = shapes.read_shapes()
    assert len(listed) >= 450
    assert len({shape.key for shape in listed}) == len(listed)
    for shape in listed:
        assert shape.type in types(), shape.key
        assert not LOOKS & set(re.findall(r"[a-z-]+", shape.noun.lower())), shape.noun
        assert not shape.finished_as or shape.finished_as in RANGES, shape.key


def test_types_are_about_sixty_in_about_a_dozen_categories():
    used = [types()[shape.type] for shape in shapes.read_shapes()]
    assert 55 <= len({kind.name for kind in used}) <= 75
    assert 10 <= len({kind.category for kind in used}) <= 15
    for name in {kind.name for kind in used}:
        assert len({kind.category for kind in used if kind.name == name}) == 1, name


def test_known_kinds_of_finish_name_known_types():
    assert set().union(*BY_TYPE.values()) <= set(types())


def test_a_line_of_the_shape_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    table = tmp_path / "shapes.tsv"
    table.write_text(
        "# head\nsc/a\tsofa\tlow sofa\tmodern\tfront lifted as:wood\toak\tstriped\nsc/b\tmug\tmug\tcasual\n"
    )
    monkeypatch.setattr(shapes, "TABLE", table)
    first, second = shapes.read_shapes()
    assert first == shapes.Shape("sc/a", "sofa", "low sofa", "modern", "front", True, "oak", "striped", "wood")
    assert second == shapes.Shape("sc/b", "mug", "mug", "casual")


def test_new_shapes_move_no_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    table, recorded = tmp_path / "shapes.tsv", tmp_path / "splits.json"
    lines = [f"k/{n}\t{'sofa' if n % 3 else 'mug'}\tthing\tmodern\n" for n in range(60)]
    table.write_text("".join(lines[:40]))
    monkeypatch.setattr(shapes, "TABLE", table)
    before = shapes.assign_splits(recorded)
    table.write_text("".join(lines))
    after = shapes.assign_splits(recorded)
    assert {key: after[key] for key in before} == before
    assert {"train", "valid", "test"} == set(after.values())
    recorded.write_text(json.dumps({"valid": {"k/1": ["LV"]}}))
    assert shapes.assign_splits(recorded)["k/1"] == "valid"


def test_finishes_differ_and_are_the_same_on_every_run():
    chosen = choose("sc/a", SOFA, 6, "sofa")
    assert chosen == choose("sc/a", SOFA, 6, "sofa")
    assert len({finish.colour for finish in chosen}) == 6
    assert choose("sc/a", None, 6, "sofa") == []


@pytest.mark.parametrize(
    ("kind", "product_type", "materials"),
    [
        ("fabric", "sofa", {"velvet", "linen", "wool", "cotton", "leather"}),
        ("fabric", "towel", {"cotton", "linen"}),
        ("ceramic", "toilet", {"ceramic"}),
        ("wood", "desk", {"wood", "painted wood", "lacquer"}),
    ],
)
def test_what_a_kind_of_thing_is_finished_in(kind: str, product_type: str, materials: set[str]):
    seen = {
        finish.material
        for number in range(40)
        for finish in choose(f"k/{number}", Group(kind, ("m",), 1.0, (0.3, 0.6, 0.3), False), 6, product_type)
    }
    assert seen == materials


def test_a_toilet_never_comes_in_a_loud_colour():
    group = Group("ceramic", ("m",), 1.0, (1, 1, 1), False)
    colours = {finish.colour for number in range(40) for finish in choose(f"k/{number}", group, 6, "toilet")}
    assert not colours & {"red", "orange", "yellow", "purple"}


def test_a_person_knows_better_what_a_part_is_made_of():
    assert main_group([SOFA], "sofa").kind == "fabric"
    assert main_group([SOFA], "sofa", "leather").kind == "leather"
    assert main_group([Group("fabric", ("a",), 0.1, (0, 0, 0), False)], "sofa") is None


def test_a_finish_is_found_by_its_name():
    for kind in RANGES:
        for finish in finishes_of(kind):
            assert finish_named(finish.name) == finish
            assert " " not in finish.name and finish.shade in SHADES
    assert finish_named("natural") is None
    assert finish_named("cotton-navy-striped").pattern == "striped"


def test_drops_by_shape_by_look_and_by_all_finishes():
    drops = review.Drops({"a": "ugly", "b:natural": "glows", "c:*": "as wood"})
    assert drops.reason("a", "natural") == drops.reason("a", "wood-oak") == "ugly"
    assert drops.reason("b", "natural") == "glows" and drops.reason("b", "wood-oak") == ""
    assert drops.reason("c", "natural") == "" and drops.reason("c", "wood-oak") == "as wood"


def test_every_drop_has_a_reason_and_a_shape_of_the_list():
    keys = {shape.key for shape in shapes.read_shapes()}
    for what, reason in review.read_drops().reasons.items():
        assert reason and what.split(":")[0] in keys, what


def test_measured_colours_have_the_names_people_give():
    named = {"#e8e2a0": "yellow", "#c4202a": "red", "#1f2d52": "blue", "#8c8b88": "grey", "#4b2f21": "brown"}
    for value, colour in named.items():
        rgb = [int(value[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        assert SHADES[nearest_shade(rgb)][0] == colour, value
    assert nearest_timber((0.36, 0.25, 0.17)) == "walnut"


def test_a_pattern_spreads_wider_than_a_weave(tmp_path: Path):
    noise = np.random.default_rng(0).normal(0, 6, (96, 96, 3))
    stripes = np.where((np.arange(96) // 12 % 2)[:, None, None], (240, 235, 220), (30, 45, 80)) + noise
    for name, pixels in (("weave", 128 + noise), ("stripes", stripes)):
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(tmp_path / f"{name}.png")
    assert measure.spread(tmp_path / "weave.png") < 4 < 20 < measure.spread(tmp_path / "stripes.png")


def test_prices_and_ids_do_not_change():
    assert product_id("sc/a", "natural") == product_id("sc/a", "natural") != product_id("sc/a", "wood-oak")
    small, large = (price("sc/a", "natural", "sofa", (width, 80, 90)) for width in (120, 240))
    assert small < large


def written(text: str) -> list[dict]:
    return handwriting.read_texts(text, {"001": CASE})


def test_a_conversation_written_by_hand():
    (row,) = written("# 001\nS: something soft: not grey\nA: The Mira, or the Dalo? [2 3]\n\nS: second one in wood\n")
    assert row["gt_items"] == ["W"] and row["candidates"] == CASE["candidates"] and row["set"] == "handwritten"
    assert row["context_items"] == ["Y", "Z"]
    turns = parse_context(row["context"]).turns
    assert [turn.text for turn in turns] == ["something soft: not grey", "The Mira, or the Dalo?", "second one in wood"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# 999\nS: hi\n", "no case 999"),
        ("# 001\nhello\n", "must begin with S: or A:"),
        ("# 001\nS:\n", "must begin with S: or A:"),
        ("# 001\nS: hi\nA: this? [4]\nS: no\n", "shows a product"),
        ("# 001\nS: hi\nA: this? [1]\n", "the seeker's"),
        ("# 001\n", "the seeker's"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, told: str):
    with pytest.raises(DialogueError, match=re.escape(told)):
        written(text)


LINE = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=60).filter(str.strip)


@given(st.lists(LINE, min_size=1, max_size=5))
def test_any_words_come_back_as_they_were_written(lines: list[str]):
    said = [line.strip() for line in lines]
    text = "# 001\n" + "\n".join(f"S: {line}" for line in said)
    if any(re.search(r"[\x85\u2028\u2029\x1c-\x1e]", line) for line in said):
        return
    (row,) = written(text)
    assert row["gt_items"] == ["W"]
    assert len(parse_context(row["context"]).turns) == len(said)
