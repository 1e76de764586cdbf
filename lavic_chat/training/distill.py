"""Distill: five tokens come to tell what the picture shows (LaViC, section 4.2, stage 1).

    lavic-chat distill --catalog catalog --from out/aligned --out out/distilled

LoRA on the vision tower and the projector, the LLM frozen: from the five [CLS] tokens of a picture the LLM must say
its description, and what it cannot read, tower and projector learn to show. Pictures are augmented, so that photos
of other catalogues are read as well. The best adapter by perplexity on pictures of unseen shapes is kept.

On several GPUs `accelerate launch -m lavic_chat.training.distill ...` with the same options does the same.

`--word-steps` come before: single views point to the words of the description. Without the LLM, and with one view
of a picture instead of five, the tower sees five times as many pictures in the same time.
"""

import json
import math
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

import torch
from PIL import Image
from torch import Tensor

from lavic_chat.catalog import Catalog, Product, load_catalog, open_picture
from lavic_chat.errors import CatalogError
from lavic_chat.features.image_encoder import chunks
from lavic_chat.model import VIEWS
from lavic_chat.model.adapter import check_target, read_retriever, save_adapter
from lavic_chat.model.llava import LavicModel
from lavic_chat.model.load import load_model
from lavic_chat.settings import Settings
from lavic_chat.storage.files import hash_file
from lavic_chat.training import distributed
from lavic_chat.training.augment import augment
from lavic_chat.training.captions import appearance_caption, caption_words, knows_appearance
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.choices import products_of_split, take_evenly
from lavic_chat.training.configs import DistillConfig, count_steps
from lavic_chat.training.losses import caption_loss, gather_words
from lavic_chat.training.preparation import load_catalogs, open_lora
from lavic_chat.training.run_record import (
    StageResult,
    add_kinds,
    add_record,
    card_of,
    conclude,
    forget,
    provenance,
    summarize_validation,
)
from lavic_chat.training.teacher_captions import read_descriptions
from lavic_chat.training.trainer import TrainingReport, TrainingRun, Validation, epoch_rows, run_training, warmup_cosine

WHOLE = 0.6  # of the views that are learned from singly
TeacherTexts = Mapping[tuple[str, int], str]  # by product id and the picture's place


@dataclass(frozen=True)
class DistillRequest:
    """settings: base and first catalogue; also: further ones. descriptions: files of a teacher's texts. valid_catalog:
    another catalogue, to validate on alone. out: adapter folder to write."""

    settings: Settings
    out: str | Path
    config: DistillConfig
    also: tuple[Path, ...] = ()
    start_from: Path | None = None
    descriptions: tuple[Path, ...] = ()
    valid_catalog: Path | None = None


@dataclass(frozen=True)
class DistillExample:
    """Pictures of one product, and the description that each of them should bring forth.

    words: those of its appearance that a view alone should bring to mind.
    """

    open_pictures: tuple[Callable[[], Image.Image], ...]
    texts: tuple[str, ...]
    words: str = ""

    def draw(self, rng: random.Random) -> tuple[Image.Image, str]:
        """One of the pictures and its text."""
        place = rng.randrange(len(self.texts))
        return self.open_pictures[place](), self.texts[place]


@dataclass(frozen=True)
class DistillData:
    """What is learned from and what it is measured on. teacher_texts: how many pictures a teacher described."""

    catalogs: list[Catalog]
    train: list[DistillExample]
    valid: list[DistillExample]
    teacher_texts: int


@dataclass(frozen=True)
class Perplexity(Validation):
    """Perplexity of the captions of unseen shapes."""

    perplexity: float = math.inf

    @property
    def quality(self) -> tuple[float]:
        """The lower the perplexity, the better."""
        return (-self.perplexity,)

    def __str__(self) -> str:
        return f"perplexity {self.perplexity:.3f}"


def distill(request: DistillRequest) -> StageResult | None:
    """Teach tower and projector to bring forth the descriptions from five tokens; the best adapter is kept in `out`.

    A stopped run goes on from `<out>.progress`. Returns None in all processes but the first. Raises LavicError for a
    request that cannot be met.
    """
    started, settings, config = time.time(), request.settings, request.config
    distributed.check_batches(config.batch, config.word_batch if config.word_steps else 0)
    check_target(request.out)
    data = read_data(request)
    model = load_model(settings.model, request.start_from, settings.home)
    config = count_steps(open_lora(model, "vision", config, config.first_layer), len(data.train))
    before = add_kinds(forget(card_of(model, settings.model), "fuse"), data.catalogs)  # it reads the old tower
    record = provenance("distill", data.catalogs, config, started, before) | data_record(request, data)
    retriever = read_retriever(request.start_from, tower="")

    def keep(best: Perplexity, curve: tuple[Perplexity, ...]) -> None:
        so_far = record | summarize_validation(best, curve)
        save_adapter(model, request.out, add_record(before, "distill", so_far), retriever)

    identity = [record["catalogs"], record["described"], model.fingerprint, model.adapter_hash]
    checkpoint = Checkpoint(request.out, config, json.dumps(identity))
    report = distill_model(model, (data.train, data.valid), config, keep, checkpoint, started)
    if not distributed.is_first():
        return None
    if not report.best.step:
        raise CatalogError("Nothing was better than the start itself; train longer, or with a lower --lr.")
    record = conclude(request.out, record, report)
    checkpoint.clear()
    summary = (
        f"Distilled on {len(data.train)} products; perplexity on unseen shapes {report.valid[0].perplexity:.3f} "
        f"before, {report.best.perplexity:.3f} at step {report.best.step}; in {request.out}."
    )
    return StageResult(record, summary)


def read_data(request: DistillRequest) -> DistillData:
    """The examples of a request's catalogues; raises CatalogError where there are none to train or to validate on."""
    catalogs = load_catalogs(request.settings.catalog, request.also)
    texts = read_teacher_texts(request.descriptions)
    train = [each for one in catalogs for each in make_examples(one, products_of_split(one, "train"), texts)]
    valid = []
    for catalog in [load_catalog(request.valid_catalog)] if request.valid_catalog else catalogs:
        unseen = products_of_split(catalog, "valid") or (list(catalog) if request.valid_catalog else [])
        valid += make_examples(catalog, unseen, texts)
    if not train or not valid:
        raise CatalogError(
            f"The catalogue {catalogs[0].folder} needs products with pictures to train on, and its splits.json or "
            "--valid-catalog others to validate on."
        )
    return DistillData(catalogs, train, valid, len(texts))


def read_teacher_texts(files: Iterable[str | Path]) -> TeacherTexts:
    """The texts of description files that may be learned from."""
    written = [item for file in files for item in read_descriptions(Path(file))]
    return {(item.id, item.place): item.text for item in written if item.is_usable}


def data_record(request: DistillRequest, data: DistillData) -> dict:
    """What the record of the stage holds of its data."""
    files = [hash_file(file) for file in request.descriptions]
    return {
        "pictures": sum(len(example.texts) for example in data.train),
        "described": {"pictures": data.teacher_texts, "files": files} if data.teacher_texts else None,
    }


def distill_model(
    model: LavicModel,
    examples: tuple[Sequence[DistillExample], Sequence[DistillExample]],
    config: DistillConfig,
    keep: Callable[[Perplexity, tuple[Perplexity, ...]], None],
    checkpoint: Checkpoint | None = None,
    started: float | None = None,
) -> TrainingReport[Perplexity]:
    """Train the vision LoRA that is on with the first examples; `keep(best, all so far)` at every best by the second.

    With a checkpoint, progress is written at every validation, and a stopped run goes on from there.
    """
    if config.checkpointing:
        model.save_memory()
    valid = take_evenly(examples[1], config.valid_pictures)
    run = TrainingRun(
        name="distill",
        steps=config.word_steps + config.steps,
        valid_every=config.valid_every,
        groups=[{"params": model.trained_loras(), "lr": config.lr}],
        weight_decay=config.weight_decay,
        learn=make_step(model, examples[0], config),
        measure=lambda step: Perplexity(step, perplexity(model, valid, config.longest)),
        point=Perplexity,
        rate=partial(rate, config),
        seed=config.seed,
        measure_first=True,
    )
    return run_training(run, keep, checkpoint, started)


def make_step(
    model: LavicModel, examples: Sequence[DistillExample], config: DistillConfig
) -> Callable[[int, random.Random], float]:
    """What a step does: the gradient of this process's share of a batch into the weights, its loss back."""
    texts, rng = [example.words for example in examples], random.Random(config.seed)
    words = gather_words(model, texts, rng) if config.word_steps else None

    def draw(step: int, rng: random.Random) -> list[int]:
        if config.epochs and step >= config.word_steps:
            return epoch_rows(len(examples), config.batch, step - config.word_steps, config.seed)
        size = config.word_batch if step < config.word_steps else config.batch
        return [rng.randrange(len(examples)) for _ in range(size)]

    def learn(step: int, rng: random.Random) -> float:
        rows, dice = zip(*distributed.share(draw(step, rng), rng), strict=True)
        shown, texts = zip(*(examples[row].draw(own) for row, own in zip(rows, dice, strict=True)), strict=True)
        pictures = [augment(*each) for each in zip(shown, dice, strict=True)]
        model.train()
        with model.seeing_partly(config.patches):
            if words and step < config.word_steps:
                loss = words.loss(model.project(encode_singly(model, pictures, rng))[:, None], rows)
            else:
                loss = picture_loss(model, pictures, texts, config.longest)
        loss.backward()
        return loss.item()

    return learn


def make_examples(
    catalog: Catalog, products: Sequence[Product], teacher_texts: TeacherTexts = MappingProxyType({})
) -> list[DistillExample]:
    """One example a product that has pictures on disk. Pictures without a teacher's text have what the catalogue says
    of the product's appearance, and where a teacher wrote and it says nothing they are left out."""
    examples = []
    for product in products:
        found = {place: catalog.picture_path(product, place) for place in range(len(product.images))}
        paths = {place: path for place, path in found.items() if path}
        known = "" if teacher_texts and not knows_appearance(product) else appearance_caption(product)
        texts = {place: teacher_texts.get((product.id, place)) or known for place in paths}
        texts = {place: text for place, text in texts.items() if text}
        if texts:
            pictures = tuple(partial(open_picture, paths[place]) for place in texts)
            examples.append(DistillExample(pictures, tuple(texts.values()), caption_words(product)))
    return examples


def rate(config: DistillConfig, step: int) -> float:
    """Share of `lr` at a step; the words have a rise and a fall of their own."""
    if step < config.word_steps:
        return config.word_lr / config.lr * warmup_cosine(step, config.word_steps)
    return warmup_cosine(step - config.word_steps, config.steps)


def encode_singly(model: LavicModel, pictures: Sequence[Image.Image], rng: random.Random) -> Tensor:
    """[n, h]: one view of each picture, the whole more often than a crop of it."""
    chosen = [0 if rng.random() < WHOLE else rng.randrange(1, VIEWS) for _ in pictures]
    return model.encode_view(torch.stack([model.make_view(*each) for each in zip(pictures, chosen, strict=True)]))


def picture_loss(model: LavicModel, pictures: Sequence[Image.Image], texts: Sequence[str], longest: int) -> Tensor:
    """Mean cross-entropy a token of the descriptions, from the pictures themselves."""
    return caption_loss(model, model.encode_views(model.make_views(pictures)), texts, longest)


@torch.inference_mode()
def perplexity(model: LavicModel, examples: Sequence[DistillExample], longest: int, batch: int = 8) -> float:
    """exp(mean loss of a batch) over the main pictures as they are."""
    model.train(False)
    losses = []
    for part in chunks(examples, batch):
        pictures, texts = [example.open_pictures[0]() for example in part], [example.texts[0] for example in part]
        losses.append(float(picture_loss(model, pictures, texts, longest)))
    return float(torch.tensor(losses).mean().exp())


if __name__ == "__main__":  # as `accelerate launch` names it
    import runpy
    import sys

    sys.argv.insert(1, "distill")
    runpy.run_module("lavic_chat", run_name="__main__", alter_sys=True)
