"""Photos whose colours nobody wrote down: plain ones are named, the others left out, hostile ones told."""

import random

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image, ImageDraw

from catalog.make.photos import ask_for_each, main, plain_colour
from lavic_chat.catalog import load_catalog
from lavic_chat.dialogue.reddit_amazon import conversation_from
from lavic_chat.training.choices import products_of_split

SHIRT = (20, 18, 75, 80)  # on a canvas of 96


def photo(colour, backdrop="#b9b2a6", second=None) -> Image.Image:
    picture = Image.new("RGB", (96, 96), backdrop)
    pen = ImageDraw.Draw(picture)
    pen.rectangle(SHIRT, fill=colour)
    if second:
        pen.rectangle((20, 18, 47, 80), fill=second)
    return picture


def named(picture) -> str:
    return plain_colour(np.asarray(picture, np.float32) / 255)


@pytest.mark.parametrize(
    ("colour", "shade"), [("#1f2d52", "navy"), ("#c4202a", "scarlet"), ("#0f7a52", "emerald"), ("#1b1b1c", "jet")]
)
def test_a_plain_object_is_named(colour, shade):
    assert named(photo(colour)) == shade
    assert named(photo(colour, backdrop="#e9e09c")) == shade


def test_two_colours_are_not_one():
    assert named(photo("#c4202a", second="#1f2d52")) == ""


def test_what_does_not_stand_out_is_left_out():
    assert named(photo("#b9b2a6")) == "" and named(Image.new("RGB", (96, 96), "red")) == ""


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "photos"
    (folder / "images").mkdir(parents=True)
    lines = ["id,category,split,image"]
    kinds = (
        ("V", "#0f7a52", "train"),
        ("A", "#1f2d52", "train"),
        ("B", "#c4202a", "validation"),
        ("C", "#b9b2a6", "train"),
    )
    for name, colour, split in kinds:
        photo(colour).save(folder / "images" / f"{name}.jpg")
        lines.append(f"{name},t-shirt,{split},images/{name}.jpg")
    (folder / "photos.csv").write_text("\n".join(lines))
    return folder


def test_the_catalogue_keeps_the_splits(source, tmp_path):
    result = CliRunner().invoke(main, [str(source), str(tmp_path / "out")])
    assert result.exit_code == 0 and "1 left out, 1 test, 1 train, 1 valid" in result.output
    shop = load_catalog(tmp_path / "out")
    assert [dict(p.attributes) for p in shop] == [
        {"type": "t-shirt", "colour": "green", "shade": "emerald"},
        {"type": "t-shirt", "colour": "blue", "shade": "navy"},
        {"type": "t-shirt", "colour": "red", "shade": "scarlet"},
    ]
    assert [p.id for p in products_of_split(shop, "train")] == ["A"]
    assert [p.id for p in products_of_split(shop, "valid")] == ["V"]
    assert [p.id for p in products_of_split(shop, "test")] == ["B"]
    assert all(shop.picture_path(product) for product in shop)


def test_tinted_copies_show_what_their_record_says(source, tmp_path):
    result = CliRunner().invoke(main, [str(source), str(tmp_path / "out"), "--tints", "8"])
    assert "1 train" in result.output and "tinted" in result.output
    shop = load_catalog(tmp_path / "out")
    copies = [product for product in shop if product.id.startswith("A-t")]
    assert len(copies) >= 4 and {p.id for p in products_of_split(shop, "train")} == {"A", *(p.id for p in copies)}
    for product in copies:
        with Image.open(shop.picture_path(product)) as picture:
            assert named(picture.convert("RGB").resize((96, 96))) == product.attributes["shade"] != "navy"
    again = tmp_path / "again"
    CliRunner().invoke(main, [str(source), str(again), "--tints", "8"])
    assert (again / "products.jsonl").read_bytes() == (tmp_path / "out" / "products.jsonl").read_bytes()


def test_one_is_asked_for_that_no_other_fits():
    looks = [("t-shirt", "blue", "navy")] * 2 + [("t-shirt", "red", "scarlet")] * 9 + [("hat", "red", "scarlet")]
    rows = [
        {"id": f"P{place}", "attributes": dict(zip(("type", "colour", "shade"), words, strict=True))}
        for place, words in enumerate(looks)
    ]
    asked = ask_for_each(rows, random.Random(0))
    assert [row["gt_items"] for row in asked] == [["P0"], ["P1"]]  # the reds have two others, the hat none
    for row in asked:
        assert len(set(row["candidates"])) == 10 and set(row["candidates"]) & {"P0", "P1"} == set(row["gt_items"])
        conversation_from(row, "here")


def test_a_folder_without_photos_is_told(tmp_path):
    result = CliRunner().invoke(main, [str(tmp_path), str(tmp_path / "out")])
    assert result.exit_code == 1 and "photos.csv" in result.output and "Traceback" not in result.output
    (tmp_path / "photos.csv").write_text("id,image\n1,a.jpg\n")
    result = CliRunner().invoke(main, [str(tmp_path), str(tmp_path / "out")])
    assert result.exit_code == 1 and "no column category, split" in result.output


def test_a_picture_outside_the_folder_is_not_read(source, tmp_path):
    photo("#1f2d52").save(tmp_path / "secret.jpg")
    (source / "photos.csv").write_text("id,category,split,image\nA,hat,train,../secret.jpg\n")
    result = CliRunner().invoke(main, [str(source), str(tmp_path / "out")])
    assert result.exit_code == 1 and "outside" in result.output and not (tmp_path / "out").exists()
