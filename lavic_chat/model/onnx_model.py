"""An exported model on ONNX Runtime: what a processor answers with; opened in a second, without transformers.

A folder under `$LAVIC_HOME/runtimes`, named by the hash of base and adapter:

export.json             sizes, hashes, chat frame, how pictures are normalised
apart, together, answers.onnx, .bin   the stacks of the LLM's layers, as many as its plan makes (`layers.py`):
                        states, positions, mask, past -> states, keys and values
tower.onnx, .bin         views -> [CLS] states
projector.onnx, .bin     states -> visual tokens
words.safetensors       word embeddings, and the rows that answers are read with where they are others
tokenizer.json
"""

import contextlib
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import torch
from PIL import Image
from safetensors import safe_open
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from lavic_chat.errors import ModelError
from lavic_chat.model.base import VisionLanguageModel
from lavic_chat.model.layers import LayerPlan
from lavic_chat.model.onnx_graph import Graph, reading_export
from lavic_chat.model.views import ViewFormat
from lavic_chat.settings import ONNX

RECORD, WORDS, TOKENIZER = "export.json", "words.safetensors", "tokenizer.json"
HIDDEN = torch.finfo(torch.float32).min
STACK_FILES, TOWER, PROJECTOR = ("apart.onnx", "together.onnx", "answers.onnx"), "tower.onnx", "projector.onnx"


@dataclass(frozen=True)
class ExportRecord:
    """export.json. frame: token ids before and after a user's message; mean, std: of a picture's channels; hidden: ids
    of control tokens; layers, heads, head_size: of keys and values; join, withdraw: of the plan."""

    name: str
    fingerprint: str
    vision_hash: str
    adapter_hash: str
    state_size: int
    token_size: int
    full_tokens: int
    context: int
    view_size: int
    image_token_id: int
    end_token_id: int
    layers: int
    heads: int
    head_size: int
    join: int
    withdraw: int
    frame: tuple[list[int], list[int]]
    hidden: list[int]
    mean: list[float]
    std: list[float]


class OnnxModel(VisionLanguageModel):
    """The model of an export's folder; a graph is opened when it is first asked.

    Raises ModelError where the folder is damaged.
    """

    runtime = tower_runtime = ONNX

    def __init__(self, folder: str | Path, card: Any = None):
        self.folder, self.card = Path(folder), card
        with reading_export(self.folder):
            self.record = ExportRecord(**json.loads((self.folder / RECORD).read_bytes()))
            self._tokenizer = Tokenizer.from_file(str(self.folder / TOKENIZER))
            with safe_open(self.folder / WORDS, "pt") as file:  # mapped: a row comes from the disk when it is asked for
                rows = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            self._inputs, self._outputs = rows["input"], rows.get("output", rows["input"])
        self._tokenizer.encode_special_tokens = True  # control tokens in a shopper's words are words
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.name, self.fingerprint = self.record.name, self.record.fingerprint
        self.vision_hash, self.adapter_hash = self.record.vision_hash, self.record.adapter_hash
        self.plan = LayerPlan(self.record.join, self.record.withdraw)

    def check(self) -> Self:
        """Itself; raises ModelError where this machine cannot run it."""
        self.project(torch.zeros(1, self.state_size))
        return self

    def open_ahead(self) -> None:
        """Have the LLM's graphs opened by another thread, that the first turn need not wait for all of it."""
        threading.Thread(target=self._open, name="opening").start()

    def _open(self) -> None:
        with contextlib.suppress(ModelError):  # who asks for it is told
            for graph in self.stacks:
                if graph.path.is_file():
                    graph.open()

    # ---- sizes ----

    @property
    def state_size(self) -> int:
        """See the base."""
        return self.record.state_size

    @property
    def token_size(self) -> int:
        """See the base."""
        return self.record.token_size

    @property
    def full_tokens(self) -> int:
        """See the base."""
        return self.record.full_tokens

    @property
    def context(self) -> int:
        """See the base."""
        return self.record.context

    @property
    def device(self) -> torch.device:
        """See the base."""
        return torch.device("cpu")

    @property
    def dtype(self) -> torch.dtype:
        """See the base."""
        return torch.float32

    # ---- seeing ----

    @cached_property
    def tower(self) -> Graph:
        """Views [n, 3, s, s] -> states [n, h]"""
        return Graph(self.folder / TOWER)

    @cached_property
    def projector(self) -> Graph:
        """States [n, h] -> visual tokens [n, d]"""
        return Graph(self.folder / PROJECTOR)

    def make_views(self, pictures: Sequence[Image.Image]) -> Tensor:
        """See the base."""
        return ViewFormat(self.record.view_size, self.record.mean, self.record.std).cut_all(pictures)

    def encode_view(self, views: Tensor) -> Tensor:
        """See the base."""
        return self.tower.run(views=views.float())[0]

    def project(self, states: Tensor) -> Tensor:
        """See the base."""
        flat = states.float().reshape(-1, self.state_size)
        return self.projector.run(states=flat)[0].reshape(*states.shape[:-1], self.token_size)

    # ---- reading ----

    @cached_property
    def stacks(self) -> list[Graph]:
        """See `LayerStack.forward`."""
        return [Graph(self.folder / file) for file in STACK_FILES]

    def embed_words(self, ids: Tensor) -> Tensor:
        """See the base."""
        return self._inputs[ids]

    def pass_stack(
        self, stack: int, states: Tensor, positions: Tensor, mask: Tensor, past: Tensor, kept: int
    ) -> tuple[Tensor, Tensor]:
        """See the base."""
        added = torch.zeros(mask.shape).masked_fill_(~mask, HIDDEN)[:, None]
        states, fresh = self.stacks[stack].run(
            states=states, positions=positions, mask=added, past=past, kept=torch.tensor(kept)
        )
        return states, fresh

    @property
    def memory_shape(self) -> tuple[int, int, int]:
        """See the base."""
        return self.record.layers, self.record.heads, self.record.head_size

    def word_logits(self, states: Tensor, words: Tensor | None = None) -> Tensor:
        """See the base."""
        return functional.linear(states, self._outputs if words is None else self._outputs[words])

    def generate(self, prompts: Sequence[Tensor], max_new_tokens: int) -> list[str]:
        """See the base."""
        return [self._continue(prompt, max_new_tokens) for prompt in prompts]

    def _continue(self, prompt: Tensor, max_new_tokens: int) -> str:
        """Embeddings [L, d] -> a greedy text."""
        written: list[int] = []
        given, past = prompt[None], None
        while len(written) < max_new_tokens:
            before = past.shape[3] if past is not None else 0
            length = given.shape[1]
            mask = torch.ones(length, before + length, dtype=torch.bool).tril(before)[None]
            states, past = self.read(given, torch.arange(before, before + length)[None], mask, past, length)
            written.append(int(self.word_logits(states[0, -1]).argmax()))
            if written[-1] == self.end_token_id:
                break
            given = self.embed_words(torch.tensor(written[-1:]))[None]
        return self.ids_to_words(written)

    # ---- words ----

    @property
    def image_token_id(self) -> int:
        """See the base."""
        return self.record.image_token_id

    @property
    def end_token_id(self) -> int:
        """See the base."""
        return self.record.end_token_id

    def chat_frame(self) -> tuple[list[int], list[int]]:
        """See the base."""
        before, after = self.record.frame
        return list(before), list(after)

    def words_to_ids(self, text: str) -> list[int]:
        """See the base."""
        hidden = set(self.record.hidden)
        return [token for token in self._tokenizer.encode(text, add_special_tokens=False).ids if token not in hidden]

    def ids_to_words(self, ids: Sequence[int]) -> str:
        """See the base."""
        return self._tokenizer.decode(list(ids), skip_special_tokens=True)
