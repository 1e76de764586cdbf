"""LoRAs on parts of the model: made, put on, trained alone, folded in, written; several work on one network."""

import contextlib
import json
import warnings
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import nn

from lavic_chat.errors import ModelError
from lavic_chat.model.card import LLM, PARTS, VISION
from lavic_chat.model.llava import LavicModel
from lavic_chat.storage.files import write_atomic, write_json

# Bare names such as q_proj also hit the vision tower: the part's path must be in the pattern.
LLM_PROJECTIONS = "(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"
LLM_LINEARS = rf".*language_model.*\.{LLM_PROJECTIONS}"
LLM_LAYERS = rf".*language_model.*\.layers\.({{layers}})\..*\.{LLM_PROJECTIONS}"
VISION_LINEARS = r".*vision_tower.*\.layers?\.({layers})\..*\.(q_proj|k_proj|v_proj|o_proj|out_proj|fc1|fc2)"
PROJECTOR_LINEARS = r".*multi_modal_projector\.linear_[12]"


def load_lora(model: LavicModel, part: str, file: Path) -> None:
    """Put a part's LoRA on, beside those of other parts; raises as `read_lora` does."""
    model.loras[part] = read_lora(model.network, part, file)
    activate_all(model)


def read_lora(network: nn.Module, name: str, file: Path) -> PeftModel:
    """Put a LoRA on; raises ValueError unless the file holds exactly the weights that the config beside it wants."""
    with safe_open(file, "pt") as weights:  # opened here first: PEFT would go and ask a hub for a missing file
        stored = set(weights.keys())
    with without_remarks():
        lora = PeftModel.from_pretrained(network, file.parent, adapter_name=name)
    if stored != set(get_peft_model_state_dict(lora, adapter_name=name, save_embedding_layers=False)):
        raise ValueError("other weights than its config wants")  # PEFT would go on with an untrained LoRA
    return lora


@dataclass(frozen=True)
class LoraShape:
    """rank, alpha and dropout of a LoRA."""

    rank: int
    alpha: int
    dropout: float = 0.0


def add_lora(model: LavicModel, part: str, shape: LoraShape, seed: int = 0, first_layer: int = 0) -> PeftModel:
    """A fresh LoRA on every linear layer of a part, alone trainable; adapters of other parts stay active.

    part: "llm", or "vision", which is the projector and the tower from `first_layer` on.
    """
    torch.manual_seed(seed)
    targets = LLM_LINEARS if part == LLM else vision_linears(model, first_layer)
    config = LoraConfig(r=shape.rank, lora_alpha=shape.alpha, lora_dropout=shape.dropout, target_modules=targets)
    with without_remarks():
        lora = get_peft_model(model.network, config, adapter_name=part)
    activate_all(model)
    model.loras[part] = lora
    return train_lora(model, part)


def llm_linears(model: LavicModel, first_layer: int) -> str:
    """Of the LLM from a layer on; raises ModelError where it has no such layer."""
    layers = range(first_layer, model.memory_shape[0])
    if not layers:
        raise ModelError(f"The LLM has {layers.stop} layers, so none from {first_layer} on; choose a lower one.")
    return LLM_LAYERS.format(layers="|".join(map(str, layers))) if first_layer else LLM_LINEARS


def vision_linears(model: LavicModel, first_layer: int) -> str:
    """Raises ModelError where the tower has no such layer."""
    layers = range(first_layer, model.network.config.vision_config.num_hidden_layers)
    if not layers:
        raise ModelError(f"The tower has {layers.stop} layers, so none from {first_layer} on; choose a lower one.")
    return "|".join((VISION_LINEARS.format(layers="|".join(map(str, layers))), PROJECTOR_LINEARS))


def train_lora(model: LavicModel, part: str) -> PeftModel:
    """The LoRA of a part that is on, alone trainable."""
    for name, parameter in model.network.named_parameters():
        parameter.requires_grad_("lora_" in name and f".{part}." in name)
    return model.loras[part]


def shape_of_lora(model: LavicModel, part: str) -> LoraShape:
    """Of the LoRA of a part that is on."""
    config = model.loras[part].peft_config[part]
    return LoraShape(config.r, config.lora_alpha, config.lora_dropout)


def activate_all(model: LavicModel) -> None:
    """PEFT switches off every adapter but the newest; ours sit on different parts and work together."""
    for module in model.network.modules():
        if isinstance(module, BaseTunerLayer):
            module.set_adapter([name for name in PARTS if name in module.lora_A])


def merge_loras(model: LavicModel) -> None:
    """Fold the LoRAs into the weights they stand beside: the same answers in less time, and nothing left to train."""
    fold_loras(model.network)


def fold_loras(network: nn.Module) -> None:
    """The same of any network."""
    for module in network.modules():
        if isinstance(module, BaseTunerLayer):
            module.merge()


def plain_layers(model: LavicModel) -> None:
    """The LoRAs are folded in and gone, so that something else may be put on the plain layers.

    PEFT's own `merge_and_unload` takes the LoRAs of all parts off with the first one, and fails with the second.
    """
    merge_loras(model)
    for name, module in list(model.network.named_modules()):
        if isinstance(module, BaseTunerLayer):
            above, _, own = name.rpartition(".")
            setattr(model.network.get_submodule(above), own, module.get_base_layer())
    if hasattr(model.network, "peft_config"):
        del model.network.peft_config
    model.loras.clear()
    model.network.requires_grad_(False)


def save_lora(lora: PeftModel, part: str, folder: Path) -> None:
    """PEFT writes a named adapter into a sub-folder and the base's path into its config; ours has neither."""
    try:
        with torch.no_grad():
            lora.save_pretrained(str(folder), selected_adapters=[part], save_embedding_layers=False)
    except SafetensorError as error:  # how safetensors tells of a full disk
        raise ModelError(f"Could not write {folder.name} of the adapter: {error}. Free some space.") from error
    nested = folder / part
    if nested.is_dir():
        for file in nested.iterdir():
            file.replace(folder / file.name)
        nested.rmdir()
    (folder / "README.md").unlink(missing_ok=True)
    file = folder / "adapter_model.safetensors"
    if part != VISION:  # the tower's stays whole, for what was seen is cached under its bytes
        write_atomic(file, save({name: tensor.half() for name, tensor in load_file(file).items()}))
    file.chmod(0o644)  # safetensors writes it for the owner only
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    config["base_model_name_or_path"] = None
    write_json(path, config)


@contextlib.contextmanager
def without_remarks() -> Generator[None]:
    """PEFT asks transformers for a name that is going out of use, and warns of a second adapter, which we mean."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
