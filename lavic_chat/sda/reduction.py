"""Features as recommenders get them: what all items have in common taken off, and the rest by its principal components,
as SDA's authors hand them on; so every set has the same size, and a fit costs the same."""

import torch
from torch import Tensor
from torch.nn import functional


def reduce_features(rows: Tensor, size: int) -> Tensor:
    """[n, d] -> [n, at most size]: rows of length one, less their mean, on the components that vary most. size 0: all
    of them as they are."""
    if not size:
        return rows
    unit = functional.normalize(rows.float(), dim=1)
    centred = unit - unit.mean(0)
    _, _, components = torch.linalg.svd(centred.double(), full_matrices=False)
    return (centred.double() @ components[:size].T).float()
