"""Conversations meet the items that they ended with: what search compares, as a loss."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class QueryLoss(nn.Module):
    """A conversation shall be nearer to its item than to the others of the batch, by the mean of its cosines to an
    item's text and to its picture, each without what those of the batch have in common (as `retrieval/item_space.py`
    searches; the paper has no conversations).

        S_ij = [cos(q_i - t, t_j - t) + cos(q_i - t, v_j - v)] / (2 tau),   t, v: means of the texts, of the pictures
        loss = mean over i of CE(S_i., i)
    """

    def __init__(self, temperature: float = 0.07):
        super().__init__()
        self.temperature = temperature

    def forward(self, queries: Tensor, texts: Tensor, images: Tensor) -> Tensor:
        """[B, d] three times, in the rows the same items -> a number"""
        common = texts.mean(0)
        said, written, seen = (
            functional.normalize(rows, dim=-1) for rows in (queries - common, texts - common, images - images.mean(0))
        )
        scores = said @ (written + seen).T / (2 * self.temperature)
        return functional.cross_entropy(scores, torch.arange(len(scores), device=scores.device))
