"""What a search by SDA's vectors and a history cost, on the tiny model with a MoDA of its own."""

import json
from dataclasses import replace
from itertools import islice

import pytest
from helpers.adapting import learn
from helpers.listening import use_silent_tagger
from helpers.toys import make_adapter, use_word_encoder

from lavic_chat.errors import ModelError
from lavic_chat.evaluation.benchmarks.bench import BenchConfig, run_bench
from lavic_chat.evaluation.benchmarks.bench_text import format_report
from lavic_chat.evaluation.benchmarks.conversations import new_conversations
from lavic_chat.evaluation.benchmarks.searches import measure_embedding, measure_searches
from lavic_chat.features.item_embedder import ItemEmbedder
from lavic_chat.model.load import load_model
from lavic_chat.sda import adaptation
from lavic_chat.serving.recommender import load_recommender
from lavic_chat.serving.search_space import open_items
from lavic_chat.settings import Settings


@pytest.fixture
def settings(base, tiny_catalog_folder, tmp_path, monkeypatch) -> Settings:
    use_word_encoder(monkeypatch)
    use_silent_tagger(monkeypatch)
    adapter = make_adapter(load_model(base, None, tmp_path / "home"), tmp_path / "adapter")
    return Settings(tmp_path / "home", tiny_catalog_folder, model=str(base), adapter=adapter)


def adapted(settings, monkeypatch):
    """A MoDA in the adapter's folder, kept for it finds what it learned."""
    monkeypatch.setattr(adaptation, "split_titles", lambda catalog: (list(range(12)), list(range(12))))
    learn(settings, steps=20, valid_every=10)


def test_searches_and_items_are_measured_where_they_are_asked_for(settings, monkeypatch):
    adapted(settings, monkeypatch)
    report = run_bench(settings, BenchConfig(turns=2, parts=("searches", "items")))
    row = json.loads(json.dumps(report.to_row()))
    assert row["turns"] is None and set(row["searches"]["turns"]) == {"fusion", "sda", "both", "history"}
    assert set(row["searches"]["ratios"]) == {"sda", "both", "history"}
    assert all(ratio["pairs"] == 2 for ratio in row["searches"]["ratios"].values())
    assert row["items"]["items"] > 0 < row["items"]["a_second"]
    text = format_report(report)
    assert "  by the fusion, with a history" in text and "items embedded by SDA" in text


def test_items_are_embedded_anew_and_nothing_is_kept(settings, monkeypatch):
    adapted(settings, monkeypatch)
    chat = load_recommender(replace(settings, search="sda"))  # all are embedded now
    embedder, _ = open_items(settings, settings.adapter, chat.catalog, chat.item_features)
    kept, read = embedder.cache.path.read_bytes(), []
    above = ItemEmbedder.read_above
    monkeypatch.setattr(ItemEmbedder, "read_above", lambda own, name, rows: read.extend(rows) or above(own, name, rows))
    assert measure_embedding(settings, chat, 3).items == 3
    assert embedder.cache.path.read_bytes() == kept and 0 < len(read) <= 2 * 3  # no other product's


def test_without_a_moda_it_is_told(settings):
    with pytest.raises(ModelError, match="has no folder moda; make one with"):
        measure_searches(settings, islice(new_conversations(), 1))
    with pytest.raises(ModelError, match="has no folder moda; make one with"):
        measure_embedding(settings, load_recommender(settings))
    with pytest.raises(ModelError, match="Without an adapter there is no MoDA; make one with"):
        measure_searches(replace(settings, adapter=None), islice(new_conversations(), 1))
