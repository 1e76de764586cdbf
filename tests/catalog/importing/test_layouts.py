"""Ten real export layouts, and their kin, of twenty products each: found by looking, read rightly."""

from dataclasses import dataclass

import pytest
from helpers import exports
from helpers.exports import PLAIN_TEXT, SOLD, THINGS

from lavic_chat.catalog import load_catalog
from lavic_chat.catalog.importing.importers import ImportOptions, import_catalog
from lavic_chat.catalog.importing.urls import read_urls


@dataclass(frozen=True)
class Export:
    """write: makes the file; format: by which it is found; says: what this layout knows of products; pictures: of each
    product, on the disk or (files: False) as addresses; source_id: of the first, where it is told."""

    write: object
    format: str
    says: tuple[str, ...] = ("price", "category", "description", "shape", "stock", "colour")
    files: bool = False
    currency: str = ""
    pictures: int = 1


KNOWN = ("price", "category", "description", "colour")
EXPORTS = {
    "shopify": Export(exports.shopify, "shopify"),
    "shopify since 2025": Export(exports.shopify_new, "shopify"),
    "woocommerce": Export(exports.woocommerce, "woocommerce", pictures=2),
    "google tsv": Export(exports.google_tsv, "google", currency="EUR", pictures=3),
    "google csv": Export(exports.google_csv, "google", currency="EUR", pictures=3),
    "google rss": Export(exports.google_rss, "google", currency="EUR", pictures=3),
    "google atom": Export(exports.google_atom, "google", currency="EUR", pictures=3),
    "json-ld page": Export(exports.schema_html, "schema-org", currency="EUR"),
    "json-ld": Export(exports.schema_json, "schema-org", currency="EUR"),
    "json": Export(exports.json_list, "plain", files=True, currency="EUR"),
    "jsonl": Export(exports.json_lines, "plain", files=True, currency="EUR"),
    "excel": Export(exports.excel, "plain", files=True, currency="EUR"),
    "parquet": Export(exports.parquet, "plain", files=True, currency="EUR"),
    "zip": Export(exports.zipped, "plain", files=True, currency="EUR"),
    "amazon berkeley": Export(
        exports.amazon_berkeley, "amazon-berkeley", ("category", "description", "colour"), files=True
    ),
    "amazon 2018": Export(exports.amazon_2018, "amazon-2018", KNOWN, currency="$"),
    "amazon 2023": Export(exports.amazon_2023, "amazon-2023", KNOWN),
    "h&m": Export(exports.hm, "hm", ("category", "description", "colour", "shape"), files=True),
    "kaggle styles": Export(exports.kaggle, "kaggle-styles", ("category", "colour"), files=True),
    "reddit-amazon": Export(exports.reddit_amazon, "reddit-amazon", KNOWN, files=True),
}


@pytest.fixture(params=EXPORTS)
def imported(request, tmp_path):
    """An export, and what became of it without a word about its format."""
    export = EXPORTS[request.param]
    (tmp_path / "source").mkdir()
    source = export.write(tmp_path / "source")
    report = import_catalog(source, tmp_path / "made", progress=False)
    return export, source, report, load_catalog(tmp_path / "made")


def pairs(catalog):
    """Each variant with the product that it became, in the export's order."""
    return list(zip(SOLD, catalog, strict=True))


def test_an_export_is_found_and_read_whole(imported):
    export, _, report, catalog = imported
    assert (report.format, report.products, report.rejected) == (export.format, 20, 0)
    titles = [product.title.removesuffix(", with arms") for product in catalog]
    assert titles == [one.title for one in SOLD]
    assert len({product.id for product in catalog}) == 20


def test_prices_and_currencies(imported):
    export, _, report, catalog = imported
    for one, product in pairs(catalog):
        assert product.price == (pytest.approx(one.price) if "price" in export.says else None), product.id
    assert {product.currency for product in catalog} == {export.currency}
    assert not [note for note in report.notes if "price" in note]


def test_texts_are_plain(imported):
    export, _, _, catalog = imported
    first = catalog.products[0]
    assert first.description == (PLAIN_TEXT if "description" in export.says else "")
    for one, product in pairs(catalog):
        assert product.category.casefold() == one.category.casefold()
        assert product.attributes["colour"] == one.colour


def test_variants_are_looks_of_one_shape(imported):
    export, _, _, catalog = imported
    shapes = {}
    for one, product in pairs(catalog):
        shapes.setdefault(product.shape if "shape" in export.says else product.family, set()).add(one.title)
    if export.format != "kaggle-styles":  # one of its names is longer
        assert sorted(titles for group in shapes.values() for titles in group) == sorted(THINGS)


def test_stock_is_known_where_it_is_told(imported):
    export, _, _, catalog = imported
    told = [one.number == 0 for one in SOLD]
    assert [product.in_stock is False for product in catalog] == (told if "stock" in export.says else [False] * 20)


def test_pictures_are_there_or_have_an_address(imported):
    export, _, report, catalog = imported
    if export.files:
        assert (report.pictures, report.missing) == (20, 0)
        from lavic_chat.catalog import open_picture

        for one, product in pairs(catalog):
            seen = open_picture(catalog.picture_path(product)).getpixel((8, 8))
            assert max(abs(a - b) for a, b in zip(seen, exports.COLOURS[one.colour], strict=True)) < 12
    else:
        urls = read_urls(catalog.folder)
        for one, product in pairs(catalog):
            assert len(product.images) >= export.pictures and urls[product.images[0]] == one.url
        assert report.pictures == 0 and report.fetchable == len(urls)


def test_the_format_may_be_said(imported, tmp_path):
    export, source, _, catalog = imported
    again = import_catalog(source, tmp_path / "again", progress=False, options=ImportOptions(export.format))
    assert again.format == export.format and load_catalog(tmp_path / "again").products == catalog.products


def test_the_same_again_changes_nothing(imported, tmp_path):
    _, source, _, catalog = imported
    report = import_catalog(source, catalog.folder, progress=False)
    assert (report.changes.new, report.changes.changed, report.changes.gone) == ((), (), ())


# ---- what is special about one of them ----


def run(write, tmp_path, **options):
    (tmp_path / "source").mkdir(exist_ok=True)
    report = import_catalog(
        write(tmp_path / "source"), tmp_path / "made", progress=False, options=ImportOptions(**options)
    )
    return report, load_catalog(tmp_path / "made")


def test_shopify_variants_have_their_own_picture_then_the_shared_ones_in_order(tmp_path):
    report, catalog = run(exports.shopify, tmp_path, link="https://nordhus.example/products/{id}")
    urls = read_urls(catalog.folder)
    sofa = catalog["harbour-sofa-green"]
    assert [urls[image].rpartition("/")[2] for image in sofa.images] == [
        "harbour-sofa-green.jpg?v=17", "more-5.jpg", "more-6.jpg",
    ]  # fmt: skip
    assert sofa.link == "https://nordhus.example/products/harbour-sofa"
    assert (sofa.attributes["brand"], sofa.attributes["sku"]) == ("Nordhus", "SKU-005")
    assert {note for note in report.notes if "left out" in note} == {
        "1 product with the status draft was left out (draft).",
        "1 product with the status archived was left out (archived).",
    }  # fmt: skip


def test_shopify_pictures_lie_beside_the_file_under_their_own_names(tmp_path):
    (tmp_path / "source").mkdir()
    exports.draw(tmp_path / "source" / "images")
    report, catalog = run(exports.shopify, tmp_path)
    assert report.pictures == 20
    assert catalog.picture_path(catalog["quarry-vase-oak"])


def test_woocommerce_drafts_stay_out_and_sales_count(tmp_path):
    report, catalog = run(exports.woocommerce, tmp_path)
    assert "1 product is a draft, private or hidden and was left out (999)." in report.notes
    assert catalog["100"].attributes["depth"] == "80 cm" and catalog["100"].attributes["sku"] == "SKU-000"


def test_a_variation_without_its_parent_is_rejected(tmp_path):
    source = exports.written(
        tmp_path / "wc.csv", exports.table(exports.WOOCOMMERCE, [
            {"ID": 1, "Type": "variation", "Name": "A", "Parent": "id:9", "Regular price": 1, "Published": 1},
            {"ID": 2, "Type": "simple", "Name": "B", "Regular price": 1, "Published": 1},
            {"ID": 3, "Type": "grouped", "Name": "C", "Regular price": 1, "Published": 1},
        ]),
    )  # fmt: skip
    report = import_catalog(source, tmp_path / "made", progress=False)
    assert report.reasons == (("the parent … is not in the file", 1),) and report.products == 1
    assert any(note == "1 group was left out, as its products are there on their own (3)." for note in report.notes)


def test_google_keeps_the_page(tmp_path):
    _, catalog = run(exports.google_tsv, tmp_path)
    assert catalog["SKU-001"].link == "https://nordhus.example/p/1?a=1&b=2"


def test_berkeley_speaks_english_and_counts_an_item_once(tmp_path):
    report, catalog = run(exports.amazon_berkeley, tmp_path)
    assert any("several marketplaces" in note for note in report.notes)
    assert catalog["SKU-000"].attributes["height"] == "30 inches"


def test_hm_articles_get_their_zero_back(tmp_path):
    _, catalog = run(exports.hm, tmp_path)
    assert all(len(product.id) == 10 and product.id.startswith("0") for product in catalog)


def test_kaggle_names_may_hold_commas(tmp_path):
    _, catalog = run(exports.kaggle, tmp_path)
    assert sum(product.title.endswith(", with arms") for product in catalog) == 1


def test_reddit_amazon_has_price_details_and_what_pictures_show(tmp_path):
    _, catalog = run(exports.reddit_amazon, tmp_path)
    first = catalog["B000000000"]
    assert (first.price, first.attributes["brand"], first.images) == (1299.5, "Nordhus", ("images/B000000000_0.jpg",))
    assert (catalog.folder / "descriptions.jsonl").is_file()


def test_a_list_of_addresses(tmp_path):
    text = "# ours\nhttps://x.example/a/blue-sofa%201.jpg\nhttps://x.example/b.png\tRed lamp\nftp://x/y.jpg\n"
    source = exports.written(tmp_path / "list.txt", text)
    report = import_catalog(source, tmp_path / "made", progress=False)
    catalog = load_catalog(tmp_path / "made")
    assert [product.title for product in catalog] == ["blue sofa 1", "Red lamp"]
    assert (report.format, report.fetchable) == ("url-list", 2)
    assert report.reasons == (("not an http or https address", 1),)
