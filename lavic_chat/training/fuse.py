"""Fuse: search learns to see (contrastive, InfoNCE); two small networks, sentence encoder and tower frozen.

    lavic-chat fuse --dialogues catalog/dialogues/train.jsonl --valid catalog/dialogues/valid.jsonl --adapter out/tuned

A conversation must come nearer to the product that it ended with, by its text and its tower states, than to the other
products of the batch and to some of its own wrong candidates: the same title in another colour. Everything that the
networks read is computed once, so that a step takes milliseconds. The best by validation recall is kept, measured as
search will use it: half by the fused vectors, half by the sentence encoder's own, which knows more words than the
training's and holds where the networks have learned too few products.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from lavic_chat.catalog import Product
from lavic_chat.model.fusion import Fusion
from lavic_chat.retrieval import Search
from lavic_chat.sight import Sight, main_pictures
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.configs import FuseConfig
from lavic_chat.training.course import Course, Report, follow, pace
from lavic_chat.training.retriever import FOUND, Wish, contrast


@dataclass(frozen=True)
class Recall:
    """Share of the validation conversations whose product is among the first ten of its catalogue, and by catalogue."""

    step: int
    recall: float
    by_shop: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        shops = ", ".join(f"{name} {share:.3f}" for name, share in self.by_shop.items())
        return f"recall@{FOUND} {self.recall:.3f} ({shops})"


@dataclass(frozen=True)
class Lessons:
    """A catalogue's products as text vectors [N, d] and tower states [N, 5, h]; conversations as vectors [B, d], each
    with the row of the product that was wanted, and of those that were not."""

    texts: Tensor
    states: Tensor
    asked: Tensor
    wanted: tuple[int, ...]
    others: tuple[tuple[int, ...], ...]


def make_lessons(
    search: Search, products: Sequence[Product], sights: Sequence[Sight], wishes: Sequence[Wish]
) -> Lessons:
    """search: the sentence encoder alone. sights: of the products; wishes: about some of them."""
    row = {product.id: place for place, product in enumerate(products)}
    texts = list(dict.fromkeys(text for wish in wishes for text in wish.query.texts))
    vectors = dict(zip(texts, search.encoder.encode_cached(texts, progress=True), strict=True))
    return Lessons(
        texts=torch.from_numpy(search.shelve(products, sights, progress=True)),
        states=main_pictures(sight.states for sight in sights).float(),
        asked=torch.from_numpy(
            np.stack([wish.query.blend(np.stack([vectors[text] for text in wish.query.texts])) for wish in wishes])
        ),
        wanted=tuple(row[wish.wanted.id] for wish in wishes),
        others=tuple(tuple(row[other.id] for other in wish.others) for wish in wishes),
    )


def products_of(wishes: Sequence[Wish]) -> list[Product]:
    """Every product that the wishes name, once."""
    return list({product.id: product for wish in wishes for product in (wish.wanted, *wish.others)}.values())


def fuse(
    fusion: Fusion,
    lessons: Sequence[Lessons],
    exams: dict[str, Lessons],
    config: FuseConfig,
    keep: Callable[[Recall, tuple[Recall, ...]], None],
    checkpoint: Checkpoint | None = None,
) -> Report[Recall]:
    """Train on the lessons of one or more catalogues; `keep(best, all so far)` at every best.

    exams: by name, conversations and the whole catalogue that is searched. With a checkpoint, progress is written at
    every validation, and a stopped run goes on from there.
    """
    started = time.time()
    table = Table.of(lessons, fusion)

    def learn(_step: int, rng: random.Random) -> float:
        fusion.train()
        rows = [rng.randrange(len(table.wanted)) for _ in range(config.batch)]
        rivals = [rng.choice(table.others[row]) for row in rows for _ in range(config.rivals) if table.others[row]]
        places = [*(table.wanted[row] for row in rows), *rivals]
        seen = table.seen[places]
        products = fusion(table.texts[places], seen + config.noise * torch.randn_like(seen))
        loss = contrast(fusion.ask(table.asked[rows]), products, list(map(str, places)), config.temperature)
        loss.backward()
        return loss.item()

    course = Course(
        name="fuse",
        steps=config.steps,
        valid_every=config.valid_every,
        groups=[{"params": list(fusion.parameters()), "lr": config.lr}],
        weight_decay=config.weight_decay,
        learn=learn,
        measure=lambda step: measure(fusion, exams, step),
        point=Recall,
        best_of=lambda measured: max(measured, key=lambda point: point.recall),
        rate=lambda step: pace(step, config.steps),
        seed=config.seed,
    )
    return follow(course, keep, checkpoint, started)


@dataclass(frozen=True)
class Table:
    """Lessons of several catalogues as one, their states standardized [N, 5h]."""

    texts: Tensor
    seen: Tensor
    asked: Tensor
    wanted: tuple[int, ...]
    others: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, lessons: Sequence[Lessons], fusion: Fusion) -> "Table":
        """The fusion takes its scale from the wanted products, which are those of training."""
        starts = np.cumsum([0, *(len(each.texts) for each in lessons)]).tolist()
        states = torch.cat([each.states for each in lessons])
        wanted = [start + row for start, each in zip(starts, lessons, strict=False) for row in each.wanted]
        others = [
            tuple(start + row for row in rows)
            for start, each in zip(starts, lessons, strict=False)
            for rows in each.others
        ]
        fusion.fit_scale(states[sorted(set(wanted))])
        return cls(
            torch.cat([each.texts for each in lessons]),
            fusion.standardize(states),
            torch.cat([each.asked for each in lessons]),
            tuple(wanted),
            tuple(others),
        )


def measure(fusion: Fusion, exams: dict[str, Lessons], step: int) -> Recall:
    fusion.eval()
    found = {name: recalled(fusion, exam) for name, exam in exams.items()}
    everything = torch.cat(list(found.values())).float().mean()
    return Recall(step, float(everything), {name: round(float(hits.float().mean()), 4) for name, hits in found.items()})


@torch.inference_mode()
def recalled(fusion: Fusion, exam: Lessons) -> Tensor:
    """[B] whether each conversation's product is among the first ten of the catalogue."""
    shelf = fusion.join_products(exam.texts, exam.states)
    scores = torch.stack([fusion.join_query(text) for text in exam.asked]) @ shelf.T
    own = scores.gather(1, torch.tensor(exam.wanted)[:, None])
    return (scores > own).sum(1) < FOUND
