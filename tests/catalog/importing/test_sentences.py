"""Every sentence that an importer can say, and what hostile files come to."""

import gzip
import io
import json
import shlex
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers.exports import written
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lavic_chat.catalog import load_catalog, open_picture
from lavic_chat.catalog.importing import archives, assembly, sources
from lavic_chat.catalog.importing.findings import Findings, cell
from lavic_chat.catalog.importing.formats import excel, plain, table
from lavic_chat.catalog.importing.formats.item import Draft
from lavic_chat.catalog.importing.formats.layout import first_of_each
from lavic_chat.catalog.importing.formats.table import Record, Table, fold
from lavic_chat.catalog.importing.importers import ImportOptions, import_catalog
from lavic_chat.catalog.importing.registry import FORMATS
from lavic_chat.cli import main
from lavic_chat.cli.catalog import parse_pair
from lavic_chat.cli.catalog_lines import import_lines
from lavic_chat.errors import CatalogError


def run(source, to, **options):
    return import_catalog(source, to, progress=False, options=ImportOptions(**options))


@pytest.fixture
def refused(tmp_path):
    """A source that is refused with a sentence; nothing is left of it."""

    def check(name: str, content, said: str, **options):
        source = tmp_path / "source" / name
        source.parent.mkdir(exist_ok=True)
        source.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(CatalogError, match=said) as caught:
            run(source, tmp_path / "made", **options)
        assert "\n" not in str(caught.value) and "lavic-import-" not in str(caught.value)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["source"]

    return check


# ---- what a file is ----


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.doc", "x", "is neither a table"),
        ("a.txt", "one word", "is neither a table"),
        ("a.xml", "<feed></feed>", "is no product feed: no item, entry or product is in it"),
        ("a.xml", "<feed><entry><g:id>1", "is no product feed: not valid XML at line 1"),
        ("a.xml", '<!DOCTYPE a [<!ENTITY b "c">]><feed><entry><id>&b;</id></entry></feed>', "has a DTD or entities"),
        ("a.html", "<html>Hello</html>", "has no schema.org JSON-LD"),
        ("a.json", "[1, 2]", "item 1: a JSON object was expected; no product is left, for this is so in 2 of 2 rows"),
        ("a.json", '"text"', "not valid JSON|holds no products; a list of objects"),
        ("a.json", "[]", "holds no products; a list of objects, or an object from ASIN"),
        ("a.xlsx", "PK no zip", "is damaged, protected or no Excel workbook"),
        ("a.parquet", "PAR1 no", "is damaged or no Parquet file"),
        ("a.json.gz", "no gzip", "is damaged or no gzip file"),
        ("a.zip", "no zip", "is damaged, encrypted or no zip file"),
        ("a.csv", "id,title\n", "holds no products"),
        ("a.csv", "id,title\n,x\n,y\n", "line 2: `id` is missing.*no product is left, for this is so in 2 of 2 rows"),
        ("a.csv", "\x00\x01\x02,\n", "holds data that is no text and is no table"),
        ("a.csv", "%PDF-1.7\n1 0 obj,2\n", "holds a PDF and is no table, whatever its name says; choose the table's"),
        ("a.tsv", "GIF89a,\n", "holds a GIF picture and is no table"),
        ("a.csv", '"id,title\n', "line 1: not valid CSV"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(refused, name, content, said):
    refused(name, content, said)


def test_jsonld_without_products_says_so(tmp_path, refused):
    refused("a.json", '{"@context": "https://schema.org", "@type": "WebSite"}', "holds no products")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"format": "magento"}, "There is no format 'magento'; choose among shopify, woocommerce"),
        ({"decimal": "x"}, "--decimal takes the mark"),
        ({"link": "https://x.example/"}, "--link takes"),
        ({"link": "javascript:{id}"}, "--link takes"),
        ({"columns": {"weight": "id"}}, "--map weight=id: there is no field 'weight'; choose among id, title"),
        ({"columns": {"title": "Name"}}, "--map title=Name: .* has no such column; it has 'id', 'title'"),
    ],
)
def test_options_that_cannot_be(refused, options, said):
    refused("a.csv", "id,title\n1,a\n", said, **options)


def test_a_map_is_a_field_and_a_column(tmp_path):
    source = written(tmp_path / "a.csv", "id,title\n1,a\n")
    for pair in ("title", "=x", "title="):
        result = CliRunner().invoke(
            main, ["catalog", "import", str(source), "--to", str(tmp_path / "b"), "--map", pair]
        )
        assert result.exit_code and "it takes a field and a column, such as title=Name" in result.output


@pytest.mark.parametrize(("module", "name", "reads"), [
    ("openpyxl", "a.xlsx", "Excel workbooks"), ("pyarrow.parquet", "a.parquet", "Parquet files"),
    ("defusedxml.ElementTree", "a.xml", "XML feeds"), ("selectolax.lexbor", "a.html", "HTML pages"),
    ("selectolax.lexbor", "a.csv", "HTML in texts"),
])  # fmt: skip
def test_a_missing_extra_is_named_with_its_command(refused, monkeypatch, module, name, reads):
    monkeypatch.setitem(sys.modules, module, None)
    content = {
        "a.xlsx": b"PK",
        "a.parquet": b"PAR1",
        "a.xml": b"<a/>",
        "a.html": b"<html>",
        "a.csv": b"id,title\n1,<b>a\n",
    }[name]
    refused(name, content, rf"Reading {reads} needs the package .*: pip install 'lavic-chat\[import\]'")


# ---- an unknown header ----


def test_an_unknown_header_is_answered_with_what_would_do(tmp_path, refused):
    text = "Nr;Was es ist;Foto;Brutto\nA1;Ein Sofa;a.jpg;12,50\nA2;Ein Stuhl;b.jpg;99,00\n"
    said = (
        r"line 1: the header must name the columns id and title \(or category\). There are 'Nr', 'Was es ist', 'Foto', "
        r"'Brutto'; this may do: --map id=Nr --map title='Was es ist' --map image=Foto --map price=Brutto"
    )
    refused("a.csv", text, said)
    columns = {"id": "Nr", "title": "Was es ist", "image": "Foto", "price": "Brutto"}
    report = run(tmp_path / "source" / "a.csv", tmp_path / "made", columns=columns)
    first = load_catalog(tmp_path / "made").products[0]
    assert report.products == 2 and (first.id, first.title, first.price) == ("A1", "Ein Sofa", 12.5)
    assert report.notes[-1] == "2 pictures are missing (a.jpg, b.jpg)."


def test_keys_of_an_object_are_ids_and_nothing_else(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"A1": {"Was": "Sofa rot"}}))
    run(tmp_path / "a.json", tmp_path / "made", columns={"title": "Was"})
    (only,) = load_catalog(tmp_path / "made").products
    assert (only.id, only.title, only.price, only.images) == ("A1", "Sofa rot", None, ())


def test_rows_without_an_id_are_no_repeats_of_each_other():
    findings = Findings("a.jsonl")
    nameless = [Draft(f"line {row}", "", "Sofa") for row in (1, 2)]
    assert list(first_of_each([*nameless, Draft("line 3", "a", "Sofa")], findings))[:2] == nameless
    assert not findings.notes


def test_what_was_taken_for_what_is_told(refused):
    refused(
        "a.csv", "name,bild\nSofa,a.jpg\nSofa,b.jpg\n", r"'name' \(taken for title\), 'bild' \(taken for image\); say"
    )
    refused("a.csv", 'a"b`c,title\n1,x\n2,y\n', "--map id='a.b.c'")
    refused("a.csv", f"{'n' * 400},title\n1,x\n2,y\n", "'n{39,41}.*--map id=COLUMN")  # too long to be typed


def follow(sentence: str) -> dict[str, str]:
    """The columns that a sentence proposes, as a shell and the command take them."""
    _, _, options = sentence.partition("this may do: ")
    return dict(parse_pair(word) for word in shlex.split(options) if word != "--map")


@pytest.mark.parametrize(
    ("text", "id", "title"),
    [
        ("Was;Nummer\nSofa;1\nStuhl;2\n", "Nummer", "Was"),
        ("Foto;Was;Nr\na.jpg;Sofa;7\nb.jpg;Stuhl;8\n", "Nr", "Was"),
        ("Seite;Farbe;Ding;Nr\nhttps://x.example/1;Rot;Harbour sofa;x1\nhttps://x.example/2;Rot;Mill chair;x2\n", "Nr",
         "Ding"),
        (f"Text;Ding;Nr\n{'So soft. ' * 12};Sofa;x1\n{'So warm. ' * 12};Rug;x2\n", "Nr", "Ding"),
        ("Kosten;Ding;Nr\n12,50 €;Sofa;1\n13,50 €;Rug;2\n", "Nr", "Ding"),
        ("id;Ding\n1;Sofa\n2;Rug\n", None, "Ding"),
        ("name;Nr\nSofa;1\nRug;2\n", "Nr", None),
    ],
)  # fmt: skip
def test_what_would_do_does_at_once(tmp_path, text, id, title):
    source = written(tmp_path / "a.csv", text)
    with pytest.raises(CatalogError) as caught:
        run(source, tmp_path / "made")
    columns = follow(str(caught.value).rstrip("."))
    assert (columns.get("id"), columns.get("title")) == (id, title)
    assert run(source, tmp_path / "made", columns=columns).products == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "Was;Farbe\nSofa;Rot\nSofa;Rot\n",
            "say which is which: --map id=COLUMN --map title=Was; an id is a text that no",
        ),
        ("Nr;Zahl\n1;2\n2;2\n", "say which is which: --map id=Nr --map title=COLUMN; an id"),
    ],
)
def test_what_would_not_do_is_not_proposed(refused, text, said):
    refused("a.csv", text, said)


NAMES_OF_COLUMNS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


@given(st.lists(NAMES_OF_COLUMNS, min_size=2, max_size=4, unique_by=fold), st.data())
def test_whatever_columns_are_called_what_would_do_does(names, data):
    cells = st.sampled_from(("Sofa", "Oak table", "1", "2", "a.jpg", "12.50", "", "x7"))
    values = [dict(zip(names, data.draw(st.tuples(*(cells for _ in names))), strict=True)) for _ in range(2)]
    records = [Record(f"line {number}", row) for number, row in enumerate(values, 2)]
    try:
        list(plain.read(Table(Path("a.csv"), tuple(names), records), Findings("a.csv"), {}))
    except CatalogError as error:
        if columns := follow(str(error)):
            assert len(list(plain.read(Table(Path("a.csv"), tuple(names), records), Findings("a.csv"), columns))) == 2


# ---- bad rows ----


ROWS = (
    'id,title,price,image\n1,Good,"1,50",\n,No id,1,\n3,,1,\n1,Twice,1,\n5,Out,1,../x.jpg\n6,Many,1,,9\n'
    '7,"Op"en,1,\n8,Last,2,\n'
)


def test_bad_rows_are_listed_and_counted(tmp_path):
    report = run(written(tmp_path / "a.csv", ROWS), tmp_path / "made")
    assert [product.title for product in load_catalog(tmp_path / "made")] == ["Good", "Out", "Last"]
    assert (report.products, report.rejected, report.refused) == (3, 5, 1)
    lines = (tmp_path / "made" / "rejected.csv").read_text().splitlines()
    assert lines[0] == "line,id,reason"
    assert sorted(line.split(",")[0] for line in lines[1:]) == ["3", "4", "5", "6", "7", "8"]
    reasons = dict(report.reasons)
    assert reasons["the id … is already used by line …"] == 1 and sum(reasons.values()) == 5
    assert report.refusals == (("the picture … leads out of the folder", 1),)


def test_reasons_are_counted_together(tmp_path):
    text = "id,title\n" + "".join(f"{n},\n" for n in range(30)) + "x,Good\n"
    report = run(written(tmp_path / "a.csv", text), tmp_path / "made")
    assert report.reasons == (("`title` is missing or empty", 30),)


def test_a_strict_import_makes_nothing(tmp_path, refused):
    refused("a.csv", ROWS, "line 7: 5 cells under 4 columns|line 3: `id` is missing", strict=True)


def test_the_screen_tells_all_of_it(tmp_path):
    source, made = written(tmp_path / "a.csv", ROWS), tmp_path / "made"
    first = CliRunner().invoke(main, ["catalog", "import", str(source), "--to", str(made)]).output
    assert f"3 products and 0 pictures are now in {made} (read as plain)." in first
    assert f"5 rows were left out, see {made}/rejected.csv:" in first and "  1 row: `id` is missing or empty" in first
    assert f"1 picture was left out, though no product was, see {made}/rejected.csv:\n  1 picture: the pict" in first
    source.write_text("id,title\n1,Better\n9,New\n")
    again = CliRunner().invoke(main, ["catalog", "import", str(source), "--to", str(made), "--json"])
    read = json.loads(again.output)
    assert read["changes"] == {"new": ["9"], "changed": ["1"], "gone": ["5", "8"]}
    assert not (made / "rejected.csv").exists()
    last = CliRunner().invoke(main, ["catalog", "import", str(source), "--to", str(made)]).output
    assert "Products since the last import: 0 new, 0 changed, 0 gone." in last


def test_a_changed_picture_is_a_changed_product(tmp_path):
    source = written(tmp_path / "s" / "a.csv", "id,title,image\n1,a,a.png\n2,b,b.png\n")
    for name in "ab":
        Image.new("RGB", (8, 8), "red").save(tmp_path / "s" / f"{name}.png")
    run(source, tmp_path / "made")
    Image.new("RGB", (8, 8), "blue").save(tmp_path / "s" / "b.png")
    assert run(source, tmp_path / "made").changes.changed == ("2",)


def test_an_import_keeps_the_terms_of_its_catalogue(tmp_path):
    source = written(tmp_path / "a.csv", "id,title,price\n1,a,2\n")
    run(source, tmp_path / "made")
    (tmp_path / "made" / "catalog.toml").write_text('currency = "EUR"')
    run(source, tmp_path / "made")
    assert load_catalog(tmp_path / "made").currency_sign("$") == "€"


def test_no_cell_of_the_list_is_a_formula():
    assert [cell(text) for text in ("=1+1", "@x", "+1", "-1", "a\nb", "ok")] == [
        "'=1+1",
        "'@x",
        "'+1",
        "'-1",
        "a b",
        "ok",
    ]


def test_several_files_are_told_apart(tmp_path):
    folder = tmp_path / "abo" / "listings" / "metadata"
    row = {"item_id": "A", "item_name": [{"language_tag": "en_US", "value": "Thing"}], "main_image_id": "x"}
    written(folder / "listings_0.json", json.dumps(row) + "\n{broken\n")
    written(folder / "listings_1.json", json.dumps({**row, "item_id": "B"}) + "\n{broken\n")
    report = run(tmp_path / "abo", tmp_path / "made")
    listed = (tmp_path / "made" / "rejected.csv").read_text()
    assert report.products == 2 and '"listings_0.json, line 2"' in listed and '"listings_1.json, line 2"' in listed


# ---- folders and zips ----


def test_a_folder_must_hold_one_file_of_products(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(CatalogError, match="must hold one file of products, not none; name the file itself"):
        run(tmp_path / "empty", tmp_path / "made")
    for name in ("a.csv", "b.csv"):
        written(tmp_path / "two" / name, "id,title\n1,a\n")
    with pytest.raises(CatalogError, match=r"must hold one file of products, not 2 \(a.csv, b.csv\)"):
        run(tmp_path / "two", tmp_path / "made")


def test_the_file_nearest_to_the_top_counts(tmp_path):
    written(tmp_path / "set" / "styles.csv", "id,articleType,baseColour,productDisplayName\n1,Shirts,Red,Shirt\n")
    for number in range(9):
        written(tmp_path / "set" / "styles" / f"{number}.json", json.dumps({"id": number, "title": "x"}))
    report = run(tmp_path / "set", tmp_path / "made")
    assert (report.format, report.products) == ("kaggle-styles", 1)


def test_a_folder_of_pages(tmp_path):
    for name in ("one", "two"):
        product = {"@context": "https://schema.org", "@type": "Product", "name": f"Thing {name}", "sku": name}
        written(
            tmp_path / "pages" / f"{name}.html", f'<script type="application/ld+json">{json.dumps(product)}</script>'
        )
    assert run(tmp_path / "pages", tmp_path / "made").products == 2


def zip_of(path, members: dict[str, bytes]):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def png(colour="red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_zips_paths_never_lead_out(tmp_path):
    rows = b"id,title,image\n1,a,p/a.png\n2,b,../../b.png\n3,c,/etc/c.png\n"
    members = {"../../evil.png": png(), "/abs.png": png(), "C:\\win.png": png(), "s/list.csv": rows, "s/p/a.png": png()}
    report = run(zip_of(tmp_path / "a.zip", members), tmp_path / "made")
    assert (report.products, report.pictures, report.rejected, report.refused) == (3, 1, 0, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "made"]


def test_bombs_are_refused(tmp_path, monkeypatch, refused):
    refused("a.json.gz", gzip.compress(b" " * 5_000_000), "may be a zip bomb")
    buffer = io.BytesIO()
    zip_of(buffer, {"xl/workbook.xml": b"<a>" + b" " * 60_000_000})
    refused("a.xlsx", buffer.getvalue(), "may be a zip bomb")
    monkeypatch.setattr(archives, "MAX_MEMBERS", 1)
    buffer = io.BytesIO()
    zip_of(buffer, {"a.csv": b"", "b.png": b""})
    refused("a.zip", buffer.getvalue(), "holds more than 1 files; split it")
    monkeypatch.setattr(archives, "MAX_MEMBERS", 9)
    monkeypatch.setattr(archives, "MAX_PICTURES", 10)
    buffer = io.BytesIO()
    zip_of(buffer, {"a.csv": b"id,title\n1,a\n", "b.png": png()})
    refused("a.zip", buffer.getvalue(), "unpacks to over 0 GB; split it")


def test_limits_are_sentences(monkeypatch, refused):
    refused("a.csv", ",".join(f"c{n}" for n in range(100_000)) + "\n1\n", "line 1: 100,000 columns; at most 2,000")
    refused("a.json", json.dumps([{f"c{n}": 1 for n in range(3_000)}]), "3,000 columns; at most 2,000 are read")
    refused("a.csv", 'id,title\n1,"' + "x" * 200_000 + '"\n', "field larger than field limit")
    monkeypatch.setattr(table, "MAX_ROWS", 3)
    refused("a.csv", "id,title\n" + "".join(f"{n},t\n" for n in range(9)), "holds more than 3 rows; split it")
    monkeypatch.setattr(table, "MAX_ROWS", 100)
    monkeypatch.setattr(assembly, "MAX_PRODUCTS", 3)
    refused("a.csv", "id,title\n" + "".join(f"{n},t\n" for n in range(9)), "holds more than 3 products; split it")
    monkeypatch.setattr(sources, "MAX_SOURCE", 10)
    refused("a.csv", "id,title\n1,aaaaaa\n", "is over 0 MB; split it")


def test_a_workbook_without_a_table(tmp_path):
    import openpyxl

    openpyxl.Workbook().save(tmp_path / "a.xlsx")
    with pytest.raises(CatalogError, match="has no sheet with a header of at least two columns"):
        excel.open_excel(tmp_path / "a.xlsx")


def test_a_feed_that_ends_early_keeps_what_came_before(tmp_path):
    text = "<feed><entry><id>1</id><title>a</title><image_link>http://x.example/a.jpg</image_link></entry><entry><id>2"
    report = run(written(tmp_path / "a.xml", text), tmp_path / "made")
    assert report.products == 1 and "not valid XML at line …, and not read further" in report.reasons[0][0]


# ---- pictures, ids, addresses ----


ABSOLUTE = (
    "/Users/me/photos/{}", "file:///home/me/{}", "C:\\Users\\me\\{}", "c:/me/{}", "\\\\server\\share\\{}", "FILE://nas/{}",
)  # fmt: skip


@pytest.mark.parametrize("path", ABSOLUTE)
def test_a_path_of_another_machine_costs_the_picture_alone(tmp_path, path):
    rows = f"id,title,image\n1,Sofa,{path.format('a.png')}\n2,Rug,{path.format('b.png')}\n"
    source, made = written(tmp_path / "s" / "a.csv", rows), tmp_path / "made"
    report = run(source, made)
    hint = "the picture … leads out of the folder; put it beside the file, or in a folder images there"
    assert (report.products, report.rejected, report.refused, report.bare) == (2, 0, 2, 2)
    assert report.refusals == ((hint, 2),)
    listed = (made / "rejected.csv").read_text().splitlines()
    assert [line[:4] for line in listed] == ["line", "2,1,", "3,2,"] and "beside the file" in listed[1]
    with pytest.raises(CatalogError, match=r"line 2: the picture .* leads out of the folder; put it"):
        run(source, tmp_path / "strict", strict=True)
    (tmp_path / "s" / "images").mkdir()
    (tmp_path / "s" / "a.png").write_bytes(png())
    (tmp_path / "s" / "images" / "b.png").write_bytes(png("blue"))
    again = run(source, made)
    assert (again.pictures, again.refused) == (2, 0) and not (made / "rejected.csv").exists()


def test_a_name_that_two_paths_of_another_machine_share_finds_no_file(tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "main.png").write_bytes(png())
    report = run(
        written(tmp_path / "s" / "a.csv", "id,title,image\n1,a,/1/main.png\n2,b,/2/main.png\n"), tmp_path / "made"
    )
    assert (report.pictures, report.refused) == (0, 2)


def test_the_other_pictures_of_a_product_stay(tmp_path):
    source = written(tmp_path / "s" / "a.csv", "id,title,image\n1,a,/x/b.png|a.png|../c.png\n")
    (tmp_path / "s" / "a.png").write_bytes(png())
    said = CliRunner().invoke(main, ["catalog", "import", str(source), "--to", str(tmp_path / "made")]).output
    assert "1 product and 1 picture are now in" in said and "2 pictures were left out, though no product was" in said
    assert len(load_catalog(tmp_path / "made")["1"].images) == 1


def test_a_picture_that_several_show_counts_once(tmp_path):
    image = "https://x.example/a.png"
    rows = f"id,title,image\n1,a,{image}\n2,b,{image}\n3,c,gone.png\n4,d,\n"
    source = written(tmp_path / "s" / "a.csv", rows)

    def screen() -> str:
        return CliRunner().invoke(main, ["catalog", "import", str(source), "--to", str(tmp_path / "made")]).output

    first = screen()
    assert "2 pictures are missing; a grey blank" in first and "1 of them has an address: lavic-chat" in first
    assert "1 product names no picture that can be used" in first
    (tmp_path / "s" / "a.png").write_bytes(png())
    (tmp_path / "s" / "gone.png").write_bytes(png("blue"))
    last = screen()
    assert "4 products and 2 pictures are now in" in last and "A picture that several products show is" in last
    assert "missing" not in last


def test_variants_are_counted_and_told_where_pictures_do_not_tell_them_apart(tmp_path):
    head = "id,title,shape,colour,image\n"
    rows = (
        "1,Sofa,s,red,a.png\n2,Sofa,s,green,a.png\n3,Sofa,s,blue,c.png\n4,Sofa,s,grey,\n5,Lamp,,red,a.png\n6,Rug,r,,\n"
    )
    source, made = written(tmp_path / "s" / "a.csv", head + rows), tmp_path / "made"
    for name, colour in (("a", "red"), ("c", "blue")):
        (tmp_path / "s" / f"{name}.png").write_bytes(png(colour))

    def screen(*more: str) -> str:
        return CliRunner().invoke(main, ["catalog", "import", str(source), "--to", str(made), *more]).output

    told = screen()
    assert f"3 products, 6 variants and 4 pictures are now in {made}" in told
    assert "2 variants show the same picture as another variant of their product: colours" in told
    assert "1 variant has no picture at all and cannot be found by looks; give each one of its own." in told
    report = json.loads(screen("--json"))
    assert (report["products"], report["families"], report["sharing"], report["pictureless"]) == (6, 3, 2, 1)
    assert "Variants since the last import: 0 new, 0 changed, 0 gone." in screen()
    checked = CliRunner().invoke(main, ["catalog", "check", str(made)]).output
    assert "warning: shared picture: products.jsonl: 2 variants show the same picture" in checked
    assert "told apart: 1 and 2.\n" in checked and "1 variant has no picture at all" in checked
    assert "own: 4.\n" in checked and "Checked: 3 products, 6 variants with 4 different pictures." in checked


def test_variants_with_pictures_of_their_own_are_counted_alone(tmp_path):
    rows = "id,title,shape,image\n1,Sofa,s,a.png\n2,Sofa,s,b.png\n3,Sofa,,a.png\n4,Sofa,,a.png\n5,Vase,v,\n"
    source = written(tmp_path / "s" / "a.csv", rows)
    report = run(source, tmp_path / "made")
    assert (report.products, report.families, report.sharing, report.pictureless) == (5, 4, 0, 0)
    said = "\n".join(import_lines(report, tmp_path))
    assert "4 products, 5 variants" in said and "at all" not in said and "the same picture as" not in said


def test_where_nothing_is_left_the_usual_reason_goes_first(tmp_path, refused):
    refused(
        "a.csv",
        "id,title\n,x\n1,\n2,\n3,\n",
        "line 3: `title` is missing or empty; no product is left, for this is so in 3 of 4",
    )
    refused("b.csv", "id,title\n1,\n", "line 2: `title` is missing or empty; no product is left\\.")
    head = "Handle,Title,Published,Variant Price,Status\n"
    refused(
        "c.csv", head + "a,A,true,1,draft\n", r"holds no products: 1 product with the status draft was left out \(a\)\."
    )


def test_pictures_of_other_kinds_become_jpegs(tmp_path):
    kinds = {"a.avif": "AVIF", "b.tiff": "TIFF", "c.heic": "HEIF", "d.jpg": "AVIF"}
    (tmp_path / "s").mkdir()
    import pillow_heif

    pillow_heif.register_heif_opener()
    for name, kind in kinds.items():
        Image.new("RGB", (64, 64), (200, 40, 40)).save(tmp_path / "s" / name, kind)
    rows = "".join(f"{name},t,{name}\n" for name in kinds)
    report = run(written(tmp_path / "s" / "a.csv", "id,title,image\n" + rows), tmp_path / "made")
    catalog = load_catalog(tmp_path / "made")
    assert report.pictures == 4 and any("written anew as JPEG" in note for note in report.notes)
    for product in catalog:
        red, green, blue = open_picture(catalog.picture_path(product)).getpixel((30, 30))
        assert red > 180 and green < 70 and blue < 70 and product.images[0].endswith(".jpg")


def test_ids_of_any_form_become_safe_ones(tmp_path):
    own = ["../x", "a/b", "a\\b", "..", "x" * 300, "gid://shopify/Product/42", "plain", "沙发"]
    rows = [{"id": name, "title": "t"} for name in own]
    run(written(tmp_path / "a.json", json.dumps(rows)), tmp_path / "made")
    catalog = load_catalog(tmp_path / "made")
    assert [product.source_id or product.id for product in catalog] == own
    assert not any("/" in product.id or "\\" in product.id for product in catalog)
    assert [product.id for product in catalog if not product.source_id] == ["plain", "沙发"]


def test_pages_that_cannot_be_linked_are_told(tmp_path):
    rows = 'id,title,link\n1,a,javascript:alert(1)\n2,b,"https://x.example/ä b?q=""<x>"\n3,c,//x.example/p&amp;q\n'
    report = run(written(tmp_path / "a.csv", rows), tmp_path / "made")
    links = [product.link for product in load_catalog(tmp_path / "made")]
    assert links == ["", "https://x.example/%C3%A4%20b?q=%22%3Cx%3E", "https://x.example/p&q"]
    assert any("1 address of a page cannot be used and was left out (javascript:alert(1))" in n for n in report.notes)


def test_an_addresss_name_that_two_share_finds_no_file(tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "main.png").write_bytes(png())
    rows = "id,title,image\n1,a,https://x.example/1/main.png\n2,b,https://x.example/2/main.png\n"
    assert run(written(tmp_path / "s" / "a.csv", rows), tmp_path / "made").pictures == 0


def test_files_with_spaces_may_be_percent_encoded(tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "my sofa.png").write_bytes(png())
    rows = "id,title,image\n1,a,my%20sofa.png\n2,b,my sofa.png\n3,c,.\\my sofa.png\n"
    assert run(written(tmp_path / "s" / "a.csv", rows), tmp_path / "made").pictures == 3


def test_nothing_reaches_the_network(tmp_path, monkeypatch):
    import socket

    def refuse(*_):
        raise AssertionError("an import called out")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    run(written(tmp_path / "a.csv", "id,title,image\n1,a,https://x.example/a.jpg\n"), tmp_path / "made")


def test_every_format_has_a_name_to_ask_for():
    assert len(set(FORMATS)) == len(FORMATS) == 11
    assert Findings("a").where("") == "a"


def test_what_has_no_place_among_attributes_stays_out(tmp_path):
    row = {
        "id": 7,
        "title": "t",
        "reviews": [{"text": "x"}],
        "tags": ["a", "b"],
        "details": {"Legs": "oak"},
        "new": True,
    }
    run(written(tmp_path / "a.json", json.dumps([row])), tmp_path / "made")
    (product,) = load_catalog(tmp_path / "made")
    assert product.id == "7" and product.attributes == {"tags": "a, b", "new": "true"} and product.description == "oak"


def test_an_object_of_objects_may_be_read_as_a_plain_table(tmp_path):
    source = written(tmp_path / "a.json", json.dumps({"A/1": {"title": "a", "price": "2,50 €"}}))
    run(source, tmp_path / "made", format="plain")
    (product,) = load_catalog(tmp_path / "made")
    assert (product.source_id, product.price, product.currency) == ("A/1", 2.5, "EUR")


def test_the_terms_of_a_catalogue_come_along(tiny_catalog_folder, tmp_path):
    (tiny_catalog_folder / "catalog.toml").write_text("appearance = false")
    report = run(tiny_catalog_folder, tmp_path / "made")
    assert not load_catalog(tmp_path / "made").terms.appearance and report.notes == ()
    assert report.format == "catalogue"


def test_bad_lines_of_a_catalogue_are_rejected(tiny_catalog_folder, tmp_path):
    with (tiny_catalog_folder / "products.jsonl").open("a") as file:
        file.write("{broken\n")
    report = run(tiny_catalog_folder, tmp_path / "made")
    assert (report.products, report.rejected) == (12, 1)
    assert "13,,not valid JSON" in (tmp_path / "made" / "rejected.csv").read_text()
    with pytest.raises(CatalogError, match="line 13: not valid JSON"):
        run(tiny_catalog_folder, tmp_path / "strict", strict=True)


def test_unpublished_products_stay_out(tmp_path):
    rows = "a,A,false,1,active\nb,B,true,1,active\n,C,true,1,active\nd,,true,1,\n"
    source = written(tmp_path / "a.csv", f"Handle,Title,Published,Variant Price,Status\n{rows}")
    report = run(source, tmp_path / "made")
    assert report.products == 1 and "1 product is not published and was left out (a)." in report.notes
    assert {reason for reason, _ in report.reasons} == {
        "the handle is empty; every row needs that of its product",
        "the title is missing; the first row of a product has it",
    }
