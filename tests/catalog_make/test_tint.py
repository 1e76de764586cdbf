"""Tinted training copies: the piece changes its colour, the backdrop and the other shapes do not."""

import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

from catalog.make.colour import to_lab
from catalog.make.palette import SHADES
from catalog.make.tint import LEAST_CHANGE, find_main_part, from_lab, make_tinted, target_of, tint, tinted_row
from lavic_chat.catalog import load_catalog
from lavic_chat.storage.files import write_json, write_jsonl


def piece(colour, legs=(60, 40, 20)) -> Image.Image:
    picture = Image.new("RGB", (96, 96), (235, 235, 238))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((24, 30, 72, 66), fill=colour)
    draw.rectangle((24, 66, 30, 84), fill=legs)
    draw.rectangle((66, 66, 72, 84), fill=legs)
    return picture


def lab_at(picture: Image.Image, x: int, y: int) -> np.ndarray:
    return to_lab(np.asarray(picture, np.float32)[y, x] / 255)


def test_lab_there_and_back():
    colours = np.random.default_rng(0).random((50, 3)).astype(np.float32)
    assert np.abs(from_lab(to_lab(colours)) - colours).max() < 1e-3


def test_the_main_part_is_the_largest_colour_of_the_piece():
    parts = find_main_part(piece((170, 40, 35)))
    assert np.linalg.norm(parts.main - lab_at(piece((170, 40, 35)), 48, 48)) < 3
    assert parts.weight[48, 48] > 0.9 and parts.weight[5, 5] == 0 and parts.weight[80, 27] < 0.1


@pytest.mark.parametrize("shade", ["navy", "mustard", "emerald"])
def test_a_tint_moves_the_piece_and_nothing_else(shade):
    before = piece((170, 40, 35))
    after = tint(find_main_part(before), target_of(shade))
    assert np.linalg.norm((lab_at(after, 48, 48) - target_of(shade))[1:]) < 12  # in hue and chroma
    for spot in ((5, 5), (90, 90), (27, 80)):
        assert np.linalg.norm(lab_at(after, *spot) - lab_at(before, *spot)) < 4


def test_an_empty_picture_has_no_main_part():
    assert find_main_part(Image.new("RGB", (64, 64), (230, 230, 230))).weight.max() == 0


def test_the_record_says_what_is_seen_now():
    row = {"id": "a", "title": "Mill", "images": ["images/a.jpg"], "attributes": {"colour": "brown", "material": "oak"}}
    shade = sorted(SHADES)[0]
    copy = tinted_row(row, 1, shade)
    assert copy["id"] == "a-t1" and copy["images"] == ["images/a-t1.jpg"]
    assert copy["attributes"] == {"colour": SHADES[shade][0], "shade": shade}  # oak under paint is not seen
    assert row["attributes"]["material"] == "oak"


def test_only_training_shapes_are_copied(tmp_path):
    source = tmp_path / "shop"
    (source / "images").mkdir(parents=True)
    rows = []
    for name in ("a", "b", "c"):
        piece((170, 40, 35)).save(source / "images" / f"{name}.jpg")
        looks = {"colour": "red", "shade": "scarlet", "type": "sofa"}
        rows.append(
            {"id": name, "title": "Mill", "category": "Sofas", "images": [f"images/{name}.jpg"], "attributes": looks}
        )
    write_jsonl(source / "products.jsonl", rows)
    write_json(source / "splits.json", {"train": {"s": ["a"]}, "valid": {"t": ["b"]}, "test": {"u": ["c"]}})
    assert make_tinted(source, tmp_path / "out", copies=4, seed=0) == 5
    made = load_catalog(tmp_path / "out")
    assert {product.id for product in made} == {"a", "a-t1", "a-t2", "a-t3", "a-t4"}
    assert len({product.attributes["shade"] for product in made}) == 5
    assert all(made.picture_path(product).is_file() for product in made)
    assert json.loads((tmp_path / "out" / "splits.json").read_text())["test"] == {}
    first = find_main_part(Image.open(tmp_path / "out" / "images" / "a.jpg")).main
    for number in range(1, 5):
        copy = find_main_part(Image.open(tmp_path / "out" / "images" / f"a-t{number}.jpg")).main
        assert np.linalg.norm(copy - first) > LEAST_CHANGE / 2
    before = {path.name: path.read_bytes() for path in (tmp_path / "out" / "images").iterdir()}
    make_tinted(source, tmp_path / "again", copies=4, seed=0)
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "again" / "images").iterdir()}
