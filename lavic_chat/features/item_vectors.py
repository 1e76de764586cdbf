"""Vectors of items that were made once and go along with an adapter, for what recommends without a question (SDA).

adapter/moda/items.safetensors    by a hash of an item's text and of its picture's states, [d] each in half precision
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from lavic_chat.catalog import Product
from lavic_chat.errors import ModelError
from lavic_chat.features.item import item_text
from lavic_chat.model.card import MODA
from lavic_chat.storage.files import hash_bytes, write_atomic

FILE = "items.safetensors"


def item_keys(products: Sequence[Product], states: Tensor) -> list[str]:
    """By what an item is embedded: its text, and the states [n, 5, h] of its main picture."""
    rows = states.half().numpy()
    return [hash_bytes(item_text(one), row.tobytes()) for one, row in zip(products, rows, strict=True)]


def save_item_vectors(adapter: str | Path, keys: Sequence[str], vectors: Tensor) -> Path:
    """Write the vectors [n, d] of items into an adapter's folder; returns the file."""
    path = vectors_file(adapter)
    rows = dict(zip(keys, vectors.half(), strict=True))
    write_atomic(path, save({key: row.contiguous() for key, row in rows.items()}))
    return path


def has_item_vectors(adapter: str | Path | None) -> bool:
    """Whether vectors go along with an adapter at all."""
    return bool(adapter) and vectors_file(adapter).is_file()


def vectors_file(adapter: str | Path) -> Path:
    """Where they lie in an adapter's folder."""
    return Path(adapter) / MODA / FILE


def load_item_vectors(adapter: str | Path | None, products: Sequence[Product], states: Tensor) -> np.ndarray | None:
    """[n, d] unit vectors of all of a catalogue's products; None where the adapter does not have those of each. Raises
    ModelError where the file is damaged."""
    if not adapter or not has_item_vectors(adapter):
        return None
    path = vectors_file(adapter)
    try:
        known = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path} is damaged; fetch the adapter again, or delete that file.") from error
    keys = item_keys(products, states) if products else []
    if not keys or any(key not in known for key in keys):
        return None
    found = [known[key].float() for key in keys]
    if any(row.shape != found[0].shape or not row.isfinite().all() for row in found):
        raise ModelError(f"{path} is damaged; fetch the adapter again, or delete that file.")
    rows = torch.stack(found)
    return torch.nn.functional.normalize(rows, dim=1).numpy()
