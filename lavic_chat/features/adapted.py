"""The LLM that embeds items, with the MoDA of an adapter's folder put on, or as it is without one."""

from pathlib import Path

from lavic_chat.errors import ModelError
from lavic_chat.features.item_embedder import EmbedderConfig, ItemEmbedder
from lavic_chat.model.card import LLM, MODA, WEIGHTS, check_base, read_card
from lavic_chat.model.llava import LavicModel
from lavic_chat.model.load import load_model
from lavic_chat.model.lora import plain_layers
from lavic_chat.model.moda import read_moda
from lavic_chat.storage.files import hash_bytes, hash_file


def open_plain(name: str, adapter: str | Path, home: str | Path, without: tuple[str, ...] = ()) -> LavicModel:
    """A base with an adapter, its LoRAs folded in but for those left out."""
    model = load_model(name, Path(adapter), Path(home), without=without)
    plain_layers(model)
    return model


def open_item_embedder(name: str, adapter: str | Path, home: str | Path, adapted: str | Path) -> ItemEmbedder:
    """By base, adapter and home; adapted: the folder whose MoDA is put on, which says how items were embedded then.

    Raises ModelError where it has none, or another base's.
    """
    record = record_of(adapted)
    model = open_plain(name, adapter, home, (LLM,) if record.get("raw") else ())
    weights = put_moda_on(model, adapted)
    return ItemEmbedder(
        model, home, hash_bytes(model.weights_hash, weights), EmbedderConfig.of(record.get("config", {}))
    )


def record_of(adapted: str | Path) -> dict:
    """What `sda adapt` has written of itself into an adapter's card; raises ModelError where it is none."""
    return read_card(adapted).training.get("sda", {})


def has_moda(adapter: str | Path | None) -> bool:
    """Whether an adapter's folder holds a MoDA."""
    return bool(adapter) and (Path(adapter or "") / MODA / WEIGHTS).is_file()


def check_moda(adapter: str | Path | None) -> None:
    """Raises ModelError where an adapter's folder holds no MoDA, or there is no adapter."""
    if not has_moda(adapter):
        whose = f"The adapter {adapter} has no folder {MODA}" if adapter else "Without an adapter there is no MoDA"
        raise ModelError(f"{whose}; make one with `lavic-chat sda adapt`.")


def put_moda_on(model: LavicModel, adapter: str | Path) -> str:
    """An adapter's MoDA on a model without LoRAs; returns its hash. Raises ModelError where it has none, or another
    base's."""
    folder = Path(adapter) / MODA
    check_moda(adapter)
    card = read_card(adapter)
    check_base(card, adapter, model.name, model.fingerprint)
    if card.training.get("sda", {}).get("weights") != model.weights_hash:
        raise ModelError(f"The MoDA of {adapter} was adapted on another adapter's weights; adapt it again on these.")
    try:
        read_moda(model, folder)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise ModelError(f"The MoDA of {adapter} is damaged ({type(error).__name__}); adapt it again.") from error
    model.train(False)
    return hash_file(folder / WEIGHTS)
