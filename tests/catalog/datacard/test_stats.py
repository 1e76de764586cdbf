"""Counting a catalogue, and drawing what was counted."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers.measured import change, make_measured
from PIL import Image

from lavic_chat.catalog import load_catalog
from lavic_chat.catalog.datacard import sheets
from lavic_chat.catalog.datacard.drawing import in_columns, swatch, with_others
from lavic_chat.catalog.datacard.illustrate import link_to, write_illustrations
from lavic_chat.catalog.datacard.sheets import choose_evenly
from lavic_chat.catalog.datacard.stats import SplitStats, catalog_stats, stats_table
from lavic_chat.cli.catalog import catalog as command
from lavic_chat.errors import CatalogError, LavicError

PLOTS = {"types.png", "colours.png", "looks.png", "prices.png", "families.png", "splits.png"}


@pytest.fixture
def measured(tiny_catalog_folder):
    make_measured(tiny_catalog_folder)
    for product in load_catalog(tiny_catalog_folder):
        looks = {"type": product.attributes["shape"], "material": "wood", "style": "$modern^", "shade": "dim"}
        change(tiny_catalog_folder, product.id, attributes=dict(product.attributes) | looks)
    return tiny_catalog_folder


def call(*words):
    return CliRunner().invoke(command, [str(word) for word in words])


def test_stats_count(tiny_catalog_folder):
    images = ("images/none.png", "images/sofa-red.png")
    change(tiny_catalog_folder, "sofa-red", price=None, description="", images=images)
    change(tiny_catalog_folder, "sofa-blue", images=(), category="")
    stats = catalog_stats(load_catalog(tiny_catalog_folder))
    assert (stats.products, stats.titles, stats.pictures, stats.missing, stats.without_picture) == (12, 3, 12, 1, 1)
    assert (stats.described, stats.priced) == (11, 11)
    assert stats.categories == {"Armchairs": 4, "Lamps": 4, "Sofas": 3, "": 1}
    assert stats.attributes["colour"].values == {"red": 3, "green": 3, "blue": 3, "yellow": 3}
    assert stats.attributes["shape"].distinct == 3
    assert stats.licenses == {"CC0-1.0": 12}
    assert (stats.types, stats.shapes, stats.splits, stats.dialogues) == ({}, 0, {}, ())
    table = stats_table(stats)
    assert "12 products" in table and "  1  (none)" in table


def test_types_shapes_splits_and_dialogues_are_counted_where_known(measured):
    change(measured, "lamp-red", images=("images/lamp-red.png", "images/sofa-red.png"))
    stats = catalog_stats(load_catalog(measured))
    assert stats.types == {"sofa": 4, "chair": 4, "lamp": 4}
    assert stats.shapes == 3 and stats.splits["valid"] == SplitStats(shapes=1, products=4)
    assert (stats.dialogues[0].file, stats.dialogues[0].conversations) == ("train.jsonl", 4)
    assert stats.bytes == sum(path.stat().st_size for path in (measured / "images").iterdir())
    table = stats_table(stats)
    assert "Splits (3 shapes)\n  4  train, of 1 shapes" in table and "Types (3)" in table
    assert "  4  test.jsonl, visual: 3.0 turns" in table
    (measured / "splits.json").write_text("[")
    with pytest.raises(CatalogError):
        catalog_stats(load_catalog(measured))


def test_long_lists_of_values_are_shortened_and_counted(tiny_catalog):
    products = tuple(replace(tiny_catalog.products[0], id=f"{n}", attributes={"code": f"c{n}"}) for n in range(50))
    stats = catalog_stats(replace(tiny_catalog, products=products))
    assert (stats.attributes["code"].distinct, len(stats.attributes["code"].values)) == (50, 30)
    assert "  ... and 38 more" in stats_table(stats)


def test_the_command_draws_and_writes_the_card(measured, tmp_path):
    out = tmp_path / "out"
    result = call("stats", measured, "--out", out, "--card")
    assert result.exit_code == 0 and "Types (3)" in result.stdout
    assert f"8 pictures are now in {out}" in result.stdout
    assert {path.name for path in out.iterdir()} == PLOTS | {"contact.jpg", "sheet-01.jpg"}
    for path in out.iterdir():
        with Image.open(path) as picture:
            picture.load()
            assert picture.format == ("PNG" if path.suffix == ".png" else "JPEG")
            assert picture.width == 1600 or path.suffix == ".jpg"
    assert (measured / "README.md").read_text().startswith("---\npretty_name: ")
    answer = call("stats", measured, "--json", "--card")
    assert json.loads(answer.stdout)["splits"]["test"] == {"shapes": 1, "products": 4}


def test_a_bare_catalogue_is_drawn_as_far_as_it_goes(tiny_catalog_folder, tmp_path):
    for product in load_catalog(tiny_catalog_folder):
        change(tiny_catalog_folder, product.id, attributes={}, price=None, category="")
    (tiny_catalog_folder / "images/sofa-red.png").write_bytes(b"broken")
    drawn = write_illustrations(load_catalog(tiny_catalog_folder), tmp_path / "out")
    assert drawn == ["types.png", "contact.jpg", "sheet-01.jpg"]
    (tiny_catalog_folder / "products.jsonl").write_text("")
    assert write_illustrations(load_catalog(tiny_catalog_folder), tmp_path / "none") == []


def test_strange_values_are_drawn_as_text(measured, tmp_path):
    strange = {
        "type": "$\\frac{",
        "colour": "none",
        "shade": "xkcd:",
        "material": "x" * 900,
        "style": "5",
        "pattern": "\n",
    }
    change(measured, "sofa-red", attributes=strange, category="<b>" * 99, price=1e12)
    change(measured, "sofa-blue", attributes={"colour": "0.5"}, price=0.01)
    assert set(write_illustrations(load_catalog(measured), tmp_path / "out")) > PLOTS


def test_sheets_are_paged_and_old_pages_go(measured, tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "ROWS", 1)
    monkeypatch.setattr(sheets, "COLUMNS", 5)
    catalog = load_catalog(measured)
    assert write_illustrations(catalog, tmp_path)[-3:] == ["sheet-01.jpg", "sheet-02.jpg", "sheet-03.jpg"]
    (tmp_path / "sheet-of-mine.jpg").touch()
    write_illustrations(replace(catalog, products=catalog.products[:6]), tmp_path)
    assert sorted(path.name for path in tmp_path.glob("sheet-*")) == [
        "sheet-01.jpg",
        "sheet-02.jpg",
        "sheet-of-mine.jpg",
    ]


def test_nothing_can_be_written_where_a_file_stands(measured, tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(LavicError, match="Could not write"):
        write_illustrations(load_catalog(measured), tmp_path / "out")


def test_the_overview_takes_types_and_colours_evenly(measured):
    chosen = choose_evenly(load_catalog(measured), 5)
    assert sorted(product.attributes["type"] for product in chosen[:3]) == ["chair", "lamp", "sofa"]
    assert len({product.attributes["colour"] for product in chosen[:3]}) == 3
    assert len({product.id for product in chosen}) == 5
    assert len(choose_evenly(load_catalog(measured), 80)) == 12


def test_a_cards_picture_is_linked_only_where_it_travels_along(tmp_path):
    assert link_to(Path("assets/catalog"), Path("catalog")) == "../assets/catalog/contact.jpg"
    assert link_to(tmp_path / "catalog/about", tmp_path / "catalog") == "about/contact.jpg"
    assert link_to(None, Path("catalog")) == ""
    assert link_to(tmp_path, Path("catalog")) == link_to(tmp_path / "a", tmp_path / "b") == ""
    assert link_to(Path("../out"), Path("catalog")) == ""


def test_lists_are_summed_up_and_columns_kept_short():
    assert with_others(Counter(a=3, b=2, c=1, d=1), 3) == {"a": 3, "b": 2, "2 others": 2}
    assert in_columns([3, 1, 2, 2, 1], 3, lambda item: item) == [[3], [1, 2], [2, 1]]
    assert in_columns([5], 3, lambda item: item) == [[5]]


def test_colours_are_drawn_as_they_are_called():
    assert swatch("navy") == "navy" and swatch("Burnt Sienna") == "xkcd:burnt sienna"
    assert swatch("light green") == swatch("Green") != swatch("grey")
    assert swatch("no such colour") == swatch("none") == "#c9cfcb"
