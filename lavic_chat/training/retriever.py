"""Retriever: the sentence encoder learns which products a conversation means (contrastive, InfoNCE).

    lavic-chat tune-retriever --dialogues catalog/dialogues/train.jsonl --valid catalog/dialogues/valid.jsonl \\
        --adapter out/tuned

LoRA on the encoder, which reads both sides. A conversation must come nearer to the product that it ended with than to
the other products of the batch, and than to one of its own wrong candidates, which are the hard ones: the same title in
another colour. A product's text tells its true looks or, as often, what the model said of its picture, so that search
learns how far those words are to be believed. The best by validation recall in the whole catalogue is kept, at half
strength: all of it is worth little more here, and costs shops of other things much.
"""

import random
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from lavic_chat.catalog import Catalog, Product
from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.errors import DialogueError
from lavic_chat.features.image_encoder import chunks
from lavic_chat.retrieval.embedder import product_text
from lavic_chat.retrieval.query import Query, make_query
from lavic_chat.training.captions import appearance_caption
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.configs import RetrieverConfig
from lavic_chat.training.losses import info_nce
from lavic_chat.training.trainer import TrainingReport, TrainingRun, Validation, run_training, warmup_cosine

FOUND = 10  # products that the model will look at


Embed = Callable[[Sequence[str]], Tensor]


@dataclass(frozen=True)
class RetrievalExample:
    """What to search by, the product that is wanted, and those that are not."""

    query: Query
    wanted: Product
    others: tuple[Product, ...]

    @property
    def products(self) -> tuple[Product, ...]:
        return (self.wanted, *self.others)


@dataclass(frozen=True)
class Recall(Validation):
    """Share of the validation conversations whose product is among the first ten of those searched; by catalogue, where
    there are several."""

    KEYS = {"by_catalog": "by_shop"}  # noqa: RUF012 - as in Validation

    recall: float = 0.0
    by_catalog: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        shops = ", ".join(f"{name} {share:.3f}" for name, share in self.by_catalog.items())
        return f"recall@{FOUND} {self.recall:.3f}" + (f" ({shops})" if shops else "")


@dataclass(frozen=True)
class RecallTask:
    """A catalogue as it is searched: each product's texts [N], and for each query the row that should be found."""

    texts: tuple[str, ...]
    queries: tuple[Query, ...]
    wanted: tuple[int, ...]


def tune_retriever(
    embed: Embed,
    weights: list[Tensor],
    examples: Sequence[RetrievalExample],
    said: dict[str, str],
    exam: RecallTask,
    config: RetrieverConfig,
    keep: Callable[[Recall, tuple[Recall, ...]], None],
    checkpoint: Checkpoint | None = None,
    as_kept: Callable[[], AbstractContextManager] = nullcontext,
) -> TrainingReport[Recall]:
    """Train the weights behind `embed` (texts -> unit vectors [n, d]); `keep(best, all so far)` at every best.

    said: what the model says of the pictures, by product id. as_kept: the weights as `keep` keeps them, for a while:
    they are measured so. With a checkpoint, progress is written at every
    validation, and a stopped run goes on from there.
    """
    started = time.time()

    def word(product: Product, rng: random.Random) -> str:
        own = said.get(product.id, "") if rng.random() < config.own_share else ""
        return product_text(product, own or appearance_caption(product, with_kind=False))

    def learn(_step: int, rng: random.Random) -> float:
        batch = [rng.choice(examples) for _ in range(config.batch)]
        products = [example.wanted for example in batch] + [
            rng.choice(example.others) for example in batch if example.others
        ]
        loss = info_nce(
            blend(embed, [example.query for example in batch]),
            embed([word(product, rng) for product in products]),
            [product.id for product in products],
            config.temperature,
        )
        loss.backward()
        return loss.item()

    def measure(step: int) -> Recall:
        with as_kept():
            return Recall(step, recall(embed, exam))

    run = TrainingRun(
        name="retriever",
        steps=config.steps,
        valid_every=config.valid_every,
        groups=[{"params": weights, "lr": config.lr}],
        weight_decay=config.weight_decay,
        learn=learn,
        measure=measure,
        point=Recall,
        best_of=best_of,
        rate=lambda step: warmup_cosine(step, config.steps),
        seed=config.seed,
        measure_first=True,
    )
    return run_training(run, keep, checkpoint, started)


def best_of(measured: Sequence[Recall]) -> Recall:
    """The first that finds most."""
    return max(measured, key=lambda point: point.recall)


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


def make_recall_task(examples: Sequence[RetrievalExample], catalog: Catalog, said: dict[str, str]) -> RecallTask:
    """The catalogue as the chat searches it, with the model's own words of every picture."""
    row = {product.id: place for place, product in enumerate(catalog)}
    return RecallTask(
        texts=tuple(product_text(product, said.get(product.id, "")) for product in catalog),
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
    shelved = torch.cat([embed(part) for part in chunks(task.texts, batch)])
    asked = torch.cat([blend(embed, part) for part in chunks(task.queries, batch)])
    return float(are_found(asked @ shelved.T, task.wanted).float().mean())


def are_found(scores: Tensor, wanted: Sequence[int]) -> Tensor:
    """[B, N] scores and the row that each of B queries wants -> [B] whether it is among the first ten, in the middle of
    those with the same score; where a score is no number, nothing is."""
    own = scores.gather(1, torch.tensor(wanted)[:, None])
    ahead = (~(scores <= own)).sum(1) + ((scores == own).sum(1) - 1) / 2
    return ahead < FOUND
