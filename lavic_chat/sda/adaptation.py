"""SDA's first step: the LLM learns that an item's text and its picture mean the same (SDA, section 2).

    lavic-chat sda adapt --catalog DIR --adapter out/sda

The tower, the projector and the LLM stay as the adapter has them, the LLM with its own LoRA folded in; what learns is a
MoDA on each of its linear layers, or a plain LoRA, or one for each modality, to compare. A tenth of the titles is held
out: their items validate, by how often the picture of a text is the nearest, or among ten, of at most 500. The best is
kept, in the adapter's folder `moda`.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from lavic_chat.catalog import Catalog, Product, load_catalog
from lavic_chat.errors import CatalogError, ModelError
from lavic_chat.features.image_encoder import chunks
from lavic_chat.features.item_embedder import EmbedderConfig, ItemEmbedder, item_text
from lavic_chat.model.card import LLM, read_card
from lavic_chat.model.load import load_model
from lavic_chat.model.lora import llm_linears, plain_layers, save_lora
from lavic_chat.model.moda import FIXED, IMAGE, LEARNED, MODA, TEXT, ModaShape, add_moda
from lavic_chat.sda.losses import CmsaLoss, InfoNceLoss
from lavic_chat.sda.pictures import look_at
from lavic_chat.settings import Settings
from lavic_chat.storage.files import hash_bytes
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.configs import AdaptConfig
from lavic_chat.training.run_record import StageResult, provenance, summarize_report, summarize_validation, write_record
from lavic_chat.training.trainer import TrainingRun, Validation, epoch_rows, run_training, warmup_cosine

STAGE = "sda"
HELD_OUT, MOST_HELD = 10, 500  # one title of so many validates, so many items at most
TOP = 10
BATCH = 32


@dataclass(frozen=True)
class AdaptRequest:
    """settings: base, catalogue, and the adapter that is read and written to. raw: without the LLM's own LoRA."""

    settings: Settings
    config: AdaptConfig
    raw: bool = False


@dataclass(frozen=True)
class CrossRecall(Validation):
    """Of the items held out: how often the picture of a text is the nearest, and among ten; both ways, in the mean."""

    recall_1: float = 0.0
    recall_10: float = 0.0
    items: int = 0

    @property
    def quality(self) -> tuple[float, float]:
        """Among ten, then the nearest."""
        return (self.recall_10, self.recall_1)

    def __str__(self) -> str:
        return f"of {self.items} held out: recall@1 {self.recall_1:.3f}, recall@{TOP} {self.recall_10:.3f}"


@dataclass(frozen=True, eq=False)
class Items:
    """What goes into the layers that learn: of n items' texts, and of their pictures, [L, d] each in half precision."""

    texts: tuple[Tensor, ...]
    images: tuple[Tensor, ...]

    def take(self, rows: Sequence[int]) -> "Items":
        """Those of these rows."""
        return Items(tuple(self.texts[row] for row in rows), tuple(self.images[row] for row in rows))

    def embed(self, embedder: ItemEmbedder) -> tuple[Tensor, Tensor]:
        """Unit vectors [n, d] of the texts, and of the pictures."""
        return embedder.read_above(TEXT, self.texts), embedder.read_above(IMAGE, self.images)


def adapt(request: AdaptRequest) -> StageResult:
    """Teach it; the best is kept in the adapter's folder `moda`.

    A stopped run goes on from `moda.progress` there. Raises LavicError for a request that cannot be met.
    """
    started, settings, config = time.time(), request.settings, request.config
    adapter = settings.adapter_folder
    read_card(adapter)  # refused now, not after the training
    catalog = load_catalog(settings.catalog)
    train, held = split_titles(catalog)
    model = load_model(settings.model, adapter, settings.home, without=(LLM,) if request.raw else ())
    plain_layers(model)
    products = [catalog.products[row] for row in (*train, *held)]
    states = look_at(settings, catalog, products, adapter)
    embedder = ItemEmbedder(model, settings.home, "", EmbedderConfig.of(asdict(config)))
    moda = add_moda(model, shape_of(config), config.seed, llm_linears(model, config.first_layer))
    items = begin_items(embedder, products, states)
    learner = Learner(embedder, items.take(range(len(train))), make_loss(config), config)
    tested = items.take(range(len(train), len(products)))
    record = provenance(STAGE, [catalog], config, started) | {"items": len(train), "raw": request.raw}

    def keep(best: CrossRecall, curve: tuple[CrossRecall, ...]) -> None:
        save_lora(moda, MODA, adapter / MODA)
        write_record(adapter, record | summarize_validation(best, curve))

    identity = hash_bytes(model.weights_hash, catalog.fingerprint, str(request.raw))
    checkpoint = Checkpoint(adapter / MODA, config, identity)
    report = run_training(learner.run(tested), keep, checkpoint, started)
    record |= summarize_report(report)
    write_record(adapter, record)
    checkpoint.clear()
    summary = f"Learned from {len(train)} items; {report.valid[0]} before, {report.best} now; in {adapter / MODA}."
    return StageResult(record, summary)


@torch.no_grad()
def begin_items(embedder: ItemEmbedder, products: Sequence[Product], states: Tensor) -> Items:
    """n products with their pictures' states [n, 5, h], as far as the layer that learns first; half the size in half
    precision."""
    texts: list[Tensor] = []
    images: list[Tensor] = []
    for rows in chunks(tqdm(range(len(products)), desc="Reading what does not change", unit="item"), BATCH):
        texts += [row.half() for row in embedder.begin_texts([item_text(products[row]) for row in rows])]
        images += [row.half() for row in embedder.begin_pictures(states[rows])]
    return Items(tuple(texts), tuple(images))


def split_titles(catalog: Catalog) -> tuple[list[int], list[int]]:
    """Rows to learn from, and held out: by title, so that no other colour of a thing that validates was learned from.
    Raises CatalogError where there are too few."""
    held = [int(hash_bytes(product.title.lower())[:8], 16) % HELD_OUT == 0 for product in catalog.products]
    rows = [row for row, out in enumerate(held) if not out], [row for row, out in enumerate(held) if out][:MOST_HELD]
    if len(rows[0]) < 2 or len(rows[1]) < 2:
        raise CatalogError(f"{catalog.folder} has too few products to learn from some and to validate on others.")
    return rows


def shape_of(config: AdaptConfig) -> ModaShape:
    """Of what is trained: MoDA, a LoRA that both modalities share, or one of half the rank for each."""
    experts = {"moda": config.experts, "lora": 1, "separate": 2}[config.kind]
    gating = FIXED if config.kind == "separate" else LEARNED
    return ModaShape(config.rank, experts, config.alpha, config.dropout, gating)


def make_loss(config: AdaptConfig) -> nn.Module:
    """CMSA, or InfoNCE where soft targets are off."""
    if config.loss == "infonce":
        return InfoNceLoss(config.temperature, config.similarity)
    return CmsaLoss(config.temperature, config.teacher, config.similarity, not config.through_teacher)


@dataclass(frozen=True, eq=False)
class Learner:
    """What learns, and from what."""

    embedder: ItemEmbedder
    items: Items
    loss: nn.Module
    config: AdaptConfig

    def run(self, tested: Items) -> TrainingRun[CrossRecall]:
        """How it learns, and on which items it is tested."""
        config = self.config
        return TrainingRun(
            name=STAGE,
            steps=config.steps,
            valid_every=config.valid_every,
            groups=[{"params": self.embedder.model.trained_loras(), "lr": config.lr}],
            weight_decay=config.weight_decay,
            learn=self.learn,
            measure=lambda step: cross_recall(self.embedder, tested, step),
            point=CrossRecall,
            rate=lambda step: warmup_cosine(step, config.steps),
            seed=config.seed,
            measure_first=True,
        )

    def learn(self, step: int, _rng: Any) -> float:
        """A batch of items: its gradient into the weights, its loss back. Raises ModelError where that is no number."""
        rows = epoch_rows(len(self.items.texts), min(self.config.batch, len(self.items.texts)), step, self.config.seed)
        batch = self.items.take(rows)
        self.embedder.model.train()
        loss = self.loss(*batch.embed(self.embedder))
        if not torch.isfinite(loss):
            raise ModelError("The loss is no number any more; start again with a lower --lr.")
        loss.backward()
        return loss.item()


@torch.inference_mode()
def cross_recall(embedder: ItemEmbedder, items: Items, step: int) -> CrossRecall:
    """How often an item's own is found across the modalities."""
    embedder.model.train(False)
    parts = [items.take(rows).embed(embedder) for rows in chunks(range(len(items.texts)), BATCH)]
    texts, images = (torch.cat(rows) for rows in zip(*parts, strict=True))
    ranks = np.concatenate([own_ranks(scores) for scores in (texts @ images.T, images @ texts.T)])
    return CrossRecall(step, float((ranks == 1).mean()), float((ranks <= TOP).mean()), len(items.texts))


def own_ranks(scores: Tensor) -> np.ndarray:
    """[n, n] -> [n] where each row's own column stands, 1 at best; behind those that tie with it."""
    return (scores >= scores.diagonal()[:, None]).sum(1).cpu().numpy()
