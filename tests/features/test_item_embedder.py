"""Items as vectors, by a tiny model of the real architecture."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.tiny import tiny_model
from PIL import Image

from lavic_chat.catalog import Product
from lavic_chat.errors import LavicError
from lavic_chat.features.item import item_text
from lavic_chat.features.item_embedder import OWN, EmbedderConfig, ItemEmbedder, cache_keys
from lavic_chat.features.item_pictures import ALL, FIVE, AllTokens, FiveTokens, pictures_of
from lavic_chat.model.moda import IMAGE, MODA, ModaShape, add_moda, moda_layers

TEXTS = ["a red sofa", "the blue lamp fits best", ""]


@pytest.fixture(scope="module")
def model():
    return tiny_model()


def embedder(model, home, config=None):
    return ItemEmbedder(model, home, "weights", config or EmbedderConfig())


def make_states(count=3):
    return torch.randn(count, 5, 32, generator=torch.Generator().manual_seed(1))


@torch.inference_mode()
def test_texts_and_pictures_are_unit_vectors_of_one_space(model, tmp_path):
    own = embedder(model, tmp_path)
    for vectors in (own.embed_texts(TEXTS), own.embed_states(make_states())):
        assert vectors.shape == (3, model.token_size) and torch.allclose(vectors.norm(dim=1), torch.ones(3))


@torch.inference_mode()
@pytest.mark.parametrize("pool", ["whole", OWN])
def test_an_item_is_embedded_alike_alone_and_among_others(model, tmp_path, pool):
    own = embedder(model, tmp_path, EmbedderConfig(pool=pool))
    together = own.embed_texts(TEXTS)
    alone = torch.cat([own.embed_texts([text]) for text in TEXTS])
    assert torch.allclose(together, alone, atol=1e-5)


@torch.inference_mode()
def test_what_the_mean_is_of_and_how_long_it_is(model, tmp_path):
    whole, own = (embedder(model, tmp_path, EmbedderConfig(pool=pool)).embed_texts(TEXTS) for pool in ("whole", OWN))
    assert not torch.allclose(whole[0], own[0]) and torch.isfinite(own).all()
    assert embedder(model, tmp_path, EmbedderConfig(size=12)).embed_texts(TEXTS).shape == (3, 12)
    cut = embedder(model, tmp_path, EmbedderConfig(longest=1))
    assert torch.equal(cut.embed_texts(["a red sofa"]), cut.embed_texts(["a red lamp"]))


def test_nothing_is_embedded_twice(model, tmp_path, monkeypatch):
    products, states = [Product(str(row), text or "x", "thing") for row, text in enumerate(TEXTS)], make_states()
    own = embedder(model, tmp_path)
    first = own.embed_items(products, FiveTokens(states))
    assert first.texts.shape == first.images.shape == (3, model.token_size)
    assert np.allclose(np.linalg.norm(first.both, axis=1), 1, atol=1e-5)
    again = embedder(model, tmp_path)
    monkeypatch.setattr(again, "read_above", None)
    known = again.embed_items(products, FiveTokens(states))
    assert np.array_equal(known.texts, first.texts) and np.array_equal(known.images, first.images)
    with pytest.raises(TypeError):
        again.embed_items([replace(products[0], title="another")], FiveTokens(states[:1]))
    with pytest.raises(TypeError):
        other = ItemEmbedder(model, tmp_path, "other weights")
        other.read_above = None
        other.embed_items(products, FiveTokens(states))


def test_all_tokens_of_a_picture_may_be_read_instead_of_five(model, tmp_path, tiny_catalog, monkeypatch):
    products, states = tiny_catalog.products[:2], make_states(2)
    whole = embedder(model, tmp_path, EmbedderConfig(tokens=ALL))
    looks = pictures_of(ALL, tiny_catalog, products, None)  # which asks for no states
    made = whole.embed_items(products, looks)
    five = embedder(model, tmp_path).embed_items(products, FiveTokens(states))
    assert made.images.shape == five.images.shape and np.allclose(made.texts, five.texts, atol=1e-6)
    tokens = model.see_fully([Image.open(tiny_catalog.picture_path(products[0]))])
    with torch.inference_mode():
        alone = whole.read_above(IMAGE, whole.begin_tokens(tokens))[0]
    assert len(tokens[0]) > 5 and np.allclose(made.images[0], alone, atol=1e-4)
    assert isinstance(pictures_of(FIVE, tiny_catalog, products, lambda: states), FiveTokens)
    monkeypatch.setattr(model, "see_fully", None)  # nothing is looked at again
    assert np.array_equal(whole.embed_items(products, AllTokens(tiny_catalog, products)).images, made.images)


def test_what_was_embedded_by_five_tokens_keeps_its_name(model, tmp_path):
    """As shipped vectors have it, which were made before there was another way."""
    of_items = {"longest": 40, "pool": "whole", "size": 0, "first_layer": 0}
    assert EmbedderConfig().of_items == EmbedderConfig(query_longest=9).of_items == of_items
    assert embedder(model, tmp_path).name != embedder(model, tmp_path, EmbedderConfig(tokens=ALL)).name


@torch.inference_mode()
def test_layers_that_do_not_learn_are_read_before_the_others(model, tmp_path):
    whole, parted = embedder(model, tmp_path), embedder(model, tmp_path, EmbedderConfig(first_layer=1))
    assert torch.allclose(whole.embed_texts(TEXTS), parted.embed_texts(TEXTS), atol=1e-6)
    assert torch.allclose(whole.embed_states(make_states()), parted.embed_states(make_states()), atol=1e-6)
    below = parted.begin_texts(TEXTS)
    assert [len(row) for row in below] == [len(row) for row in whole.begin_texts(TEXTS)]
    assert not torch.allclose(below[0], whole.begin_texts(TEXTS)[0])


@torch.inference_mode()
def test_each_modality_goes_through_its_own_gates(tmp_path):
    model = tiny_model()
    add_moda(model, ModaShape(rank=2, experts=2, alpha=4, dropout=0.0))
    own, states = embedder(model, tmp_path), make_states()
    before = own.embed_texts(TEXTS), own.embed_states(states)
    for layer in moda_layers(model):
        layer.lora_B[MODA].weight.normal_()
        layer.lora_gate[MODA].weight.zero_()
        layer.lora_modality[MODA].weight.zero_()
        layer.lora_gate[MODA].weight[0, 0] = 1e4  # all of expert 0, where a modality's first number is one
        layer.lora_modality[MODA].weight[0, 0] = 1.0
        layer.lora_modality[MODA].weight[1, 0] = -1.0
        layer.lora_B[MODA].weight[:, 1] = 0  # expert 1, which reads pictures, adds nothing
    assert not torch.allclose(own.embed_texts(TEXTS), before[0])
    assert torch.allclose(own.embed_states(states), before[1], atol=1e-5)


def test_the_text_of_a_product():
    product = Product(
        "1", "Corner sofa.", "Sofas", description="Seats four.", attributes={"colour": "red", "brand": "Ours"}
    )
    assert item_text(product) == "Corner sofa. Sofas. Ours. Seats four"
    assert "red" not in item_text(product)


def test_what_was_embedded_is_shipped_to_whoever_has_the_same_weights(model, tmp_path, monkeypatch):
    products = [Product(f"p{row}", text, "Things") for row, text in enumerate(TEXTS)]
    first, states = embedder(model, tmp_path / "first"), make_states()
    made = first.embed_items(products, FiveTokens(states))
    keys = cache_keys([item_text(one) for one in products], FiveTokens(states))
    first.ship(products, FiveTokens(states), tmp_path / "shipped.safetensors")
    second = embedder(model, tmp_path / "second")
    second.adopt(tmp_path / "shipped.safetensors")
    monkeypatch.setattr(ItemEmbedder, "read_above", None)  # nothing is embedded again
    found = second.embed_items(products, FiveTokens(states))
    assert np.allclose(found.texts, made.texts, atol=1e-3) and np.allclose(found.images, made.images, atol=1e-3)
    others = ItemEmbedder(model, tmp_path / "second", "other weights")
    others.adopt(tmp_path / "shipped.safetensors")
    others.adopt(tmp_path / "nowhere.safetensors")
    assert not others.cache.get(keys[0])
    (tmp_path / "shipped.safetensors").write_bytes(b"cut off")
    with pytest.raises(LavicError, match="is damaged"):
        second.adopt(tmp_path / "shipped.safetensors")
