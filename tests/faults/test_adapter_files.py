"""Weights and states of an adapter that are cut, emptied or overwritten are found, named, and done without."""

import json
from dataclasses import replace

import pytest
import torch
from helpers.faults import cut, empty, fill
from helpers.listening import use_silent_tagger
from helpers.tiny import tiny_model
from helpers.toys import make_adapter, said, use_word_encoder

from lavic_chat.errors import ModelError
from lavic_chat.model.card import damaged_parts, seal_adapter
from lavic_chat.model.load import load_model
from lavic_chat.ranking.visual_ranker import SHIPPED_CAPTIONS, SHIPPED_STATES
from lavic_chat.serving.recommender import load_recommender
from lavic_chat.settings import MINI, Settings, shipped
from lavic_chat.storage.manifest import MANIFEST
from lavic_chat.storage.troubles import current_troubles


@pytest.fixture
def settings(base, tiny_catalog_folder, tmp_path, monkeypatch) -> Settings:
    """With an adapter whose states are shipped."""
    use_word_encoder(monkeypatch)
    use_silent_tagger(monkeypatch)
    adapter = make_adapter(load_model(base, None, tmp_path), tmp_path / "adapter")
    settings = Settings(tmp_path / "home", tiny_catalog_folder, str(base), adapter)
    first = load_recommender(settings, progress=False)
    first.visual_ranker.ship(first.catalog, first.item_features, adapter)
    return replace(settings, home=tmp_path / "other")


@pytest.mark.parametrize("harm", [cut, empty, fill])
@pytest.mark.parametrize("name", ["projector.safetensors", "llm/adapter_model.safetensors"])
def test_damaged_weights_of_an_adapter_are_named(settings, harm, name):
    harm(settings.adapter / name)
    with pytest.raises(ModelError, match=rf"{name} is not what was written there.*fetch the adapter again"):
        load_recommender(settings, progress=False)


@pytest.mark.parametrize("harm", [cut, empty, fill])
def test_damaged_states_are_looked_at_anew(settings, harm, tmp_path):
    whole = load_recommender(replace(settings, home=tmp_path / "whole"), progress=False)
    harm(settings.adapter / SHIPPED_STATES)
    recommender = load_recommender(settings, progress=False)
    assert torch.allclose(recommender.main_states, whole.main_states, atol=5e-3)
    assert recommender.recommend(said("a sofa")).candidates
    assert SHIPPED_STATES in current_troubles()[0]


def test_an_adapter_without_a_record_is_taken_as_it_is(settings):
    (settings.adapter / MANIFEST).unlink()
    assert damaged_parts(settings.adapter) == []
    load_recommender(settings, progress=False)


def test_who_changes_a_part_writes_it_down(tmp_path):
    adapter = make_adapter(tiny_model(), tmp_path / "adapter")
    (adapter / "retriever").mkdir()
    (adapter / "retriever" / "fusion.safetensors").write_bytes(b"fusion")
    seal_adapter(adapter)
    (adapter / "retriever" / "fusion.safetensors").unlink()  # as the sentence about a damaged one says
    assert damaged_parts(adapter) == []
    (adapter / "retriever" / "fusion.safetensors").write_bytes(b"Fusion")
    assert damaged_parts(adapter) == [adapter / "retriever" / "fusion.safetensors"]


@pytest.mark.parametrize("name", ["", "list", "no-distill"])
def test_the_shipped_adapters_are_what_was_written_down(name):
    folder = shipped("assets", MINI) / name
    known = json.loads((folder / MANIFEST).read_text())["files"]
    assert damaged_parts(folder) == [] and len(known) >= 3
    assert name or {SHIPPED_STATES, SHIPPED_CAPTIONS, "retriever/fusion.safetensors"} <= set(known)
