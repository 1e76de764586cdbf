"""Distill: five tokens come to tell what the picture shows (LaViC, section 4.2, stage 1).

    lavic-chat distill --catalog catalog --from out/aligned --out out/distilled

LoRA on the vision tower and the projector, the LLM frozen: from the five [CLS] tokens of a picture the LLM must say
its description, and what it cannot read, tower and projector learn to show. Pictures are augmented, so that photos
of other shops are read as well. The best adapter by perplexity on pictures of unseen shapes is kept.

On several GPUs `accelerate launch -m lavic_chat.training.distill ...` with the same options does the same.

`--word-steps` come before: single views point to the words of the description. Without the LLM, and with one view
of a picture instead of five, the tower sees five times as many pictures in the same time.
"""

import math
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import torch
from PIL import Image
from torch import Tensor

from lavic_chat.catalog import Catalog, Product, open_picture
from lavic_chat.features.image_encoder import chunks
from lavic_chat.model import VIEWS, LavicModel
from lavic_chat.training.augment import augment
from lavic_chat.training.captions import appearance_caption, caption_words, knows_appearance
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.choices import take_evenly
from lavic_chat.training.configs import DistillConfig
from lavic_chat.training.distributed import share
from lavic_chat.training.losses import caption_loss, gather_words
from lavic_chat.training.trainer import TrainingReport, TrainingRun, Validation, epoch_rows, run_training, warmup_cosine

WHOLE = 0.6  # of the views that are learned from singly


@dataclass(frozen=True)
class Lesson:
    """Pictures of one product, and the description that each of them should bring forth.

    words: those of its looks that a view alone should bring to mind.
    """

    open_pictures: tuple[Callable[[], Image.Image], ...]
    texts: tuple[str, ...]
    words: str = ""

    def draw(self, rng: random.Random) -> tuple[Image.Image, str]:
        """One of the pictures and its text."""
        place = rng.randrange(len(self.texts))
        return self.open_pictures[place](), self.texts[place]


@dataclass(frozen=True)
class Perplexity(Validation):
    """Perplexity of the captions of unseen shapes."""

    perplexity: float = math.inf

    def __str__(self) -> str:
        return f"perplexity {self.perplexity:.3f}"


def distill(
    model: LavicModel,
    lessons: Sequence[Lesson],
    valid: Sequence[Lesson],
    config: DistillConfig,
    keep: Callable[[Perplexity, tuple[Perplexity, ...]], None],
    checkpoint: Checkpoint | None = None,
) -> TrainingReport[Perplexity]:
    """Train the vision LoRA that is on; `keep(best, all so far)` at every best.

    With a checkpoint, progress is written at every validation, and a stopped run goes on from there.
    """
    started, rng = time.time(), random.Random(config.seed)
    if config.checkpointing:
        model.save_memory()
    valid = take_evenly(valid, config.valid_pictures)
    words = gather_words(model, [lesson.words for lesson in lessons], rng) if config.word_steps else None

    def learn(step: int, rng: random.Random) -> float:
        """One gradient of this process's share of a batch; returns its loss."""
        of_words = step < config.word_steps
        if config.epochs and not of_words:
            batch = epoch_rows(len(lessons), config.batch, step - config.word_steps, config.seed)
        else:
            batch = [rng.randrange(len(lessons)) for _ in range(config.word_batch if of_words else config.batch)]
        rows, dice = zip(*share(batch, rng), strict=True)
        shown, texts = zip(*(lessons[row].draw(own) for row, own in zip(rows, dice, strict=True)), strict=True)
        pictures = [augment(*each) for each in zip(shown, dice, strict=True)]
        model.train()
        with model.seeing_partly(config.patches):
            if of_words:
                loss = words.loss(model.project(see_singly(model, pictures, rng))[:, None], rows)
            else:
                loss = picture_loss(model, pictures, texts, config.longest)
        loss.backward()
        return loss.item()

    run = TrainingRun(
        name="distill",
        steps=config.word_steps + config.steps,
        valid_every=config.valid_every,
        groups=[{"params": model.trained_loras(), "lr": config.lr}],
        weight_decay=config.weight_decay,
        learn=learn,
        measure=lambda step: Perplexity(step, perplexity(model, valid, config.longest)),
        point=Perplexity,
        best_of=best_of,
        rate=partial(rate, config),
        seed=config.seed,
        measure_first=True,
    )
    return run_training(run, keep, checkpoint, started)


def make_lessons(
    catalog: Catalog, products: Sequence[Product], taught: Mapping[tuple[str, int], str] = MappingProxyType({})
) -> list[Lesson]:
    """One lesson a product that has pictures on disk. taught: a teacher's text by product id and the picture's place;
    other pictures have what the catalogue says of the product's looks, and where it says nothing of them are left out.
    """
    lessons = []
    for product in products:
        paths = {place: catalog.picture_path(product, place) for place in range(len(product.images))}
        known = "" if taught and not knows_appearance(product) else appearance_caption(product)
        texts = {place: taught.get((product.id, place)) or known for place, path in paths.items() if path}
        texts = {place: text for place, text in texts.items() if text}
        if texts:
            pictures = tuple(partial(open_picture, paths[place]) for place in texts)
            lessons.append(Lesson(pictures, tuple(texts.values()), caption_words(product)))
    return lessons


def best_of(measured: Sequence[Perplexity]) -> Perplexity:
    return min(measured, key=lambda point: point.perplexity)


def rate(config: DistillConfig, step: int) -> float:
    """Share of `lr` at a step; the words have a rise and a fall of their own."""
    if step < config.word_steps:
        return config.word_lr / config.lr * warmup_cosine(step, config.word_steps)
    return warmup_cosine(step - config.word_steps, config.steps)


def see_singly(model: LavicModel, pictures: Sequence[Image.Image], rng: random.Random) -> Tensor:
    """[n, h]: one view of each picture, the whole more often than a crop of it."""
    chosen = [0 if rng.random() < WHOLE else rng.randrange(1, VIEWS) for _ in pictures]
    return model.encode_view(torch.stack([model.make_view(*each) for each in zip(pictures, chosen, strict=True)]))


def picture_loss(model: LavicModel, pictures: Sequence[Image.Image], texts: Sequence[str], longest: int) -> Tensor:
    """Mean cross-entropy a token of the descriptions, from the pictures themselves."""
    return caption_loss(model, model.encode_views(model.make_views(pictures)), texts, longest)


@torch.inference_mode()
def perplexity(model: LavicModel, lessons: Sequence[Lesson], longest: int, batch: int = 8) -> float:
    """exp(mean loss of a batch) over the main pictures as they are."""
    model.train(False)
    losses = []
    for part in chunks(lessons, batch):
        pictures, texts = [lesson.open_pictures[0]() for lesson in part], [lesson.texts[0] for lesson in part]
        losses.append(float(picture_loss(model, pictures, texts, longest)))
    return float(torch.tensor(losses).mean().exp())


if __name__ == "__main__":  # as `accelerate launch` names it
    from lavic_chat.cli import main

    main(["distill", *sys.argv[1:]])
