"""The mean of an LLM's states as a vector: alike where it learns, where items are embedded, and in an export."""

from torch import Tensor
from torch.nn import functional


def to_vectors(means: Tensor, size: int = 0) -> Tensor:
    """[n, d of the LLM] -> unit vectors [n, size], by means of neighbours, as SDA's authors' code does in training; of
    size 0 as long as they are."""
    pooled = functional.adaptive_avg_pool1d(means[:, None], size)[:, 0] if size else means
    return functional.normalize(pooled, dim=-1)
