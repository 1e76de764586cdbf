"""Loading a catalogue: good lines become products, bad ones a sentence with file and line."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lavic_chat.catalog import Catalog, Product, load, load_catalog
from lavic_chat.catalog.load import parse_product, read_products
from lavic_chat.errors import CatalogError
from lavic_chat.storage.files import hash_file, write_jsonl

GOOD = {"id": "a1", "title": "Oak table", "category": "Tables", "images": ["images/a.jpg"]}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "shop" / "images").mkdir(parents=True)
    return tmp_path / "shop"


def test_products_come_back_as_they_were_written(tiny_catalog, tiny_catalog_folder):
    assert len(tiny_catalog) == 12
    product = tiny_catalog["sofa-red"]
    assert product.attributes == {"colour": "red", "shape": "sofa"}
    assert (product.price, product.license) == (540.0, "CC0-1.0")
    assert "sofa-red" in tiny_catalog and "sofa-pink" not in tiny_catalog
    write_jsonl(tiny_catalog_folder / "products.jsonl", (item.to_row() for item in tiny_catalog))
    assert load_catalog(tiny_catalog_folder).products == tiny_catalog.products


def test_optional_fields_may_be_absent_or_null(folder):
    nulls = dict.fromkeys(("images", "description", "attributes", "price", "source"))
    write_jsonl(folder / "products.jsonl", [{"id": "1", "title": " A  b\n", "unknown": 1}, GOOD | nulls | {"id": "2"}])
    first, second = load_catalog(folder)
    assert first == Product("1", "A b", "")
    assert second.images == () and second.price is None


def test_attributes_are_written_out(folder):
    row = GOOD | {"attributes": {"colour": " red ", "width": 80, "depth": 41.5, "none": None, "": "x"}}
    assert parse_product(row, "x").attributes == {"colour": "red", "width": "80", "depth": "41.5"}


BAD = [
    ({"id": None}, "`id` is missing"),
    ({"id": " "}, "`id` is missing"),
    ({"id": 7}, "`id` is missing"),
    ({"id": "a/b"}, "slashes"),
    ({"id": "a\\b"}, "slashes"),
    ({"id": ".."}, "slashes"),
    ({"id": "a\x00b"}, "control"),
    ({"id": "a\nb"}, "control"),
    ({"id": "a\ud800"}, "control"),
    ({"id": "x" * 201}, "201 characters"),
    ({"title": ""}, "`title` is missing"),
    ({"title": "\x07"}, "`title` is missing"),
    ({"title": None}, "`title` is missing"),
    ({"title": ["x"]}, "`title` must be a text"),
    ({"title": "x" * 1001}, "1,001 characters"),
    ({"category": 3}, "`category` must be a text"),
    ({"images": "a.jpg"}, "`images` must be a list"),
    ({"images": ["a.jpg"] * 51}, "`images` must be a list"),
    ({"images": [3]}, "must be a path"),
    ({"images": [""]}, "must be a path"),
    ({"images": ["."]}, "leads out"),
    ({"images": ["/etc/passwd"]}, "leads out"),
    ({"images": ["../secret.jpg"]}, "leads out"),
    ({"images": ["images/../../secret.jpg"]}, "leads out"),
    ({"images": ["C:/secret.jpg"]}, "leads out"),
    ({"images": ["..\\secret.jpg"]}, "plain relative path"),
    ({"images": ["https://example.org/a.jpg"]}, "plain relative path"),
    ({"images": ["a\x00.jpg"]}, "plain relative path"),
    ({"description": {}}, "`description` must be a text"),
    ({"attributes": ["red"]}, "`attributes` must be"),
    ({"attributes": {"colour": ["red"]}}, "`attributes` must be a text"),
    ({"attributes": {"sold": True}}, "`attributes` must be a text"),
    ({"price": -1}, "`price` must be"),
    ({"price": True}, "`price` must be"),
    ({"price": "9.99"}, "`price` must be"),
    ({"price": float("nan")}, "`price` must be"),
    ({"price": float("inf")}, "`price` must be"),
    ({"price": 10**400}, "`price` must be"),
    ({"license": 1}, "`license` must be a text"),
]


@pytest.mark.parametrize(("change", "said"), BAD)
def test_bad_fields_name_file_and_line(folder, change, said):
    rows = [GOOD, GOOD | {"id": "a2"} | change]
    (folder / "products.jsonl").write_text("\n\n".join(json.dumps(row) for row in rows))
    with pytest.raises(CatalogError, match=f"products.jsonl, line 3: .*{said}"):
        load_catalog(folder)


def test_broken_json_and_duplicate_ids_name_the_line(folder):
    path = folder / "products.jsonl"
    path.write_text(json.dumps(GOOD) + "\n{broken\n" + json.dumps(GOOD))
    with pytest.raises(CatalogError, match="line 2: not valid JSON"):
        load_catalog(folder)
    path.write_text(json.dumps(GOOD) + "\n" + json.dumps(GOOD))
    with pytest.raises(CatalogError, match="line 2: the id 'a1' is already on line 1"):
        load_catalog(folder)


def test_bad_lines_can_be_collected(folder):
    rows = [GOOD, GOOD, GOOD | {"id": "b", "price": -1}, GOOD | {"id": "c"}]
    write_jsonl(folder / "products.jsonl", rows)
    bad = []
    assert [product.id for product in read_products(folder, bad.append)] == ["a1", "c"]
    assert len(bad) == 2


def test_what_is_no_catalogue_is_said(tmp_path):
    with pytest.raises(CatalogError, match="There is no catalogue folder"):
        load_catalog(tmp_path / "none")
    with pytest.raises(CatalogError, match=r"holds no products\.jsonl"):
        load_catalog(tmp_path)


def test_links_out_of_the_folder_are_refused(folder, tmp_path):
    outside = tmp_path / "secret"
    outside.mkdir()
    (outside / "a.jpg").write_text("x")
    for image, link, to in [
        ("images/a.jpg", folder / "images/a.jpg", outside / "a.jpg"),
        ("more/a.jpg", folder / "more", outside),
        ("images/loop.jpg", folder / "images/loop.jpg", folder / "images/loop.jpg"),
    ]:
        link.symlink_to(to)
        write_jsonl(folder / "products.jsonl", [GOOD | {"images": [image]}])
        with pytest.raises(CatalogError, match=r"line 1: the picture .* leads out of the folder"):
            load_catalog(folder)
        product = Product("a1", "t", "", (image,))
        assert Catalog(folder, (product,)).picture_path(product) is None  # made after loading: still not followed


def test_a_linked_catalogue_folder_is_fine(tiny_catalog_folder, tmp_path):
    (tmp_path / "link").symlink_to(tiny_catalog_folder)
    catalog = load_catalog(tmp_path / "link")
    assert catalog.picture_path(catalog["sofa-red"]) == tiny_catalog_folder.resolve() / "images/sofa-red.png"


def test_picture_path_is_none_for_what_is_not_there(tiny_catalog):
    product = tiny_catalog["lamp-blue"]
    assert tiny_catalog.picture_path(product, 1) is None
    assert tiny_catalog.picture_path(product, -1) is None
    tiny_catalog.picture_path(product).unlink()
    assert tiny_catalog.picture_path(product) is None


def test_fingerprint_is_of_the_content(tiny_catalog, tiny_catalog_folder):
    path = tiny_catalog_folder / "products.jsonl"
    assert tiny_catalog.fingerprint == hash_file(path)
    path.write_text(path.read_text().replace("Harbour", "Haven"))
    assert load_catalog(tiny_catalog_folder).fingerprint != tiny_catalog.fingerprint


def test_too_many_products(tiny_catalog_folder, monkeypatch):
    monkeypatch.setattr(load, "MAX_PRODUCTS", 11)
    with pytest.raises(CatalogError, match="more than 11 products"):
        load_catalog(tiny_catalog_folder)


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(change=st.dictionaries(st.sampled_from([*GOOD, "description", "attributes", "price"]), anything))
def test_any_line_is_a_product_or_a_catalogue_error(change):
    try:
        product = parse_product(GOOD | change, "here")
    except CatalogError as error:
        assert str(error).startswith("here: ")
    else:
        json.dumps(product.to_row(), ensure_ascii=False).encode()
        assert parse_product(product.to_row(), "again") == product


def test_currency_link_stock_shape_and_own_id_come_back(folder):
    row = GOOD | {
        "currency": "EUR",
        "link": "https://x.example/p?a=1",
        "in_stock": False,
        "shape": "s",
        "source_id": "A/1",
    }
    write_jsonl(folder / "products.jsonl", [row, GOOD | {"id": "b"}])
    first, second = load_catalog(folder)
    assert (first.currency, first.link, first.in_stock, first.shape, first.source_id) == tuple(
        row[name] for name in ("currency", "link", "in_stock", "shape", "source_id")
    )
    assert first.to_row() == row and (second.in_stock, second.to_row()) == (None, GOOD | {"id": "b"})
    assert (first.family, second.family) == ("s", "Oak table")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"link": "javascript:alert(1)"}, "`link` must be the http or https address"),
        ({"link": 'https://x/"><b>'}, "`link` must be the http or https address"),
        ({"link": "https://x/" + "a" * 2000}, "`link` has 2,010 characters"),
        ({"in_stock": "yes"}, "`in_stock` must be true or false"),
        ({"currency": "DOLLARS"}, "`currency` has 7 characters"),
    ],
)
def test_what_links_and_stock_cannot_be(change, said):
    with pytest.raises(CatalogError, match=f"here: {said}"):
        parse_product(GOOD | change, "here")
