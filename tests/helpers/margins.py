"""What a test of an order or a pick rests on: gaps that no machine's rounding closes.

Another instruction set, thread count or batch shape moves a tiny model's numbers by some 1e-6, those of an `amplified`
one by some 1e-5. Where two ways of computing are to give one order, the values are a hundred times farther apart.
"""

from collections.abc import Iterable
from itertools import pairwise

import torch
from torch import Tensor

from lavic_chat.model.llava import LavicModel

MARGIN = 1e-3


@torch.no_grad()
def amplified(model: LavicModel, factor: float = 8) -> LavicModel:
    """The model, its LLM's matrices so large that what it says and picks depends on what it reads, by far."""
    for tensor in model.core.language_model.parameters():
        tensor.mul_(factor if tensor.dim() > 1 else 1)
    return model


def assert_apart(values: Iterable[float], margin: float = MARGIN) -> None:
    """No two of the values are within `margin` of each other, so that their order is the same on every machine."""
    ordered = sorted(float(value) for value in values)
    assert all(higher - lower > margin for lower, higher in pairwise(ordered)), ordered


def clear_argmax(logits: Tensor, margin: float = 10 * MARGIN) -> int:
    """Where the greatest of the logits [n] is; the second is at least `margin` below it."""
    first, second = logits.topk(2).values.tolist()
    assert first - second > margin, (first, second)
    return int(logits.argmax())
