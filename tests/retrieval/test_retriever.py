"""The retriever and its index: vectors, filters and ids in, the nearest products out; no language."""

from pathlib import Path

import numpy as np
import pytest
from helpers.toys import WordEncoder

from lavic_chat.catalog import Catalog, Product
from lavic_chat.catalog.filters import Filters
from lavic_chat.retrieval.embedder import Embedder
from lavic_chat.retrieval.index import ExactIndex, Hit, QueryVectors
from lavic_chat.retrieval.retriever import Retriever

PRODUCTS = tuple(Product(name, name, "Things", price=price) for name, price in (("a", 1.0), ("b", 2.0), ("c", None)))
NEAR_B = QueryVectors(np.array([0.5, 1.0], np.float32))


@pytest.fixture
def index() -> ExactIndex:
    text = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
    return ExactIndex(PRODUCTS, text, np.eye(3, dtype=np.float32))


def test_the_nearest_come_first(index):
    assert index.search(NEAR_B, Filters(), (), 2) == [Hit("c", pytest.approx(1.1)), Hit("b", 1.0)]


def test_filters_and_excluded_ids_hold(index):
    assert [hit.id for hit in index.search(NEAR_B, Filters(highest=5.0), (), 9)] == ["b", "a"]
    assert [hit.id for hit in index.search(NEAR_B, Filters(), {"c", "b"}, 9)] == ["a"]
    assert index.search(NEAR_B, Filters(frozenset({"Other"})), (), 9) == []


def test_a_picture_adds_to_what_is_said(index):
    seen = QueryVectors(NEAR_B.text, np.array([1, 0, 0], np.float32))
    assert [hit.id for hit in index.search(seen, Filters(), (), 3)] == ["a", "c", "b"]


def test_a_bonus_counts_beside_the_similarity_and_lifts_no_filter(index):
    met = QueryVectors(NEAR_B.text, bonus=np.array([2, 0, -1], np.float32))
    assert index.search(met, Filters(), (), 3) == [Hit("a", 2.5), Hit("b", 1.0), Hit("c", pytest.approx(0.1))]
    assert [hit.id for hit in index.search(met, Filters(), {"a"}, 9)] == ["b", "c"]


def test_equals_stand_in_the_catalogues_order(index):
    nothing = QueryVectors(np.zeros(2, np.float32))
    assert [hit.id for hit in index.search(nothing, Filters(), (), 3)] == ["a", "b", "c"]


def test_candidates_are_judged_by_what_was_said_alone():
    catalog = Catalog(Path("nowhere"), PRODUCTS)
    states = np.eye(3, dtype=np.float32)[:, None].repeat(5, 1)
    retriever = Retriever(catalog, Embedder(WordEncoder()), np.eye(3, dtype=np.float32), states)
    said = np.array([0.0, 0.0, 1.0], np.float32)
    vectors = retriever.join_vectors(np.array([1.0, 0.0, 0.0], np.float32))
    found = retriever.search(vectors, 3, query=said)
    assert [(one.product.id, one.query_score) for one in found] == [("a", 0.0), ("b", 0.0), ("c", 1.0)]
    assert [one.query_score for one in retriever.search(vectors, 3)] == [1.0, 0.0, 0.0]


def test_a_product_of_another_catalogue_is_like_nothing_here():
    catalog = Catalog(Path("nowhere"), PRODUCTS)
    states = np.eye(3, dtype=np.float32)[:, None].repeat(5, 1)
    retriever = Retriever(catalog, Embedder(WordEncoder()), np.eye(3, dtype=np.float32), states)
    assert retriever.join_vectors(np.ones(3, np.float32), like="elsewhere").picture is None
