"""The two phases of `align`: visual tokens point to words, then the LLM says what they show."""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import torch
from torch import Tensor

from lavic_chat.catalog import Product
from lavic_chat.features.captions import generate_captions
from lavic_chat.model.llava import LavicModel
from lavic_chat.training.augment import hide, jitter
from lavic_chat.training.captions import appearance_caption, caption_words
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.configs import AlignConfig
from lavic_chat.training.losses import caption_loss, gather_words
from lavic_chat.training.trainer import (
    TrainingRun,
    Validation,
    one_cycle_momentum,
    one_cycle_rate,
    run_training,
)

Learn = Callable[[int, random.Random], float]
Kept = Literal["nothing", "projector", "all"]
WORDS = "words"  # the first phase, whose progress has a file of its own
SAVE_EVERY = 25  # steps, between writings of the progress


@dataclass(frozen=True)
class AlignExamples:
    """Products, and the tower states [N, 5, h] of their main pictures."""

    products: Sequence[Product]
    states: Tensor


@dataclass(frozen=True)
class CaptionQuality(Validation):
    """On pictures of unseen shapes: perplexity of their captions (None without any), and the share of them that is read
    rightly, by attribute."""

    perplexity: float | None = None
    reading: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        shares = "".join(f", {name} {share:.2f}" for name, share in self.reading.items())
        return f"caption perplexity {self.perplexity:.3f}{shares}" if self.perplexity else "nothing measured"


@dataclass(frozen=True)
class AlignReport:
    """Losses by step of both phases, what was measured at the end, and seconds."""

    word_losses: tuple[float, ...]
    caption_losses: tuple[float, ...]
    valid: CaptionQuality
    seconds: float = field(default=0.0, compare=False)


def align_model(
    model: LavicModel,
    examples: tuple[AlignExamples, AlignExamples],
    config: AlignConfig,
    kept: Kept = "nothing",
    checkpoints: Sequence[Checkpoint | None] = (None, None),
    started: float | None = None,
) -> AlignReport:
    """Train projector and LoRA on the first examples; measure on the second, held out, at the end. checkpoints: of
    words and of captions. started: time.time() when the stage began.

    kept: of what was learned before. "projector": it shows words already, stage 1's, and stays as it is; the LLM alone
    learns to say them. "all": both learn on from where they are.
    """
    train, valid = examples
    torch.manual_seed(config.seed)
    for weight in model.projector_weights():
        weight.requires_grad_(kept != "projector")
    words = config.word_steps if kept == "nothing" else 0
    runs = {}
    if kept == "nothing":
        model.start_projector(train.states, config.seed)
    for name, steps, checkpoint in zip((WORDS, "captions"), (words, config.caption_steps), checkpoints, strict=True):
        if steps:
            held_out = valid if name != WORDS or not config.caption_steps else None
            run = make_run(name, model, train, held_out, config)
            runs[name] = run_training(run, lambda best, curve: None, checkpoint, started)
    model.freeze()
    reports = list(runs.values())
    losses = {name: report.losses for name, report in runs.items()}
    quality = reports[-1].best if reports else measure(model, valid, False, 0)
    seconds = reports[-1].seconds if reports else 0.0
    return AlignReport(losses.get(WORDS, ()), losses.get("captions", ()), quality, seconds)


def make_run(
    name: str, model: LavicModel, train: AlignExamples, valid: AlignExamples | None, config: AlignConfig
) -> TrainingRun[CaptionQuality]:
    """A phase as the training loop takes it. valid: what is measured at its end."""
    words = name == WORDS
    steps = config.word_steps if words else config.caption_steps
    return TrainingRun(
        name=f"align: {name}",
        steps=steps,
        valid_every=steps,
        groups=word_groups(model, config) if words else caption_groups(model, config),
        weight_decay=config.weight_decay,
        learn=(word_step if words else caption_step)(model, train, config),
        measure=partial(measure, model, valid, not words),
        point=CaptionQuality,
        rate=lambda step: one_cycle_rate(step, steps),
        momentum=lambda step: one_cycle_momentum(step, steps),
        seed=config.seed,
        save_every=SAVE_EVERY,
    )


def word_groups(model: LavicModel, config: AlignConfig) -> list[dict]:
    """The projector alone."""
    return [{"params": model.projector_weights(), "lr": config.word_lr}]


def caption_groups(model: LavicModel, config: AlignConfig) -> list[dict]:
    """The LLM's LoRA and, where it is not kept, the projector."""
    groups = [{"params": model.trained_loras(), "lr": config.llm_lr}]
    if learned := [weight for weight in model.projector_weights() if weight.requires_grad]:
        groups.append({"params": learned, "lr": config.caption_lr})
    return groups


def word_step(model: LavicModel, train: AlignExamples, config: AlignConfig) -> Learn:
    """What a step of words does: its gradient into the weights, its loss back."""
    texts = [caption_words(product) for product in train.products]
    words, std = gather_words(model, texts, random.Random(config.seed)), train.states.std((0, 1))

    def learn(_step: int, rng: random.Random) -> float:
        batch = [rng.randrange(len(texts)) for _ in range(config.batch)]
        loss = words.loss(model.project(jitter(train.states[batch], std, config.noise)), batch)
        loss.backward()
        return loss.item()

    return learn


def caption_step(model: LavicModel, train: AlignExamples, config: AlignConfig) -> Learn:
    """What a step of captions does: its gradient into the weights, its loss back."""
    mean, std = train.states.mean(0), train.states.std((0, 1))

    def learn(_step: int, rng: random.Random) -> float:
        batch = [rng.randrange(len(train.products)) for _ in range(config.caption_batch)]
        texts = [appearance_caption(train.products[row]) for row in batch]
        loss = caption_loss(model, hide(jitter(train.states[batch], std, config.noise), mean, config), texts)
        loss.backward()
        return loss.item()

    return learn


def measure(model: LavicModel, valid: AlignExamples | None, speaks: bool, step: int) -> CaptionQuality:
    """Perplexity and, where the LLM speaks, reading of what is held out."""
    if not valid or not len(valid.products):
        return CaptionQuality(step)
    read = reading(model, valid.products, valid.states) if speaks else {}
    return CaptionQuality(step, caption_perplexity(model, valid.products, valid.states), read)


@torch.inference_mode()
def caption_perplexity(model: LavicModel, products: Sequence[Product], states: Tensor) -> float:
    """exp(mean token loss) of the products' captions, from their tower states [N, 5, h]."""
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
