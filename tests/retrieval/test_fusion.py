"""The fusion: begins near the encoder's own vectors, saved and opened it is the same, another tower's is left alone."""

import numpy as np
import pytest
import torch
from helpers.toys import WordEncoder, said
from safetensors.torch import load_file, save_file
from torch.nn import functional

from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.errors import ModelError
from lavic_chat.features.item import ItemFeatures
from lavic_chat.model.card import FUSION
from lavic_chat.retrieval.embedder import Embedder
from lavic_chat.retrieval.fusion import Fusion, load_fusion, save_fusion
from lavic_chat.retrieval.query import make_query


@pytest.fixture
def fusion() -> Fusion:
    torch.manual_seed(0)
    made = Fusion(text=WordEncoder.size, state=5 * 8, hidden=16, share=0.25)
    made.fit_scale(3 + 2 * torch.randn(50, 5, 8))
    return made.eval()


def unit_rows(count: int) -> torch.Tensor:
    return functional.normalize(torch.randn(count, WordEncoder.size), dim=-1)


def test_a_joined_cosine_is_the_weighted_mean_of_both(fusion: Fusion):
    texts, states, asked = unit_rows(6), torch.randn(6, 5, 8), unit_rows(1)[0]
    joined = fusion.join_products(texts, states) @ fusion.join_queries(asked[None])[0]
    own, seen = texts @ asked, fusion(texts, fusion.standardize(states)) @ fusion.ask(asked[None])[0]
    assert torch.allclose(joined, 0.75 * own + 0.25 * seen, atol=1e-5)
    assert fusion.join_products(texts, states).norm(dim=-1) == pytest.approx(1, abs=1e-5)


def test_it_begins_near_the_encoders_own_vectors(fusion: Fusion):
    texts = unit_rows(6)
    assert (fusion.ask(texts) * texts).sum(-1).min().item() > 0.8


def test_standardized_states_have_no_mean_and_unit_spread(fusion: Fusion):
    states = torch.randn(40, 5, 8) * 7 - 4
    fusion.fit_scale(states)
    seen = fusion.standardize(states)
    assert torch.allclose(seen.mean(0), torch.zeros(40), atol=1e-4)
    assert torch.allclose(seen.std(0, correction=0), torch.ones(40), atol=1e-4)
    nothing = fusion.join_products(unit_rows(1), fusion.mean.view(1, 5, 8))
    assert nothing.shape == (1, 2 * WordEncoder.size)


def test_one_picture_has_a_scale(fusion: Fusion):
    states = torch.randn(1, 5, 8)
    fusion.fit_scale(states)
    assert fusion.standardize(states).abs().max().item() == 0 and fusion.std.min().item() > 0


def test_without_states_a_picture_shows_nothing_in_particular(fusion: Fusion):
    texts = unit_rows(3)
    average = fusion.mean.view(1, 5, 8).expand(3, 5, 8)
    assert torch.allclose(fusion.join_products(texts, None), fusion.join_products(texts, average), atol=1e-5)


def test_search_sees_pictures_with_it_and_words_without(fusion: Fusion, tiny_catalog):
    products = tiny_catalog.products[:4]  # one shape in four colours, told apart by nothing but looks
    item_features = [ItemFeatures(states) for states in 5 * torch.randn(4, 5, 8)]
    talk = said("a green one")
    by_words, by_both = Embedder(WordEncoder()), Embedder(WordEncoder(), fusion)
    assert np.ptp(by_words.score_items(talk, products, item_features)) == pytest.approx(0, abs=1e-6)
    assert np.ptp(by_both.score_items(talk, products, item_features)) > 1e-4
    assert np.ptp(by_both.score_items(talk, products)) == pytest.approx(0, abs=1e-6)  # nobody has looked
    of_two = [
        ItemFeatures(torch.stack([features.states, torch.randn(5, 8)])) for features in item_features
    ]  # the main picture counts
    assert np.allclose(by_both.score_items(talk, products, of_two), by_both.score_items(talk, products, item_features))
    item_embeddings = by_both.embed_items(products, item_features)
    assert item_embeddings.shape == (4, 2 * WordEncoder.size)
    assert (item_embeddings @ by_both.embed_query(make_query(Dialogue()))).tolist() == [0.0] * 4


def test_saved_and_opened_it_is_the_same(fusion: Fusion, tmp_path):
    save_fusion(fusion, tmp_path, "tower", "encoder")
    opened = load_fusion(tmp_path, "tower", "encoder")
    texts, states = unit_rows(6), torch.randn(6, 5, 8)
    assert opened.share == 0.25 and not opened.training
    assert torch.allclose(opened.join_products(texts, states), fusion.join_products(texts, states), atol=2e-2)
    assert load_file(tmp_path / "retriever" / FUSION)["mean"].dtype == torch.float16


def test_what_reads_another_tower_or_encoder_is_left_alone(fusion: Fusion, tmp_path):
    assert load_fusion(tmp_path, "tower", "encoder") is None
    save_fusion(fusion, tmp_path, "tower", "encoder")
    assert load_fusion(tmp_path, "another", "encoder") is None
    assert load_fusion(tmp_path, "tower", "another") is None


@pytest.mark.parametrize("harm", ["cut short", "a weight is gone", "not a number", "no share", "odd share"])
def test_damage_is_told(fusion: Fusion, tmp_path, harm: str):
    save_fusion(fusion, tmp_path, "tower", "encoder")
    path = tmp_path / "retriever" / FUSION
    state, told = load_file(path), {"tower": "tower", "encoder": "encoder", "share": "0.25"}
    if harm == "cut short":
        path.write_bytes(path.read_bytes()[:60])
    elif harm == "a weight is gone":
        save_file({name: tensor for name, tensor in state.items() if name != "product.1.bias"}, path, told)
    elif harm == "not a number":
        save_file(state | {"spread": state["spread"] * torch.nan}, path, told)
    else:
        del told["share"]
        save_file(state, path, told | ({"share": "7"} if harm == "odd share" else {}))
    with pytest.raises(ModelError, match=r"is damaged .* delete it to search by words alone"):
        load_fusion(tmp_path, "tower", "encoder")
