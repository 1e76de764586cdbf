"""How alike two sets of embeddings are, as losses see it."""

from torch import Tensor
from torch.nn import functional

COSINE, RAW = "cosine", "raw"


def similarity(ours: Tensor, theirs: Tensor, kind: str = COSINE) -> Tensor:
    """[B, d] and [C, d] -> [B, C]: cosines (SDA, equation 1), or dot products as the authors' code has them."""
    if kind == COSINE:
        ours, theirs = functional.normalize(ours, dim=-1), functional.normalize(theirs, dim=-1)
    return ours @ theirs.T
