"""What training adds to a base, as one folder:

adapter.json            format, the base's name and fingerprint, how to decode, temperature, training record
projector.safetensors   the projector's weights
llm/, vision/           PEFT adapters (safetensors), each only if trained
preprocessor_config.json  the picture processor that the training used
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from lavic_chat.errors import ModelError
from lavic_chat.files import fresh_folder, hash_bytes, hash_file, write_json
from lavic_chat.model.lavic import LavicModel

FORMAT = 1
# Bare names such as q_proj also hit the vision tower: the part's path must be in the pattern.
LLM_LINEARS = r".*language_model.*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"
PARTS = {"llm": LLM_LINEARS}


@dataclass(frozen=True)
class AdapterCard:
    """adapter.json. `decode`: "branch", "list" or "generate"; `temperature` divides the candidates' scores."""

    base: str
    fingerprint: str
    decode: str = "branch"
    temperature: float = 1.0
    training: dict = field(default_factory=dict)
    format: int = FORMAT


def read_card(folder: Path) -> AdapterCard:
    """Raises ModelError when the folder is not an adapter, or of a newer format."""
    path = folder / "adapter.json"
    if not path.is_file():
        raise ModelError(f"{folder} is not an adapter folder: it has no adapter.json.")
    try:
        card = AdapterCard(**json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise ModelError(f"{path} cannot be read as an adapter's card ({error}).") from error
    if card.format != FORMAT:
        raise ModelError(
            f"{folder} is of adapter format {card.format}, this version reads {FORMAT}; update lavic-chat."
        )
    return card


def apply_adapter(model: LavicModel, folder: Path) -> None:
    """Put an adapter on its base; raises ModelError when it was trained on another base or is damaged."""
    card = read_card(folder)
    if card.fingerprint != model.fingerprint:
        raise ModelError(
            f"The adapter {folder.name} was trained on {card.base} and does not fit {model.name}; "
            f"choose --model {card.base}, or another adapter."
        )
    files = [folder / "projector.safetensors"]
    try:
        model.projector.load_state_dict(load_file(files[0]))
        for part in ("vision", "llm"):
            if (folder / part / "adapter_config.json").is_file():
                files.append(folder / part / "adapter_model.safetensors")
                PeftModel.from_pretrained(model.network, folder / part, adapter_name=part)
                if part == "vision":
                    model.vision_hash = hash_bytes(model.fingerprint, hash_file(files[-1]))
    except (OSError, SafetensorError, RuntimeError, ValueError, KeyError) as error:
        raise ModelError(
            f"The adapter {folder} is damaged or incomplete ({type(error).__name__}); fetch it again."
        ) from error
    model.network.eval().requires_grad_(False)
    model.adapter_hash = hash_bytes(model.fingerprint, *(hash_file(file) for file in files))
    model.card = card


def add_lora(model: LavicModel, part: str, rank: int, alpha: int, dropout: float) -> PeftModel:
    """A fresh LoRA on every linear layer of a part ("llm"), trainable, everything else as it was."""
    config = LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=dropout, target_modules=PARTS[part])
    return get_peft_model(model.network, config, adapter_name=part)


def save_adapter(model: LavicModel, folder: Path, card: AdapterCard, loras: dict[str, PeftModel]) -> None:
    """Write the folder whole or not at all."""
    with fresh_folder(folder) as temporary:
        state = {name: tensor.float().cpu().contiguous() for name, tensor in model.projector.state_dict().items()}
        save_file(state, temporary / "projector.safetensors")
        for part, lora in loras.items():
            save_lora(lora, part, temporary / part)
        model.image_processor.save_pretrained(temporary)
        write_json(temporary / "adapter.json", asdict(card))


def save_lora(lora: PeftModel, part: str, folder: Path) -> None:
    """PEFT writes a named adapter into a sub-folder and the base's path into its config; ours has neither."""
    with torch.no_grad():
        lora.save_pretrained(folder, selected_adapters=[part], save_embedding_layers=False)
    nested = folder / part
    if nested.is_dir():
        for file in nested.iterdir():
            file.replace(folder / file.name)
        nested.rmdir()
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    config["base_model_name_or_path"] = None
    write_json(path, config)
