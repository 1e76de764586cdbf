"""Imports: what people have becomes a catalogue, whole or not at all."""

import json
import random
import zipfile

import pytest
from PIL import Image

from lavic_chat.catalog import load_catalog, open_picture
from lavic_chat.catalog.checks.check import check_catalog
from lavic_chat.catalog.importing import importers
from lavic_chat.catalog.importing.importers import ImportOptions, import_catalog
from lavic_chat.catalog.splits import read_splits
from lavic_chat.errors import CatalogError


@pytest.fixture
def source(tmp_path):
    """A folder with two pictures under photos/."""
    (tmp_path / "shop" / "photos").mkdir(parents=True)
    for name, colour in (("a.jpg", "red"), ("b.png", "blue")):
        Image.new("RGB", (16, 16), colour).save(tmp_path / "shop" / "photos" / name)
    return tmp_path / "shop"


def write_csv(source, text: str, encoding: str = "utf-8"):
    path = source / "items.csv"
    path.write_bytes(text.encode(encoding))
    return path


def run(source, to, **options):
    return import_catalog(source, to, progress=False, options=ImportOptions(**options))


def test_csv_with_everything(source, tmp_path):
    path = write_csv(
        source,
        "ID, Title ,category,image,colour,price,licence\r\n"
        '1,"Table, 4"" thick",Tables,photos/a.jpg|photos/b.png,oak,"$1,299.50",CC0\r\n'
        "\r\n"
        '2,"Two\nlines",Chairs,./photos/b.png,,,\r\n'
        "3,Bare,Chairs\r\n",
    )
    report = run(path, tmp_path / "made")
    assert (report.products, report.pictures, report.missing) == (3, 3, 1)
    catalog = load_catalog(tmp_path / "made")
    table, two, bare = catalog
    assert (table.title, table.price, table.license) == ('Table, 4" thick', 1299.5, "CC0")
    assert table.attributes == {"colour": "oak"}
    assert two.title == "Two lines" and two.attributes == {} and bare.images == ()
    assert [catalog.picture_path(table, n).read_bytes() for n in (0, 1)] == [
        (source / "photos/a.jpg").read_bytes(),
        (source / "photos/b.png").read_bytes(),
    ]


def test_csv_without_titles_is_called_by_category(source, tmp_path):
    path = write_csv(source, "id,category,split,image\nX1,t-shirt,train,photos/a.jpg\n")
    run(path, tmp_path / "made")
    (product,) = load_catalog(tmp_path / "made")
    assert (product.title, product.category, product.attributes) == ("T-shirt", "t-shirt", {"split": "train"})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_encodings_and_delimiters(source, tmp_path, encoding, delimiter):
    path = write_csv(source, "id,title,category\n1,Möbel,Küche\n".replace(",", delimiter), encoding)
    report = run(path, tmp_path / "made")
    assert load_catalog(tmp_path / "made")["1"].title == "Möbel"
    assert any("Latin-1" in note for note in report.notes) == (encoding == "latin-1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,title\n,Table\n", "line 2: `id` is missing"),
        ("id,title,category\n1,,\n", "line 2: `title` is missing"),
        ("id,title\n1,a\n1,b\n", "line 3: the id '1' is already used by line 2"),
        ("id,title\n1,a,b,c\n", "line 2: 4 cells under 2 columns"),
        ('id,title\n1,"a\nb"\n2,"open\n', "line 4: not valid CSV"),
        ("name,title\n1,a\n", "line 1: the header must name"),
        ("id,id,title\n1,2,a\n", "line 1: the header names the column 'id' twice"),
        ("id,title,image\n1,a,/etc/hostname\n", "line 2: .* leads out"),
        ("id,title,image\n1,a,../secret.jpg\n", "line 2: .* leads out"),
        ("id,title,image\n1,a,photos/link.jpg\n", "line 2: .* leads out"),
        ("id,title,price\n1,a,cheap\n", "line 2: the price 'cheap' is not a number"),
        ("id,title,price\n1,a,nan\n", "line 2: the price 'nan' is not a number"),
        ("id,title\n", "holds no products"),
        ("", "holds no products"),
    ],
)
def test_bad_csv_names_the_line_and_leaves_nothing(source, tmp_path, text, said):
    (tmp_path / "secret.jpg").write_text("secret")
    (source / "photos/link.jpg").symlink_to(tmp_path / "secret.jpg")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(CatalogError, match=said):
        run(write_csv(source, text), tmp_path / "made", strict=True)
    assert sorted(tmp_path.iterdir()) == before


def test_prices_in_several_hands(source, tmp_path):
    prices = ["12", "12.5", "€ 12,50", "1,299", "1,299.95 $"]
    rows = "".join(f'{n},t,"{price}"\n' for n, price in enumerate(prices))
    run(write_csv(source, "id,title,price\n" + rows), tmp_path / "made")
    assert [product.price for product in load_catalog(tmp_path / "made")] == [12, 12.5, 12.5, 1299, 1299.95]


def test_pictures_get_safe_names_that_never_collide(source, tmp_path):
    ids = ["a b", "a-b", "a?b", "A-B", "沙发", "-rf", "x" * 150]
    rows = "".join(f"{name},t,photos/a.jpg\n" for name in ids)
    report = run(write_csv(source, "id,title,image\n" + rows), tmp_path / "made")
    assert report.pictures == len(ids)
    names = [path.name for path in (tmp_path / "made/images").iterdir()]
    assert len({name.lower() for name in names}) == len(ids)
    assert all(name.isascii() and " " not in name and "?" not in name and name[0] != "-" for name in names)


def test_a_picture_is_never_saved_as_a_page(source, tmp_path):
    (source / "photos/a.jpg").rename(source / "photos/a.html")
    run(write_csv(source, "id,title,image\n1,a,photos/a.html\n"), tmp_path / "made")
    assert load_catalog(tmp_path / "made")["1"].images == ("images/1.jpg",)


def test_what_is_no_picture_is_not_copied(source, tmp_path):
    (source / "photos/page.jpg").write_text("<html>")
    (source / "photos/void.jpg").touch()
    path = write_csv(source, "id,title,image\n1,a,photos/page.jpg\n2,b,photos/void.jpg\n3,c,gone.jpg\n")
    report = run(path, tmp_path / "made")
    assert (report.products, report.pictures, report.missing) == (3, 0, 3)
    assert sum("cannot be used" in note for note in report.notes) == 1
    assert not (tmp_path / "made/images").exists()


VALID = [
    {"title": "Mask", "image_name": "B0_A_4.jpg", "image": "u", "image_description_llava_cleaned": "A mask."},
    {"title": "Mask again", "image_name": "B0_A_5.jpg", "image": "u", "image_description_llava_cleaned": "x"},
    {"title": "Chair", "image_name": "B1_0.jpg", "image": "u", "image_description_llava_cleaned": None},
]
TRAIN = {
    "B2": {
        "title": "Lamp",
        "categories": ["Home", "Lamps"],
        "features": ["bright"],
        "description": ["By the shop."],
        "images": ["u1", "u2"],
        "image_descriptions_llava_cleaned": {"B2_3.jpg": "A tall lamp.", "B2_0.jpg": "Its foot."},
    },
    "B3": {"title": "Rug", "categories": [], "features": ["soft", "round"], "description": [], "images": ["u"]},
    "B4": {"title": None},
    "B5": {"title": "Odd", "categories": 5, "images": 7, "features": {"a": 1}, "description": [3]},
}


def test_reddit_valid_keeps_the_first_of_an_asin(tmp_path):
    source = tmp_path / "item2meta_valid.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in VALID))
    (tmp_path / "images").mkdir()
    Image.new("RGB", (9, 9)).save(tmp_path / "images" / "B1_0.jpg")
    report = run(source, tmp_path / "made")
    assert (report.products, report.pictures, report.missing) == (2, 1, 1)
    mask, chair = load_catalog(tmp_path / "made")
    assert (mask.id, mask.title, mask.description) == ("B0_A", "Mask", "A mask.")
    assert mask.images == ("images/B0_A_4.jpg",)
    assert any("more than once" in note and "B0_A" in note for note in report.notes)
    assert load_catalog(tmp_path / "made").picture_path(chair)


def test_reddit_train(tmp_path):
    source = tmp_path / "item2meta_train.json"
    source.write_text(json.dumps(TRAIN))
    report = run(source, tmp_path / "made")
    lamp, rug, odd = load_catalog(tmp_path / "made")
    assert (lamp.category, lamp.description) == ("Lamps", "A tall lamp.")
    assert lamp.images == ("images/B2_3.jpg", "images/B2_0.jpg")
    assert (rug.category, rug.description, rug.images) == ("", "soft\nround", ("images/B3_0.jpg",))
    assert (odd.category, odd.description, odd.images) == ("", "", ())
    assert any("without a title" in note for note in report.notes)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("m.jsonl", '{"title": "a", "image_name": "B1_0.jpg"}\n{"title": "a"}', "line 2: `image_name`"),
        ("m.jsonl", '{"title": 3, "image_name": "B1_0.jpg"}', "line 1: the title"),
        ("m.jsonl", '{"title": "a", "image_name": "../../x_0.jpg"}', "line 1: "),
        ("m.jsonl", "{broken", "line 1: not valid JSON"),
        ("m.json", '{"B1":\n {"title": }}', "m.json, line 2: not valid JSON"),
        ("m.json", "[]", "object from ASIN"),
        ("m.json", '{"B1": []}', "'B1': a JSON object"),
        ("m.json", '{"B1": {"title": "a", "image_descriptions_llava_cleaned": {"../x.jpg": "t"}}}', "slash"),
        ("m.json", '{"B1": {"title": "a", "image_descriptions_llava_cleaned": {"x.html": "t"}}}', "end as .jpg"),
        ("m.json", '{"../B1": {"title": "a"}}', "'../B1'"),
        ("m.txt", "x", "is neither"),
    ],
)
def test_bad_metadata_is_told(tmp_path, name, text, said):
    (tmp_path / name).write_text(text)
    with pytest.raises(CatalogError, match=said):
        run(tmp_path / name, tmp_path / "made", strict=True)
    assert not (tmp_path / "made").exists()


def make_zip(path, members: dict[str, str]):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def test_zipped_metadata(tmp_path):
    lines = "".join(json.dumps(row) + "\n" for row in VALID)
    members = {"../../data/item2meta_valid.jsonl": lines, "__MACOSX/._x.jsonl": "", "readme.txt": ""}
    assert run(make_zip(tmp_path / "meta.zip", members), tmp_path / "made").products == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "meta.zip"]


def test_a_zip_with_damaged_contents_is_told(tmp_path):
    line = json.dumps({"image_name": "A_0.jpg", "title": "A", "noise": [random.random() for _ in range(400)]})
    data = bytearray(make_zip(tmp_path / "meta.zip", {"a.jsonl": line}).read_bytes())
    for at in range(60, len(data) - 120, 40):
        (tmp_path / "harmed.zip").write_bytes(bytes(data[:at]) + bytes([data[at] ^ 0xFF]) + bytes(data[at + 1 :]))
        with pytest.raises(CatalogError, match="damaged, encrypted or no zip"):
            run(tmp_path / "harmed.zip", tmp_path / "made")
        assert not (tmp_path / "made").exists()


def test_bad_zips_are_told(tmp_path, monkeypatch):
    (tmp_path / "no.zip").write_bytes(b"PK no zip")
    with pytest.raises(CatalogError, match="damaged, encrypted or no zip"):
        run(tmp_path / "no.zip", tmp_path / "made")
    with pytest.raises(CatalogError, match="must hold one"):
        run(make_zip(tmp_path / "two.zip", {"a.json": "{}", "b.json": "{}"}), tmp_path / "made")
    with pytest.raises(CatalogError, match=r"bad.zip.*line 1: not valid JSON") as caught:
        run(make_zip(tmp_path / "bad.zip", {"a.jsonl": "{"}), tmp_path / "made")
    assert "/tmp" not in str(caught.value).replace(str(tmp_path), "")
    with pytest.raises(CatalogError, match="zip bomb"):
        run(make_zip(tmp_path / "bomb.zip", {"a.json": " " * 5_000_000}), tmp_path / "made")


def test_catalogue_folder_is_copied_with_its_credits(tiny_catalog_folder, tmp_path):
    (tiny_catalog_folder / "ATTRIBUTION.md").write_text("Thanks.")
    (tiny_catalog_folder / "notes.txt").write_text("private")
    (tiny_catalog_folder / "images/lamp-red.png").unlink()
    report = run(tiny_catalog_folder, tmp_path / "copy")
    assert (report.products, report.pictures, report.missing) == (12, 11, 1)
    assert load_catalog(tmp_path / "copy").products == load_catalog(tiny_catalog_folder).products
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == ["ATTRIBUTION.md", "images", "products.jsonl"]
    assert run(tiny_catalog_folder / "products.jsonl", tmp_path / "copy").products == 12  # replaced


def test_no_folder_is_overwritten_that_an_import_did_not_make(source, tiny_catalog_folder, tmp_path):
    path = write_csv(source, "id,title\n1,a\n")
    full = tmp_path / "full"
    full.mkdir()
    (full / "thesis.txt").write_text("x")
    with pytest.raises(CatalogError, match="is not empty and is no catalogue"):
        run(path, full)
    (tiny_catalog_folder / "dialogues").mkdir()
    with pytest.raises(CatalogError, match="also holds dialogues"):
        run(path, tiny_catalog_folder)
    for nested in (source, tiny_catalog_folder, tiny_catalog_folder / "images"):
        with pytest.raises(CatalogError, match="overlaps with the source"):
            run(path if nested == source else tiny_catalog_folder, nested)
    with pytest.raises(CatalogError, match="is a file"):
        run(path, full / "thesis.txt")
    assert (full / "thesis.txt").exists() and len(load_catalog(tiny_catalog_folder)) == 12


def test_interrupted_import_leaves_the_old_catalogue(source, tmp_path, monkeypatch):
    made = tmp_path / "made"
    run(write_csv(source, "id,title,image\nold,a,photos/a.jpg\n"), made)
    calls = []

    def stop_at_second(source, to):
        calls.append(to)
        if len(calls) == 2:
            raise KeyboardInterrupt
        to.write_bytes(source.read_bytes())

    monkeypatch.setattr(importers.shutil, "copyfile", stop_at_second)
    with pytest.raises(KeyboardInterrupt):
        run(write_csv(source, "id,title,image\nnew,a,photos/a.jpg\nnext,b,photos/b.png\n"), made)
    assert [product.id for product in load_catalog(made)] == ["old"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "shop"]


def test_missing_source(tmp_path):
    with pytest.raises(CatalogError, match="There is no file or folder"):
        run(tmp_path / "none.csv", tmp_path / "made")


def test_paths_may_be_texts(source, tmp_path):
    made = str(tmp_path / "made")
    run(str(write_csv(source, "id,category,image\n1,Tables,photos/a.jpg\n")), made)
    catalog = load_catalog(made)
    assert len(catalog) == 1 and open_picture(str(catalog.picture_path(catalog["1"]))).size == (16, 16)
    assert read_splits(made) is None and check_catalog(made) == []
