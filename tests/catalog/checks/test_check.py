"""Checking: every fault that is planted is found and fails, and a sound catalogue is left in peace."""

import json
import shutil

import pytest
from click.testing import CliRunner
from helpers.measured import change, edit_json, edit_line, make_measured
from PIL import Image

from lavic_chat.catalog import pictures
from lavic_chat.catalog.checks import check, duplicates, fingerprints, records
from lavic_chat.catalog.checks.check import check_catalog
from lavic_chat.cli.catalog import catalog as command
from lavic_chat.errors import CatalogError
from lavic_chat.storage.files import write_json, write_jsonl


def found(folder) -> list[tuple[str, str, bool]]:
    return [(problem.kind, problem.where, problem.is_warning) for problem in check_catalog(folder)]


def save_again(folder, of: str, over: str) -> None:
    """Replace a picture with a recompressed copy of another one."""
    Image.open(folder / f"images/{of}.png").save(folder / f"images/{over}.png", "JPEG", quality=60)


def test_a_sound_catalogue_has_no_problems(tiny_catalog_folder):
    assert found(tiny_catalog_folder) == []
    assert found(make_measured(tiny_catalog_folder)) == []
    assert CliRunner().invoke(command, ["check", str(tiny_catalog_folder)]).exit_code == 0


def no_file(folder):
    (folder / "images/lamp-red.png").unlink()


def no_listed_picture(folder):
    change(folder, "lamp-red", images=())
    (folder / "images/lamp-red.png").unlink()


def broken_picture(folder):
    (folder / "images/lamp-red.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")


def cut_picture(folder):
    path = folder / "images/lamp-red.png"
    picture = Image.effect_noise((600, 600), 90)
    picture.save(path, "JPEG")
    path.write_bytes(path.read_bytes()[:-5000])


def picture_outside(folder):
    path = folder / "images/lamp-red.png"
    outside = folder.parent / "outside.png"
    path.rename(outside)
    path.symlink_to(outside)


def same_id(folder):
    path = folder / "products.jsonl"
    path.write_text(path.read_text() + path.read_text().splitlines()[0])


def id_in_capitals(folder):
    change(folder, "lamp-green", id="LAMP-red")
    edit_json(folder / "splits.json", lambda splits: splits["test"]["kl/lamp"].append("LAMP-red"))
    edit_json(folder / "splits.json", lambda splits: splits["test"]["kl/lamp"].remove("lamp-green"))
    edit_line(folder / "dialogues/test.jsonl", 2, gt_items=["lamp-red"])
    for line in (1, 2, 3, 4):
        edit_line(folder / "dialogues/test.jsonl", line, candidates=["lamp-red", "lamp-blue", "lamp-yellow"])


def same_title_and_look(folder):
    save_again(folder, "lamp-red", "lamp-blue")


def same_file(folder):
    (folder / "images/lamp-blue.png").write_bytes((folder / "images/lamp-red.png").read_bytes())


def same_look_in_two_splits(folder):
    save_again(folder, "sofa-red", "lamp-red")


def same_file_in_two_splits(folder):
    (folder / "images/lamp-red.png").write_bytes((folder / "images/sofa-red.png").read_bytes())


def title_tells(folder):
    change(folder, "lamp-red", title="Beacon red lamp")


def description_tells(folder):
    change(folder, "lamp-red", description="A lamp in warm red.")


def cc_by_without_creator(folder):
    change(folder, "lamp-red", license="CC-BY-3.0", creator="")


def source_without_license(folder):
    change(folder, "lamp-red", license="")


def no_source(folder):
    change(folder, "lamp-red", source="")


def creator_not_named(folder):
    change(folder, "lamp-red", creator="Cy (Light) L")  # the beginning of another name is not enough


def source_not_named(folder):
    change(folder, "lamp-red", source="https://models.example/la")


def credits_cannot_be_read(folder):
    change(folder, "lamp-red", creator="A creator named nowhere")
    (folder / "ATTRIBUTION.md").write_bytes(b"\xff\xfe" + (folder / "ATTRIBUTION.md").read_bytes())


def shape_in_two_splits(folder):
    edit_json(folder / "splits.json", lambda splits: splits["train"].update({"kl/lamp": []}))


def product_in_no_split(folder):
    edit_json(folder / "splits.json", lambda splits: splits["test"]["kl/lamp"].remove("lamp-red"))


def splits_are_no_splits(folder):
    (folder / "splits.json").write_text('["train"]')


def unknown_product(folder):
    edit_line(folder / "dialogues/test.jsonl", 1, candidates=["lamp-red", "lamp-of-my-aunt"])


def candidate_of_another_split(folder):
    edit_line(folder / "dialogues/test.jsonl", 1, candidates=["lamp-red", "sofa-red"])


def answer_not_offered(folder):
    edit_line(folder / "dialogues/test.jsonl", 1, candidates=["lamp-blue", "lamp-green"])


def broken_dialogue(folder):
    path = folder / "dialogues/test.jsonl"
    path.write_text("{broken\n" + path.read_text().partition("\n")[2])


@pytest.mark.parametrize(
    ("plant", "kind", "where"),
    [
        (no_file, "missing picture", "lamp-red"),
        (no_listed_picture, "missing picture", "lamp-red"),
        (broken_picture, "unreadable picture", "lamp-red"),
        (cut_picture, "unreadable picture", "lamp-red"),
        (id_in_capitals, "near id", "LAMP-red"),
        (same_title_and_look, "look-alike", "lamp-blue"),
        (same_file, "same picture", "lamp-blue"),
        (same_look_in_two_splits, "picture in two splits", "lamp-red"),
        (same_file_in_two_splits, "picture in two splits", "lamp-red"),
        (title_tells, "telling title", "lamp-red"),
        (description_tells, "telling description", "lamp-red"),
        (cc_by_without_creator, "no creator", "lamp-red"),
        (source_without_license, "no license", "lamp-red"),
        (no_source, "no credit", "lamp-red"),
        (creator_not_named, "not attributed", "lamp-red"),
        (source_not_named, "not attributed", "lamp-red"),
        (credits_cannot_be_read, "not attributed", "lamp-red"),
        (shape_in_two_splits, "split overlap", "splits.json"),
        (product_in_no_split, "no split", "lamp-red"),
        (splits_are_no_splits, "unreadable splits", "splits.json"),
        (unknown_product, "unknown product", "dialogues/test.jsonl, line 1"),
        (candidate_of_another_split, "wrong split", "dialogues/test.jsonl, line 1"),
        (answer_not_offered, "answer not offered", "dialogues/test.jsonl, line 1"),
        (broken_dialogue, "bad line", "dialogues/test.jsonl, line 1"),
    ],
)
def test_every_planted_fault_fails_the_check_for_its_own_reason(measured, plant, kind, where):
    plant(measured)
    assert found(measured) == [(kind, where, False)]
    result = CliRunner().invoke(command, ["check", str(measured)])
    assert result.exit_code == 1 and result.output.endswith(" different pictures.\n1 problem, 0 warnings.\n")
    (line,) = [line for line in result.output.splitlines() if line.startswith(f"{kind}: {where}: ")]
    assert line.endswith(".")


def test_a_line_that_cannot_be_a_product_fails_the_check(measured):
    for plant in (same_id, picture_outside):
        plant(measured)
    problems = [problem for problem in check_catalog(measured) if problem.kind == "bad line"]
    assert [problem.where.rpartition(", ")[2] for problem in problems] == ["line 9", "line 13"]
    assert "leads out of the folder" in problems[0].sentence and "already on line 1" in problems[1].sentence


def test_bad_lines_are_all_listed(tiny_catalog_folder):
    path = tiny_catalog_folder / "products.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines, "{broken", lines[0], json.dumps({"id": "x"})]))
    problems = check_catalog(tiny_catalog_folder)
    assert [problem.where for problem in problems] == [f"{path}, line {n}" for n in (13, 14, 15)]


def test_no_catalogue_raises_and_an_empty_one_is_a_problem(tmp_path):
    with pytest.raises(CatalogError):
        check_catalog(tmp_path)
    (tmp_path / "products.jsonl").touch()
    assert found(tmp_path) == [("empty", "products.jsonl", False)]


def test_unbalanced_looks_and_small_categories_only_warn(measured, monkeypatch):
    monkeypatch.setattr(records, "FEW", 10)
    for product_id in ("sofa-green", "chair-green"):
        change(measured, product_id, attributes={"colour": "red", "type": "seat"})
    change(measured, "lamp-red", category="Lamps")
    assert found(measured) == [
        ("unbalanced", "all products", True),
        ("small category", "Lamps", True),
    ]
    assert CliRunner().invoke(command, ["check", str(measured)]).exit_code == 0
    (measured / "splits.json").unlink()
    (measured / "dialogues/train.jsonl").unlink()
    assert found(measured) == []  # a shop sells what it sells


def test_attributes_that_most_products_have_should_be_complete(tiny_catalog_folder):
    change(tiny_catalog_folder, "sofa-red", attributes={"shape": "sofa", "size": "2 m"})
    (problem,) = check_catalog(tiny_catalog_folder)
    assert problem.is_warning and problem.sentence == (
        "1 product does not say its colour, which most others of the category do: sofa-red. Fill in the attribute "
        "'colour', for who asks for a certain one may not be shown these."
    )


def test_sizes_are_asked_for_only_of_things_that_come_in_sizes(tiny_catalog_folder):
    """Sofas and chairs have a size here, lamps have none; a size may also be called otherwise, or stand in a text."""

    def sizes():
        return [one.sentence for one in check_catalog(tiny_catalog_folder) if "'size'" in one.sentence]

    for shape in ("sofa", "chair"):
        for colour in ("red", "green", "blue", "yellow"):
            attributes = {"Color": colour, "Size": "180 x 90 cm"}
            change(tiny_catalog_folder, f"{shape}-{colour}", attributes=attributes)
    assert sizes() == []
    change(tiny_catalog_folder, "sofa-red", attributes={"colour": "red", "Dimensions": "2 m"})
    change(tiny_catalog_folder, "sofa-blue", attributes={"colour": "blue", "width": "2 m"})
    change(tiny_catalog_folder, "chair-red", attributes={"colour": "red"}, description="It measures 60 x 70 cm.")
    assert sizes() == []
    change(tiny_catalog_folder, "chair-blue", attributes={"colour": "blue", "size": " "})
    (sentence,) = sizes()
    assert sentence.startswith("1 product does not say its size, which most others of the category do: chair-blue.")


def test_files_that_no_product_lists_only_warn(tiny_catalog_folder):
    (tiny_catalog_folder / "images/old").mkdir()
    for name in ("old/a.png", "b.png", ".hidden"):
        (tiny_catalog_folder / "images" / name).write_bytes(b"x")
    (problem,) = check_catalog(tiny_catalog_folder)
    assert problem.is_warning
    assert problem.sentence == "2 files are listed by no product: images/b.png and images/old/a.png."


def test_a_catalogue_too_large_for_git_is_told(measured, monkeypatch):
    monkeypatch.setattr(check, "MAX_TOTAL", 1000)
    assert found(measured) == [("large", "products.jsonl", True)]


def test_look_alikes_under_other_titles_only_warn(tiny_catalog_folder, monkeypatch):
    save_again(tiny_catalog_folder, "sofa-red", "lamp-red")
    assert found(tiny_catalog_folder) == [("look-alike", "lamp-red", True)]
    monkeypatch.setattr(duplicates, "MAX_COMPARED", 5)
    assert found(tiny_catalog_folder) == [("not compared", "products.jsonl", True)]


def test_close_ups_that_look_alike_only_warn(measured):
    for level, product_id in enumerate(("lamp-red", "lamp-blue", "sofa-red")):
        close = f"images/{product_id}-2.png"
        change(measured, product_id, images=(f"images/{product_id}.png", close))
        Image.new("RGB", (64, 64), (90, 80, 60)).save(measured / close, compress_level=level)
    (measured / "images/lamp-blue-2.png").write_bytes((measured / "images/lamp-red-2.png").read_bytes())
    assert found(measured) == [
        ("same picture", "lamp-blue", True),
        ("look-alike", "lamp-red", True),
    ]


@pytest.mark.parametrize(("title", "is_warning"), [("Sofa", True), ("Settee", False)])
def test_a_shop_may_list_the_sizes_of_one_thing_with_one_photo(tmp_path, title, is_warning):
    (tmp_path / "images").mkdir()
    Image.new("RGB", (64, 64), (90, 80, 60)).save(tmp_path / "images/a.png")
    rows = ((f"s{n}", name) for n, name in enumerate(("Sofa", title)))
    lines = [{"id": name, "title": said, "category": "c", "images": ["images/a.png"]} for name, said in rows]
    (tmp_path / "products.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert found(tmp_path) == [("same picture", "s1", is_warning)]


def test_one_file_twice_in_a_product_is_told(tiny_catalog_folder):
    images = tiny_catalog_folder / "images"
    (images / "again.png").write_bytes((images / "sofa-red.png").read_bytes())
    change(tiny_catalog_folder, "sofa-red", images=("images/sofa-red.png", "images/again.png"))
    assert found(tiny_catalog_folder) == [("same picture", "sofa-red", True)]


def test_no_picture_is_decoded_twice(measured, monkeypatch):
    opened = []
    monkeypatch.setattr(
        fingerprints, "opened", lambda path, name: opened.append(path.name) or pictures.opened(path, name)
    )
    check_catalog(measured)
    assert len(opened) == len(set(opened)) == 12


def test_large_jpegs_are_decoded_small_and_look_the_same(tmp_path, tiny_catalog_folder):
    drawn = Image.open(tiny_catalog_folder / "images/sofa-red.png").convert("RGB")
    drawn.resize((1600, 1600)).save(tmp_path / "large.jpg")
    small = fingerprints.open_small(tmp_path / "large.jpg", 192)
    assert small.size == (200, 200)
    one, two = (fingerprints.thumbnail(picture).astype(int) for picture in (small, drawn))
    assert abs(one - two).max() <= duplicates.LIKE_LEVELS


@pytest.mark.parametrize(
    ("title", "attributes", "told"),
    [
        ("Walnut table", {"material": "walnut, brass"}, True),
        ("Velvet sofa", {"fabric": "Velvet"}, True),
        ("Velvet sofa", {"material": "linen"}, True),
        ("Wooden chair", {"material": "painted wood"}, True),
        ("Striped rug", {"pattern": "striped"}, True),
        ("Striped rug", {"pattern": "plain"}, True),
        ("Plain rug", {"pattern": "plain"}, False),
        ("Navy sofa", {"Colour": "dark navy"}, True),
        ("Forest sofa", {"shade": "forest"}, True),
        ("Grey sofa", {"color": "slate"}, True),
        ("Grey sofa", {}, False),
        ("Velvet sofa", {"colour": "red"}, False),
        ("Greenhouse table", {"colour": "green"}, False),
        ("Night light with shelf", {"colour": "light blue with white"}, False),
        ("Red deer lamp", {"style": "red"}, False),
    ],
)
def test_texts_that_give_away_what_the_picture_shows(tiny_catalog_folder, title, attributes, told):
    def telling():
        return [problem for problem in found(tiny_catalog_folder) if problem[0].startswith("telling")]

    change(tiny_catalog_folder, "sofa-red", title=title, attributes=attributes)
    assert telling() == []  # a shop's titles may tell, and its attributes are read
    (tiny_catalog_folder / "catalog.toml").write_text("appearance = false\n")
    assert telling() == ([("telling title", "sofa-red", False)] if told else [])
    change(tiny_catalog_folder, "sofa-red", title="Sofa", description=f"{title}, new.")
    assert telling() == ([("telling description", "sofa-red", True)] if told else [])  # a shop may describe its goods
    write_json(tiny_catalog_folder / "splits.json", {})
    assert telling() == ([("telling description", "sofa-red", False)] if told else [])


def test_terms_that_cannot_be_read_are_a_problem(tiny_catalog_folder):
    (tiny_catalog_folder / "catalog.toml").write_text("appearance = maybe")
    assert ("unreadable terms", "catalog.toml", False) in found(tiny_catalog_folder)


def test_a_source_needs_a_license(tiny_catalog_folder):
    change(tiny_catalog_folder, "sofa-red", license="")
    assert found(tiny_catalog_folder) == [("no license", "sofa-red", False)]
    change(tiny_catalog_folder, "sofa-red", source="", license="")
    assert found(tiny_catalog_folder) == []


@pytest.mark.parametrize("name", ["CC-BY-4.0", "cc by 3.0", "CC_BY-SA", "CC-BY"])
def test_cc_by_needs_a_creator_in_any_spelling(tiny_catalog_folder, name):
    change(tiny_catalog_folder, "sofa-red", license=name, creator="")
    assert found(tiny_catalog_folder) == [("no creator", "sofa-red", False)]


def test_long_lists_are_cut_and_counted(tiny_catalog_folder, monkeypatch):
    monkeypatch.setattr(check, "MAX_LISTED", 3)
    for path in (tiny_catalog_folder / "images").iterdir():
        path.unlink()
    problems = check_catalog(tiny_catalog_folder)
    assert [problem.kind for problem in problems] == ["missing picture"] * 4
    assert problems[-1].sentence == "9 more of this kind are not listed."


def test_commands_answer_people_and_programs(tiny_catalog_folder, tmp_path):
    def call(*words):
        return CliRunner().invoke(command, [str(word) for word in words])

    made = tmp_path / "made"
    assert "12 products and 12 pictures" in call("import", tiny_catalog_folder, "--to", made).output
    assert call("check", made).exit_code == 0
    (made / "images/sofa-red.png").unlink()
    checked = call("check", made)
    assert checked.exit_code == 1
    assert "missing picture: sofa-red: The picture images/sofa-red.png is missing.\n" in checked.stdout
    answer = json.loads(call("check", made, "--json").stdout)
    assert (answer["problems"], answer["warnings"], answer["found"][0]["where"]) == (1, 0, "sofa-red")
    report = json.loads(call("import", made, "--to", tmp_path / "again", "--json").stdout)
    assert (report["products"], report["pictures"], report["missing"]) == (12, 11, 1)


def test_variants_of_one_shape_may_share_their_pictures(tiny_catalog_folder):
    rows = [json.loads(line) for line in (tiny_catalog_folder / "products.jsonl").read_text().splitlines()]
    (tiny_catalog_folder / rows[1]["images"][0]).unlink()
    rows[1] |= {"images": ["images/copy.png"]}
    shutil.copyfile(tiny_catalog_folder / rows[0]["images"][0], tiny_catalog_folder / "images" / "copy.png")
    write_jsonl(tiny_catalog_folder / "products.jsonl", rows)
    assert [kind for kind, *_ in found(tiny_catalog_folder)] == ["same picture"]
    for row in rows[:2]:
        row["shape"] = "sofa"
    write_jsonl(tiny_catalog_folder / "products.jsonl", rows)
    assert found(tiny_catalog_folder) == [("shared picture", "products.jsonl", True)]
