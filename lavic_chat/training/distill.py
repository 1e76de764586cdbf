"""Distill: five tokens come to tell what the picture shows (LaViC, section 4.2, stage 1).

    lavic-chat distill --catalog catalog --from out/aligned --out out/distilled

LoRA on the vision tower and the projector, the LLM frozen: from the five [CLS] tokens of a picture the LLM must say
its description, and what it cannot read, tower and projector learn to show. Pictures are augmented, so that photos
of other shops are read as well. The best adapter by perplexity on pictures of unseen shapes is kept.
"""

import contextlib
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial

import torch
from PIL import Image
from torch import Tensor, nn
from tqdm import trange

from lavic_chat.catalog import Catalog, Product, open_picture
from lavic_chat.model import LavicModel
from lavic_chat.ranking.description import description_prompt
from lavic_chat.ranking.scores import pad
from lavic_chat.training.align import description_loss
from lavic_chat.training.augment import augment
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.configs import DistillConfig
from lavic_chat.training.examples import describe_looks
from lavic_chat.training.tune import pace, recent


@dataclass(frozen=True)
class Lesson:
    """Pictures of one product, and the description that each of them should bring forth."""

    open_pictures: tuple[Callable[[], Image.Image], ...]
    text: str


@dataclass(frozen=True)
class Epoch:
    """Perplexity of the descriptions of unseen shapes after so many steps."""

    step: int
    perplexity: float


@dataclass(frozen=True)
class DistillReport:
    """Loss of every step, every validation, and the one whose adapter was kept."""

    losses: tuple[float, ...]
    valid: tuple[Epoch, ...]
    best: Epoch
    seconds: float = field(default=0.0, compare=False)


def distill(
    model: LavicModel,
    lessons: Sequence[Lesson],
    valid: Sequence[Lesson],
    config: DistillConfig,
    keep: Callable[[Epoch, tuple[Epoch, ...]], None],
    checkpoint: Checkpoint | None = None,
) -> DistillReport:
    """Train the vision LoRA that is on; `keep(best, all so far)` at every best.

    With a checkpoint, progress is written at every validation, and a stopped run goes on from there.
    """
    start, rng = time.time(), random.Random(config.seed)
    torch.manual_seed(config.seed)
    valid = valid[:: max(1, len(valid) // config.valid_pictures)]
    weights = model.trained_loras()
    optimizer = torch.optim.AdamW(weights, lr=config.lr, weight_decay=config.weight_decay)
    done, told = checkpoint.load(weights, optimizer, rng) if checkpoint else (0, {})
    start -= told.get("seconds", 0.0)
    losses, measured = list(told.get("losses", ())), [Epoch(**point) for point in told.get("valid", ())]
    if not measured:
        measured.append(Epoch(0, perplexity(model, valid)))
    bar = trange(done, config.steps, initial=done, total=config.steps, desc="distill", unit="step")
    for step in bar:
        optimizer.param_groups[0]["lr"] = config.lr * pace(step, config.steps)
        losses.append(learn(model, [rng.choice(lessons) for _ in range(config.batch)], config, rng))
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        bar.set_postfix(loss=f"{recent(losses):.3f}")
        if (step + 1) % config.valid_every == 0 or step + 1 == config.steps:
            now = Epoch(step + 1, perplexity(model, valid))
            measured.append(now)
            bar.write(f"step {now.step}: loss {recent(losses):.3f}, perplexity {now.perplexity:.3f}", file=sys.stderr)
            if best_of(measured) is now:
                keep(now, tuple(measured))
            if checkpoint:
                points = [asdict(point) for point in measured]
                record = {"losses": losses, "valid": points, "seconds": time.time() - start}
                checkpoint.save(step + 1, weights, optimizer, rng, record)
    return DistillReport(tuple(losses), tuple(measured), best_of(measured), time.time() - start)


def make_lessons(catalog: Catalog, products: Sequence[Product]) -> list[Lesson]:
    """One lesson a product that has pictures on disk."""
    lessons = []
    for product in products:
        paths = (catalog.picture_path(product, index) for index in range(len(product.images)))
        pictures = tuple(partial(open_picture, path) for path in paths if path)
        if pictures:
            lessons.append(Lesson(pictures, describe_looks(product)))
    return lessons


def best_of(measured: Sequence[Epoch]) -> Epoch:
    return min(measured, key=lambda point: point.perplexity)


def learn(model: LavicModel, batch: Sequence[Lesson], config: DistillConfig, rng: random.Random) -> float:
    """One gradient of a batch; returns its loss."""
    model.train()
    pictures = [augment(rng.choice(lesson.open_pictures)(), rng) for lesson in batch]
    with model.seeing_partly(config.patches) if config.patches < 1 else contextlib.nullcontext():
        loss = caption_loss(model, pictures, [lesson.text for lesson in batch])
    loss.backward()
    return loss.item()


def caption_loss(model: LavicModel, pictures: Sequence[Image.Image], texts: Sequence[str]) -> Tensor:
    """Mean cross-entropy a token of the descriptions, from the pictures themselves."""
    prompt = description_prompt(model, texts)
    tokens = model.project(model.encode_views(model.make_views(pictures)))
    hidden = model.hidden_states(*pad(model, [prompt], [tokens.flatten(0, 1)]))
    return description_loss(model, hidden[0], prompt)


@torch.inference_mode()
def perplexity(model: LavicModel, lessons: Sequence[Lesson], batch: int = 8) -> float:
    """exp(mean loss of a batch) over the main pictures as they are."""
    model.train(False)
    losses = []
    for start in range(0, len(lessons), batch):
        part = lessons[start : start + batch]
        losses.append(
            float(caption_loss(model, [lesson.open_pictures[0]() for lesson in part], [item.text for item in part]))
        )
    return float(torch.tensor(losses).mean().exp())
