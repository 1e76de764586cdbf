"""The LLM with a MoDA as a graph that gives a vector to a text, on ONNX Runtime.

A folder as the model's: query.onnx, .bin, tokenizer.json, and query.json with what it was made of.

    [instruction, read once: keys and values] <- ids [1, L] -> states -> their mean -> unit length [1, size]
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

QUERY, QUERY_RECORD, QUERY_TOKENIZER = "query.onnx", "query.json", "tokenizer.json"


@dataclass(frozen=True)
class QueryRecord:
    """query.json. size: of a vector; longest: tokens of a text that are read; learned: whether it has learned from
    conversations; hidden: ids that no text may hold; before: how many tokens are read before a text."""

    size: int
    longest: int
    learned: bool
    hidden: tuple[int, ...]
    before: int


class QueryEmbedder(Protocol):
    """What embeds queries."""

    @property
    def learned(self) -> bool:
        """Whether it has learned from conversations, and reads one as a whole; else each message is a text."""
        ...

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """[n, d] unit vectors."""
        ...


class OnnxQueryEmbedder:
    """See `QueryEmbedder`. Raises ModelError where the folder is damaged."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        with reading_export(self.folder):
            self.record = QueryRecord(**json.loads((self.folder / QUERY_RECORD).read_bytes()))
            self._tokenizer = Tokenizer.from_file(str(self.folder / QUERY_TOKENIZER))
        self.learned = self.record.learned
        self._graph = Graph(self.folder / QUERY)

    def check(self) -> Self:
        """Itself; raises ModelError where this machine cannot run it."""
        self.embed(["one"])
        return self

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """[n, size] unit vectors; zeros of a text without a word."""
        rows = [self._embed_one(text) for text in texts]
        return np.concatenate(rows) if rows else np.zeros((0, self.record.size), np.float32)

    def _embed_one(self, text: str) -> np.ndarray:
        """[1, size]; one at a time, for a conversation comes alone and is not padded."""
        found = self._tokenizer.encode(text, add_special_tokens=False).ids
        ids = [token for token in found if token not in self.record.hidden][: self.record.longest]
        if not ids:
            return np.zeros((1, self.record.size), np.float32)
        before, length = self.record.before, len(ids)
        mask = torch.full((length, before + length), torch.finfo(torch.float32).min).triu(before + 1)
        positions = torch.arange(before, before + length)
        return self._graph.run(ids=torch.tensor([ids]), positions=positions[None], mask=mask[None, None])[0].numpy()
