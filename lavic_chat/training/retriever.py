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

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lavic_chat.catalog import Catalog, Product
from lavic_chat.dialogue import Conversation
from lavic_chat.errors import DialogueError
from lavic_chat.retrieval import Query, make_query, product_text
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.configs import RetrieverConfig
from lavic_chat.training.course import Course, Report, follow, pace
from lavic_chat.training.examples import describe_looks
from lavic_chat.vision import chunks

FOUND = 10  # products that the model will look at
Embed = Callable[[Sequence[str]], Tensor]


@dataclass(frozen=True)
class Wish:
    """What to search by, the product that is wanted, and those that are not."""

    query: Query
    wanted: Product
    others: tuple[Product, ...]

    @property
    def products(self) -> tuple[Product, ...]:
        return (self.wanted, *self.others)


@dataclass(frozen=True)
class Recall:
    """Share of the validation conversations whose product is among the first ten of those searched; by catalogue, where
    there are several."""

    step: int
    recall: float
    by_shop: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        shops = ", ".join(f"{name} {share:.3f}" for name, share in self.by_shop.items())
        return f"recall@{FOUND} {self.recall:.3f}" + (f" ({shops})" if shops else "")


@dataclass(frozen=True)
class Shelf:
    """A catalogue as it is searched: each product's texts [N], and for each query the row that should be found."""

    texts: tuple[str, ...]
    queries: tuple[Query, ...]
    wanted: tuple[int, ...]


def tune_retriever(
    embed: Embed,
    weights: list[Tensor],
    wishes: Sequence[Wish],
    said: dict[str, str],
    exam: Shelf,
    config: RetrieverConfig,
    keep: Callable[[Recall, tuple[Recall, ...]], None],
    checkpoint: Checkpoint | None = None,
    as_kept: Callable[[], AbstractContextManager] = nullcontext,
) -> Report[Recall]:
    """Train the weights behind `embed` (texts -> unit vectors [n, d]); `keep(best, all so far)` at every best.

    said: what the model says of the pictures, by product id. as_kept: the weights as `keep` keeps them, for a while:
    they are measured so. With a checkpoint, progress is written at every
    validation, and a stopped run goes on from there.
    """
    started = time.time()

    def word(product: Product, rng: random.Random) -> str:
        own = said.get(product.id, "") if rng.random() < config.own_share else ""
        return product_text(product, own or describe_looks(product, with_kind=False))

    def learn(_step: int, rng: random.Random) -> float:
        batch = [rng.choice(wishes) for _ in range(config.batch)]
        products = [wish.wanted for wish in batch] + [rng.choice(wish.others) for wish in batch if wish.others]
        loss = contrast(
            blend(embed, [wish.query for wish in batch]),
            embed([word(product, rng) for product in products]),
            [product.id for product in products],
            config.temperature,
        )
        loss.backward()
        return loss.item()

    def measure(step: int) -> Recall:
        with as_kept():
            return Recall(step, recall(embed, exam))

    course = Course(
        name="retriever",
        steps=config.steps,
        valid_every=config.valid_every,
        groups=[{"params": weights, "lr": config.lr}],
        weight_decay=config.weight_decay,
        learn=learn,
        measure=measure,
        point=Recall,
        best_of=best_of,
        rate=lambda step: pace(step, config.steps),
        seed=config.seed,
        measure_first=True,
    )
    return follow(course, keep, checkpoint, started)


def best_of(measured: Sequence[Recall]) -> Recall:
    """The first that finds most."""
    return max(measured, key=lambda point: point.recall)


def make_wishes(conversations: Sequence[Conversation], catalog: Catalog, key: str = "candidates") -> list[Wish]:
    """One for every product that a conversation ended with; raises DialogueError where the catalogue has none."""
    wishes = []
    for conversation in conversations:
        query = make_query(conversation.dialogue)
        right = [item for item in conversation.gt_items if item in catalog]
        others = [item for item in conversation.candidates.get(key, ()) if item in catalog and item not in right]
        if query.texts:
            wishes += [Wish(query, catalog[item], tuple(catalog[other] for other in others)) for item in right]
    if not wishes:
        raise DialogueError(
            f"None of the {len(conversations)} conversations says something and ends with a product of the catalogue "
            f"{catalog.folder}; import the products that the dialogues speak of, or choose another file."
        )
    return wishes


def make_shelf(wishes: Sequence[Wish], catalog: Catalog, said: dict[str, str]) -> Shelf:
    """The catalogue as the chat searches it, with the model's own words of every picture."""
    row = {product.id: place for place, product in enumerate(catalog)}
    return Shelf(
        texts=tuple(product_text(product, said.get(product.id, "")) for product in catalog),
        queries=tuple(wish.query for wish in wishes),
        wanted=tuple(row[wish.wanted.id] for wish in wishes),
    )


def blend(embed: Embed, queries: Sequence[Query]) -> Tensor:
    """[B, d] unit vectors, `Query.blend` of each with its gradients."""
    vectors = iter(embed([text for query in queries for text in query.texts]))
    weighted = [torch.stack([weight * next(vectors) for weight in query.weights]).sum(0) for query in queries]
    return functional.normalize(torch.stack(weighted), dim=-1)


def contrast(queries: Tensor, products: Tensor, ids: Sequence[str], temperature: float) -> Tensor:
    """Mean cross-entropy of [B, d] queries, each of which wants the product in its own row of [B + R, d].

    ids: the products' own; another copy of the wanted one is no wrong answer.
    """
    names = np.array(ids)
    same = torch.from_numpy(names[: len(queries), None] == names[None])
    own = torch.eye(len(queries), len(products), dtype=torch.bool)
    logits = (queries @ products.T / temperature).masked_fill(same & ~own, -torch.inf)
    return functional.cross_entropy(logits, torch.arange(len(queries)))


@torch.inference_mode()
def recall(embed: Embed, shelf: Shelf, batch: int = 64) -> float:
    """Share of the queries whose product is among the first ten."""
    shelved = torch.cat([embed(part) for part in chunks(shelf.texts, batch)])
    asked = torch.cat([blend(embed, part) for part in chunks(shelf.queries, batch)])
    return float(are_found(asked @ shelved.T, shelf.wanted).float().mean())


def are_found(scores: Tensor, wanted: Sequence[int]) -> Tensor:
    """[B, N] scores and the row that each of B queries wants -> [B] whether it is among the first ten, in the middle of
    those with the same score; where a score is no number, nothing is."""
    own = scores.gather(1, torch.tensor(wanted)[:, None])
    ahead = (~(scores <= own)).sum(1) + ((scores == own).sum(1) - 1) / 2
    return ahead < FOUND
