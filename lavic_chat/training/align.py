"""Align: the model learns to say what pictures show; the tower is frozen.

    lavic-chat align --catalog catalog --out out/aligned

Two steps, each with a reason:
1. words: each visual token points to the input word embeddings of what the picture shows (cosine, temperature
   0.05), its length held at theirs. Seconds, the projector alone, and the one start from which reading goes fast.
2. captions: the LLM, through its LoRA, says what it sees, "blue (navy) velvet sofa", from the five tokens, and the
   projector learns along. Many pictures are branches of one prompt, as candidates are when one is chosen.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from tqdm import trange

from lavic_chat.catalog import Product
from lavic_chat.features.captions import generate_captions
from lavic_chat.model import LavicModel
from lavic_chat.training.captions import appearance_caption, caption_words
from lavic_chat.training.configs import AlignConfig
from lavic_chat.training.losses import caption_loss, gather_words

Kept = Literal["nothing", "projector", "all"]


@dataclass(frozen=True)
class AlignReport:
    """Losses by step; on pictures of unseen shapes the perplexity of their descriptions (None without any) and the
    share that is read rightly."""

    word_losses: tuple[float, ...]
    caption_losses: tuple[float, ...]
    valid_perplexity: float | None
    valid_reading: dict[str, float]


def align(
    model: LavicModel,
    products: Sequence[Product],
    states: Tensor,
    valid: tuple[Sequence[Product], Tensor],
    config: AlignConfig,
    kept: Kept = "nothing",
) -> AlignReport:
    """Train projector and LoRA on products and their tower states [N, 5, h]; measure on the valid ones.

    kept: of what was learned before. "projector": it shows words already, stage 1's, and stays as it is; the LLM alone
    learns to say them. "all": both learn on from where they are.
    """
    torch.manual_seed(config.seed)
    std, word_losses = states.std((0, 1)), []
    for weight in model.projector_weights():
        weight.requires_grad_(kept != "projector")
    if kept == "nothing":
        model.start_projector(states, config.seed)
        word_losses = learn_words(model, products, states, std, config)
    caption_losses = learn_captions(model, products, states, std, config) if config.caption_steps else []
    model.freeze()
    perplexity = caption_perplexity(model, *valid) if len(valid[0]) else None
    read = reading(model, *valid) if len(valid[0]) and config.caption_steps else {}
    return AlignReport(tuple(word_losses), tuple(caption_losses), perplexity, read)


def learn_words(
    model: LavicModel, products: Sequence[Product], states: Tensor, std: Tensor, config: AlignConfig
) -> list[float]:
    words = gather_words(model, [caption_words(product) for product in products], random.Random(config.seed))

    def loss_of(batch: list[int]) -> Tensor:
        return words.loss(model.project(jitter(states[batch], std, config.noise)), batch)

    groups = [{"params": list(model.projector.parameters()), "lr": config.word_lr}]
    return descend(groups, loss_of, len(products), config.word_steps, config.batch, config, "words")


def learn_captions(
    model: LavicModel, products: Sequence[Product], states: Tensor, std: Tensor, config: AlignConfig
) -> list[float]:
    usual = states.mean(0)

    def loss_of(batch: list[int]) -> Tensor:
        texts = [appearance_caption(products[row]) for row in batch]
        return caption_loss(model, hide(jitter(states[batch], std, config.noise), usual, config), texts)

    groups = [{"params": model.trained_loras(), "lr": config.llm_lr}]
    if learned := [weight for weight in model.projector_weights() if weight.requires_grad]:
        groups.append({"params": learned, "lr": config.caption_lr})
    return descend(groups, loss_of, len(products), config.caption_steps, config.caption_batch, config, "captions")


def descend(
    groups: list[dict], loss_of: Callable, count: int, steps: int, batch: int, config: AlignConfig, name: str
) -> list[float]:
    """AdamW with a linear warm-up and a cosine end; gradient clip 1. Returns the loss of every step."""
    rng = random.Random(config.seed + 2)
    weights = [tensor for group in groups for tensor in group["params"]]
    optimizer = torch.optim.AdamW(groups, weight_decay=config.weight_decay)
    peaks = [group["lr"] for group in groups]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, peaks, max(steps, 2), pct_start=0.1)
    losses = []
    bar = trange(steps, desc=f"align: {name}", unit="step")
    for _ in bar:
        loss = loss_of([rng.randrange(count) for _ in range(batch)])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        bar.set_postfix(loss=f"{sum(losses[-20:]) / len(losses[-20:]):.3f}")
    return losses


def jitter(states: Tensor, std: Tensor, amount: float) -> Tensor:
    return states + amount * std * torch.randn_like(states)


def hide(states: Tensor, usual: Tensor, config: AlignConfig) -> Tensor:
    """The states [B, 5, h], what is hidden of them replaced by the usual state [5, h]: whole views, single values."""
    hidden = torch.zeros_like(states, dtype=torch.bool)
    if config.hidden_values:
        hidden |= torch.rand_like(states) < config.hidden_values
    if config.hidden_views:
        hidden |= torch.rand_like(states[..., :1]) < config.hidden_views
    return torch.where(hidden, usual, states)


@torch.inference_mode()
def caption_perplexity(model: LavicModel, products: Sequence[Product], states: Tensor) -> float:
    """exp(mean token loss) of the products' descriptions."""
    losses = []
    for start in range(0, len(products), 16):
        part = slice(start, start + 16)
        losses.append(float(caption_loss(model, states[part], [appearance_caption(p) for p in products[part]])))
    return float(torch.tensor(losses).mean().exp())


def reading(model: LavicModel, products: Sequence[Product], states: Tensor) -> dict[str, float]:
    """Share of the products of whose pictures the model says the right colour, shade, material, type."""
    captions = generate_captions(model, states)
    right: dict[str, list[bool]] = {"colour": [], "shade": [], "material": [], "type": []}
    for product, text in zip(products, captions, strict=True):
        for key, found in right.items():
            if value := product.attributes.get(key):
                found.append(re.search(rf"\b{re.escape(value)}\b", text) is not None)
    return {key: round(sum(found) / len(found), 4) for key, found in right.items() if found}
