"""MoDA on the real architecture, tiny: what its gates do, and what is saved, merged and refused."""

import json

import pytest
import torch
from helpers.tiny import tiny_model

from lavic_chat.errors import ModelError
from lavic_chat.model.lora import fold_loras, save_lora
from lavic_chat.model.moda import FIXED, IMAGE, MODA, TEXT, ModaShape, add_moda, moda_layers, read_moda, reading

SHAPE = ModaShape(rank=4, experts=4, alpha=8, dropout=0.0)


def with_moda(shape=SHAPE, trained=True):
    model = tiny_model()
    moda = add_moda(model, shape, seed=1)
    if trained:  # as if it had learned something
        generator = torch.Generator().manual_seed(2)
        with torch.no_grad():
            for layer in moda_layers(model):
                weight = layer.lora_B[MODA].weight
                weight.copy_(torch.randn(weight.shape, generator=generator))
    model.train(False)
    return model, moda


@torch.no_grad()
def hidden(model, modality):
    ids = torch.tensor([[5, 6, 7, 8]])
    with reading(model, modality):
        return model.core.language_model(input_ids=ids).last_hidden_state


def test_it_changes_nothing_before_it_has_learned():
    model, _ = with_moda(trained=False)
    plain = tiny_model().core.language_model(input_ids=torch.tensor([[5, 6, 7, 8]])).last_hidden_state
    assert torch.equal(hidden(model, TEXT), plain) and torch.equal(hidden(model, IMAGE), plain)


def test_each_modality_has_gates_of_its_own_that_sum_to_one():
    model, _ = with_moda()
    assert not torch.allclose(hidden(model, TEXT), hidden(model, IMAGE))
    for layer in moda_layers(model):
        assert layer.gates(MODA).shape == (4,) and layer.gates(MODA).sum().item() == pytest.approx(1.0)


def test_every_linear_layer_of_the_llm_has_experts_and_they_alone_learn():
    model, _ = with_moda()
    assert len(moda_layers(model)) == 2 * 7
    trained = {name for name, weight in model.network.named_parameters() if weight.requires_grad}
    assert trained and all("lora_" in name and "language_model" in name for name in trained)
    assert {name.split("lora_")[1].split(".")[0] for name in trained} == {"A", "B", "gate", "modality"}


def test_one_expert_is_plain_lora():
    model, _ = with_moda(ModaShape(rank=4, experts=1, alpha=8, dropout=0.0))
    assert torch.equal(hidden(model, TEXT), hidden(model, IMAGE))
    layer = moda_layers(model)[0]
    plain = layer.lora_B[MODA].weight @ layer.lora_A[MODA].weight * 8 / 4
    assert torch.allclose(layer.get_delta_weight(MODA), plain)


def test_fixed_gates_part_the_experts_and_their_gradients():
    model, _ = with_moda(ModaShape(rank=4, experts=2, alpha=8, dropout=0.0, gating=FIXED))
    with reading(model, TEXT):
        model.core.language_model(input_ids=torch.tensor([[5, 6]])).last_hidden_state.sum().backward()
    layer = moda_layers(model)[0]
    gradient = layer.lora_B[MODA].weight.grad
    assert gradient[:, :2].abs().sum() > 0 and gradient[:, 2:].abs().sum() == 0
    trained = {name for name, weight in model.network.named_parameters() if weight.requires_grad}
    assert not any("lora_gate" in name or "lora_modality" in name for name in trained)


@pytest.mark.parametrize("modality", [TEXT, IMAGE])
def test_folded_in_it_answers_as_before(modality):
    model, _ = with_moda()
    before, other = hidden(model, modality), hidden(model, IMAGE if modality == TEXT else TEXT)
    with reading(model, modality):
        fold_loras(model.network)
    after = hidden(model, modality)
    assert torch.allclose(after, before, atol=1e-4) and not torch.allclose(after, other, atol=1e-2)


@pytest.mark.parametrize("shape", [SHAPE, ModaShape(rank=4, experts=2, alpha=8, dropout=0.0, gating=FIXED)])
def test_saved_and_read_it_is_the_same(tmp_path, shape):
    model, moda = with_moda(shape)
    save_lora(moda, MODA, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"adapter_config.json", "adapter_model.safetensors"}
    again = tiny_model()
    read_moda(again, tmp_path)
    for modality in (TEXT, IMAGE):
        assert torch.allclose(hidden(again, modality), hidden(model, modality), atol=2e-2)  # half precision


def test_weights_of_another_shape_are_refused(tmp_path):
    _, moda = with_moda()
    save_lora(moda, MODA, tmp_path)
    config = tmp_path / "adapter_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"target_modules": r".*language_model.*\.q_proj"}))
    with pytest.raises(ValueError, match="other weights"):
        read_moda(tiny_model(), tmp_path)


@pytest.mark.parametrize(("rank", "experts", "gating"), [(8, 3, "learned"), (8, 0, "learned"), (8, 1, FIXED)])
def test_a_shape_that_cannot_be_is_refused(rank, experts, gating):
    with pytest.raises(ModelError, match="experts cannot"):
        ModaShape(rank=rank, experts=experts, gating=gating)
