"""The data card: true to the folder, fit for the hub, never over someone's own README."""

import re

import pytest
from helpers.measured import change

from lavic_chat.catalog import load_catalog
from lavic_chat.catalog.datacard.card import MARK, card_text, hub_license, write_card
from lavic_chat.catalog.datacard.stats import catalog_stats
from lavic_chat.errors import CatalogError


def text_of(folder, **options) -> str:
    catalog = load_catalog(folder)
    return card_text(catalog, catalog_stats(catalog), **options)


def test_the_card_counts_what_is_there(measured):
    change(measured, "lamp-red", license="CC-BY-3.0-US")
    text = text_of(measured)
    assert "12 products in 1 category, with 12 pictures" in text and "and 12 conversations about them." in text
    assert "12 of the products share their title with another one; neither titles nor descriptions tell the" in text
    assert "| test | 1 | 4 | 4 |" in text and "| all | 3 | 12 | 12 |" in text
    assert "| colour | 12 | 4 | red 3, green 3, blue 3, yellow 3 |" in text
    assert "| `valid.jsonl` | visual | 4 | 3.0 | 8 |" in text
    assert "| CC0-1.0 | 11 |" in text and "[ATTRIBUTION.md](ATTRIBUTION.md) names them all." in text
    assert "rendered" not in text  # nobody knows that of any catalogue


def test_the_head_is_what_the_hub_reads(measured):
    head = text_of(measured).split("---\n")[1]
    assert head.splitlines()[0] == 'pretty_name: "Catalogue tiny"'
    assert "license:\n- cc0-1.0\n" in head and "size_categories:\n- n<1K\n" in head
    assert "task_categories:\n- image-text-to-text\n" in head
    assert '  - split: "test"\n    path: ["dialogues/test.jsonl"]' in head


def test_a_catalogue_of_renderings_says_so(measured):
    (measured / "make").mkdir()
    (measured / "make/README.md").write_text("# How")
    text = text_of(measured, overview="about/contact.jpg")
    assert "# LaViC home catalogue" in text and "language:\n- en\n" in text
    assert "The pictures are rendered, not photographed" in text
    assert "![Some of the products](about/contact.jpg)" in text
    assert "[make/README.md](make/README.md) has the command" in text
    assert "- `visual`: ten candidates of one type, which only their pictures tell apart." in text
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert [link for link in links if not (measured / link).exists()] == ["about/contact.jpg"]


def test_a_shop_that_has_little_gets_a_short_card(tiny_catalog_folder):
    for product in load_catalog(tiny_catalog_folder):
        change(tiny_catalog_folder, product.id, attributes={}, price=None, license="", title=product.id)
    text = text_of(tiny_catalog_folder)
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## What is here",
        "## Taxonomy",
        "## Made and checked",
    ]
    (tiny_catalog_folder / "products.jsonl").write_text("")
    assert "0 products" in text_of(tiny_catalog_folder)


def test_titles_that_tell_are_not_praised(measured):
    change(measured, "lamp-red", title="Red lamp")
    assert "neither titles nor descriptions" not in text_of(measured)


def test_markup_in_the_data_stays_text(measured):
    change(measured, "lamp-red", category="[a](javascript:b) | <i>`c`", attributes={"type": "**x**", "colour": "#1\n|"})
    text = text_of(measured).split("## Splits")[1]
    assert r"\[a\](javascript:b) \| \<i\>\`c\`" in text and r"\*\*x\*\*" in text
    assert "<i>" not in text and "](javascript" not in text.replace(r"\](javascript", "")


def test_the_card_replaces_only_a_card(measured):
    catalog = load_catalog(measured)
    path = write_card(catalog, catalog_stats(catalog))
    assert path == measured / "README.md" and MARK in path.read_text()
    path.write_text(f"{MARK}\nold")
    write_card(catalog, catalog_stats(catalog))
    assert "old" not in path.read_text().splitlines()
    path.write_text("# My shop")
    with pytest.raises(CatalogError, match="someone else"):
        write_card(catalog, catalog_stats(catalog))
    assert path.read_text() == "# My shop"


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("CC0-1.0", "cc0-1.0"),
        ("CC-BY-3.0-US", "cc-by-3.0"),
        ("CC BY 4.0", "cc-by-4.0"),
        ("own", "other"),
        ("", "other"),
    ],
)
def test_licences_by_the_hubs_names(name, known):
    assert hub_license(name) == known
