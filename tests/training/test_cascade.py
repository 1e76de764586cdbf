"""Fitting the cascade: the probe learns what the whole LLM says, the margin keeps the pick as often as was asked."""

from dataclasses import replace

import pytest
import torch
from helpers.toys import WordEncoder, make_adapter, with_dialogues

from lavic_chat.errors import LavicError, ModelError
from lavic_chat.model.load import load_model
from lavic_chat.ranking.cascade import FILE, Cascade, load_cascade
from lavic_chat.retrieval.embedder import Embedder
from lavic_chat.settings import Settings
from lavic_chat.training import cascade
from lavic_chat.training.cascade import (
    CascadeRequest,
    MiddleStates,
    agreement,
    fit_cascade,
    fit_margin,
    fit_most,
    fit_probe,
    mean_kept,
)  # fmt: skip


def rows_of(count: int, noise: float, seed: int) -> list[MiddleStates]:
    """Candidates whose scores are a line through their states, but for some noise."""
    generator = torch.Generator().manual_seed(seed)
    line = torch.arange(8.0) - 3.5
    rows = []
    for _ in range(count):
        states = torch.randn(10, 8, generator=generator)
        scores = states @ line + noise * torch.randn(10, generator=generator)
        rows.append(MiddleStates(states, scores, torch.zeros(10)))
    return rows


def test_the_probe_finds_the_line():
    weight = fit_probe(rows_of(60, 0.1, 0), rows_of(20, 0.1, 1))
    line = torch.arange(8.0) - 3.5
    assert torch.cosine_similarity(weight, line, 0) > 0.99


@pytest.mark.parametrize("share", [0.8, 0.95, 1.0])
def test_the_margin_keeps_the_pick_as_often_as_asked(share):
    rows, weight = rows_of(80, 4.0, 2), torch.arange(8.0) - 3.5
    margin, most = fit_margin(weight, rows, share), fit_most(weight, rows, share)
    by_margin, by_number = Cascade(weight, 1, margin, 10, ""), Cascade(weight, 1, 1e9, most, "")
    assert agreement(by_margin, rows) >= share and agreement(by_number, rows) >= share
    assert 0.1 <= mean_kept(by_margin, rows) < 1 and mean_kept(by_number, rows) == pytest.approx(most / 10)
    assert fit_margin(weight, rows, 0.5) <= margin and fit_most(weight, rows, 0.5) <= most


def test_it_is_written_beside_the_adapter(base, tiny_catalog_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(cascade, "load_embedder", lambda *_: Embedder(WordEncoder()))
    adapter = make_adapter(load_model(str(base), None, tmp_path, "cpu"), tmp_path / "adapter")
    file = with_dialogues(tiny_catalog_folder)
    settings = Settings(tmp_path / "home", tiny_catalog_folder, str(base), adapter, runtime="torch")
    record = fit_cascade(CascadeRequest(settings, file, file)).record
    assert record["agreement"] >= 0.9 and record["conversations"] == {"train": 6, "valid": 6}
    opened = load_model(str(base), adapter, tmp_path, "cpu")
    fitted = load_cascade(adapter, opened.weights_hash, opened.middle)
    assert fitted.margin == pytest.approx(record["margin"], abs=1e-3)
    assert opened.card.training["cascade"]["middle"] == opened.middle and (adapter / FILE).stat().st_size < 2000
    with pytest.raises(LavicError, match="is not an adapter"):
        fit_cascade(CascadeRequest(replace(settings, adapter=tmp_path), file, file))


def test_a_list_has_no_branches_to_leave(base, tiny_catalog_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(cascade, "load_embedder", lambda *_: Embedder(WordEncoder()))
    adapter = make_adapter(load_model(str(base), None, tmp_path, "cpu"), tmp_path / "adapter", decode="list")
    file = with_dialogues(tiny_catalog_folder)
    settings = Settings(tmp_path / "home", tiny_catalog_folder, str(base), adapter, runtime="torch")
    with pytest.raises(ModelError, match="decodes otherwise"):
        fit_cascade(CascadeRequest(settings, file, file))
