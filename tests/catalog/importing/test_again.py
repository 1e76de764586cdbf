"""A folder remembers what was said of it: its currency, its pages; and most of it never goes unasked."""

import json
from functools import partial

import pytest
from click.testing import CliRunner
from helpers import exports
from helpers.exports import written

from lavic_chat.catalog import load_catalog
from lavic_chat.catalog.importing.importers import ImportOptions, import_catalog
from lavic_chat.catalog.terms import TERMS, read_terms
from lavic_chat.cli import main
from lavic_chat.errors import CatalogError

LINK = "https://nordhus.example/p/{id}"


def run(source, to, **options):
    return import_catalog(source, to, progress=False, options=ImportOptions(**options))


def screen(source, to, *options) -> str:
    done = CliRunner().invoke(main, ["catalog", "import", str(source), "--to", str(to), *options])
    assert "Traceback" not in done.output and "\nError: " not in done.output[1:]
    return done.output


@pytest.fixture
def source(tmp_path):
    return written(tmp_path / "a.csv", "id,title,price\nA 1,Sofa,12.50\nB,Chair,9\n")


def rows(count: int) -> str:
    return "id,title\n" + "".join(f"{number},Thing {number}\n" for number in range(count))


# ---- currency ----


def test_a_price_without_a_currency_is_told_with_what_will_be_shown(source, tmp_path, monkeypatch):
    monkeypatch.delenv("LAVIC_CURRENCY", raising=False)
    said = screen(source, tmp_path / "made")
    assert said.count("No price names its currency, so that the pages will show $; if it is another, import again") == 1
    assert "--currency EUR" in said
    monkeypatch.setenv("LAVIC_CURRENCY", "£")
    assert "so that the pages will show £; if" in screen(source, tmp_path / "made")


def test_shopifys_other_prices_name_no_currency(tmp_path):
    head = "Handle,Title,Variant Price,Price / Germany,Option1 Name\n"
    report = run(written(tmp_path / "a.csv", head + "sofa,Sofa,12.50,13,Title\n"), tmp_path / "made")
    assert (report.format, report.unnamed) == ("shopify", 1)
    assert load_catalog(tmp_path / "made").currency_sign("$") == "$"


def test_a_currency_is_kept_with_the_folder_beside_what_is_there(source, tmp_path):
    made = tmp_path / "made"
    run(source, made)
    (made / TERMS).write_text("# looked at\nappearance = false  # for tests")
    assert "names its currency" not in screen(source, made, "--currency", "eur")
    assert (made / TERMS).read_text() == '# looked at\nappearance = false  # for tests\ncurrency = "EUR"\n'
    for options in ((), ("--currency", "£")):
        assert "names its currency" not in screen(source, made, *options)
    assert load_catalog(made).currency_sign("$") == "£" and not read_terms(made).appearance


@pytest.mark.parametrize("price", ["12.50 EUR", "€ 12.50"])
def test_where_a_cell_names_one_nothing_is_asked(tmp_path, price):
    source = written(tmp_path / "a.csv", f"id,title,price\n1,Sofa,{price}\n2,Chair,9\n3,Rug,\n")
    assert run(source, tmp_path / "made").unnamed == 0
    assert run(written(tmp_path / "b.csv", "id,title\n1,Sofa\n"), tmp_path / "bare").unnamed == 0


@pytest.mark.parametrize(
    ("header", "currency"),
    [
        ("Price (EUR)", "EUR"), ("Preis €", "EUR"), ("PRICE USD", "USD"), ("price_CHF", "CHF"), ("Price [SEK]", "SEK"),
        ("PRICE ALL", None), ("Price EUR/USD", None), ("Price all", None), ("Price / Germany", None), ("Price", ""),
    ],
)  # fmt: skip
def test_a_header_may_name_the_currency(tmp_path, header, currency):
    report = run(written(tmp_path / "a.csv", f"id,title,{header}\n1,Sofa,12.50\n"), tmp_path / "made")
    (product,) = load_catalog(tmp_path / "made")
    assert (product.price, product.currency) == ((None, "") if currency is None else (12.5, currency))
    assert report.unnamed == (currency == "")


@pytest.mark.parametrize("currency", ["XYZ", "euros please", "12", "'; x = 1"])
def test_what_is_no_currency_is_refused(source, tmp_path, currency):
    with pytest.raises(CatalogError, match="--currency takes a code of three letters or a sign, such as EUR or"):
        run(source, tmp_path / "made", currency=currency)
    assert not (tmp_path / "made").exists()


# ---- pages ----


def test_links_stay_when_it_is_imported_again(source, tmp_path):
    made = tmp_path / "made"
    assert screen(source, made).count("No product links to its page; if they have pages, import again with --link") == 1
    assert "--link" not in screen(source, made, "--link", LINK)
    assert read_terms(made).link == LINK
    assert "--link" not in screen(source, made)
    assert [product.link for product in load_catalog(made)] == [
        "https://nordhus.example/p/A%201", "https://nordhus.example/p/B",
    ]  # fmt: skip


def test_links_that_a_file_no_longer_has_are_told(tmp_path):
    source, made = written(tmp_path / "a.csv", "id,title,link\n1,a,https://x.example/1\n2,b,\n"), tmp_path / "made"
    run(source, made)
    source.write_text("id,title,link\n1,a,\n2,b,https://x.example/2\n")
    (note,) = (note for note in run(source, made).notes if "link" in note)
    assert note.startswith("1 product that had a link to its page has none in this file; --link makes one")
    source.write_text("id,title\n1,a\n2,b\n")
    run(source, made, link=LINK)
    assert load_catalog(made)["2"].link == "https://nordhus.example/p/2"


def test_another_catalogues_products_get_links_too(source, tmp_path):
    run(source, tmp_path / "first")
    run(tmp_path / "first", tmp_path / "second", link=LINK)
    assert load_catalog(tmp_path / "second")["B"].link == "https://nordhus.example/p/B"


@pytest.mark.parametrize(
    "link", ["javascript:alert({id})", "https://x.example/", "file:///{id}", "https://a:b@x.example/{id}", "//x/{id}"]
)
def test_a_page_in_the_terms_is_a_web_address_with_an_id(source, tmp_path, link):
    run(source, tmp_path / "made")
    (tmp_path / "made" / TERMS).write_text(f"link = {json.dumps(link)}")
    for act in (partial(read_terms, tmp_path / "made"), partial(run, source, tmp_path / "made")):
        with pytest.raises(CatalogError, match=r"`link` is the http or https address of a product's page, with {id}"):
            act()


# ---- what would be gone ----


def test_most_products_never_go_unasked(tmp_path):
    source, made = written(tmp_path / "a.csv", rows(30)), tmp_path / "made"
    run(source, made)
    source.write_text(rows(14))
    before = {path: path.read_bytes() for path in made.iterdir()}
    done = CliRunner().invoke(main, ["catalog", "import", str(source), "--to", str(made), "--currency", "EUR"])
    assert done.exit_code == 1 and done.output.count("\n") == 1
    assert f"a.csv lacks 16 of the 30 products that are in {made} (14, 15, 16, ...), and they would be" in done.output
    assert "nothing was changed. Add --yes to go on." in done.output
    assert {path: path.read_bytes() for path in made.iterdir()} == before and len(list(tmp_path.iterdir())) == 2
    assert "Products since the last import: 0 new, 0 changed, 16 gone." in screen(source, made, "--yes")


@pytest.mark.parametrize(("before", "after"), [(10, 1), (21, 11), (40, 20)])
def test_a_few_products_and_half_of_them_may_go(tmp_path, before, after):
    source = written(tmp_path / "a.csv", rows(before))
    run(source, tmp_path / "made")
    source.write_text(rows(after))
    assert len(run(source, tmp_path / "made").changes.gone) == before - after


def test_an_export_with_its_options_again(tmp_path):
    (tmp_path / "s").mkdir()
    source = exports.shopify(tmp_path / "s")
    first = run(source, tmp_path / "made", link="https://nordhus.example/products/{id}", currency="SEK")
    again = run(source, tmp_path / "made")
    assert first.linked == again.linked == 20 and again.unnamed == 0
    assert again.changes.changed == () and load_catalog(tmp_path / "made").currency_sign("$") == "SEK\u00a0"
