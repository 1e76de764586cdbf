"""Checking and counting: every fault that is planted is found, and a sound catalogue is left in peace."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner
from PIL import Image

from lavic_chat.catalog import check, load_catalog
from lavic_chat.catalog.check import check_catalog
from lavic_chat.catalog.stats import catalog_stats, stats_table
from lavic_chat.cli.catalog import catalog as command
from lavic_chat.errors import CatalogError
from lavic_chat.files import write_jsonl


@pytest.fixture
def change(tiny_catalog, tiny_catalog_folder):
    """Rewrite one product's line with other fields."""

    def rewrite(product_id: str, **fields):
        rows = [
            (replace(product, **fields) if product.id == product_id else product).to_row()
            for product in load_catalog(tiny_catalog_folder)
        ]
        write_jsonl(tiny_catalog_folder / "products.jsonl", rows)

    return rewrite


def found(folder) -> list[tuple[str, str, bool]]:
    return [(problem.kind, problem.where, problem.is_warning) for problem in check_catalog(folder)]


def test_a_sound_catalogue_has_no_problems(tiny_catalog_folder):
    assert found(tiny_catalog_folder) == []


def test_bad_lines_are_all_listed(tiny_catalog_folder):
    path = tiny_catalog_folder / "products.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, "{broken", lines[0], json.dumps({"id": "x"})]))
    problems = check_catalog(tiny_catalog_folder)
    assert [problem.where for problem in problems] == [f"{path}, line {n}" for n in (13, 14, 15)]
    assert "already on line 1" in problems[1].sentence


def test_missing_and_unreadable_pictures(tiny_catalog_folder):
    (tiny_catalog_folder / "images/sofa-red.png").unlink()
    (tiny_catalog_folder / "images/lamp-red.png").write_bytes(b"x")
    assert found(tiny_catalog_folder) == [
        ("missing picture", "sofa-red", False),
        ("unreadable picture", "lamp-red", False),
    ]


def test_no_catalogue_raises_and_an_empty_one_is_a_problem(tmp_path):
    with pytest.raises(CatalogError):
        check_catalog(tmp_path)
    (tmp_path / "products.jsonl").touch()
    assert found(tmp_path) == [("empty", "products.jsonl", False)]


def test_same_bytes_are_a_problem_only_under_another_title(tiny_catalog_folder, change):
    images = tiny_catalog_folder / "images"
    (images / "sofa-blue.png").write_bytes((images / "sofa-red.png").read_bytes())
    assert found(tiny_catalog_folder) == [("same picture", "sofa-blue", True)]
    change("sofa-blue", title="Other sofa")
    assert found(tiny_catalog_folder) == [("same picture", "sofa-blue", False)]


def test_a_picture_saved_again_is_a_look_alike_and_another_colour_is_not(tiny_catalog_folder, monkeypatch):
    images = tiny_catalog_folder / "images"
    Image.open(images / "sofa-red.png").save(images / "sofa-blue.png", "JPEG", quality=60)
    assert found(tiny_catalog_folder) == [("look-alike", "sofa-blue", True)]
    monkeypatch.setattr(check, "MAX_COMPARED", 5)
    assert found(tiny_catalog_folder) == [("not compared", "products.jsonl", True)]


@pytest.mark.parametrize(
    ("title", "attributes", "told"),
    [
        ("Walnut table", {"material": "walnut, brass"}, True),
        ("Velvet sofa", {"fabric": "Velvet"}, True),
        ("Striped rug", {"pattern": "striped"}, True),
        ("Navy sofa", {"Colour": "dark navy"}, True),
        ("Grey sofa", {"color": "slate"}, True),
        ("Grey sofa", {}, False),
        ("Greenhouse table", {"colour": "green"}, False),
        ("Night light with shelf", {"colour": "light blue with white"}, False),
        ("Red deer lamp", {"style": "red"}, False),
    ],
)
def test_titles_that_give_away_what_the_picture_shows(tiny_catalog_folder, change, title, attributes, told):
    change("sofa-red", title=title, attributes=attributes)
    assert found(tiny_catalog_folder) == ([("telling title", "sofa-red", False)] if told else [])


def test_a_source_needs_a_license(tiny_catalog_folder, change):
    change("sofa-red", license="")
    assert found(tiny_catalog_folder) == [("no license", "sofa-red", False)]
    change("sofa-red", source="", license="")
    assert found(tiny_catalog_folder) == []


def test_stats_count(tiny_catalog_folder, change):
    change("sofa-red", price=None, description="", images=("images/none.png", "images/sofa-red.png"))
    change("sofa-blue", images=(), category="")
    stats = catalog_stats(load_catalog(tiny_catalog_folder))
    assert (stats.products, stats.titles, stats.pictures, stats.missing, stats.without_picture) == (12, 3, 12, 1, 1)
    assert (stats.described, stats.priced) == (11, 11)
    assert stats.categories == {"Armchairs": 4, "Lamps": 4, "Sofas": 3, "": 1}
    assert stats.attributes["colour"].values == {"red": 3, "green": 3, "blue": 3, "yellow": 3}
    assert stats.attributes["shape"].distinct == 3
    assert stats.licenses == {"CC0-1.0": 12}
    table = stats_table(stats)
    assert "12 products" in table and "  1  (none)" in table


def test_long_lists_of_values_are_shortened_and_counted(tiny_catalog):
    products = tuple(replace(tiny_catalog.products[0], id=f"{n}", attributes={"code": f"c{n}"}) for n in range(50))
    stats = catalog_stats(replace(tiny_catalog, products=products))
    assert (stats.attributes["code"].distinct, len(stats.attributes["code"].values)) == (50, 30)
    assert "  ... and 38 more" in stats_table(stats)


def test_commands_answer_people_and_programs(tiny_catalog_folder, tmp_path):
    def call(*words):
        return CliRunner().invoke(command, [str(word) for word in words])

    made = tmp_path / "made"
    assert "12 products and 12 pictures" in call("import", tiny_catalog_folder, "--to", made).output
    assert call("check", made).exit_code == 0
    assert json.loads(call("stats", made, "--json").stdout)["categories"]["Sofas"] == 4
    assert "Sofas" in call("stats", made).stdout
    (made / "images/sofa-red.png").unlink()
    checked = call("check", made)
    assert checked.exit_code == 1
    assert "missing picture: sofa-red: The picture images/sofa-red.png is missing.\n" in checked.stdout
    answer = json.loads(call("check", made, "--json").stdout)
    assert (answer["problems"], answer["warnings"], answer["found"][0]["where"]) == (1, 0, "sofa-red")
    report = json.loads(call("import", made, "--to", tmp_path / "again", "--json").stdout)
    assert (report["products"], report["pictures"], report["missing"]) == (12, 11, 1)
    refused = call("stats", tmp_path / "none")
    assert isinstance(refused.exception, CatalogError)


def test_warnings_do_not_fail_the_check(tiny_catalog_folder):
    images = tiny_catalog_folder / "images"
    (images / "sofa-blue.png").write_bytes((images / "sofa-red.png").read_bytes())
    result = CliRunner().invoke(command, ["check", str(tiny_catalog_folder)])
    assert result.exit_code == 0
    assert "warning: same picture: sofa-blue" in result.output and "0 problems, 1 warnings" in result.output
