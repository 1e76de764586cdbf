"""How alike two sets of embeddings are, as losses see it."""

from torch import Tensor
from torch.nn import functional

COSINE, RAW, CENTRED = "cosine", "raw", "centred"


def similarity(ours: Tensor, theirs: Tensor, kind: str = COSINE) -> Tensor:
    """[B, d] and [C, d] -> [B, C]: cosines (SDA, equation 1), dot products as the authors' code has them, or cosines
    without what all of a side have in common, which in an LLM's means of states is nearly all of them."""
    if kind == CENTRED:
        ours, theirs = ours - ours.mean(0), theirs - theirs.mean(0)
    if kind != RAW:
        ours, theirs = functional.normalize(ours, dim=-1), functional.normalize(theirs, dim=-1)
    return ours @ theirs.T
