"""SDA's first step: the LLM learns that an item's text and its picture mean the same (SDA, section 2).

    lavic-chat sda adapt --catalog DIR --adapter out/sda

The tower, the projector and the LLM stay as the adapter has them, the LLM with its own LoRA folded in; what learns is a
MoDA on each of its linear layers, or a plain LoRA, or one for each modality, to compare. A tenth of the titles is held
out: their items validate, by how often the picture of a text is the nearest, or among ten, of at most 500. The best is
kept, in the folder `moda` of the adapter, or of another one that is told.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from lavic_chat.catalog import Catalog, load_catalog
from lavic_chat.errors import CatalogError, ModelError
from lavic_chat.features.adapted import open_plain
from lavic_chat.features.image_encoder import chunks
from lavic_chat.features.item_embedder import EmbedderConfig, ItemEmbedder
from lavic_chat.features.item_pictures import pictures_of
from lavic_chat.model.card import LLM, AdapterCard, write_card
from lavic_chat.model.lora import llm_linears, save_lora
from lavic_chat.model.moda import FIXED, IMAGE, LEARNED, MODA, ModaShape, add_moda
from lavic_chat.sda.conflict import Conflict, measure_conflict
from lavic_chat.sda.items import BATCH, Items, begin_items
from lavic_chat.sda.losses import CmsaLoss, InfoNceLoss, QueryLoss, softness
from lavic_chat.sda.pictures import look_at
from lavic_chat.sda.space import cross_recalls, gap_between
from lavic_chat.settings import Settings
from lavic_chat.storage.files import hash_bytes, hash_file
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.configs import AdaptConfig
from lavic_chat.training.distributed import check_batches, first_goes_first, gather_rows, is_first, process_state
from lavic_chat.training.item_queries import Conversations, measure_found, read_asked, read_valid
from lavic_chat.training.retriever import RetrievalExample
from lavic_chat.training.run_record import StageResult, provenance, summarize_report, summarize_validation, write_record
from lavic_chat.training.trainer import TrainingRun, Validation, epoch_rows, run_training, warmup_cosine

STAGE = "sda"
HELD_OUT, MOST_HELD = 10, 500  # one title of so many validates, so many items at most
TOP = 10
QUERY_LONGEST = 64  # tokens of a conversation that are read, where nothing else is said


@dataclass(frozen=True)
class AdaptRequest:
    """settings: base, catalogue, and the adapter that is adapted. out: another folder than the adapter's own. raw:
    without the LLM's own LoRA. dialogues, valid: JSONL files of conversations about the catalogue, to learn from, and
    to validate on."""

    settings: Settings
    config: AdaptConfig
    out: Path | None = None
    raw: bool = False
    dialogues: Path | None = None
    valid: Path | None = None


@dataclass(frozen=True)
class CrossRecall(Validation):
    """Of the items held out: how often the picture of a text is the nearest, and among ten; both ways, in the mean.

    gap: from the middle of the texts' vectors to that of the pictures'. conflict: of the modalities' gradients. asked:
    of validation conversations, where there are any: how often the wanted product is among ten of the whole catalogue.
    soft: how much of the target's weight in a batch is not on an item's own.
    """

    recall_1: float = 0.0
    recall_10: float = 0.0
    items: int = 0
    gap: float = 0.0
    conflict: Conflict = field(default_factory=dict)
    asked: float = 0.0
    soft: float = 0.0

    @property
    def quality(self) -> tuple[float, float, float]:
        """Of conversations; of items among ten, then the nearest."""
        return (self.asked, self.recall_10, self.recall_1)

    def __str__(self) -> str:
        found = f"; wanted among {TOP} {self.asked:.3f}" if self.asked else ""
        return f"of {self.items} held out: recall@1 {self.recall_1:.3f}, recall@{TOP} {self.recall_10:.3f}{found}"


def adapt(request: AdaptRequest) -> StageResult | None:
    """Teach it; the best is kept in the folder `moda` of the adapter, or of `out`.

    A stopped run goes on from `moda.progress` there. Returns None in all processes but the first. Raises LavicError for
    a request that cannot be met.
    """
    started, settings, config = time.time(), request.settings, checked(request)
    adapter = settings.adapter_folder
    catalog = load_catalog(settings.catalog)
    train, held = split_titles(catalog)
    model = open_plain(settings.model, adapter, settings.home, (LLM,) if request.raw else ())
    embedder = ItemEmbedder(model, settings.home, "", EmbedderConfig.of(asdict(config)))
    with first_goes_first():
        look = partial(look_at, settings, catalog, catalog.products, adapter)
        pictures = pictures_of(config.tokens, catalog, catalog.products, look)
        items = begin_items(embedder, catalog.products, pictures)
    moda = add_moda(model, shape_of(config), config.seed, llm_linears(model, config.first_layer))
    learned, loss = items.take(train), make_loss(config)
    asked = read_asked(request.dialogues, catalog, train) if request.dialogues else None
    learner = Learner(embedder, learned, loss, config, embed_start(embedder, learned, config), asked)
    tested = Tested(items.take(held), items, read_valid(request.valid, catalog) if request.valid else [], catalog)
    dialogues = [hash_file(file) for file in (request.dialogues, request.valid) if file]
    record = provenance(STAGE, [catalog], config, started) | {
        "items": len(train), "raw": request.raw, "weights": model.weights_hash, "dialogues": dialogues,
    }  # fmt: skip
    folder = request.out or adapter

    def keep(best: CrossRecall, curve: tuple[CrossRecall, ...]) -> None:
        save_lora(moda, MODA, folder / MODA)
        if request.out:
            write_card(folder, AdapterCard(settings.model, model.fingerprint))
        write_record(folder, record | summarize_validation(best, curve))

    identity = hash_bytes(model.weights_hash, catalog.fingerprint, str(request.raw), *dialogues)
    checkpoint = Checkpoint(folder / MODA, config, identity)
    report = run_training(learner.run(tested), keep, checkpoint, started)
    record |= summarize_report(report)
    if not is_first():
        return None
    if report.best.step:
        write_record(folder, record)
    checkpoint.clear()
    kept = f"{report.best} now; in {folder / MODA}" if report.best.step else "never better since; nothing was written"
    return StageResult(record, f"Learned from {len(train)} items; {report.valid[0]} before, {kept}.")


def checked(request: AdaptRequest) -> AdaptConfig:
    """The request's config; raises ModelError for one that cannot be met."""
    config = request.config
    check_batches(config.batch)
    if config.learns == "image" and config.kind != "separate":
        raise ModelError("Pictures learn alone only with --kind separate; else the texts would change with them.")
    if bool(request.dialogues) != bool(request.valid):
        raise ModelError("Conversations need two files, --dialogues to learn from and --valid to validate on.")
    longest = config.query_longest or QUERY_LONGEST
    return replace(config, query_longest=longest if request.dialogues else 0)


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
    kinds = config.similarity, config.teacher_similarity
    return CmsaLoss(config.temperature, config.teacher, *kinds, detached=not config.through_teacher)


@dataclass(frozen=True, eq=False)
class Learner:
    """What learns, and from what."""

    embedder: ItemEmbedder
    items: Items
    loss: nn.Module
    config: AdaptConfig
    start: tuple[Tensor, Tensor] | None = None  # the items' embeddings before, where these are needed
    asked: Conversations | None = None

    def run(self, tested: "Tested") -> TrainingRun[CrossRecall]:
        """How it learns, and on which items it is tested."""
        config = self.config
        return TrainingRun(
            name=STAGE,
            steps=config.steps,
            valid_every=config.valid_every,
            groups=[{"params": self.embedder.model.trained_loras(), "lr": config.lr}],
            weight_decay=config.weight_decay,
            learn=self.learn,
            measure=lambda step: self.validate(tested, step),
            point=CrossRecall,
            rate=lambda step: warmup_cosine(step, config.steps),
            seed=config.seed,
            measure_first=True,
        )

    def validate(self, tested: "Tested", step: int) -> CrossRecall:
        """On items held out, the conflict on a batch of them; and on conversations, where there are any."""
        found = cross_recall(self.embedder, tested.held, self.loss, step)
        batch = tested.held.take(range(min(BATCH, len(tested.held))))
        found = replace(found, conflict=measure_conflict(self.embedder, batch, self.loss))
        if not tested.valid:
            return found
        made, row = embed_all(self.embedder, tested.items), tested.catalog.columns.row
        return replace(found, asked=measure_found(self.embedder, made, tested.valid, row))

    def learn(self, step: int, _rng: Any) -> float:
        """A batch of items: its gradient into the weights, its loss back. Each process embeds its share, and all learn
        from the whole batch. Raises ModelError where the loss is no number."""
        processes = process_state()
        count = processes.num_processes
        said = self.asked.draw(self.batch, step, self.config.seed) if self.asked else {}
        rows = list(said) or epoch_rows(len(self.items), self.batch, step, self.config.seed)
        shares = [rows[place::count][: len(rows) // count] for place in range(count)]
        self.embedder.model.train()
        batch = self.embed_batch(shares, processes.process_index)
        loss = self.loss(*batch, *self.structure(shares))
        if said:
            queries = gather_rows(self.embedder.embed_queries([said[row] for row in shares[processes.process_index]]))
            loss = loss + self.config.query_weight * QueryLoss(self.config.temperature)(queries, *batch)
        if not torch.isfinite(loss):
            raise ModelError("The loss is no number any more; start again with a lower --lr.")
        (count * loss).backward()  # gradients are averaged, and each process has those of its share
        return loss.item()

    def embed_batch(self, shares: list[list[int]], place: int) -> tuple[Tensor, Tensor]:
        """Texts [B, d] and pictures [B, d] of the rows of all processes' shares, gradients in one's own."""
        own = self.items.take(shares[place])
        if self.config.learns == "image" and self.start:
            return self.start[0][list(chain(*shares))], gather_rows(self.embedder.read_above(IMAGE, list(own.images)))
        texts, images = own.embed(self.embedder)
        return gather_rows(texts), gather_rows(images)

    def structure(self, shares: list[list[int]]) -> list[tuple[Tensor, Tensor]]:
        """What else the loss is given: the embeddings at the start, where their structure teaches."""
        if not self.start or not is_start_teacher(self.config):
            return []
        rows = list(chain(*shares))
        return [(self.start[0][rows], self.start[1][rows])]

    @property
    def batch(self) -> int:
        """So many items, or all there are, that the processes can share evenly."""
        processes = process_state().num_processes
        return min(self.config.batch, len(self.items) // processes * processes)


@dataclass(frozen=True, eq=False)
class Tested:
    """What validates: items held out; and conversations, for which all items of the catalogue are searched."""

    held: Items
    items: Items
    valid: Sequence[RetrievalExample]
    catalog: Catalog


def embed_start(embedder: ItemEmbedder, items: Items, config: AdaptConfig) -> tuple[Tensor, Tensor] | None:
    """The items' embeddings before anything was learned, where they are needed."""
    return embed_all(embedder, items) if is_start_teacher(config) or config.learns == "image" else None


def is_start_teacher(config: AdaptConfig) -> bool:
    """Whether the structure at the start teaches."""
    return config.teacher_from == "start" and config.loss == "cmsa"


@torch.no_grad()
def embed_all(embedder: ItemEmbedder, items: Items) -> tuple[Tensor, Tensor]:
    """Unit vectors [n, d] of n items' texts, and of their pictures, as the model is now."""
    embedder.model.train(False)
    bar = tqdm(range(len(items)), desc="Embedding", unit="item", leave=False)
    parts = [items.take(rows).embed(embedder) for rows in chunks(bar, BATCH)]
    texts, images = (torch.cat(rows) for rows in zip(*parts, strict=True))
    return texts, images


@torch.inference_mode()
def cross_recall(embedder: ItemEmbedder, items: Items, loss: nn.Module, step: int) -> CrossRecall:
    """How often an item's own is found across the modalities, and how soft the loss's target is by then."""
    texts, images = embed_all(embedder, items)
    nearest, among_ten = cross_recalls(texts, images, (1, TOP))
    soft = round(softness(loss, texts[:BATCH], images[:BATCH]), 4)
    return CrossRecall(step, nearest, among_ten, len(items), gap_between(texts, images), soft=soft)
