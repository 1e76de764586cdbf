"""The tuned LLM as a folder of its own, for a server such as vLLM: a plain Llama or Mistral of transformers, the LoRA
folded into its weights, tied embeddings still tied.

lavic_llm.json          which weights these are; its `name` is what the server is to call them
config.json, *.safetensors, tokenizer files   what stock `AutoModelForCausalLM` and `AutoTokenizer` open
"""

import copy
import json
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor
from transformers import AutoModelForCausalLM

from lavic_chat.errors import ModelError
from lavic_chat.model.llava import LavicModel
from lavic_chat.model.load import load_model
from lavic_chat.model.lora import merge_loras
from lavic_chat.settings import Settings
from lavic_chat.storage.files import fresh_folder, write_json

CARD = "lavic_llm.json"
FORMAT = 1
LONGEST = 4096  # tokens of a served branch: the paper's longest prompt twice; a server keeps memory for one of these
BLOCK = 32  # tokens of a block of vLLM's prefix cache: its default on a CPU, 128, is longer than most conversations


@dataclass(frozen=True)
class LlmExport:
    """lavic_llm.json. name: hash of the base's fingerprint and the adapter's hash, and the served model's name; base,
    fingerprint, adapter: what the hash is of, by name and hash; dtype: of the weights; context: tokens that the LLM can
    read."""

    name: str
    base: str
    fingerprint: str
    adapter: str
    dtype: str
    context: int
    format: int = FORMAT


def export_llm(settings: Settings, folder: str | Path) -> LlmExport:
    """Open the settings' model, fold its LoRAs in, and write its LLM into the folder, whole or not at all.

    Raises ModelError when the model cannot be opened or the folder holds anything but an earlier export (told before
    the model is loaded), LavicError when it cannot be written.
    """
    check_target(folder)
    model = load_model(settings.model, settings.adapter, settings.home)
    merge_loras(model)
    return save_llm(model, folder)


def save_llm(model: LavicModel, folder: str | Path) -> LlmExport:
    """Write the LLM of a model whose LoRAs are folded in. Raises as `export_llm`."""
    check_target(folder)
    network = plain_llm(model)
    card = LlmExport(
        name=model.weights_hash,
        base=model.name,
        fingerprint=model.fingerprint,
        adapter=model.adapter_hash,
        dtype=str(model.dtype).removeprefix("torch."),
        context=model.context,
    )
    with fresh_folder(folder) as temporary:
        try:
            network.save_pretrained(temporary)
        except SafetensorError as error:  # how safetensors tells of a full disk
            raise ModelError(f"Could not write {folder}: {error}. Free some space.") from error
        model.tokenizer.save_pretrained(temporary)
        keep_rope_theta(temporary / "config.json")
        for file in temporary.glob("*.safetensors"):
            file.chmod(0o644)  # safetensors writes it for the owner only; the server may be another user
        write_json(temporary / CARD, asdict(card))
    return card


def plain_llm(model: LavicModel) -> Any:
    """A causal LM of transformers that shares the model's tensors, under their usual names."""
    config = copy.deepcopy(model.network.config.text_config)
    config.tie_word_embeddings = is_tied(model)
    config.dtype = model.dtype
    if hasattr(config, "quantization_config"):  # of a base read from GGUF, which is none any more
        del config.quantization_config
    with torch.device("meta"):
        network = AutoModelForCausalLM.from_config(config)
    weights = {f"model.{name}": tensor for name, tensor in plain_weights(model.core.language_model).items()}
    weights["lm_head.weight"] = model.network.lm_head.weight
    network.load_state_dict(weights, assign=True)
    network.tie_weights()
    return network.eval().requires_grad_(False)


def is_tied(model: LavicModel) -> bool:
    """Whether the LLM's head is its word embeddings."""
    return model.network.lm_head.weight.data_ptr() == model.core.get_input_embeddings().weight.data_ptr()


def plain_weights(network: Any) -> dict[str, Tensor]:
    """Weights by the names that they have without a LoRA beside them."""
    return {
        name.replace(".base_layer.", "."): tensor
        for name, tensor in network.state_dict().items()
        if "lora_" not in name
    }


def keep_rope_theta(path: Path) -> None:
    """Say the rotary base also where transformers 4 looks for it: a server of that age would take 10,000 without a
    word, and answer nonsense."""
    config = json.loads(path.read_bytes())
    theta = (config.get("rope_parameters") or {}).get("rope_theta")
    if theta is not None:
        write_json(path, {**config, "rope_theta": theta})


def check_target(folder: str | Path) -> None:
    """Raises ModelError where an export would delete something that is none."""
    folder = Path(folder)
    if folder.is_dir() and ((folder / CARD).is_file() or not any(folder.iterdir())):
        return
    if folder.exists():
        raise ModelError(f"{folder} is there already and is no exported LLM; choose another folder for the new one.")


def serve_command(export: LlmExport, folder: str | Path) -> str:
    """The command line that serves an export with vLLM, in the environment where vLLM is installed."""
    words = [
        "python", "-m", "vllm.entrypoints.openai.api_server", "--model", str(Path(folder).resolve()),
        "--served-model-name", export.name, "--enable-prompt-embeds", "--dtype", export.dtype,
        "--block-size", str(BLOCK), "--max-model-len", str(min(LONGEST, export.context)),
        "--host", "127.0.0.1", "--port", "8000",
    ]  # fmt: skip
    return shlex.join(words)
