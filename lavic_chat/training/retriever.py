"""Retriever: the sentence encoder learns which products a conversation means (contrastive, InfoNCE).

    lavic-chat tune-retriever --dialogues catalog/dialogues/train.jsonl --valid catalog/dialogues/valid.jsonl \\
        --adapter out/tuned

LoRA on the encoder, which reads both sides. A conversation must come nearer to the product that it ended with than to
the other products of the batch, and than to one of its own wrong candidates, which are the hard ones: the same title in
another colour. A product's text tells its true appearance or, as often, what the model said of its picture, so that
search learns how far those words are to be believed. The best by validation recall in the whole catalogue is kept, at
half strength: all of it is worth little more here, and costs catalogues of other things much.
"""

import json
import random
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from lavic_chat.catalog import Catalog, Product, load_catalog
from lavic_chat.dialogue.reddit_amazon import Conversation, read_conversations
from lavic_chat.errors import DialogueError
from lavic_chat.features.image_encoder import chunks
from lavic_chat.model.card import RETRIEVER, read_card
from lavic_chat.model.text_encoder import add_text_lora, embed, load_text_encoder, save_text_lora, weakened
from lavic_chat.ranking.visual_ranker import load_visual_ranker
from lavic_chat.retrieval.embedder import product_text
from lavic_chat.retrieval.query import Query, make_query
from lavic_chat.settings import Settings
from lavic_chat.storage.files import hash_file
from lavic_chat.training.captions import appearance_caption
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.configs import RetrieverConfig
from lavic_chat.training.losses import info_nce
from lavic_chat.training.run_record import StageResult, provenance, summarize_report, summarize_validation, write_record
from lavic_chat.training.trainer import TrainingReport, TrainingRun, Validation, run_training, warmup_cosine

FOUND = 10  # products that the model will look at


Embed = Callable[[Sequence[str]], Tensor]  # texts -> unit vectors [n, d]


@dataclass(frozen=True)
class RetrieverRequest:
    """settings: base, catalogue, and the adapter that is written to. dialogues, valid: JSONL files. key: of the
    candidates, which are the hard ones."""

    settings: Settings
    dialogues: str | Path
    valid: str | Path
    config: RetrieverConfig
    key: str = "candidates"


@dataclass(frozen=True)
class RetrievalExample:
    """What to search by, the product that is wanted, and those that are not."""

    query: Query
    wanted: Product
    others: tuple[Product, ...]

    @property
    def products(self) -> tuple[Product, ...]:
        """Those that it names."""
        return (self.wanted, *self.others)


@dataclass(frozen=True)
class Recall(Validation):
    """Share of the validation conversations whose product is among the first ten of those searched; by catalogue, where
    there are several."""

    KEYS = {"by_catalog": "by_shop"}  # noqa: RUF012 - as in Validation

    recall: float = 0.0
    by_catalog: dict[str, float] = field(default_factory=dict)

    @property
    def quality(self) -> tuple[float]:
        """The recall of all."""
        return (self.recall,)

    def __str__(self) -> str:
        catalogs = ", ".join(f"{name} {share:.3f}" for name, share in self.by_catalog.items())
        return f"recall@{FOUND} {self.recall:.3f}" + (f" ({catalogs})" if catalogs else "")


@dataclass(frozen=True)
class RecallTask:
    """A catalogue as it is searched: each product's texts [N], and for each query the row that should be found."""

    texts: tuple[str, ...]
    queries: tuple[Query, ...]
    wanted: tuple[int, ...]


@dataclass(frozen=True)
class Encoder:
    """What is trained. embed: texts -> unit vectors [n, d]. weights: those that are trained. as_kept: the weights as
    the best ones are kept, for a while: they are measured so."""

    embed: Embed
    weights: Sequence[Tensor]
    as_kept: Callable[[], AbstractContextManager] = nullcontext


@dataclass(frozen=True)
class RetrieverExamples:
    """Conversations to learn from, the model's own captions of the pictures by product id, and what is measured."""

    train: Sequence[RetrievalExample]
    own_captions: dict[str, str]
    valid: RecallTask


def tune_retriever(request: RetrieverRequest) -> StageResult:
    """Teach the sentence encoder (LoRA) what shoppers mean; the best is kept in the adapter's folder.

    A stopped run goes on from `retriever.progress` in that folder. Raises LavicError for a request that cannot be met.
    """
    started, settings, config = time.time(), request.settings, request.config
    adapter = settings.adapter_folder
    read_card(adapter)  # refused now, not after the training
    catalog = load_catalog(settings.catalog)
    examples, adapter_hash = read_examples(request, catalog)
    text_encoder, _ = load_text_encoder(settings.home)
    lora = add_text_lora(text_encoder, config.rank, config.alpha, config.seed)
    weights = [tensor for tensor in lora.parameters() if tensor.requires_grad]
    encoder = Encoder(partial(embed, text_encoder), weights, partial(weakened, lora, config.strength))
    hashes = {"dialogues": hash_file(request.dialogues), "valid_dialogues": hash_file(request.valid)}
    record = provenance(RETRIEVER, [catalog], config, started) | {"wishes": len(examples.train)}
    record |= hashes | {"candidates": request.key}

    def keep(best: Recall, curve: tuple[Recall, ...]) -> None:
        if best.step:  # before the first step it is the encoder as it comes
            with encoder.as_kept():
                save_text_lora(lora, adapter)
            so_far = summarize_validation(best, curve)
            write_record(adapter, record | so_far, "fuse")  # a fusion read other vectors

    identity = [adapter_hash, catalog.fingerprint, list(hashes.values()), request.key]
    checkpoint = Checkpoint(adapter / RETRIEVER, config, json.dumps(identity))
    report = tune_encoder(encoder, examples, config, keep, checkpoint)
    record |= summarize_report(report)
    if report.best.step:
        write_record(adapter, record, "fuse")
    checkpoint.clear()
    summary = (
        f"Learned from {len(examples.train)} wishes; recall@{FOUND} on {len(examples.valid.queries)} of validation "
        f"{report.valid[0].recall:.3f} before, {report.best.recall:.3f} now; in {adapter / RETRIEVER}. "
        "Now `fuse` and `calibrate`, which build on it."
    )
    return StageResult(record, summary)


def read_examples(request: RetrieverRequest, catalog: Catalog) -> tuple[RetrieverExamples, str]:
    """The examples of a request's files, with the captions of its adapter's model; and that adapter's hash."""
    train, valid = (
        make_retrieval_examples(read_conversations(file), catalog, request.key)
        for file in (request.dialogues, request.valid)
    )
    visual_ranker = load_visual_ranker(request.settings)
    features = visual_ranker.features_by_id(catalog, catalog.products)
    own_captions = {item: one.caption for item, one in features.items()}
    examples = RetrieverExamples(train, own_captions, make_recall_task(valid, catalog, own_captions))
    return examples, visual_ranker.model.adapter_hash


def tune_encoder(
    encoder: Encoder,
    examples: RetrieverExamples,
    config: RetrieverConfig,
    keep: Callable[[Recall, tuple[Recall, ...]], None],
    checkpoint: Checkpoint | None = None,
) -> TrainingReport[Recall]:
    """Train the encoder; `keep(best, all so far)` at every best.

    With a checkpoint, progress is written at every validation, and a stopped run goes on from there.
    """

    def measure(step: int) -> Recall:
        with encoder.as_kept():
            return Recall(step, recall(encoder.embed, examples.valid))

    run = TrainingRun(
        name="retriever",
        steps=config.steps,
        valid_every=config.valid_every,
        groups=[{"params": encoder.weights, "lr": config.lr}],
        weight_decay=config.weight_decay,
        learn=make_step(encoder.embed, examples, config),
        measure=measure,
        point=Recall,
        rate=lambda step: warmup_cosine(step, config.steps),
        seed=config.seed,
        measure_first=True,
    )
    return run_training(run, keep, checkpoint)


def make_step(
    embed: Embed, examples: RetrieverExamples, config: RetrieverConfig
) -> Callable[[int, random.Random], float]:
    """What a step does: its gradient into the weights, its loss back."""

    def text(product: Product, rng: random.Random) -> str:
        own = examples.own_captions.get(product.id, "") if rng.random() < config.own_share else ""
        return product_text(product, own or appearance_caption(product, with_kind=False))

    def learn(_step: int, rng: random.Random) -> float:
        batch = [rng.choice(examples.train) for _ in range(config.batch)]
        products = [example.wanted for example in batch]
        products += [rng.choice(example.others) for example in batch if example.others]
        loss = info_nce(
            blend(embed, [example.query for example in batch]),
            embed([text(product, rng) for product in products]),
            [product.id for product in products],
            config.temperature,
        )
        loss.backward()
        return loss.item()

    return learn


def make_retrieval_examples(
    conversations: Sequence[Conversation], catalog: Catalog, key: str = "candidates"
) -> list[RetrievalExample]:
    """One for every product that a conversation ended with; raises DialogueError where the catalogue has none."""
    examples = []
    for conversation in conversations:
        query = make_query(conversation.dialogue)
        right = [item for item in conversation.gt_items if item in catalog]
        others = [item for item in conversation.candidates.get(key, ()) if item in catalog and item not in right]
        if query.texts:
            examples += [
                RetrievalExample(query, catalog[item], tuple(catalog[other] for other in others)) for item in right
            ]
    if not examples:
        raise DialogueError(
            f"None of the {len(conversations)} conversations says something and ends with a product of the catalogue "
            f"{catalog.folder}; import the products that the dialogues speak of, or choose another file."
        )
    return examples


def make_recall_task(
    examples: Sequence[RetrievalExample], catalog: Catalog, own_captions: dict[str, str]
) -> RecallTask:
    """The catalogue as the chat searches it, with the model's own caption of every picture."""
    row = {product.id: place for place, product in enumerate(catalog)}
    return RecallTask(
        texts=tuple(product_text(product, own_captions.get(product.id, "")) for product in catalog),
        queries=tuple(example.query for example in examples),
        wanted=tuple(row[example.wanted.id] for example in examples),
    )


def blend(embed: Embed, queries: Sequence[Query]) -> Tensor:
    """[B, d] unit vectors, `Query.blend` of each with its gradients."""
    vectors = iter(embed([text for query in queries for text in query.texts]))
    weighted = [torch.stack([weight * next(vectors) for weight in query.weights]).sum(0) for query in queries]
    return functional.normalize(torch.stack(weighted), dim=-1)


@torch.inference_mode()
def recall(embed: Embed, task: RecallTask, batch: int = 64) -> float:
    """Share of the queries whose product is among the first ten."""
    products = torch.cat([embed(part) for part in chunks(task.texts, batch)])
    queries = torch.cat([blend(embed, part) for part in chunks(task.queries, batch)])
    return float(are_found(queries @ products.T, task.wanted).float().mean())


def are_found(scores: Tensor, wanted: Sequence[int]) -> Tensor:
    """[B, N] scores and the row that each of B queries wants -> [B] whether it is among the first ten, in the middle of
    those with the same score; where a score is no number, nothing is."""
    own = scores.gather(1, torch.tensor(wanted)[:, None])
    ahead = (~(scores <= own)).sum(1) + ((scores == own).sum(1) - 1) / 2
    return ahead < FOUND
