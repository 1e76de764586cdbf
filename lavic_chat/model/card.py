"""What an adapter's folder says of itself, read without opening the model: its card adapter.json, its files' hashes."""

import json
import math
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors import safe_open

from lavic_chat.errors import ModelError
from lavic_chat.storage.files import hash_bytes, hash_file, write_json
from lavic_chat.storage.manifest import ANY, damaged_files, write_manifest

FORMAT = 1
KEYS = {"trust": "retrieval_weight"}  # in adapter.json -> in the card
RETRIEVER, FUSION, PROTOTYPES = "retriever", "fusion.safetensors", "prototypes.safetensors"
ATTRIBUTES = "attributes.safetensors"  # how probable each look is
MODA = "moda"  # what SDA has adapted, item vectors, and embedded items
EMBEDDED = "embedded.safetensors"
NLU, HEADS = "nlu", "heads.safetensors"  # what reads messages
VISION, LLM = "vision", "llm"
PARTS = (VISION, LLM)  # that have a LoRA
SEALED = (
    "projector.safetensors", "attributes.safetensors", "states.safetensors", "descriptions.jsonl",
    "vision/*.safetensors", "llm/*.safetensors", "retriever/*.safetensors", "nlu/*.safetensors",
)  # fmt: skip
PROJECTOR, WEIGHTS = "projector.safetensors", "adapter_model.safetensors"


@dataclass(frozen=True)
class AdapterCard:
    """adapter.json. `decode`: "branch", "list" or "generate"; `labeling`: what candidates of a list are called,
    "letters" or "ids"; `temperature` divides the candidates' scores; `speaks`: the LLM has learned to describe
    pictures, and to choose with its captions at hand; `pictures`: how many of each product it is shown; `join`,
    `withdraw`: how its layers read branches (`LayerPlan`); `retrieval_weight`: what a unit of query score adds to a
    candidate's score, after the temperature, "trust" in the file; `kinds`: of things, by the names that it has learned
    to say; `search`: what is best searched with, as `--search` names it."""

    base: str
    fingerprint: str
    decode: str = "branch"
    labeling: str = "letters"
    temperature: float = 1.0
    speaks: bool = False
    pictures: int = 1
    join: int = 0
    withdraw: int = 0
    retrieval_weight: float = 0.0
    kinds: tuple[str, ...] = ()
    search: str = "fusion"
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
        if not all(isinstance(number, int) and number >= 0 for number in (card.join, card.withdraw)):
            raise ValueError("join and withdraw must be numbers of layers")
        if not isinstance(card.search, str):
            raise ValueError("search must be a name")
        if not isinstance(card.pictures, int) or card.pictures < 1:
            raise ValueError("pictures must be 1 or more")
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read as an adapter's card ({error}).") from error
    return card


def write_card(folder: str | Path, card: AdapterCard) -> None:
    """Write adapter.json, under the keys that it has always had."""
    names = {name: key for key, name in KEYS.items()}
    write_json(Path(folder) / "adapter.json", {names.get(name, name): value for name, value in asdict(card).items()})


def fusion_label(path: Path) -> dict[str, str]:
    """What a fusion's file says of itself: its tower, its encoder, its share."""
    with safe_open(path, "pt") as file:
        return file.metadata() or {}


def check_base(card: AdapterCard, folder: str | Path, name: str, fingerprint: str) -> None:
    """Raises ModelError where the adapter was trained on another base than that of this name and fingerprint."""
    if card.fingerprint == fingerprint:
        return
    title = Path(folder).name
    if card.base == name:
        raise ModelError(
            f"The adapter {title} was trained on another version of {card.base}; update lavic-chat, or train it again."
        )
    raise ModelError(
        f"The adapter {title} was trained on {card.base} and does not fit {name}; choose --model {card.base}, or "
        "another adapter."
    )


def seal_adapter(folder: str | Path) -> None:
    """Write down what an adapter's weights are now, for whoever has changed one of them."""
    folder = Path(folder)
    files = [path for name in SEALED for path in folder.glob(name) if path.is_file()]
    write_manifest(folder, (path.relative_to(folder).as_posix() for path in files))


def damaged_parts(folder: str | Path) -> list[Path]:
    """The files of an adapter that are there and are not what was written; none where that was not written down."""
    paths = (Path(folder) / name for name in damaged_files(folder, ANY))
    return [path for path in paths if path.is_file()]


def part_file(folder: str | Path, part: str) -> Path | None:
    """The weights of a part's LoRA; None where the adapter has none."""
    folder = Path(folder) / part
    return folder / WEIGHTS if (folder / "adapter_config.json").is_file() else None


def hash_adapter(folder: str | Path, fingerprint: str, without: Collection[str] = ()) -> str:
    """Names everything that was trained on top of a base, `without` these parts; raises OSError."""
    files = [Path(folder) / PROJECTOR, *(part_file(folder, part) for part in PARTS if part not in without)]
    return hash_bytes(fingerprint, *(hash_file(file) for file in files if file))


def hash_vision(folder: str | Path, fingerprint: str, without: Collection[str] = ()) -> str:
    """Names the weights of the tower with its LoRA; raises OSError."""
    file = None if VISION in without else part_file(folder, VISION)
    return hash_bytes(fingerprint, hash_file(file)) if file else fingerprint
