"""Queries by the LLM with its MoDA, in torch and exported: the same vectors, made once, refused in words."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.tiny import save_tiny, tiny_model
from helpers.toys import make_adapter

from lavic_chat.errors import ModelError
from lavic_chat.features import query_embedder
from lavic_chat.features.item_embedder import OWN, WHOLE, EmbedderConfig, ItemEmbedder
from lavic_chat.features.query_embedder import (
    TorchQueryEmbedder,
    ensure_query,
    open_query_embedder,
    prompt_of,
    query_folder,
)
from lavic_chat.model.card import MODA, read_card, write_card
from lavic_chat.model.load import load_model
from lavic_chat.model.lora import plain_layers, save_lora
from lavic_chat.model.moda import ModaShape, add_moda, moda_layers
from lavic_chat.model.onnx_query import QUERY_RECORD, OnnxQueryEmbedder
from lavic_chat.model.query_export import export_query
from lavic_chat.model.runtimes import ModelSource

SAID = ["a red sofa", "one", "the blue lamp fits best of all, and a chair"]


def with_moda(model):
    """The model with one, as if that had learned something."""
    put_moda(model)
    return model


def put_moda(model):
    moda = add_moda(model, ModaShape(rank=4, experts=4, alpha=8, dropout=0.0), seed=1)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for layer in moda_layers(model):
            weight = layer.lora_B[MODA].weight
            weight.copy_(torch.randn(weight.shape, generator=generator) * 0.3)
    model.train(False)
    return moda


@pytest.mark.parametrize(
    "config",
    [
        EmbedderConfig(pool=OWN, query_longest=64),
        EmbedderConfig(pool=WHOLE, size=8),
        EmbedderConfig(pool=OWN, first_layer=1, longest=2),
    ],
)
def test_the_export_gives_the_same_vectors(config, tmp_path):
    torch_one = TorchQueryEmbedder(ItemEmbedder(with_moda(tiny_model()), tmp_path, "weights", config))
    wanted = torch_one.embed(SAID)
    items = ItemEmbedder(with_moda(tiny_model()), tmp_path, "weights", config)
    export_query(items.model, prompt_of(items), tmp_path / "export")
    exported = OnnxQueryEmbedder(tmp_path / "export").check()
    assert exported.learned == torch_one.learned
    assert np.allclose(exported.embed(SAID), wanted, atol=1e-4)
    assert not np.allclose(wanted[0], wanted[1], atol=1e-2)
    assert exported.embed([]).shape == (0, wanted.shape[1]) and not exported.embed([""]).any()


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> ModelSource:
    """A base that says what it is, with an adapter whose folder has a MoDA."""
    home = tmp_path_factory.mktemp("home")
    base = save_tiny(home / "base")
    (base / "lavic_base.json").write_text(json.dumps({"fingerprint": "of these tests"}))
    adapter = make_adapter(load_model(base, None, home), home / "adapter")
    model = load_model(base, adapter, home)
    plain_layers(model)
    name = model.weights_hash
    save_lora(put_moda(model), MODA, adapter / MODA)
    card = read_card(adapter)
    learned = {"config": {"pool": OWN, "query_longest": 64}, "weights": name}
    write_card(adapter, replace(card, training={**card.training, "sda": learned}))
    return ModelSource(str(base), adapter, home)


def items_of(source):
    return query_embedder.open_item_embedder(source.name, source.adapter, source.home, source.adapter)


def test_it_is_made_once_and_taken_where_it_is(source, monkeypatch):
    items = items_of(source)
    before = open_query_embedder(source, source.adapter, items)
    assert isinstance(before, TorchQueryEmbedder) and before.learned
    wanted = before.embed(SAID)
    ensure_query(source, source.adapter)
    monkeypatch.setattr(query_embedder, "open_item_embedder", None)  # nothing is opened again
    ensure_query(source, source.adapter)
    found = open_query_embedder(source, source.adapter, items)
    assert isinstance(found, OnnxQueryEmbedder) and np.allclose(found.embed(SAID), wanted, atol=1e-4)
    assert query_folder(replace(source, runtime="torch"), source.adapter) is None
    assert isinstance(open_query_embedder(replace(source, runtime="torch"), source.adapter, items), TorchQueryEmbedder)


def test_a_damaged_one_gives_way_to_torch_and_is_told_where_it_was_asked_for(source):
    ensure_query(source, source.adapter)
    folder = query_folder(source, source.adapter)
    assert folder
    whole = (folder / QUERY_RECORD).read_bytes()
    (folder / QUERY_RECORD).write_bytes(whole[:20])
    with pytest.raises(ModelError, match="delete that folder"):
        OnnxQueryEmbedder(folder)
    items = items_of(source)
    assert isinstance(open_query_embedder(source, source.adapter, items), TorchQueryEmbedder)
    assert not folder.exists()  # so that it is made anew
    assert isinstance(open_query_embedder(replace(source, runtime="onnx"), source.adapter, items), OnnxQueryEmbedder)


def test_an_adapter_without_a_moda_is_told(source, tmp_path):
    with pytest.raises(ModelError, match="has no folder moda"):
        query_folder(source, tmp_path)
