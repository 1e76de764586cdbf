"""Rank a split's products for a conversation, as the shop's own text retrieval would, or by chance."""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache

import numpy as np

from .looks import Look

TOP = 250  # products that retrieval brings; mixed lists are filled from these
BATCH = 16  # texts read at once: larger batches take half as long again on one core, for all the padding
Ranker = Callable[[Sequence[str], Sequence[Look], random.Random], Iterator[list[Look]]]


def rank_by_chance(texts: Sequence[str], looks: Sequence[Look], rng: random.Random) -> Iterator[list[Look]]:
    """Instead of retrieval: for each text products in chance order; the caller's rules bring the types together."""
    for _ in texts:
        yield rng.sample(list(looks), min(TOP, len(looks)))


@cache
def load_encoder():
    """The retriever's own text encoder; raises LavicError where it cannot be had."""
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    from lavic_chat.model.lavic_mini.assemble import ensure_text_encoder
    from lavic_chat.settings import lavic_home

    logging.disable_progress_bar()
    return SentenceTransformer(str(ensure_text_encoder(lavic_home())), device="cpu")


def rank_by_text(texts: Sequence[str], looks: Sequence[Look], rng: random.Random) -> Iterator[list[Look]]:
    """For each text the TOP looks by the similarity of their words, as retrieval does it; equal ones in chance order.

    Every distinct text is read once.
    """
    rows, row_of = embed([look.words for look in looks])
    asked, asked_of = embed(texts)
    chance = np.random.default_rng(rng.getrandbits(32))
    top = min(TOP, len(looks))
    for text in asked_of:
        scores = (rows @ asked[text]).round(3)[row_of] + chance.random(len(looks)) * 1e-4
        first = np.argpartition(-scores, top - 1)[:top]
        yield [looks[place] for place in first[np.argsort(-scores[first])]]


def embed(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of the distinct texts [n, d], and each text's row [len(texts)]."""
    distinct = sorted(set(texts))
    place = {text: number for number, text in enumerate(distinct)}
    vectors = load_encoder().encode(distinct, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)
    return np.asarray(vectors), np.array([place[text] for text in texts])
