"""Fuse: search learns to see (contrastive, InfoNCE); two small networks, sentence encoder and tower frozen.

    lavic-chat fuse --dialogues catalog/dialogues/train.jsonl --valid catalog/dialogues/valid.jsonl --adapter out/tuned

A conversation must come nearer to the product that it ended with, by its text and its tower states, than to the other
products of the batch and to some of its own wrong candidates: the same title in another colour. Everything that the
networks read is computed once, so that a step takes milliseconds. The best by validation recall is kept, measured as
search will use it: half by the fused vectors, half by the sentence encoder's own, which knows more words than the
training's and holds where the networks have learned too few products.
"""

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lavic_chat.catalog import Catalog, Product
from lavic_chat.dialogue.reddit_amazon import read_conversations
from lavic_chat.errors import CatalogError
from lavic_chat.features.item import ItemFeatures, main_pictures
from lavic_chat.features.text_encoder import TextEncoder
from lavic_chat.model import VIEWS
from lavic_chat.model.card import read_card
from lavic_chat.ranking.visual_ranker import load_visual_ranker
from lavic_chat.retrieval.embedder import Embedder
from lavic_chat.retrieval.fusion import Fusion, save_fusion
from lavic_chat.settings import Settings
from lavic_chat.storage.files import hash_file
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.choices import products_of
from lavic_chat.training.configs import FuseConfig
from lavic_chat.training.losses import info_nce
from lavic_chat.training.preparation import dialogue_files, load_catalogs
from lavic_chat.training.retriever import Recall, RetrievalExample, are_found, make_retrieval_examples
from lavic_chat.training.run_record import StageResult, provenance, summarize_report, summarize_validation, write_record
from lavic_chat.training.trainer import TrainingReport, TrainingRun, run_training, warmup_cosine


@dataclass(frozen=True)
class FuseRequest:
    """settings: base, first catalogue, and the adapter that is written to. dialogues, valid: JSONL files about the
    first catalogue; `also`'s lie in them. key: of the candidates, which are the hard ones."""

    settings: Settings
    dialogues: str | Path
    valid: str | Path
    config: FuseConfig
    also: tuple[Path, ...] = ()
    key: str = "candidates"


@dataclass(frozen=True)
class FusionExamples:
    """Products as text vectors [N, d] and tower states [N, 5, h]; conversations as vectors [B, d], each with the row of
    the product that was wanted, and of those that were not."""

    texts: Tensor
    states: Tensor
    queries: Tensor
    wanted: tuple[int, ...]
    others: tuple[tuple[int, ...], ...]


def make_examples(
    embedder: Embedder,
    products: Sequence[Product],
    item_features: Sequence[ItemFeatures],
    conversations: Sequence[RetrievalExample],
) -> FusionExamples:
    """Everything that the networks read. embedder: the sentence encoder alone. item_features: of the products, of which
    the conversations name some."""
    row = {product.id: place for place, product in enumerate(products)}
    texts = list(dict.fromkeys(text for example in conversations for text in example.query.texts))
    vectors = dict(zip(texts, embedder.encoder.encode_cached(texts, progress=True), strict=True))
    queries = [
        example.query.blend(np.stack([vectors[text] for text in example.query.texts])) for example in conversations
    ]
    return FusionExamples(
        texts=torch.from_numpy(embedder.embed_items(products, item_features, progress=True)),
        states=main_pictures(features.states for features in item_features).float(),
        queries=torch.from_numpy(np.stack(queries)),
        wanted=tuple(row[example.wanted.id] for example in conversations),
        others=tuple(tuple(row[other.id] for other in example.others) for example in conversations),
    )


def join(examples: Sequence[FusionExamples]) -> FusionExamples:
    """Those of several catalogues as one; their products stay apart."""
    starts = np.cumsum([0, *(len(each.texts) for each in examples[:-1])]).tolist()
    pairs = list(zip(starts, examples, strict=True))
    return FusionExamples(
        *(torch.cat([getattr(each, name) for each in examples]) for name in ("texts", "states", "queries")),
        wanted=tuple(start + row for start, each in pairs for row in each.wanted),
        others=tuple(tuple(start + row for row in rows) for start, each in pairs for rows in each.others),
    )


def fuse(request: FuseRequest) -> StageResult:
    """Teach search to see; the best fusion is kept in the adapter's folder.

    A stopped run goes on from `fusion.progress` in that folder. Raises LavicError for a request that cannot be met.
    """
    started, settings, config = time.time(), request.settings, request.config
    adapter = settings.adapter_folder
    read_card(adapter)  # refused now, not after the training
    catalogs = load_catalogs(settings.catalog, request.also)
    files = list(
        zip(
            dialogue_files(request.dialogues, catalogs, "train"),
            dialogue_files(request.valid, catalogs, "valid"),
            strict=True,
        )
    )
    data = read_data(request, catalogs, files)
    torch.manual_seed(config.seed)
    fusion = Fusion(data.encoder.size, VIEWS * data.state_size, config.hidden, config.share)
    record = provenance("fuse", catalogs, config, started) | {"wishes": [len(one.wanted) for one in data.train]}
    record |= {"searched": {name: len(one.texts) for name, one in data.valid.items()}, "candidates": request.key}
    record |= {"dialogues": [hash_file(file) for file in chain(*files)], "encoder": data.encoder.name}

    def keep(best: Recall, curve: tuple[Recall, ...]) -> None:
        if best.step:  # before the first step it is search by words alone
            save_fusion(fusion, adapter, data.vision_hash, data.encoder.name)
            so_far = summarize_validation(best, curve)
            write_record(adapter, record | so_far)

    identity = [data.adapter_hash, data.encoder.name, record["catalogs"], record["dialogues"], request.key]
    checkpoint = Checkpoint(adapter / "fusion", config, json.dumps(identity))
    report = fuse_model(fusion, (data.train, data.valid), config, keep, checkpoint, started)
    record |= summarize_report(report)
    if report.best.step:
        write_record(adapter, record)
    checkpoint.clear()
    summary = (
        f"Learned from {sum(record['wishes'])} wishes; {report.valid[0]} by words alone, {report.best} now; "
        f"in {adapter}. Now `calibrate`, which builds on it."
    )
    return StageResult(record, summary)


@dataclass(frozen=True)
class FusionData:
    """What the networks read: conversations of each catalogue, and by its name those to validate on with all products
    that are searched for them; and what it was read with."""

    train: list[FusionExamples]
    valid: dict[str, FusionExamples]
    encoder: TextEncoder
    state_size: int
    vision_hash: str
    adapter_hash: str


def read_data(request: FuseRequest, catalogs: Sequence[Catalog], files: Sequence[tuple[Path, Path]]) -> FusionData:
    """Read and encode everything once; raises DialogueError where a file names no product of its catalogue."""
    names, settings = unique_names(catalogs), request.settings
    conversations = [
        [make_retrieval_examples(read_conversations(file), catalog, request.key) for file in pair]
        for pair, catalog in zip(files, catalogs, strict=True)
    ]
    visual_ranker = load_visual_ranker(settings)
    embedder = Embedder(TextEncoder(settings.home, settings.adapter, settings.runtime))
    train, valid = [], {}
    for name, catalog, (learned, asked) in zip(names, catalogs, conversations, strict=True):
        # of further catalogues, which may be large, what their conversations name
        products = catalog.products if catalog is catalogs[0] else products_of([*learned, *asked])
        item_features = visual_ranker.look_at(catalog, products)
        train.append(make_examples(embedder, products, item_features, learned))
        valid[name] = make_examples(embedder, products, item_features, asked)
    model = visual_ranker.model
    return FusionData(train, valid, embedder.encoder, model.state_size, model.vision_hash, model.adapter_hash)


def unique_names(catalogs: Sequence[Catalog]) -> list[str]:
    """The catalogues' names to report by; raises CatalogError where two have the same."""
    names = [catalog.folder.resolve().name for catalog in catalogs]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise CatalogError(
            f"Two catalogues are called {twice}; rename the folder of one, so that they can be told apart."
        )
    return names


def fuse_model(
    fusion: Fusion,
    examples: tuple[Sequence[FusionExamples], dict[str, FusionExamples]],
    config: FuseConfig,
    keep: Callable[[Recall, tuple[Recall, ...]], None],
    checkpoint: Checkpoint | None = None,
    started: float | None = None,
) -> TrainingReport[Recall]:
    """Train on the examples of one or more catalogues; `keep(best, all so far)` at every best by the second ones, which
    go by name.

    Step 0 is search by words alone. With a checkpoint, progress is written at every validation, and a stopped run goes
    on from there.
    """
    train, valid = examples
    table = join(train)
    fusion.fit_scale(table.states[sorted(set(table.wanted))])  # those of training alone
    run = TrainingRun(
        name="fuse",
        steps=config.steps,
        valid_every=config.valid_every,
        groups=[{"params": list(fusion.parameters()), "lr": config.lr}],
        weight_decay=config.weight_decay,
        learn=make_step(fusion, table, len(train[0].wanted), config),
        measure=lambda step: measure(fusion if step else None, valid, step),
        point=Recall,
        rate=lambda step: warmup_cosine(step, config.steps),
        seed=config.seed,
        measure_first=True,
    )
    return run_training(run, keep, checkpoint, started)


def make_step(
    fusion: Fusion, table: FusionExamples, own: int, config: FuseConfig
) -> Callable[[int, random.Random], float]:
    """What a step does: its gradient into the weights, its loss back. own: so many conversations, the first ones, are
    about the first catalogue."""
    seen, everything = fusion.standardize(table.states), len(table.wanted)

    def draw(rng: random.Random) -> int:
        elsewhere = own < everything and rng.random() < config.also_share
        return rng.randrange(own, everything) if elsewhere else rng.randrange(own)

    def learn(_step: int, rng: random.Random) -> float:
        fusion.train()
        rows = [draw(rng) for _ in range(config.batch)]
        rivals = [rng.choice(table.others[row]) for row in rows for _ in range(config.rivals) if table.others[row]]
        places = [*(table.wanted[row] for row in rows), *rivals]
        blurred = seen[places] + config.noise * torch.randn(len(places), seen.shape[1])
        products = fusion(table.texts[places], blurred)
        loss = info_nce(fusion.ask(table.queries[rows]), products, list(map(str, places)), config.temperature)
        loss.backward()
        return loss.item()

    return learn


@torch.inference_mode()
def measure(fusion: Fusion | None, valid: dict[str, FusionExamples], step: int) -> Recall:
    """Recall as search has it; without a fusion by words alone."""
    found = {}
    for name, examples in valid.items():
        item_embeddings, queries = examples.texts, examples.queries
        if fusion:
            fusion.eval()
            item_embeddings = fusion.join_products(item_embeddings, examples.states)
            queries = fusion.join_queries(queries)
        found[name] = are_found(queries @ item_embeddings.T, examples.wanted).float()
    by_catalog = {name: round(float(hits.mean()), 4) for name, hits in found.items()}
    return Recall(step, float(torch.cat(list(found.values())).mean()), by_catalog)
