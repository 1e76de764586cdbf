"""What training adds to a base, as one folder:

adapter.json            format, the base's name and fingerprint, how to decode, temperature, training record
projector.safetensors   the projector's weights
llm/, vision/           PEFT adapters (safetensors), each only if trained; the LLM's in half precision
retriever/              the sentence encoder's, if trained (text_encoder.py), and what lets search see (fusion.py)
preprocessor_config.json  the picture processor that the training used
training.png            perplexity and HR@1 on unseen shapes
"""

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save

from lavic_chat.errors import ModelError
from lavic_chat.model.llava import LavicModel
from lavic_chat.model.lora import PARTS, VISION, load_lora, save_lora
from lavic_chat.storage.files import fresh_folder, hash_bytes, hash_file, write_atomic, write_json

FORMAT = 1
KEYS = {"trust": "retrieval_weight"}  # in adapter.json -> in the card
RETRIEVER, FUSION = "retriever", "fusion.safetensors"


@dataclass(frozen=True)
class AdapterCard:
    """adapter.json. `decode`: "branch", "list" or "generate"; `labeling`: what candidates of a list are called,
    "letters" or "ids"; `temperature` divides the candidates' scores; `speaks`: the LLM has learned to describe
    pictures, and to choose with its captions at hand; `pictures`: how many of each product it is shown;
    `retrieval_weight`: what a unit of query score adds to a candidate's score, after the temperature, "trust" in the
    file; `kinds`: of things, by the names that it has learned to say."""

    base: str
    fingerprint: str
    decode: str = "branch"
    labeling: str = "letters"
    temperature: float = 1.0
    speaks: bool = False
    pictures: int = 1
    retrieval_weight: float = 0.0
    kinds: tuple[str, ...] = ()
    training: dict = field(default_factory=dict)
    format: int = FORMAT


def read_card(folder: str | Path) -> AdapterCard:
    """Raises ModelError when the folder is not an adapter, or of another format."""
    folder = Path(folder)
    path = folder / "adapter.json"
    if not path.is_file():
        raise ModelError(f"{folder} is not an adapter folder: it has no adapter.json.")
    try:
        row = json.loads(path.read_bytes())
        version = row.get("format", FORMAT)
        if version != FORMAT:  # told before its fields are looked at, which another format may have changed
            raise ModelError(
                f"{folder} is of adapter format {version}, this version reads {FORMAT}; update lavic-chat."
            )
        fields: dict[str, Any] = {KEYS.get(name, name): value for name, value in row.items()}
        fields["kinds"] = tuple(map(str, fields.get("kinds", ())))
        card = AdapterCard(**fields)
        if not 0 < card.temperature < math.inf or not isinstance(card.training, dict):
            raise ValueError("temperature must be above 0 and training an object")
        if not 0 <= card.retrieval_weight < math.inf:
            raise ValueError("trust must be 0 or more")
        if not isinstance(card.pictures, int) or card.pictures < 1:
            raise ValueError("pictures must be 1 or more")
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} cannot be read as an adapter's card ({error}).") from error
    return card


def apply_adapter(model: LavicModel, folder: str | Path, without: Collection[str] = ()) -> None:
    """Put an adapter on its base, `without` these of its parts; raises ModelError when it was trained on another base,
    or is damaged."""
    folder = Path(folder)
    card = read_card(folder)
    if card.fingerprint != model.fingerprint:
        if card.base == model.name:
            raise ModelError(
                f"The adapter {folder.name} was trained on another version of {card.base}; update lavic-chat, "
                "or train the adapter again."
            )
        raise ModelError(
            f"The adapter {folder.name} was trained on {card.base} and does not fit {model.name}; "
            f"choose --model {card.base}, or another adapter."
        )
    files = [folder / "projector.safetensors"]
    try:
        model.projector.load_state_dict(load_file(files[0]))
        for part in PARTS:
            if part not in without and (folder / part / "adapter_config.json").is_file():
                files.append(folder / part / "adapter_model.safetensors")
                load_lora(model, part, files[-1])
                if part == VISION:
                    model.vision_hash = hash_bytes(model.fingerprint, hash_file(files[-1]))
    except (OSError, SafetensorError, RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"The adapter {folder} is damaged or incomplete ({type(error).__name__}); fetch it again."
        ) from error
    model.network.eval().requires_grad_(False)
    model.adapter_hash = hash_bytes(model.fingerprint, *(hash_file(file) for file in files))
    model.card = card


def read_retriever(adapter: str | Path | None, tower: str) -> dict[str, bytes]:
    """What an adapter has for retrieval, by path in its folder, to go along with what is trained next; a fusion only
    where it reads the states of this tower. Raises ModelError where it is damaged."""
    if adapter is None:
        return {}
    folder = Path(adapter) / RETRIEVER
    try:
        files = {f"{RETRIEVER}/{path.name}": path.read_bytes() for path in folder.glob("adapter_*") if path.is_file()}
        if (path := folder / FUSION).is_file() and fusion_label(path).get("tower") == tower:
            files[f"{RETRIEVER}/{FUSION}"] = path.read_bytes()
    except (OSError, SafetensorError) as error:
        raise ModelError(
            f"The adapter {adapter} is damaged or incomplete ({type(error).__name__}); fetch it again."
        ) from error
    return files


def fusion_label(path: Path) -> dict[str, str]:
    """What a fusion's file says of itself: its tower, its encoder, its share."""
    with safe_open(path, "pt") as file:
        return file.metadata() or {}


def check_target(folder: str | Path) -> None:
    """Raises ModelError where saving an adapter would delete something that is none."""
    folder = Path(folder)
    if folder.is_dir() and ((folder / "adapter.json").is_file() or not any(folder.iterdir())):
        return
    if folder.exists():
        raise ModelError(f"{folder} is there already and is no adapter; choose another folder for the new one.")


def write_card(folder: str | Path, card: AdapterCard) -> None:
    """Write adapter.json, under the keys that it has always had."""
    names = {name: key for key, name in KEYS.items()}
    write_json(Path(folder) / "adapter.json", {names.get(name, name): value for name, value in asdict(card).items()})


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
        write_atomic(temporary / "projector.safetensors", save(state))
        for part, lora in model.loras.items():
            save_lora(lora, part, temporary / part)
        for name, data in more.items():
            write_atomic(temporary / name, data)
        model.image_processor.save_pretrained(temporary)
        write_card(temporary, card)
