"""The network that reads messages: what it is given, saved and opened again, exported; damage is told."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.tiny import save_tiny_encoder
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.errors import ModelError
from lavic_chat.model import runtimes, text_encoder
from lavic_chat.model.card import HEADS, NLU, WEIGHTS
from lavic_chat.model.onnx_export import export_tagger
from lavic_chat.model.onnx_tagger import TAGGER, TAGGER_TOKENIZER, OnnxTurnTagger
from lavic_chat.model.runtimes import ModelSource, ensure_tagger, is_exported, open_tagger, tagger_folder
from lavic_chat.model.turn_batch import BEFORE, LONGEST, encode_turns
from lavic_chat.model.turn_tagger import TaggerShape, TorchTurnTagger, load_tagger, new_tagger, save_tagger
from lavic_chat.settings import ONNX, TORCH

SHAPE = TaggerShape(tags=7, about=5, rank=2, alpha=4)
MESSAGES = [("", "a red sofa"), ("a blue chair", "the lamp fits"), ("a red sofa / yes", "no"), ("", "?")]
HALVED = {"atol": 2e-3, "rtol": 2e-3}  # weights in half precision


@pytest.fixture(scope="module")
def encoder(tmp_path_factory) -> Path:
    folder = save_tiny_encoder(tmp_path_factory.mktemp("tiny"))
    shutil.rmtree(folder.parent / "bert")
    return folder


@pytest.fixture(scope="module")
def home(encoder) -> Path:
    return encoder.parent


@pytest.fixture(autouse=True)
def no_other_encoder(encoder, monkeypatch):
    for module in (text_encoder, runtimes):
        monkeypatch.setattr(module, "ensure_text_encoder", lambda home: encoder)
    monkeypatch.setattr(runtimes, "recorded_fingerprint", lambda folder: "the tests' own")


@torch.no_grad()
def trained(home: Path, adapter: Path, seed: int = 0) -> TorchTurnTagger:
    """A tagger that is no longer what it began as, written to the adapter's folder."""
    network, tokenizer, lora = new_tagger(home, SHAPE, seed)
    generator = torch.Generator().manual_seed(seed)
    for tensor in network.parameters():
        if tensor.requires_grad:
            tensor.copy_((0.3 * torch.randn(tensor.shape, generator=generator)).half())
    save_tagger(network, lora, adapter)
    return TorchTurnTagger(network, tokenizer)


@pytest.fixture(scope="module")
def adapter(home, tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_encoder, "ensure_text_encoder", lambda _: home / "encoder")
        folder = tmp_path_factory.mktemp("adapter")
        trained(home, folder)
    return folder


def assert_same(one, other, **tolerance):
    for before, text in MESSAGES:
        first, second = one.score(before, text), other.score(before, text)
        assert first.offsets == second.offsets
        assert np.allclose(first.tokens, second.tokens, **tolerance)
        assert np.allclose(first.about, second.about, **tolerance)


# ---- what it is given ----


def test_earlier_messages_and_the_message_stand_apart(home):
    _, tokenizer, _ = new_tagger(home, SHAPE, 0)
    batch = encode_turns(tokenizer, [("a red", "sofa fits"), ("", "lamp")])
    words = [[tokenizer.id_to_token(one) for one in row] for row in batch.ids.tolist()]
    assert words[0] == ["[CLS]", "a", "red", "[SEP]", "sofa", "fits", "[SEP]"]
    assert words[1] == ["[CLS]", "[SEP]", "lamp", "[SEP]", "[PAD]", "[PAD]", "[PAD]"]
    assert batch.mask.tolist() == [[1] * 7, [1] * 4 + [0] * 3]
    assert batch.own.tolist() == [[0, 0, 0, 0, 1, 1, 0], [0, 0, 1, 0, 0, 0, 0]]
    assert batch.offsets[0][4:] == ((0, 4), (5, 9)) and batch.offsets[1][2:] == ((0, 4),)


def test_a_long_message_is_cut_and_of_the_earlier_ones_the_latest_are_kept(home):
    _, tokenizer, _ = new_tagger(home, SHAPE, 0)
    batch = encode_turns(tokenizer, [("red " * 500 + "blue", "sofa " * 900)])
    assert batch.ids.shape == (1, LONGEST)
    assert tokenizer.id_to_token(int(batch.ids[0, BEFORE])) == "blue"
    assert batch.own.sum() == LONGEST - BEFORE - 3 and len(batch.offsets[0]) == LONGEST - 1


def test_a_batch_is_scored_as_each_alone(home, adapter):
    tagger = load_tagger(home, adapter)
    batch = encode_turns(tagger.tokenizer, MESSAGES)
    with torch.inference_mode():
        tokens, about = tagger.network(batch.ids, batch.mask, batch.own)
    for row, (before, text) in enumerate(MESSAGES):
        alone = tagger.score(before, text)
        first = int(batch.own[row].argmax())
        inside = tokens[row, first : first + len(alone.offsets)].numpy()
        assert np.allclose(inside, alone.tokens, atol=1e-4) and np.allclose(about[row], alone.about, atol=1e-4)


@given(st.text(max_size=30), st.text(max_size=40))
def test_whatever_is_said_has_scores(tagger, before, text):
    scores = tagger.score(before, text)
    assert scores.tokens.shape == (len(scores.offsets), SHAPE.tags) and scores.about.shape == (SHAPE.about,)
    assert np.isfinite(scores.tokens).all() and np.isfinite(scores.about).all()
    assert all(0 <= start <= end <= len(text) for start, end in scores.offsets)


@pytest.fixture(scope="module")
def tagger(home, adapter) -> TorchTurnTagger:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_encoder, "ensure_text_encoder", lambda _: home / "encoder")
        return load_tagger(home, adapter)


def test_words_are_those_of_the_tokenizer(tagger):
    assert tagger.is_word("sofa") and not tagger.is_word("sofe")


# ---- saved ----


def test_saved_and_opened_it_is_the_same(home, tmp_path):
    before = trained(home, tmp_path / "adapter")
    assert sorted(file.name for file in (tmp_path / "adapter" / NLU).iterdir()) == [
        "adapter_config.json", WEIGHTS, HEADS,
    ]  # fmt: skip
    assert_same(load_tagger(home, tmp_path / "adapter"), before, **HALVED)


def test_a_fresh_one_learns_its_lora_and_heads_alone(home):
    network, _, _ = new_tagger(home, SHAPE, 0)
    learning = [name for name, tensor in network.named_parameters() if tensor.requires_grad]
    assert learning and all("lora_" in name or "_head." in name for name in learning)
    again, _, _ = new_tagger(home, SHAPE, 0)
    assert all(torch.equal(one, other) for one, other in zip(network.parameters(), again.parameters(), strict=True))


def test_an_adapter_without_one_says_what_to_do(home, tmp_path):
    with pytest.raises(ModelError, match="has no folder nlu, so it cannot read messages; train it with `tune-tagger`"):
        load_tagger(home, tmp_path)


@pytest.mark.parametrize("name", [HEADS, WEIGHTS])
@pytest.mark.parametrize("harm", ["cut short", "empty", "another's", "gone"])
def test_damage_is_told(home, adapter, tmp_path, name, harm):
    folder = shutil.copytree(adapter, tmp_path / "damaged")
    file = folder / NLU / name
    content = {"cut short": file.read_bytes()[:99], "empty": b"", "gone": b"", "another's": None}[harm]
    if content is None:
        content = (folder / NLU / (WEIGHTS if name == HEADS else HEADS)).read_bytes()
    file.write_bytes(content)
    if harm == "gone":
        file.unlink()
    with pytest.raises(ModelError, match=r"is damaged or incomplete|has no folder nlu"):
        load_tagger(home, folder)


# ---- exported ----


@pytest.fixture(scope="module")
def exported(tagger, tmp_path_factory) -> OnnxTurnTagger:
    folder = tmp_path_factory.mktemp("export") / "tagger"
    export_tagger(tagger, folder)
    assert {TAGGER, TAGGER_TOKENIZER} < {file.name for file in folder.iterdir()}
    return OnnxTurnTagger(folder).check()


def test_an_exported_one_reads_the_same(tagger, exported):
    assert (tagger.runtime, exported.runtime) == (TORCH, ONNX)
    assert_same(exported, tagger, **HALVED)
    assert exported.is_word("sofa") and not exported.is_word("sofe")


def test_an_exported_one_reads_any_length(tagger, exported):
    for before, text in (("", "sofa " * 400), ("red " * 90, "a lamp " * 60), ("", "\u200b")):
        one, other = tagger.score(before, text), exported.score(before, text)
        assert one.offsets == other.offsets and np.allclose(one.tokens, other.tokens, **HALVED)


def test_a_damaged_export_is_told(tagger, tmp_path):
    export_tagger(tagger, tmp_path / "export")
    for name in (TAGGER_TOKENIZER, TAGGER):
        whole = (tmp_path / "export" / name).read_bytes()
        (tmp_path / "export" / name).write_bytes(whole[:50])
        with pytest.raises(ModelError, match="damaged"):
            OnnxTurnTagger(tmp_path / "export").check()
        (tmp_path / "export" / name).write_bytes(whole)


# ---- opened ----


@pytest.fixture
def source(home, adapter, tmp_path) -> ModelSource:
    return ModelSource("tiny", adapter, tmp_path / "home", "auto")


def test_the_export_is_made_once_and_taken_where_it_is(source, monkeypatch):
    assert open_tagger(source).runtime == TORCH
    ensure_tagger(source)
    folder = tagger_folder(source)
    assert folder and folder.is_dir() and open_tagger(source).runtime == ONNX
    monkeypatch.setattr("lavic_chat.model.onnx_export.export_tagger", None)
    ensure_tagger(source)
    assert open_tagger(replace(source, runtime=TORCH)).runtime == TORCH


def test_who_asks_for_the_export_has_it_made(source):
    assert open_tagger(replace(source, runtime=ONNX)).runtime == ONNX


def test_all_is_exported_when_the_tagger_is(source, monkeypatch):
    for name in ("export_folder", "text_folder"):
        monkeypatch.setattr(runtimes, name, lambda source: None)
    assert not is_exported(source)
    ensure_tagger(source)
    assert is_exported(source)


def test_another_tagger_is_another_export(home, source, tmp_path):
    trained(home, tmp_path / "another", seed=1)
    others = replace(source, adapter=tmp_path / "another")
    assert tagger_folder(others) != tagger_folder(source)


def test_an_adapter_without_one_listens_with_the_shipped_one(home, source, tmp_path, adapter, monkeypatch):
    monkeypatch.setattr(runtimes, "shipped", lambda *parts: adapter)
    for none in (None, tmp_path):
        assert_same(open_tagger(replace(source, adapter=none, runtime=TORCH)), load_tagger(home, adapter), atol=1e-6)
    monkeypatch.setattr(runtimes, "shipped", lambda *parts: tmp_path / "nowhere")
    with pytest.raises(ModelError, match="cannot read messages"):
        open_tagger(replace(source, adapter=None))
