"""The exported LLM: opens with stock transformers and says the same; nothing that is no export is overwritten."""

import json
import shlex
from itertools import pairwise

import pytest
import torch
from helpers.tiny import tiny_model
from helpers.toys import make_adapter
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

from lavic_chat.errors import ModelError
from lavic_chat.model.llm_export import CARD, check_target, export_llm, save_llm, serve_command
from lavic_chat.model.load import load_model
from lavic_chat.model.lora import merge_loras
from lavic_chat.model.random_weights import make_random
from lavic_chat.settings import Settings


@pytest.fixture(scope="module")
def tuned(base, tmp_path_factory):
    """(settings of a tiny model with an adapter, that model with its LoRA folded in, its export)."""
    home = tmp_path_factory.mktemp("home")
    adapter = make_adapter(load_model(base, None, home, "cpu"), home / "adapter")
    settings = Settings(home, home / "catalog", str(base), adapter)
    export_llm(settings, home / "llm")
    model = load_model(base, adapter, home, "cpu")
    merge_loras(model)
    return settings, model, home / "llm"


@torch.inference_mode()
def assert_says_the_same(model, folder):
    stock = AutoModelForCausalLM.from_pretrained(folder)
    ids = torch.arange(1, 40)
    embeddings = model.embed(ids[ids != model.image_token_id], torch.empty(0, model.token_size))[None]
    mask = torch.ones(1, embeddings.shape[1], embeddings.shape[1], dtype=torch.bool).tril()
    ours = model.word_logits(model.hidden_states(embeddings, torch.arange(embeddings.shape[1])[None], mask))
    torch.testing.assert_close(stock(inputs_embeds=embeddings).logits, ours, atol=1e-5, rtol=0)
    return stock


def test_stock_transformers_open_it_and_it_says_the_same(tuned):
    _, model, folder = tuned
    stock = assert_says_the_same(model, folder)
    assert type(stock).__name__ == "LlamaForCausalLM"
    text = "a red sofa"
    assert AutoTokenizer.from_pretrained(folder)(text)["input_ids"] == model.tokenizer(text)["input_ids"]


def test_the_lora_is_in_it(tuned, base, tmp_path):
    _, _, folder = tuned
    bare = load_model(base, None, tmp_path, "cpu")
    with pytest.raises(AssertionError, match="not close"):
        assert_says_the_same(bare, folder)


def test_tied_embeddings_stay_tied_and_others_apart(tuned, tmp_path):
    _, _, folder = tuned
    with safe_open(folder / "model.safetensors", "pt") as file:
        assert "lm_head.weight" not in file.keys() and not [name for name in file.keys() if "lora" in name]  # noqa: SIM118
    assert json.loads((folder / "config.json").read_text())["tie_word_embeddings"]
    untied = make_random("tiny", ["a sofa"], "cpu", torch.float32)
    save_llm(untied, tmp_path / "untied")
    stock = assert_says_the_same(untied, tmp_path / "untied")
    assert type(stock).__name__ == "MistralForCausalLM" and not stock.config.tie_word_embeddings


def test_half_precision_stays(tmp_path):
    save_llm(make_random("tiny", ["a sofa"], "cpu", torch.bfloat16), tmp_path / "half")
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "half", dtype="auto").dtype == torch.bfloat16


def test_old_servers_find_the_rotary_base_too(tuned):
    config = json.loads((tuned[2] / "config.json").read_text())
    assert config["rope_theta"] == config["rope_parameters"]["rope_theta"]


def test_the_name_is_that_of_base_and_adapter(tuned, base, tmp_path):
    _, model, folder = tuned
    card = json.loads((folder / CARD).read_text())
    assert card["name"] == model.weights_hash
    assert card["fingerprint"] == model.fingerprint and card["adapter"] == model.adapter_hash
    assert load_model(base, None, tmp_path, "cpu").weights_hash != card["name"]


def test_an_export_is_replaced_and_nothing_else(tuned, tmp_path):
    settings, _, folder = tuned
    (folder / "left-over").touch()
    export_llm(settings, folder)
    assert not (folder / "left-over").exists()
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("keep")
    with pytest.raises(ModelError, match="is no exported LLM"):
        export_llm(settings, tmp_path / "notes")
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="is no exported LLM"):
        check_target(tmp_path / "file")
    assert (tmp_path / "notes" / "mine.txt").read_text() == "keep"


def test_a_half_written_export_leaves_nothing(monkeypatch, tmp_path):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lavic_chat.model.llm_export.keep_rope_theta", full)
    with pytest.raises(Exception, match="No space left"):
        save_llm(tiny_model(), tmp_path / "llm")
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_names_folder_and_model(tuned, tmp_path):
    _, model, _ = tuned
    card = save_llm(model, tmp_path / "with space")
    words = shlex.split(serve_command(card, tmp_path / "with space"))
    value = dict(pairwise(words))
    assert value["--model"] == str(tmp_path / "with space") and value["--served-model-name"] == card.name
    assert value["--host"] == "127.0.0.1" and "--enable-prompt-embeds" in words and value["--dtype"] == "float32"
