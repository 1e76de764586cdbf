"""What a sequential recommender knows an item by: an id of its own, or frozen features through an adapter.

    features [items, d] -> Linear d/2 -> Linear h, without an activation between     (LLMEmb, as SDA's authors use it)

The same matrix stands for the items of a history and for those that are scored.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class ItemEmbedding(nn.Module):
    """[items + 1, h] of all items, the last row of what is no item: padding, or a mask."""

    features: Tensor

    def __init__(self, items: int, size: int, features: Tensor | None = None):
        super().__init__()
        self.items = items
        self.other = nn.Parameter(torch.randn(1, size) * 0.02)
        if features is None:
            self.ids = nn.Parameter(torch.randn(items, size) * 0.02)
        else:
            self.register_buffer("features", standardize(features))
            width = features.shape[1]
            layers = nn.Linear(width, width // 2), nn.Linear(width // 2, size)
            self.adapter = nn.Sequential(*layers)
            for layer in layers:
                nn.init.xavier_normal_(layer.weight)
                nn.init.zeros_(layer.bias)

    def forward(self) -> Tensor:
        """[items + 1, h]"""
        return torch.cat([self.ids if hasattr(self, "ids") else self.adapt(), self.other])

    def adapt(self) -> Tensor:
        """[items, h] of the features. Nothing stands between the two layers, so that they are one first: there are far
        more items than dimensions."""
        first, second = (layer for layer in self.adapter if isinstance(layer, nn.Linear))
        bias = second.weight @ first.bias + second.bias
        return functional.linear(self.features, second.weight @ first.weight, bias)


def standardize(features: Tensor) -> Tensor:
    """[items, d] with mean 0 and variance 1 over all of it in the mean, so that no set of features learns faster for
    being larger; dimensions keep their weight among themselves."""
    centred = features.float() - features.float().mean(0)
    return centred / centred.pow(2).mean().sqrt().clamp_min(1e-8) if centred.abs().max() > 0 else centred
