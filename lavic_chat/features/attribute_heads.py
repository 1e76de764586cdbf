"""Attribute heads: how a product looks, as probabilities, from the five states that the model sees of its picture.

The caption names one colour and one material, rightly or not. Small networks on the same states (one hidden layer, an
ensemble) say how probable each is, and the caption is one more witness, believed as far as it was right of products
that nobody had learned from:

    p(value) = ensemble's p(value) x p(the caption says so | value),   brought to a sum of one over each attribute

    attributes.safetensors    mean, std [5 h]   w1 [K, 5 h, m]   b1 [K, m]   w2 [K, m, V]   b2 [K, V], half precision,
                              and words, attributes [V], what captions are believed, and the tower's hash
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from lavic_chat.catalog.columns import places_by_name
from lavic_chat.catalog.text import words_of
from lavic_chat.model.card import ATTRIBUTES, seal_adapter
from lavic_chat.storage.files import hash_bytes, write_atomic

ARRAYS = ("mean", "std", "w1", "b1", "w2", "b2")
MOST = 4096  # values of a head that are believed to be one
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class AttributeHeads:
    """words, attributes [V]; believed: attribute -> share of captions that name it rightly; arrays as above."""

    words: tuple[str, ...]
    attributes: tuple[str, ...]
    believed: dict[str, float]
    mean: np.ndarray
    std: np.ndarray
    w1: np.ndarray
    b1: np.ndarray
    w2: np.ndarray
    b2: np.ndarray

    @cached_property
    def name(self) -> str:
        """Hash of all that decides what is seen."""
        arrays = (np.ascontiguousarray(getattr(self, name), np.float16).tobytes() for name in ARRAYS)
        return hash_bytes(json.dumps([self.words, self.attributes, sorted(self.believed.items())]), *arrays)

    @cached_property
    def places(self) -> dict[str, np.ndarray]:
        """Where the words of each attribute are."""
        return places_by_name(self.attributes)

    def see(self, states: np.ndarray, captions: Sequence[str]) -> np.ndarray:
        """[n, 5, h] of main pictures and what the model says of them -> [n, V] in half precision."""
        found = self.predict(states)
        for row, caption in enumerate(captions):
            for attribute, value in self.values_in(caption).items():
                places, believed = self.places[attribute], self.believed.get(attribute, 0.0)
                if believed * len(places) > 1:  # else it says less than chance does
                    others = (1 - believed) / max(len(places) - 1, 1)
                    found[row, places] *= np.where(places == value, believed, others)
        for places in self.places.values():
            found[:, places] /= found[:, places].sum(1, keepdims=True)
        return found.astype(np.float16)

    def predict(self, states: np.ndarray) -> np.ndarray:
        """[n, 5, h] -> [n, V], of the ensemble alone."""
        inputs = (states.reshape(len(states), -1).astype(np.float32) - self.mean) / self.std
        found = np.zeros((len(inputs), len(self.words)), np.float32)
        for first, bias, second, last in zip(self.w1, self.b1, self.w2, self.b2, strict=True):
            scores = np.maximum(inputs @ first + bias, 0) @ second + last
            for places in self.places.values():
                powers = np.exp(scores[:, places] - scores[:, places].max(1, keepdims=True))
                found[:, places] += powers / powers.sum(1, keepdims=True) / len(self.w1)
        return np.clip(found, 1e-5, 1.0)

    def values_in(self, caption: str) -> dict[str, int]:
        """Attribute -> place of the word that a caption has of it, the longest one; nothing of a caption that says
        nothing. What has no pattern is plain."""
        said = f" {' '.join(words_of(caption))} "
        found: dict[str, int] = {}
        if not said.strip():
            return found
        for place in self.longest_first:
            if self.attributes[place] not in found and f" {self.words[place]} " in said:
                found[self.attributes[place]] = place
        plain = [place for place, word in enumerate(self.words) if word == "plain"]
        return {self.attributes[place]: place for place in plain} | found

    def without_values(self, caption: str) -> str:
        """What is left of a caption without the words that the heads tell better."""
        said = f" {' '.join(words_of(caption))} "
        for place in self.longest_first:
            said = said.replace(f" {self.words[place]} ", " ")
        return said.strip()

    @cached_property
    def longest_first(self) -> list[int]:
        """Places of the words."""
        return sorted(range(len(self.words)), key=lambda place: -len(self.words[place]))


def save_heads(heads: AttributeHeads, adapter: str | Path, tower: str) -> Path:
    """Write them into an adapter folder; returns the file. tower: hash of the weights whose states they read."""
    path = Path(adapter) / ATTRIBUTES
    state = {name: np.ascontiguousarray(getattr(heads, name), np.float16) for name in ARRAYS}
    lists = {"words": heads.words, "attributes": heads.attributes, "believed": heads.believed}
    write_atomic(path, save(state, {"tower": tower} | {name: json.dumps(value) for name, value in lists.items()}))
    seal_adapter(adapter)
    return path


def load_heads(adapter: str | Path | None, tower: str) -> AttributeHeads | None:
    """Those of an adapter folder; None where it has none for this tower. A damaged file is told once in the log, and
    counts as none: captions do without it."""
    path = Path(adapter or "") / ATTRIBUTES
    if not adapter or not path.is_file():
        return None
    try:
        with safe_open(path, "np") as file:
            label = file.metadata() or {}
            if label.get("tower") != tower:
                return None
            words, attributes = (tuple(json.loads(label[name])) for name in ("words", "attributes"))
            believed = {str(name): float(value) for name, value in json.loads(label["believed"]).items()}
            heads = AttributeHeads(words, attributes, believed, *map(file.get_tensor, ARRAYS))
        check_heads(heads)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("%s is damaged (%s) and not used; fetch the adapter again.", path, type(error).__name__)
        return None
    return replace(heads, **{name: getattr(heads, name).astype(np.float32) for name in ARRAYS})


def check_heads(heads: AttributeHeads) -> None:
    """Raises ValueError where the parts do not fit together."""
    inputs, count, members = len(heads.mean), len(heads.words), len(heads.w1)
    hidden = heads.b1.shape[-1]
    shapes = {
        "mean": (inputs,), "std": (inputs,), "w1": (members, inputs, hidden), "b1": (members, hidden),
        "w2": (members, hidden, count), "b2": (members, count),
    }  # fmt: skip
    right = all(getattr(heads, name).shape == shape for name, shape in shapes.items())
    if not right or not members or not 0 < count <= MOST or len(heads.attributes) != count:
        raise ValueError("shapes")
    if not all(np.isfinite(getattr(heads, name)).all() for name in ARRAYS) or not (heads.std > 0).all():
        raise ValueError("numbers")
