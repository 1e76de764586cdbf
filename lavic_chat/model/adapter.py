"""What training adds to a base, as one folder:

adapter.json            format, the base's name and fingerprint, how to decode, temperature, training record
projector.safetensors   the projector's weights
llm/, vision/           PEFT adapters (safetensors), each only if trained; the LLM's in half precision
retriever/              the sentence encoder's, if trained (text_encoder.py), and what lets search see (fusion.py)
preprocessor_config.json  the picture processor that the training used
training.png            perplexity and HR@1 on unseen shapes
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType

from safetensors import SafetensorError
from safetensors.torch import load_file, save

from lavic_chat.errors import ModelError
from lavic_chat.model.card import (
    FUSION,
    PARTS,
    PROJECTOR,
    PROTOTYPES,
    RETRIEVER,
    AdapterCard,
    check_base,
    fusion_label,
    hash_adapter,
    hash_vision,
    part_file,
    read_card,
    seal_adapter,
    write_card,
)  # fmt: skip
from lavic_chat.model.layers import LayerPlan
from lavic_chat.model.llava import LavicModel
from lavic_chat.model.lora import load_lora, save_lora
from lavic_chat.storage.files import fresh_folder, write_atomic


def apply_adapter(model: LavicModel, folder: str | Path, without: Collection[str] = ()) -> None:
    """Put an adapter on its base, `without` these of its parts; raises ModelError when it was trained on another base,
    or is damaged."""
    folder = Path(folder)
    card = read_card(folder)
    check_base(card, folder, model.name, model.fingerprint)
    try:
        model.plan = LayerPlan(card.join, card.withdraw)
        model.plan.stacks(model.memory_shape[0])
        model.projector.load_state_dict(load_file(folder / PROJECTOR))
        for part in PARTS:
            if part not in without and (file := part_file(folder, part)):
                load_lora(model, part, file)
        model.vision_hash = hash_vision(folder, model.fingerprint, without)
        model.adapter_hash = hash_adapter(folder, model.fingerprint, without)
    except (OSError, SafetensorError, RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"The adapter {folder} is damaged or incomplete ({type(error).__name__}); fetch it again."
        ) from error
    model.network.eval().requires_grad_(False)
    model.card = card


def read_retriever(adapter: str | Path | None, tower: str) -> dict[str, bytes]:
    """What an adapter has for retrieval, by path in its folder, to go along with what is trained next; a fusion only
    where it reads the states of this tower. Raises ModelError where it is damaged."""
    if adapter is None:
        return {}
    folder = Path(adapter) / RETRIEVER
    try:
        paths = (path for name in ("adapter_*", PROTOTYPES) for path in folder.glob(name))
        files = {f"{RETRIEVER}/{path.name}": path.read_bytes() for path in paths if path.is_file()}
        if (path := folder / FUSION).is_file() and fusion_label(path).get("tower") == tower:
            files[f"{RETRIEVER}/{FUSION}"] = path.read_bytes()
    except (OSError, SafetensorError) as error:
        raise ModelError(
            f"The adapter {adapter} is damaged or incomplete ({type(error).__name__}); fetch it again."
        ) from error
    return files


def check_target(folder: str | Path) -> None:
    """Raises ModelError where saving an adapter would delete something that is none."""
    folder = Path(folder)
    if folder.is_dir() and ((folder / "adapter.json").is_file() or not any(folder.iterdir())):
        return
    if folder.exists():
        raise ModelError(f"{folder} is there already and is no adapter; choose another folder for the new one.")


def save_adapter(
    model: LavicModel, folder: str | Path, card: AdapterCard, more: Mapping[str, bytes] = MappingProxyType({})
) -> None:
    """Write projector, LoRAs and card, the folder whole or not at all. more: further files, by their path in it.

    Raises LavicError when it cannot be written, or holds anything else.
    """
    folder = Path(folder)
    check_target(folder)
    with fresh_folder(folder) as temporary:
        state = {
            name.replace(".base_layer.", "."): tensor.float().cpu().contiguous()
            for name, tensor in model.projector.state_dict().items()
            if "lora_" not in name
        }
        write_atomic(temporary / PROJECTOR, save(state))
        for part, lora in model.loras.items():
            save_lora(lora, part, temporary / part)
        for name, data in more.items():
            write_atomic(temporary / name, data)
        model.image_processor.save_pretrained(temporary)
        write_card(temporary, card)
        seal_adapter(temporary)
