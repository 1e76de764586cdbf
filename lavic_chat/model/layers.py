"""The LLM's layers in two stacks, and what they remember of what was read.

    embeddings --lower--> states in the middle --upper and norm--> hidden states

Between them candidates can be left behind that will not be picked (`ranking/cascade.py`).
"""

from typing import Any

import torch
from torch import Tensor, nn

LOWER_SHARE = 0.4  # of the layers: there most candidates that will not be picked can be told


def middle_of(layers: int) -> int:
    """How many of the layers are the lower ones; at least one on either side."""
    return min(max(1, round(LOWER_SHARE * layers)), layers - 1)


class LayerStack(nn.Module):
    """The layers from `first` to before `last` of a transformers LLM such as Llama's or Mistral's; behind the very last
    one its norm."""

    def __init__(self, llm: Any, first: int, last: int):
        super().__init__()
        self.first, self.layers, self.rotary = first, llm.layers[first:last], llm.rotary_emb
        self.norm = llm.norm if last == len(llm.layers) else nn.Identity()

    def forward(
        self, states: Tensor, positions: Tensor, mask: Tensor, past: Tensor, kept: int | Tensor
    ) -> tuple[Tensor, Tensor]:
        """[B, L, d], [B, L], [B, 1, L, P + L], [2 layers, B, heads, P, size] -> states [B, L, d], and keys and values
        of the first `kept` [2 layers, B, heads, kept, size]. mask: true where a place may attend, or what is added to
        its score."""
        memory = Memory(past, self.first)
        rotated = self.rotary(states, position_ids=positions)
        for layer in self.layers:
            states = layer(
                states, attention_mask=mask, position_ids=positions, cache=memory, use_cache=True,
                position_embeddings=rotated,
            )  # fmt: skip
        return self.norm(states), memory.of_first(kept)


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
