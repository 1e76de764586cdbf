"""Search in the LLM's own space, by a tiny model of the real architecture."""

import numpy as np
import pytest
import torch
from helpers.tiny import tiny_model

from lavic_chat.features.item_embedder import EmbedderConfig, ItemEmbedder, ItemVectors
from lavic_chat.features.query_embedder import TorchQueryEmbedder
from lavic_chat.retrieval.item_space import ItemSpace
from lavic_chat.retrieval.query import Query

TEXTS = ["a red sofa", "the blue lamp fits best", "one green rug"]


@pytest.fixture
def space(tmp_path) -> ItemSpace:
    embedder = ItemEmbedder(tiny_model(), tmp_path, "weights", EmbedderConfig())
    states = torch.randn(3, 5, 32, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        made = ItemVectors(embedder.embed_texts(TEXTS).numpy(), embedder.embed_states(states).numpy())
    return ItemSpace(TorchQueryEmbedder(embedder), made)


def test_items_and_queries_are_unit_vectors_of_one_space(space):
    asked = space.embed_query(Query(("a red sofa", "green"), (1.0, 0.5)))
    assert space.vectors.shape == (3, *asked.shape)
    for vectors in (space.vectors, asked):
        assert np.allclose(np.linalg.norm(vectors, axis=-1), 1, atol=1e-5)


def test_what_an_item_says_is_nearest_to_it_by_text(space):
    half = space.vectors.shape[1] // 2
    for row, text in enumerate(TEXTS):
        near = space.vectors[:, :half] @ space.embed_query(Query((text,), (1.0,)))[:half]
        assert near.argmax() == row and near[row] == pytest.approx(0.5, abs=1e-4)


def test_a_query_that_says_nothing_finds_nothing_in_particular(space):
    assert not space.embed_query(Query((), ())).any()
