"""The sentence encoder with a LoRA: saved, found again in the adapter folder, folded in; damage is told."""

import numpy as np
import pytest
import torch
from helpers.tiny import save_tiny_encoder

from lavic_chat.errors import ModelError
from lavic_chat.features.text_encoder import TextEncoder
from lavic_chat.model import text_encoder
from lavic_chat.model.card import RETRIEVER
from lavic_chat.model.text_encoder import WEIGHTS, add_text_lora, embed, load_text_encoder, save_text_lora, weakened

TEXTS = ["a red sofa", "a green lamp", "the blue chair for the shopper"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    folder = save_tiny_encoder(tmp_path / "tiny")
    monkeypatch.setattr(text_encoder, "ensure_text_encoder", lambda home: folder)
    return folder


@torch.no_grad()
def tuned(tmp_path):
    """An adapter folder with a retriever that is no longer what it began as, and its vectors of TEXTS."""
    encoder, _ = load_text_encoder(tmp_path)
    lora = add_text_lora(encoder, rank=2, alpha=4, seed=0)
    for tensor in lora.parameters():
        if tensor.requires_grad:
            tensor.copy_(torch.randn(tensor.shape, generator=torch.Generator().manual_seed(3)).half())
    save_text_lora(lora, tmp_path / "adapter")
    return tmp_path / "adapter", embed(encoder, TEXTS)


def test_a_fresh_lora_changes_nothing_and_is_alone_trainable(tmp_path):
    encoder, name = load_text_encoder(tmp_path)
    before = encoder.encode(TEXTS)
    lora = add_text_lora(encoder, rank=2, alpha=4, seed=0)
    assert name == "all-MiniLM-L6-v2"
    assert np.allclose(embed(encoder, TEXTS).detach().numpy(), before, atol=1e-5)
    trained = [key for key, tensor in lora.named_parameters() if tensor.requires_grad]
    assert len(trained) == 2 * 6 * 2 and all("lora_" in key and ".layer." in key for key in trained)


def test_what_was_tuned_is_found_in_the_adapter(tmp_path):
    adapter, vectors = tuned(tmp_path)
    assert sorted(file.name for file in (adapter / RETRIEVER).iterdir()) == ["adapter_config.json", WEIGHTS]
    encoder, name = load_text_encoder(tmp_path, adapter)
    plain, _ = load_text_encoder(tmp_path, tmp_path / "an adapter without one")
    assert np.allclose(encoder.encode(TEXTS), vectors, atol=1e-5)
    assert not np.allclose(plain.encode(TEXTS), vectors, atol=1e-2)
    assert name.startswith("all-MiniLM-L6-v2-")


@torch.no_grad()
def test_a_weakened_lora_lies_between_and_is_whole_again(tmp_path):
    encoder, _ = load_text_encoder(tmp_path)
    plain = embed(encoder, TEXTS)
    lora = add_text_lora(encoder, rank=2, alpha=4, seed=0)
    for name, tensor in lora.named_parameters():
        if "lora_B" in name:
            tensor.fill_(0.1)
    whole = embed(encoder, TEXTS)
    with weakened(lora, 0.3):
        part = embed(encoder, TEXTS)
        save_text_lora(lora, tmp_path / "adapter")
    assert 0 < (part - plain).norm() < (whole - plain).norm()
    assert torch.allclose(embed(encoder, TEXTS), whole, atol=1e-5)
    saved, _ = load_text_encoder(tmp_path, tmp_path / "adapter")
    assert np.allclose(saved.encode(TEXTS), part, atol=1e-3)


def test_vectors_of_other_weights_are_not_taken_from_the_cache(tmp_path):
    adapter, vectors = tuned(tmp_path)
    plain = TextEncoder(tmp_path / "home").encode_cached(TEXTS)
    assert np.allclose(TextEncoder(tmp_path / "home", adapter).encode_cached(TEXTS), vectors, atol=1e-5)
    assert np.array_equal(TextEncoder(tmp_path / "home").encode_cached(TEXTS), plain)


@pytest.mark.parametrize("harm", ["cut short", "no config", "of another rank"])
def test_a_damaged_retriever_is_told(tmp_path, harm):
    adapter, _ = tuned(tmp_path)
    weights, config = adapter / RETRIEVER / WEIGHTS, adapter / RETRIEVER / "adapter_config.json"
    if harm == "cut short":
        weights.write_bytes(weights.read_bytes()[:100])
    elif harm == "no config":
        config.unlink()
    else:
        config.write_text(config.read_text().replace('"r": 2', '"r": 3'))
    with pytest.raises(ModelError, match=r"The retriever in .* is damaged .*; fetch it again, or delete that folder"):
        load_text_encoder(tmp_path, adapter)


def test_a_damaged_encoder_is_told(tmp_path, folder):
    (folder / "modules.json").write_text("{")
    with pytest.raises(ModelError, match=r"encoder cannot be opened .* delete that folder"):
        load_text_encoder(tmp_path)
