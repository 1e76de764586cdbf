"""Milvus Lite in a file finds what the exact index finds, and follows a catalogue without being made anew."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lavic_chat.catalog import Product
from lavic_chat.catalog.columns import columns_of, make_columns
from lavic_chat.catalog.filters import Filters
from lavic_chat.errors import LavicError
from lavic_chat.features.vectors import unit
from lavic_chat.retrieval import milvus, milvus_client
from lavic_chat.retrieval.index import ExactIndex, QueryVectors
from lavic_chat.retrieval.milvus import MilvusChange, MilvusIndex, MilvusPlace, expression
from lavic_chat.retrieval.milvus_client import connect_milvus, read_address

COUNT = 300
NAMES = ("Sofas", 'Lamps" or key >= 0 or "', "Rugs")
PRODUCTS = tuple(
    Product(
        f"p{row}' or 1", "Thing", NAMES[row % 3], price=None if row % 7 == 0 else float(row), in_stock=row % 11 != 9
    )
    for row in range(COUNT)
)
RNG = np.random.default_rng(0)
TEXT, PICTURE = (unit(RNG.normal(size=(COUNT, width)).astype(np.float32)) for width in (12, 6))


def open_index(address: str, columns, vectors) -> tuple[MilvusIndex, MilvusChange]:
    place = read_address(address)
    index = MilvusIndex(connect_milvus(place), place, "lavic_x", columns)
    index.open(*vectors)
    return index, index.update(*vectors)


@pytest.fixture
def address(tmp_path: Path) -> str:
    pytest.importorskip("pymilvus", reason="the extra `milvus` is not installed")
    pytest.importorskip("milvus_lite", reason="the extra `milvus` is not installed")
    return f"milvus://{tmp_path}/index.db"


@pytest.mark.parametrize("few", [4, 128])
def test_the_same_ten_as_in_process(address, few, monkeypatch):
    monkeypatch.setattr(milvus, "FEW", few)
    index, change = open_index(address, columns_of(PRODUCTS), (TEXT, PICTURE))
    exact = ExactIndex(PRODUCTS, TEXT, PICTURE)
    assert change == MilvusChange(COUNT, 0, 0)
    for seed in range(12):
        rng = np.random.default_rng(seed)
        text, picture = (unit(rng.normal(size=width).astype(np.float32)) for width in (12, 6))
        bonus = (None, rng.choice([0.0, -0.3, -2.0], COUNT), np.zeros(COUNT), rng.normal(size=COUNT))[seed % 4]
        vectors = QueryVectors(text, picture if seed % 2 else None, bonus)
        filters = (Filters(), Filters(frozenset(NAMES[1:2])), Filters(lowest=20.0, highest=200.0))[seed // 2 % 3]
        gone = {PRODUCTS[row].id for row in rng.integers(0, COUNT, 9)} | {"nobody"}
        expected = exact.search(vectors, filters, gone, 10)
        found = index.search(vectors, filters, gone, 10)
        assert [hit.id for hit in found] == [hit.id for hit in expected]
        assert [hit.similarity for hit in found] == pytest.approx([hit.similarity for hit in expected], abs=1e-5)


class Counting:
    """Answers as Milvus does, from vectors in memory, and keeps what it was asked for."""

    def __init__(self, vectors: np.ndarray, keys: np.ndarray):
        self.vectors, self.keys, self.asked = vectors, keys, []

    def search(self, name, data, anns_field, filter, limit, output_fields, search_params):
        self.asked.append((limit, filter))
        named = re.search(r"key in \[([^]]*)\]", filter)
        known = (
            np.isin(self.keys, [int(key) for key in named[1].split(",")]) if named else np.ones(len(self.keys), bool)
        )
        if gone := re.search(r"key not in \[([^]]*)\]", filter):
            known &= ~np.isin(self.keys, [int(key) for key in gone[1].split(",")])
        near = np.where(known, self.vectors @ np.array(data[0], np.float32), -np.inf)
        best = np.argsort(-near, kind="stable")[: min(limit, int(known.sum()))]
        return [[{"key": int(self.keys[row]), "distance": float(near[row])} for row in best]]


def counted(count: int, width: int = 32) -> tuple[MilvusIndex, ExactIndex, Counting]:
    rng = np.random.default_rng(0)
    vectors = unit(rng.standard_normal((count, width), np.float32))
    products = tuple(Product(f"p{row}", "Thing", "Things") for row in range(count))
    exact = ExactIndex(products, vectors, np.zeros((count, 0), np.float32))
    index = MilvusIndex(None, read_address("milvus://127.0.0.1:1"), "x", columns_of(products))
    index.client = Counting(vectors, index.keys)
    index.text, index.picture = vectors, np.zeros((count, 0), np.float32)
    return index, exact, index.client


@pytest.mark.parametrize(
    ("share", "most_compared", "asked"), [(0.05, 32_768, 0), (0.05, 50, 1), (0.6, 32_768, 1), (1.0, 32_768, 1)]
)
def test_what_cannot_be_among_the_ten_is_not_asked_for(share, most_compared, asked, monkeypatch):
    """A share of the items meets a condition: all others are too far off, whatever their vectors are. Few that are left
    are compared here; else one request names hardly more items than are needed, and none in its filter."""
    monkeypatch.setattr(milvus, "MOST_COMPARED", most_compared)
    index, exact, client = counted(4000)
    rng = np.random.default_rng(1)
    bonus = np.where(rng.random(4000) < share, 0.0, -2.5)
    for _ in range(5):
        query = QueryVectors(unit(rng.standard_normal(32, np.float32)), bonus=bonus)
        client.asked.clear()
        found = index.search(query, Filters(), ("p7",), 10)
        assert [hit.id for hit in found] == [hit.id for hit in exact.search(query, Filters(), ("p7",), 10)]
        assert len(client.asked) == asked and all(limit <= 2.2 * 10 / share for limit, _ in client.asked)
        assert all(
            condition == f"stock == 1 and key not in {index.keys[7:8].tolist()}" for _, condition in client.asked
        )


def test_items_of_another_process_do_not_hide_those_that_are_known_here():
    """Milvus names as many as it was asked for, some of which are not in this catalogue: others may still be nearer."""
    index, exact, client = counted(4000)
    strangers = np.tile(unit(np.ones(32, np.float32)), (30, 1))
    client.vectors, client.keys = np.concatenate([strangers, client.vectors]), np.append(-1 - np.arange(30), index.keys)
    query = QueryVectors(strangers[0], bonus=np.zeros(4000))
    assert index.search(query, Filters(), (), 10) == exact.search(query, Filters(), (), 10)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10_000), few=st.sampled_from([3, 20, 128]), most=st.sampled_from([16, 64, 16_384]),
    named=st.sampled_from([0, 50, 32_768]), k=st.sampled_from([0, 1, 10, 40]), width=st.sampled_from([0.01, 0.3, 3.0]),
)  # fmt: skip
def test_however_few_are_asked_for_at_once_they_are_the_same(seed, few, most, named, k, width):
    index, exact, _ = counted(300, 8)
    rng = np.random.default_rng(seed)
    query = QueryVectors(unit(rng.standard_normal(8, np.float32)), bonus=-width * rng.exponential(size=300))
    gone = [f"p{row}" for row in rng.integers(0, 300, 5)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(milvus, "FEW", few)
        patch.setattr(milvus, "MOST", most)
        patch.setattr(milvus, "MOST_COMPARED", named)
        found = index.search(query, Filters(), gone, k)
    expected = exact.search(query, Filters(), gone, k)
    assert [hit.id for hit in found] == [hit.id for hit in expected]


def test_what_is_new_changed_and_gone(address):
    open_index(address, columns_of(PRODUCTS), (TEXT, PICTURE))
    assert open_index(address, columns_of(PRODUCTS), (TEXT, PICTURE))[1] == MilvusChange(0, 0, 0)
    cheaper = Product(PRODUCTS[5].id, "Thing", NAMES[2], price=1.0)
    products = (cheaper, *PRODUCTS[6:], Product("new", "Thing", "Sofas", price=2.0))
    text = np.concatenate([TEXT[5:], TEXT[:1]])
    text[3] = TEXT[1]
    index, change = open_index(address, make_columns(products), (text, np.concatenate([PICTURE[5:], PICTURE[:1]])))
    assert change == MilvusChange(1, 2, 5)
    nearest = index.search(QueryVectors(TEXT[0]), Filters(), (), 400)
    here = {one.id for one in products if one.in_stock is not False}
    assert {hit.id for hit in nearest} == here and nearest[0].id == "new"
    assert {hit.id for hit in index.search(QueryVectors(TEXT[0]), Filters(highest=2.0), (), 9)} == {cheaper.id, "new"}


def test_a_file_of_before_is_searched_as_files_are_now(address, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(milvus_client.MilvusAddress, "is_file", False)
        before, _ = open_index(address, columns_of(PRODUCTS), (TEXT, PICTURE))
    assert before.client.describe_index("lavic_x", "vector")["index_type"] == "FLAT"
    index, change = open_index(address, columns_of(PRODUCTS), (TEXT, PICTURE))
    assert change == MilvusChange(0, 0, 0)
    kind = index.client.describe_index("lavic_x", "vector")
    assert kind["index_type"] == "IVF_FLAT" and kind["params"] == {"nlist": 1}, "one list: nothing is left unread"
    query = QueryVectors(TEXT[4], PICTURE[7])
    expected = ExactIndex(PRODUCTS, TEXT, PICTURE).search(query, Filters(), (), 40)
    assert index.search(query, Filters(), (), 40) == expected


def test_what_was_sent_is_not_compared_again(address, tmp_path, monkeypatch):
    first = MilvusPlace(address, "x", "a", tmp_path / "record")(PRODUCTS, TEXT, PICTURE)
    compared = []
    monkeypatch.setattr(MilvusIndex, "versions", lambda self: compared.append(self) or [])
    again = MilvusPlace(address, "x", "a", tmp_path / "record")(PRODUCTS, TEXT, PICTURE)
    query = QueryVectors(TEXT[4])
    assert again.search(query, Filters(), (), 5) == first.search(query, Filters(), (), 5) and not compared
    MilvusPlace(address, "x", "b", tmp_path / "record")(PRODUCTS, TEXT, PICTURE)
    assert compared


def test_only_numbers_go_into_a_filter():
    said = expression(Filters(frozenset(NAMES), 1.0, 2.5), [7])
    assert not set(said) - set("0123456789.,[]()<>= ") - set("category price stock key in not and")
    assert expression(Filters(), ()) == "stock == 1"


@pytest.mark.parametrize(
    "address", ["", "http://a:1", "milvus://", "milvus://a:99999", "milvus://a/b", "milvus:///x", "milvus://a?b=secret"]
)
def test_other_addresses_are_refused_unquoted(address):
    with pytest.raises(LavicError, match="take an address such as") as told:
        read_address(address)
    assert "secret" not in str(told.value)


def test_an_address_keeps_its_login_to_itself():
    place = read_address("milvus+https://ada:s%40fe@example.org")
    assert (place.uri, place.token) == ("https://example.org:19530", "ada:s@fe") and "s@fe" not in place.shown


def test_a_missing_package_is_told(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pymilvus", None)
    with pytest.raises(LavicError, match="needs the extra `milvus`"):
        connect_milvus(read_address("milvus://127.0.0.1:1"))


def test_who_does_not_answer_is_told():
    class Silent:
        def search(self, *_, **named):
            raise RuntimeError("secret")

    place = read_address("milvus://ada:secret@127.0.0.1:1")
    index = milvus.MilvusIndex(Silent(), place, "x", columns_of(PRODUCTS))
    index.text, index.picture = TEXT, PICTURE
    with pytest.raises(LavicError, match=r"milvus://127\.0\.0\.1:1 does not answer \(RuntimeError\)") as told:
        index.nearest(QueryVectors(TEXT[0]), "", 3)
    assert "secret" not in str(told.value)
