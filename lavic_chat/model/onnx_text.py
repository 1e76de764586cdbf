"""The exported sentence encoder on ONNX Runtime, opened without sentence-transformers.

A folder as the model's: encoder.onnx, .bin, tokenizer.json, and encoder.json with its name and sizes.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import numpy as np
import torch
from tokenizers import Tokenizer

from lavic_chat.model.onnx_graph import Graph, reading_export
from lavic_chat.settings import ONNX

ENCODER, ENCODER_RECORD, ENCODER_TOKENIZER = "encoder.onnx", "encoder.json", "tokenizer.json"
BATCH = 32  # texts read together, of about one length


class TextModel(Protocol):
    """Texts to unit vectors. name: of its weights; size: of a vector; runtime: what computes it."""

    name: str
    size: int
    runtime: str

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """[n, size] unit vectors."""
        ...


@dataclass(frozen=True)
class EncoderRecord:
    """encoder.json. name: of the weights; size: of a vector; longest: tokens of a text that are read."""

    name: str
    size: int
    longest: int


class OnnxTextEncoder:
    """See `TextModel`. Raises ModelError where the folder is damaged."""

    runtime = ONNX

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        with reading_export(self.folder):
            record = EncoderRecord(**json.loads((self.folder / ENCODER_RECORD).read_bytes()))
            self._tokenizer = Tokenizer.from_file(str(self.folder / ENCODER_TOKENIZER))
        self.name, self.size = record.name, record.size
        self._tokenizer.enable_truncation(record.longest)
        self._tokenizer.no_padding()
        self._graph = Graph(self.folder / ENCODER)

    def check(self) -> Self:
        """Itself; raises ModelError where this machine cannot run it."""
        self.encode(["one"])
        return self

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """[n, size] unit vectors."""
        rows = [row.ids for row in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(rows)), key=lambda place: len(rows[place]))
        vectors = np.empty((len(rows), self.size), np.float32)
        for start in range(0, len(order), BATCH):
            part = order[start : start + BATCH]
            vectors[part] = self._encode_batch([rows[place] for place in part])
        return vectors

    def _encode_batch(self, rows: list[list[int]]) -> np.ndarray:
        """Token ids of each text, padded on the right -> [n, size]"""
        longest = max(map(len, rows))
        ids, mask = (torch.zeros(len(rows), longest, dtype=torch.long) for _ in range(2))
        for place, row in enumerate(rows):
            ids[place, : len(row)] = torch.tensor(row)
            mask[place, : len(row)] = 1
        return self._graph.run(ids=ids, mask=mask)[0].numpy()
