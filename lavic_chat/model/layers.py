"""The LLM's layers in three stacks, and what they remember of what was read. A prompt with branches passes them so:

    APART      conversation, and each branch by itself    what a branch is here hangs on no conversation: it is kept
    TOGETHER   conversation <- branches                   every branch reads the conversation
    ANSWERS    first token <- answer places               the other places have said what they know, and are left out

Precomputed documents that join the query late are PreTTR's (arXiv 2004.14255); tokens that are withdrawn from the last
layers, but for the first, on which attention rests, are VTW's (arXiv 2405.05803). An adapter is trained for both
(`LayerPlan`); without one the second stack is all there is, and it reads as any LLM does.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

APART, TOGETHER, ANSWERS = STACKS = range(3)


@dataclass(frozen=True)
class LayerPlan:
    """join: how many layers a branch passes before it reads the conversation. withdraw: behind how many only answer
    places go on; 0: behind none."""

    join: int = 0
    withdraw: int = 0

    def stacks(self, layers: int) -> list[tuple[int, int]]:
        """The first layer of each stack and the one behind its last; raises ValueError where the plan does not fit."""
        withdraw = self.withdraw or layers
        if not 0 <= self.join < withdraw <= layers:
            raise ValueError(f"join {self.join} and withdraw {self.withdraw} do not fit {layers} layers")
        return [(0, self.join), (self.join, withdraw), (withdraw, layers)]


WHOLE = LayerPlan()


class LayerStack(nn.Module):
    """The layers from `first` to before `last` of a transformers LLM such as Llama's or Mistral's; behind the very last
    one its norm."""

    def __init__(self, llm: Any, first: int, last: int):
        super().__init__()
        self.first, self.layers, self.rotary = first, llm.layers[first:last], llm.rotary_emb
        self.norm = llm.norm if first < last == len(llm.layers) else nn.Identity()

    def forward(
        self, states: Tensor, positions: Tensor, mask: Tensor, past: Tensor, kept: int | Tensor
    ) -> tuple[Tensor, Tensor]:
        """[B, L, d], [B, L], [B, 1, L, P + L], [2 layers, B, heads, P, size] -> states [B, L, d], and keys and values
        of the first `kept` [2 layers, B, heads, kept, size]. mask: true where a place may attend, or what is added to
        its score."""
        memory = Memory(past, self.first)
        return self.read(states, positions, mask, memory), memory.of_first(kept)

    def read(self, states: Tensor, positions: Tensor, mask: Tensor, memory: "Memory | None" = None) -> Tensor:
        """The states alone; the memory is read and grows, where there is one."""
        rotated = self.rotary(states, position_ids=positions)
        for layer in self.layers:
            states = layer(
                states, attention_mask=mask, position_ids=positions, cache=memory, use_cache=memory is not None,
                position_embeddings=rotated,
            )  # fmt: skip
        return self.norm(states)


class Memory:
    """Keys and values of what was read before, as transformers asks for them, layer by layer.

    past: [2 layers, B, heads, P, size], a layer's keys and then its values; first: the layer that it begins with.
    """

    def __init__(self, past: Tensor, first: int = 0):
        self.past, self.first = past, first
        self.fresh: list[Tensor] = []

    def get_seq_length(self, layer: int = 0) -> int:
        """P, whichever layer."""
        return self.past.shape[3]

    def update(self, keys: Tensor, values: Tensor, layer: int, **more: Any) -> tuple[Tensor, Tensor]:
        """A layer's new keys and values [B, heads, L, size] -> with those before them [B, heads, P + L, size]."""
        self.fresh += [keys, values]
        row = 2 * (layer - self.first)
        return torch.cat([self.past[row], keys], 2), torch.cat([self.past[row + 1], values], 2)

    def of_first(self, kept: int | Tensor) -> Tensor:
        """[2 layers, B, heads, kept, size]: of the first so many new tokens."""
        return torch.stack(self.fresh)[:, :, :, :kept]
