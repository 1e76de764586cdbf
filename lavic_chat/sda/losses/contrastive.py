"""InfoNCE (arXiv 1807.03748) both ways, as CLIP has it (arXiv 2103.00020): CMSA without its soft targets."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from lavic_chat.sda.losses.similarity import COSINE, similarity


class InfoNceLoss(nn.Module):
    """Each text shall be nearer to its own picture than to the others of the batch, and the other way round.

    S_ij = sim(t_i, v_j) / tau
    loss = mean over i of [CE(S_i., i) + CE(S_.i, i)] / 2
    """

    def __init__(self, temperature: float = 0.07, kind: str = COSINE):
        super().__init__()
        self.temperature, self.kind = temperature, kind

    def forward(self, texts: Tensor, images: Tensor) -> Tensor:
        """[B, d] and [B, d] -> a number"""
        scores = similarity(texts, images, self.kind) / self.temperature
        own = torch.arange(len(scores), device=scores.device)
        return (functional.cross_entropy(scores, own) + functional.cross_entropy(scores.T, own)) / 2
