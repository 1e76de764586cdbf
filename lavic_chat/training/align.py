"""Align: the projector learns to say what a picture shows in the LLM's own words; tower and LLM are frozen.

    lavic-chat align --catalog catalog --out out/aligned

Two steps, each with a reason:
1. words: each visual token points to the input word embeddings of the picture's caption (cosine, temperature
   0.05), its length held at theirs. Seconds, and the one start from which choosing was seen to be learned.
2. captions: the LLM reads the five tokens and the caption is scored as its continuation.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import trange

from lavic_chat.catalog import Product
from lavic_chat.model import VIEWS, LavicModel
from lavic_chat.ranking.prompt import join_branches
from lavic_chat.ranking.scores import pad
from lavic_chat.training.configs import AlignConfig
from lavic_chat.training.examples import caption, caption_words

POINTING_TEMPERATURE = 0.05
STRANGERS = 2000  # random words among which the caption's words must be found


@dataclass(frozen=True)
class AlignReport:
    """Losses by step, and caption perplexity on pictures of unseen shapes (None without any)."""

    word_losses: tuple[float, ...]
    caption_losses: tuple[float, ...]
    valid_perplexity: float | None


def align(
    model: LavicModel,
    products: Sequence[Product],
    states: Tensor,
    valid: tuple[Sequence[Product], Tensor],
    config: AlignConfig,
) -> AlignReport:
    """Train the projector on products and their tower states [N, 5, h]; measure on the valid ones."""
    torch.manual_seed(config.seed)
    model.start_projector(states, config.seed)
    model.projector.requires_grad_(True)
    spread = states.std((0, 1))
    word_losses = learn_words(model, products, states, spread, config)
    caption_losses = learn_captions(model, products, states, spread, config)
    model.projector.requires_grad_(False)
    perplexity = caption_perplexity(model, *valid, seed=config.seed) if len(valid[0]) else None
    return AlignReport(tuple(word_losses), tuple(caption_losses), perplexity)


def learn_words(
    model: LavicModel, products: Sequence[Product], states: Tensor, spread: Tensor, config: AlignConfig
) -> list[float]:
    rng = random.Random(config.seed)
    embeddings = model.word_embeddings
    words = [sorted(set(model.words_to_ids(" " + caption_words(product)))) for product in products]
    strangers = rng.sample(range(len(embeddings)), min(STRANGERS, len(embeddings)))
    vocabulary = sorted(set(strangers).union(*words))
    place = {word: index for index, word in enumerate(vocabulary)}
    targets = torch.zeros(len(products), len(vocabulary), device=model.device)
    for row, ids in enumerate(words):
        targets[row, [place[word] for word in ids]] = 1 / len(ids)
    known = embeddings[vocabulary]
    length = known.norm(dim=-1).mean()

    def loss_of(batch: list[int]) -> Tensor:
        tokens = model.project(jitter(states[batch], spread, config.noise)).float()
        cosine = functional.normalize(tokens, dim=-1) @ functional.normalize(known, dim=-1).T
        pointing = -(targets[batch][:, None] * (cosine / POINTING_TEMPERATURE).log_softmax(-1)).sum(-1).mean()
        return pointing + (tokens.norm(dim=-1) / length - 1).pow(2).mean()

    return train_projector(model, loss_of, len(products), config.word_steps, config.word_lr, config, "words")


def learn_captions(
    model: LavicModel, products: Sequence[Product], states: Tensor, spread: Tensor, config: AlignConfig
) -> list[float]:
    rng = random.Random(config.seed + 1)

    def loss_of(batch: list[int]) -> Tensor:
        texts = [caption(products[row], rng) for row in batch]
        return caption_loss(model, jitter(states[batch], spread, config.noise), texts)

    return train_projector(model, loss_of, len(products), config.caption_steps, config.caption_lr, config, "captions")


def train_projector(model, loss_of, count: int, steps: int, lr: float, config: AlignConfig, name: str) -> list[float]:
    """AdamW with a linear warm-up and a cosine end; gradient clip 1. Returns the loss of every step."""
    rng = random.Random(config.seed + 2)
    optimizer = torch.optim.AdamW(model.projector.parameters(), lr=lr, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, max(steps, 2), pct_start=0.1)
    losses = []
    bar = trange(steps, desc=f"align: {name}", unit="step")
    for _ in bar:
        loss = loss_of([rng.randrange(count) for _ in range(config.batch)])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.projector.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        bar.set_postfix(loss=f"{sum(losses[-20:]) / len(losses[-20:]):.3f}")
    return losses


def jitter(states: Tensor, spread: Tensor, amount: float) -> Tensor:
    return states + amount * spread * torch.randn_like(states)


def caption_loss(model: LavicModel, states: Tensor, texts: Sequence[str]) -> Tensor:
    """[B, 5, h] and B captions -> mean cross-entropy a caption token, prompt and padding left out."""
    before, after = model.chat_frame()
    head = [*before, *model.words_to_ids("Product: "), *[model.image_token_id] * VIEWS, *after]
    captions = [[*model.words_to_ids(text), model.tokenizer.eos_token_id] for text in texts]
    prompts = [join_branches(head, [ids], 1) for ids in captions]
    hidden = model.hidden_states(*pad(model, prompts, model.project(states)))
    start = len(head) - 1  # this place predicts the caption's first token
    rows = torch.cat([hidden[row, start : start + len(ids)] for row, ids in enumerate(captions)])
    targets = torch.tensor([token for ids in captions for token in ids], device=rows.device)
    return functional.cross_entropy(model.word_logits(rows).float(), targets)


@torch.inference_mode()
def caption_perplexity(model: LavicModel, products: Sequence[Product], states: Tensor, seed: int) -> float:
    """exp(mean token loss) of one caption a product."""
    rng = random.Random(seed)
    losses = []
    for start in range(0, len(products), 32):
        part = slice(start, start + 32)
        texts = [caption(product, rng) for product in products[part]]
        losses.append(float(caption_loss(model, states[part], texts)))
    return float(torch.tensor(losses).mean().exp())
