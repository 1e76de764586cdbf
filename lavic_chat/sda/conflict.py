"""Whether texts and pictures pull the same weights the same way (SDA, section 3.3.3).

    cos(dL / dB of the texts, dL / dB of the pictures)

for each layer's q_proj and k_proj, B being the first expert's; for either gradient the other modality is detached.
Below 0 they pull against each other.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from lavic_chat.features.item_embedder import ItemEmbedder
from lavic_chat.model.moda import first_experts
from lavic_chat.sda.items import Items

PROJECTIONS = ("q_proj", "k_proj")
Conflict = dict[str, list[float]]  # projection -> cosine of each layer that learns, the lowest first


def measure_conflict(embedder: ItemEmbedder, items: Items, loss: Callable[[Tensor, Tensor], Tensor]) -> Conflict:
    """Cosines over one batch of items, without dropout. Nothing is learned."""
    embedder.model.train(False)
    return conflict_of(embedder, *items.embed(embedder), loss)


def conflict_of(
    embedder: ItemEmbedder, texts: Tensor, images: Tensor, loss: Callable[[Tensor, Tensor], Tensor]
) -> Conflict:
    """The same of a batch that was embedded, with gradients: [B, d] and [B, d]."""
    weights = {name: first_experts(embedder.model, name) for name in PROJECTIONS}
    together = [pair[0] for pairs in weights.values() for pair in pairs]
    by_text = iter(torch.autograd.grad(loss(texts, images.detach()), together))
    by_image = iter(torch.autograd.grad(loss(texts.detach(), images), together))
    found: Conflict = {}
    for name, pairs in weights.items():
        found[name] = [cosine(next(by_text), next(by_image), rank) for _, rank in pairs]
    return found


def cosine(ours: Tensor, theirs: Tensor, rank: int) -> float:
    """Of the first `rank` columns of two gradients [out, r]; 0 where one of them is nothing."""
    flat = (rows[:, :rank].flatten().float() for rows in (ours, theirs))
    return round(float(functional.cosine_similarity(*flat, dim=0)), 4)
