"""A catalogue whose products are made when they are asked for is the catalogue that `load_catalog` reads."""

import pickle
from pathlib import Path

import pytest
from helpers.faults import cut, overwrite
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.catalog import Catalog, Product, load_catalog
from lavic_chat.catalog.filters import categories_of
from lavic_chat.catalog.live import CatalogChange, LiveCatalog
from lavic_chat.catalog.measures import facts_of
from lavic_chat.catalog.stored import open_catalog, tables_folder
from lavic_chat.errors import CatalogError
from lavic_chat.storage.files import write_jsonl
from lavic_chat.storage.tables import KEPT, StoredTexts, pack_texts


@given(texts=st.lists(st.text()))
def test_texts_come_back(texts):
    packed = pack_texts("x", texts)
    stored = StoredTexts(packed["x.bytes"], packed["x.offsets"])
    expected = [text.encode("utf-8", "replace").decode() for text in texts]
    assert list(stored) == expected and [stored[place] for place in range(len(stored))] == expected
    assert stored[-3:] == expected[-3:]


def test_families_stock_and_currency_are_kept(tiny_catalog_folder: Path, tmp_path: Path):
    own = {"shape": "a", "in_stock": False, "currency": "EUR", "price": 1.0}
    rows = [
        product.to_row() | (own if row < 2 else {}) for row, product in enumerate(load_catalog(tiny_catalog_folder))
    ]
    write_jsonl(tiny_catalog_folder / "products.jsonl", rows)
    columns = open_catalog(tiny_catalog_folder, tmp_path / "home").columns
    assert columns.in_stock.tolist() == [False, False] + [True] * (len(rows) - 2) and columns.currency == "EUR"
    assert columns.same_family[0] == columns.same_family[1] != columns.same_family[2]


def test_it_is_the_same_catalogue(tiny_catalog_folder: Path, tmp_path: Path):
    loaded, stored = load_catalog(tiny_catalog_folder), open_catalog(tiny_catalog_folder, tmp_path / "home")
    assert list(stored) == list(loaded) and len(stored) == len(loaded)
    ours, theirs = stored.columns, loaded.columns
    assert ours.same_family.tolist() == theirs.same_family.tolist() and ours.currency == theirs.currency
    assert ours.in_stock.tolist() == theirs.in_stock.tolist()
    assert dict(stored.by_id) == dict(loaded.by_id) and list(stored.by_id) == list(loaded.by_id)
    assert stored.products[2:9:3] == list(loaded.products[2:9:3]) and stored.products[-1] == loaded.products[-1]
    assert "sofa-red" in stored and "nobody" not in stored and stored["sofa-red"] == loaded["sofa-red"]
    assert stored.fingerprint == loaded.fingerprint and stored.terms == loaded.terms
    assert categories_of(stored) == categories_of(list(loaded))
    assert [dict(fact) for fact in stored.products.facts] == [dict(facts_of(product)) for product in loaded]
    assert [tuple(names) for names in stored.products.image_names()] == [product.images for product in loaded]
    assert list(pickle.loads(pickle.dumps(stored.products))) == list(loaded)
    with pytest.raises(KeyError):
        stored["nobody"]
    with pytest.raises(IndexError):
        stored.products[len(loaded)]


def test_rows_are_read_once_and_stay_when_the_file_is_another(tiny_catalog_folder: Path, tmp_path: Path, monkeypatch):
    first = open_catalog(tiny_catalog_folder, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("lavic_chat.catalog.stored.read_products", lambda folder: pytest.fail("read again"))
        assert list(open_catalog(tiny_catalog_folder, tmp_path)) == list(first)
    write_jsonl(tiny_catalog_folder / "products.jsonl", [Product("new", "New", "Things").to_row()])
    assert [one.id for one in open_catalog(tiny_catalog_folder, tmp_path)] == ["new"]
    assert (
        first["sofa-red"].id == "sofa-red"
        and first.fingerprint != open_catalog(tiny_catalog_folder, tmp_path).fingerprint
    )


def test_old_tables_go(tiny_catalog_folder: Path, tmp_path: Path):
    for number in range(KEPT + 2):
        write_jsonl(tiny_catalog_folder / "products.jsonl", [Product(f"n{number}", "New", "Things").to_row()])
        open_catalog(tiny_catalog_folder, tmp_path)
    assert len(list(tables_folder(tiny_catalog_folder, tmp_path).glob("products-*"))) == KEPT


def test_what_cannot_be_read_is_told_as_ever(tmp_path: Path):
    with pytest.raises(CatalogError, match="There is no catalogue folder"):
        open_catalog(tmp_path / "nowhere", tmp_path)
    (tmp_path / "products.jsonl").write_text('{"id": "a"}\n')
    with pytest.raises(CatalogError, match="line 1: `title` is missing"):
        open_catalog(tmp_path, tmp_path / "home")
    assert not list((tmp_path / "home").rglob("notes.json"))


@pytest.mark.parametrize("harm", [cut, lambda path: path.write_bytes(b""), Path.unlink, overwrite])
def test_damaged_tables_are_made_anew(tiny_catalog_folder: Path, tmp_path: Path, harm, caplog):
    whole = list(open_catalog(tiny_catalog_folder, tmp_path))
    (folder,) = tables_folder(tiny_catalog_folder, tmp_path).glob("products-*")
    names = sorted(path.name for path in folder.iterdir())
    for name in names:
        caplog.clear()
        harm(folder / name)
        assert list(open_catalog(tiny_catalog_folder, tmp_path)) == whole
        assert [one.getMessage() for one in caplog.records] == [f"{folder} is damaged; it is made anew."]
        assert sorted(path.name for path in folder.iterdir()) == names


# ---- a catalogue that changes while it is shown ----


def catalog_of(*products: Product) -> Catalog:
    return Catalog(Path("nowhere"), products)


def test_a_live_catalogue_shows_the_newest_and_knows_what_is_gone():
    a, b, c = (Product(name, name, "Things") for name in "abc")
    live = LiveCatalog(catalog_of(a, b))
    cheaper = Product("b", "b", "Things", price=1.0)
    assert live.take(catalog_of(cheaper, c)) == CatalogChange(1, 1, 1)
    assert list(live) == [cheaper, c] and len(live) == 2 and live["b"] == cheaper
    assert "a" in live and live["a"] == a and "a" not in live.by_id
    assert live.take(catalog_of(a)) == CatalogChange(1, 0, 2)
    assert live["c"] == c and live["a"] == a and "a" not in live.gone
    with pytest.raises(KeyError):
        live["d"]


def test_of_products_that_are_gone_so_many_are_kept_in_mind(monkeypatch):
    monkeypatch.setattr("lavic_chat.catalog.live.MOST_GONE", 2)
    live = LiveCatalog(catalog_of(*(Product(f"p{n}", "x", "Things") for n in range(5))))
    live.take(catalog_of())
    assert set(live.gone) == {"p3", "p4"}
