"""The processes that train together, one a GPU, as `accelerate launch` starts them; alone, nothing of this is felt.

Every process knows the whole batch and learns from its share, and gradients are averaged: but for rounding and dropout,
a run is the same however many share it. The first process alone validates and writes.
"""

import random
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import TypeVar

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list, gather, reduce
from torch import Tensor

from lavic_chat.errors import LavicError

PATIENCE = timedelta(hours=12)  # of the others, while the first one validates
T = TypeVar("T")


def process_state() -> PartialState:
    """Join the other processes, if there are any; this one then has its GPU."""
    return PartialState(cpu=not torch.cuda.is_available(), timeout=PATIENCE)


def is_first() -> bool:
    """Whether this process is the one that validates and writes."""
    return process_state().is_main_process


def first_goes_first() -> AbstractContextManager:
    """Within, the others wait until the first of their machine is done, and then find in the caches what it made."""
    return process_state().local_main_process_first()


def check_batches(*sizes: int) -> None:
    """Raises LavicError for a batch that cannot be shared evenly."""
    processes = process_state().num_processes
    if odd := next((size for size in sizes if size % processes), None):
        raise LavicError(
            f"{processes} processes cannot share a batch of {odd} evenly; give --batch a multiple of {processes}, as "
            "also --word-batch of `distill` and --captions of `tune`."
        )


def share(batch: Sequence[T], rng: random.Random) -> list[tuple[T, random.Random]]:
    """This process's part of a batch, each item with what is drawn for it, whoever learns from it."""
    distributed = process_state()
    own = [(item, random.Random(rng.getrandbits(64))) for item in batch]
    return own[distributed.process_index :: distributed.num_processes]


def average(loss: float, weights: Sequence[Tensor]) -> float:
    """The mean loss of all processes, and their mean gradients in the weights."""
    distributed = process_state()
    if distributed.num_processes == 1:
        return loss
    gradients = [tensor.grad for tensor in weights if tensor.grad is not None]
    mean = reduce(torch.cat([gradient.float().flatten() for gradient in gradients]), "mean")
    for gradient, part in zip(gradients, mean.split([gradient.numel() for gradient in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))
    return float(reduce(torch.tensor(loss, device=distributed.device), "mean"))


def gather_rows(own: Tensor) -> Tensor:
    """[n, d] of each process, as many of each -> [n processes, d], of which its own alone have gradients."""
    distributed = process_state()
    if distributed.num_processes == 1:
        return own
    parts = list(gather(own.detach().contiguous()).split(len(own)))
    parts[distributed.process_index] = own
    return torch.cat(parts)


def broadcast(value: T | None) -> T:
    """What the first process says, to all."""
    return broadcast_object_list([value])[0]
