"""Small stand-ins for tests of the core: a sentence encoder that hashes words, an adapter that was never trained."""

import re
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.features.item import ItemFeatures
from lavic_chat.model.adapter import save_adapter
from lavic_chat.model.card import AdapterCard
from lavic_chat.model.llava import LavicModel
from lavic_chat.model.lora import LoraShape, add_lora
from lavic_chat.storage.files import write_json, write_jsonl

NOT_TELLING = {"a", "for", "i", "in", "it", "me", "my", "please", "show", "something", "the", "want"}


class WordEncoder:
    """In the place of TextEncoder: texts that share words are near, and nothing else is."""

    name = "words"

    size = 512

    def __init__(self, home: Path | None = None, adapter: Path | None = None, runtime: str = ""):
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        rows = np.full((len(texts), self.size), 1e-6, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in set(re.findall(r"\w+", text.lower())) - NOT_TELLING:
                row[zlib.crc32(word.encode()) % self.size] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def encode_cached(self, texts: Sequence[str], progress: bool = False) -> np.ndarray:
        return self.encode(texts)


def use_word_encoder(monkeypatch) -> None:
    """Put a WordEncoder in the place of every TextEncoder."""
    for module in ("features.text_encoder", "retrieval.embedder", "training.fusion"):
        monkeypatch.setattr(f"lavic_chat.{module}.TextEncoder", WordEncoder)


def said(*messages: str) -> Dialogue:
    """A dialogue of the shopper's messages alone."""
    dialogue = Dialogue()
    for message in messages:
        dialogue = dialogue.say(message)
    return dialogue


def random_states(count: int, model: LavicModel, seed: int = 0) -> torch.Tensor:
    """[count, 5, h] that look like a tower's: about unit spread."""
    return torch.randn(count, 5, model.state_size, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def shake(model: LavicModel, part: str, seed: int = 0) -> None:
    """Give a fresh LoRA, whose B is zero, something to say, in numbers that half precision keeps."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.network.named_parameters():
        if f"lora_B.{part}." in name:
            parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
        if f".{part}." in name:
            parameter.copy_(parameter.half())


def make_adapter(model: LavicModel, folder: Path, **card) -> Path:
    """Put a random LoRA on `model` and save it as an adapter folder; the model keeps it."""
    add_lora(model, "llm", LoraShape(4, 8, 0.0))
    shake(model, "llm")
    model.network.eval()
    save_adapter(model, folder, AdapterCard(model.name, model.fingerprint, **card))
    return folder


def with_dialogues(folder: Path) -> Path:
    """Give the tiny catalogue its splits, and six conversations in a file, the answer told by the title."""
    colours, shapes = ("red", "green", "blue", "yellow"), ("sofa", "chair", "lamp")
    named = {shape: [f"{shape}-{colour}" for colour in colours] for shape in shapes}
    splits = {"train": {name: named[name] for name in ("sofa", "chair")}, "valid": {"lamp": named["lamp"]}, "test": {}}
    write_json(folder / "splits.json", splits)
    offered = ["sofa-red", "sofa-green", "lamp-red", "chair-blue"]
    rows = [
        {"context": f"<submission>a {item}</submission>", "gt_items": [item], "candidates": offered}
        for item in [*offered, *offered[:2]]
    ]
    write_jsonl(folder / "talks.jsonl", rows)
    return folder / "talks.jsonl"


def item_features(states, captions: Sequence[str] | None = None) -> list[ItemFeatures]:
    """Features of products by their states [n, 5, h], or [k, 5, h] of each, and their captions."""
    return [ItemFeatures(seen, caption) for seen, caption in zip(states, captions or [""] * len(states), strict=True)]
