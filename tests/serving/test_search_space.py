"""The spaces that items may be searched in."""

import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.toys import WordEncoder

from lavic_chat.catalog import load_catalog
from lavic_chat.errors import LavicError
from lavic_chat.features.item import ItemFeatures
from lavic_chat.features.vectors import unit
from lavic_chat.retrieval.embedder import Embedder
from lavic_chat.retrieval.item_space import EmbeddedSpace, JoinedSpace
from lavic_chat.retrieval.query import Query
from lavic_chat.retrieval.retriever import Retriever
from lavic_chat.serving.search_space import open_search_space
from lavic_chat.settings import Settings

SEEN = SimpleNamespace(dim=lambda: 2)
RED = Query(("a red sofa",), (1.0,))


@pytest.fixture
def opened(tiny_catalog_folder, tmp_path):
    catalog, embedder = load_catalog(tiny_catalog_folder), Embedder(WordEncoder())
    settings = Settings(tmp_path, tiny_catalog_folder, adapter=tmp_path / "adapter")
    features = [ItemFeatures(SEEN, f"caption {row}") for row in range(len(catalog))]

    def opens(search: str):
        return open_search_space(replace(settings, search=search), catalog, features, embedder)

    return opens, catalog, embedder


def test_the_fused_space_is_the_embedders_own(opened):
    assert opened[0]("fusion") is None


def test_words_alone(opened):
    opens, catalog, embedder = opened
    space = opens("text")
    assert space and space.vectors.shape == (len(catalog), len(space.embed_query(RED)))
    assert np.allclose(space.embed_query(RED), embedder.embed_query(RED))


@pytest.mark.parametrize("search", ["words", "fusion=x", "text=x", "SDA"])
def test_another_name_is_refused(opened, search):
    with pytest.raises(LavicError, match="choose fusion, text, sda, both, sda=ADAPTER, or both=ADAPTER"):
        opened[0](search)


@pytest.mark.parametrize("search", ["sda", "both"])
def test_an_adapter_without_a_moda_is_refused(opened, search):
    with pytest.raises(LavicError, match="is not an adapter folder"):
        opened[0](search)


def test_two_spaces_side_by_side_count_by_their_share():
    rng = np.random.default_rng(1)
    first, second = (
        EmbeddedSpace(unit(rng.normal(size=(5, size))), lambda query, size=size: unit(np.arange(1.0, size + 1)))
        for size in (3, 4)
    )
    joined = JoinedSpace(first, second, 0.25)
    near = [space.vectors @ space.embed_query(RED) for space in (first, second, joined)]
    assert joined.vectors.shape == (5, 7) and np.allclose(near[2], 0.75 * near[0] + 0.25 * near[1], atol=1e-6)
    assert np.allclose(np.linalg.norm(joined.vectors, axis=1), 1.0, atol=1e-6)


def test_another_space_is_searched_and_scores_stay_the_embedders(opened):
    _, catalog, embedder = opened
    flipped = np.eye(len(catalog), dtype=np.float32)[::-1]
    space = SimpleNamespace(vectors=flipped, embed_query=lambda query: flipped[0])
    vectors, states = np.eye(len(catalog), dtype=np.float32), np.zeros((len(catalog), 5, 4), np.float32)
    retriever = Retriever(catalog, embedder, vectors, states, space=space)
    said = vectors[1]
    found = retriever.search(retriever.join_vectors(retriever.to_search(RED, said)), 1, query=said)
    assert [(one.product.id, one.similarity, one.query_score) for one in found] == [(catalog.products[0].id, 1.0, 0.0)]


def test_a_start_waits_for_nothing_that_sda_alone_needs():
    code = "import sys, lavic_chat.serving.recommender; print({'transformers', 'peft'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"
