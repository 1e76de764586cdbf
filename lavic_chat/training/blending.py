"""Weights between those that a leg began from and those that it has learned (WiSE-FT, arXiv 2109.01903).

A leg on further data forgets a little of what came before; the mean of both often reads better than either. Which mean,
the examples held out say.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn

SHARES = (0.5, 0.75)  # of what was learned; the rest is of the beginning


class HasQuality(Protocol):
    """What a measure finds."""

    @property
    def quality(self) -> tuple[float, ...]:
        """The higher the better."""
        ...


R = TypeVar("R", bound=HasQuality)


def trained_weights(network: nn.Module) -> dict[str, Tensor]:
    """Copies of those that learn, by name."""
    return {name: weight.detach().clone() for name, weight in network.named_parameters() if weight.requires_grad}


@torch.no_grad()
def put_blend(network: nn.Module, start: dict[str, Tensor], learned: dict[str, Tensor], share: float) -> None:
    """Give a network the mean of two sets of weights; share: of the second."""
    for name, weight in network.named_parameters():
        if name in learned:
            weight.copy_(start[name].lerp(learned[name], share))


def best_blend(
    network: nn.Module,
    weights: tuple[dict[str, Tensor], dict[str, Tensor]],
    measure: Callable[[], R],
    best: R,
    shares: Sequence[float] = SHARES,
) -> tuple[float, R]:
    """The share of what was learned that is measured best, and how it is: 1.0 and `best`, what is known of the learned
    weights, where no mean is better. weights: at the beginning, and learned. The network has those weights then."""
    chosen = 1.0
    for share in shares:
        put_blend(network, *weights, share)
        if (found := measure()).quality > best.quality:
            chosen, best = share, found
    put_blend(network, *weights, chosen)
    return chosen, best
