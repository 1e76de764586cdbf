"""What looking, describing and ranking need of a model, whatever runtime computes it.

    views [n, 3, s, s] --encode_view--> states [n, h] --project--> visual tokens [n, d]
    embeddings [B, L, d], positions, mask, what was read before --read--> hidden states [B, L, d], keys and values

Two runtimes: torch (`llava.py`: any device, any LLaVA-NeXT, training) and ONNX Runtime (`onnx_model.py`: processors).
"""

import contextlib
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from lavic_chat.errors import ModelError
from lavic_chat.model.layers import STACKS, WHOLE, LayerPlan
from lavic_chat.settings import TORCH
from lavic_chat.storage.files import hash_bytes

VIEWS = 5


class VisionLanguageModel(ABC):
    """A LLaVA-NeXT that sees a picture as five tokens, with its adapters applied.

    name, fingerprint: the base's, as recorded in adapter folders. vision_hash: names the tower's weights (base and
    vision adapter), adapter_hash everything that was trained on top of the base. card: the AdapterCard, or None
    without an adapter. plan: which layers read what of a prompt with branches. runtime, tower_runtime: what computes
    the LLM and the tower, and how exactly; part of the keys of what is cached, unless torch.
    """

    name: str
    fingerprint: str
    vision_hash: str
    adapter_hash: str
    card: Any
    plan: LayerPlan = WHOLE
    runtime: str = TORCH
    tower_runtime: str = TORCH

    @property
    def speaks(self) -> bool:
        """Whether its adapter has learned to describe pictures."""
        return bool(self.card and self.card.speaks)

    @property
    def weights_hash(self) -> str:
        """SHA-256 in hex that names base and adapter together: two models of one name score alike."""
        return hash_bytes(self.fingerprint, self.adapter_hash)

    # ---- sizes ----

    @property
    @abstractmethod
    def state_size(self) -> int:
        """h, the width of the tower's states."""

    @property
    @abstractmethod
    def token_size(self) -> int:
        """d, the width of the LLM's embeddings and so of a visual token."""

    @property
    @abstractmethod
    def full_tokens(self) -> int:
        """How many tokens a picture takes where every patch of its five views is read, ends of rows included."""

    @property
    @abstractmethod
    def context(self) -> int:
        """How many tokens the LLM can read."""

    @property
    @abstractmethod
    def device(self) -> torch.device:
        """Of the LLM."""

    @property
    @abstractmethod
    def dtype(self) -> torch.dtype:
        """Of the LLM."""

    @property
    @abstractmethod
    def memory_shape(self) -> tuple[int, int, int]:
        """Of keys and values: layers, heads, size of a head."""

    def memory_rows(self, stack: int) -> slice:
        """Where a stack's keys and values stand in those of all layers."""
        first, last = self.plan.stacks(self.memory_shape[0])[stack]
        return slice(2 * first, 2 * last)

    # ---- seeing ----

    @abstractmethod
    def make_views(self, pictures: Sequence[Image.Image]) -> Tensor:
        """[n, 5, 3, s, s]: each picture letterboxed to a square of twice the tower's size, whole and 2x2 crops."""

    @abstractmethod
    def encode_view(self, views: Tensor) -> Tensor:
        """[n, 3, s, s] -> [n, h]: the [CLS] of single views, position 0 of the tower's last hidden state."""

    def encode_views(self, views: Tensor) -> Tensor:
        """[n, 5, 3, s, s] -> [n, 5, h]: the [CLS] of each view."""
        return self.encode_view(views.flatten(0, 1)).unflatten(0, (-1, VIEWS))

    @abstractmethod
    def project(self, states: Tensor) -> Tensor:
        """[..., h] -> [..., d]: the tower's states as visual tokens."""

    def see_fully(self, pictures: Sequence[Image.Image]) -> list[Tensor]:
        """[v, d] of each picture: every patch of its five views. Raises ModelError where the runtime has five only."""
        raise ModelError("Every token of a picture is read by torch alone; give --runtime torch.")

    # ---- reading ----

    @abstractmethod
    def embed_words(self, ids: Tensor) -> Tensor:
        """[L] -> [L, d]: word embeddings."""

    def embed(self, ids: Tensor, visual_tokens: Tensor) -> Tensor:
        """[L], [v, d] -> [L, d]: word embeddings with the visual tokens put in the image places, in order."""
        places = ids == self.image_token_id
        if int(places.sum()) != len(visual_tokens):
            raise AssertionError(f"{int(places.sum())} image places for {len(visual_tokens)} visual tokens")
        embeddings = self.embed_words(ids)
        filled = embeddings.clone()
        filled[places.to(embeddings.device)] = visual_tokens.to(embeddings.device, embeddings.dtype)
        return filled

    def read_stack(
        self, stack: int, states: Tensor, positions: Tensor, mask: Tensor, past: Tensor | None = None, kept: int = 0
    ) -> tuple[Tensor, Tensor]:
        """One of the stacks that the plan makes of the layers: states [B, L, d], positions [B, L], bool [B, L, P + L]
        (true: may attend) -> states [B, L, d], behind the last layer the LLM's hidden states, and keys and values
        [2 layers of it, B, heads, P + kept, size] for reading on.

        past: keys and values of P tokens that were read before. kept: of these L, the first so many are kept.
        """
        past = self.no_past(len(states))[self.memory_rows(stack)] if past is None else past
        if not len(past):  # a stack without a layer
            return states, past
        states, fresh = self.pass_stack(stack, states, positions, mask, past, kept)
        return states, torch.cat([past, fresh], 3)

    @abstractmethod
    def pass_stack(
        self, stack: int, states: Tensor, positions: Tensor, mask: Tensor, past: Tensor, kept: int
    ) -> tuple[Tensor, Tensor]:
        """The same of a stack that has a layer -> states, and keys and values of the first `kept` alone."""

    def read(
        self, embeddings: Tensor, positions: Tensor, mask: Tensor, past: Tensor | None = None, kept: int = 0
    ) -> tuple[Tensor, Tensor]:
        """The same of all layers, one stack after the other, whatever the plan says of branches."""
        states, read = embeddings, []
        for stack in STACKS:
            before = None if past is None else past[self.memory_rows(stack)]
            states, rows = self.read_stack(stack, states, positions, mask, before, kept)
            read.append(rows)
        return states, join_rows(read)

    def no_past(self, batch: int) -> Tensor:
        """[2 layers, B, heads, 0, size]: all layers' keys and values where nothing was read."""
        layers, heads, size = self.memory_shape
        return torch.zeros((2 * layers, batch, heads, 0, size), dtype=self.dtype, device=self.device)

    def hidden_states(self, embeddings: Tensor, positions: Tensor, mask: Tensor) -> Tensor:
        """[B, L, d], [B, L], bool [B, L, L] -> the LLM's last hidden states [B, L, d], where nothing was read before
        and nothing is kept."""
        return self.read(embeddings, positions, mask)[0]

    @abstractmethod
    def word_logits(self, states: Tensor, words: Tensor | None = None) -> Tensor:
        """[..., d], [w] -> [..., w]: next-token logits, of a few words only where they are given."""

    @abstractmethod
    def generate(self, prompts: Sequence[Tensor], max_new_tokens: int) -> list[str]:
        """Embeddings [L, d] of each prompt -> greedy texts."""

    # ---- words ----

    @property
    @abstractmethod
    def image_token_id(self) -> int:
        """The token that stands in a prompt for each visual token."""

    @property
    @abstractmethod
    def end_token_id(self) -> int:
        """The token that ends an answer."""

    @abstractmethod
    def chat_frame(self) -> tuple[list[int], list[int]]:
        """Token ids before and after one user message in the base's own chat template."""

    @abstractmethod
    def words_to_ids(self, text: str) -> list[int]:
        """Ids of plain text; what looks like a control token in it is read letter by letter, never obeyed."""

    @abstractmethod
    def ids_to_words(self, ids: Sequence[int]) -> str:
        """The text of token ids, without control tokens."""


def join_rows(read: Sequence[Tensor]) -> Tensor:
    """The stacks' keys and values as those of all layers; a stack without a layer has none."""
    return torch.cat([rows for rows in read if len(rows)])


def recorded_fingerprint(folder: str | Path) -> str:
    """The name that a base's maker wrote down for its weights; "" where there is none."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads((Path(folder) / "lavic_base.json").read_bytes())["fingerprint"])
    return ""
