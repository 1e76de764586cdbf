"""Fuse: search learns to see (contrastive, InfoNCE); two small networks, sentence encoder and tower frozen.

    lavic-chat fuse --dialogues catalog/dialogues/train.jsonl --valid catalog/dialogues/valid.jsonl --adapter out/tuned

A conversation must come nearer to the product that it ended with, by its text and its tower states, than to the other
products of the batch and to some of its own wrong candidates: the same title in another colour. Everything that the
networks read is computed once, so that a step takes milliseconds. The best by validation recall is kept, measured as
search will use it: half by the fused vectors, half by the sentence encoder's own, which knows more words than the
training's and holds where the networks have learned too few products.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lavic_chat.catalog import Product
from lavic_chat.features.item import ItemFeatures, main_pictures
from lavic_chat.retrieval.embedder import Embedder
from lavic_chat.retrieval.fusion import Fusion
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.configs import FuseConfig
from lavic_chat.training.losses import info_nce
from lavic_chat.training.retriever import Recall, RetrievalExample, are_found, best_of
from lavic_chat.training.trainer import TrainingReport, TrainingRun, run_training, warmup_cosine


@dataclass(frozen=True)
class Lessons:
    """Products as text vectors [N, d] and tower states [N, 5, h]; conversations as vectors [B, d], each with the row of
    the product that was wanted, and of those that were not."""

    texts: Tensor
    states: Tensor
    asked: Tensor
    wanted: tuple[int, ...]
    others: tuple[tuple[int, ...], ...]


def make_lessons(
    embedder: Embedder,
    products: Sequence[Product],
    item_features: Sequence[ItemFeatures],
    examples: Sequence[RetrievalExample],
) -> Lessons:
    """search: the sentence encoder alone. sights: of the products; wishes: about some of them."""
    row = {product.id: place for place, product in enumerate(products)}
    texts = list(dict.fromkeys(text for example in examples for text in example.query.texts))
    vectors = dict(zip(texts, embedder.encoder.encode_cached(texts, progress=True), strict=True))
    asked = [example.query.blend(np.stack([vectors[text] for text in example.query.texts])) for example in examples]
    return Lessons(
        texts=torch.from_numpy(embedder.embed_items(products, item_features, progress=True)),
        states=main_pictures(features.states for features in item_features).float(),
        asked=torch.from_numpy(np.stack(asked)),
        wanted=tuple(row[example.wanted.id] for example in examples),
        others=tuple(tuple(row[other.id] for other in example.others) for example in examples),
    )


def join(lessons: Sequence[Lessons]) -> Lessons:
    """Those of several catalogues as one; their products stay apart."""
    starts = np.cumsum([0, *(len(each.texts) for each in lessons[:-1])]).tolist()
    pairs = list(zip(starts, lessons, strict=True))
    return Lessons(
        *(torch.cat([getattr(each, name) for each in lessons]) for name in ("texts", "states", "asked")),
        wanted=tuple(start + row for start, each in pairs for row in each.wanted),
        others=tuple(tuple(start + row for row in rows) for start, each in pairs for rows in each.others),
    )


def fuse(
    fusion: Fusion,
    lessons: Sequence[Lessons],
    exams: dict[str, Lessons],
    config: FuseConfig,
    keep: Callable[[Recall, tuple[Recall, ...]], None],
    started: float,
    checkpoint: Checkpoint | None = None,
) -> TrainingReport[Recall]:
    """Train on the lessons of one or more catalogues; `keep(best, all so far)` at every best.

    exams: by name, conversations and all products that are searched for them. started: time.time() when the stage
    began. Step 0 is search by words alone. With a checkpoint, progress is written at every validation, and a stopped
    run goes on from there.
    """
    table = join(lessons)
    fusion.fit_scale(table.states[sorted(set(table.wanted))])  # those of training alone
    run = TrainingRun(
        name="fuse",
        steps=config.steps,
        valid_every=config.valid_every,
        groups=[{"params": list(fusion.parameters()), "lr": config.lr}],
        weight_decay=config.weight_decay,
        learn=make_step(fusion, table, len(lessons[0].wanted), config),
        measure=lambda step: measure(fusion if step else None, exams, step),
        point=Recall,
        best_of=best_of,
        rate=lambda step: warmup_cosine(step, config.steps),
        seed=config.seed,
        measure_first=True,
    )
    return run_training(run, keep, checkpoint, started)


def make_step(fusion: Fusion, table: Lessons, own: int, config: FuseConfig) -> Callable[[int, random.Random], float]:
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
        loss = info_nce(fusion.ask(table.asked[rows]), products, list(map(str, places)), config.temperature)
        loss.backward()
        return loss.item()

    return learn


@torch.inference_mode()
def measure(fusion: Fusion | None, exams: dict[str, Lessons], step: int) -> Recall:
    """Recall as search has it; without a fusion by words alone."""
    found = {}
    for name, exam in exams.items():
        item_embeddings, asked = exam.texts, exam.asked
        if fusion:
            fusion.eval()
            item_embeddings, asked = fusion.join_products(item_embeddings, exam.states), fusion.join_queries(asked)
        found[name] = are_found(asked @ item_embeddings.T, exam.wanted).float()
    by_catalog = {name: round(float(hits.mean()), 4) for name, hits in found.items()}
    return Recall(step, float(torch.cat(list(found.values())).mean()), by_catalog)
