"""A visitor's taste as a direction among the items' vectors. It knows vectors and ids, no language and no model."""

from collections.abc import Collection, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import DTypeLike

from lavic_chat.catalog import Product
from lavic_chat.catalog.columns import columns_of
from lavic_chat.dialogue.history import LIKED, OPENED, TURNED_DOWN, History
from lavic_chat.features.vectors import lengths, unit
from lavic_chat.retrieval.retriever import Retriever

WEIGHTS = {LIKED: 1.0, OPENED: 0.5, TURNED_DOWN: -0.25}
"""What a sign adds of its product's vector. Chosen by hand, until there are visits to fit them to."""
HALF = 0.5  # of a taste is what is said of items, half what is seen
DECAY = 0.8
"""The weight of an event against the next newer one: on purchases over two years 0.8 and 0.6 find more than 1 does, by
the mean of what was had before (docs/sda.md)."""

WEIGHT = 0.95
"""Log odds of a standard deviation where much is known: fitted on purchases, among ten products of one category
(docs/sda.md)."""
MOST = 0.7  # two candidates differ by 1.4 at most, the least that a condition said plainly makes (a material)
SAMPLE = 2000  # products that the standard deviation is taken over


class JoinedVectors:
    """Two kinds of vectors of the same N items, [N, a] and [N, b], as one kind [N, a + b] in which each
    counts half. Nothing is copied but the rows that are asked for."""

    def __init__(self, first: np.ndarray, second: np.ndarray):
        self.first, self.second, self.dtype = first, second, first.dtype

    @cached_property
    def lengths(self) -> tuple[np.ndarray, np.ndarray]:
        """[N] each, of the two kinds of vectors."""
        return lengths(self.first), lengths(self.second)

    def __getitem__(self, rows: Sequence[int] | np.ndarray | slice) -> np.ndarray:
        joined = np.concatenate([unit(self.first[rows]), unit(self.second[rows])], axis=-1)
        return joined * np.float32(np.sqrt(HALF))

    def __matmul__(self, direction: np.ndarray) -> np.ndarray:
        width, (first, second) = self.first.shape[1], self.lengths
        near = self.first @ direction[:width] / first + self.second @ direction[width:] / second
        return near * np.float32(np.sqrt(HALF))

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype)


class Taste:
    """Of any visitor, over one catalogue. products: N of them. vectors: [N, d] of any space in which things that people
    like alike are near, unit length, in the products' order."""

    def __init__(self, products: Sequence[Product], vectors: np.ndarray | JoinedVectors):
        self.columns, self.vectors = columns_of(products), vectors
        self.row = self.columns.row

    @cached_property
    def sample(self) -> np.ndarray:
        """[SAMPLE at most, d] vectors of items from all over the catalogue, always the same."""
        count = len(self.columns.ids)
        return self.vectors[np.unique(np.linspace(0, count - 1, min(count, SAMPLE), dtype=int))]

    def profile(self, history: History) -> np.ndarray:
        """[d] the weighted sum of the vectors of what is in the history; products of another catalogue neither count
        nor age what came before them."""
        known = [event for event in history.events if event.product_id in self.row]
        if not known:
            return np.zeros(self.vectors[:1].shape[-1], self.vectors.dtype)
        weights = [WEIGHTS[event.sign] * DECAY**age for age, event in enumerate(reversed(known))][::-1]
        rows = [self.row[event.product_id] for event in known]
        return np.asarray(weights, self.vectors.dtype) @ self.vectors[rows]

    def scores(self, history: History) -> np.ndarray:
        """[N] the cosine of each item with the profile, -1 to 1; zeros where there is none."""
        return self.vectors @ unit(self.profile(history))

    def prior(self, history: History, rows: Sequence[int]) -> np.ndarray:
        """[n] log odds of the items in these rows, against their mean: how much nearer to the history one is, in
        standard deviations over all items, times WEIGHT n / (n + 1), n being how much is known of the visitor; MOST at
        most. Zeros where the history says nothing."""
        known = sum(abs(WEIGHTS[event.sign]) for event in history.events if event.product_id in self.row)
        direction = unit(self.profile(history))
        # Not by BLAS, whose threads would wait for those of the model's runtime, and these for them.
        scores, sampled = (np.einsum("nd,d->n", near, direction) for near in (self.vectors[list(rows)], self.sample))
        far = np.std(sampled)
        if not known or not far:
            return np.zeros(len(scores))
        given = WEIGHT * known / (known + 1) * (scores - scores.mean()) / far
        return given.clip(-MOST, MOST)

    def nearest(self, history: History, k: int, excluded: Collection[str] = ()) -> tuple[str, ...]:
        """Ids of the k items nearest to what was liked and opened, nearest first: nothing that is in the history,
        excluded or out of stock, and of the variants of one product one. None where nothing was liked or opened.

        What was turned down has no say here: less a chair that was not liked, a green chair is hardly more than green,
        and green shoes are near to that.
        """
        likes = History(tuple(one for one in history.events if WEIGHTS[one.sign] > 0 and one.product_id in self.row))
        if not likes:
            return ()
        left_out = {event.product_id for event in history.events}.union(excluded)
        found: dict[str, str] = {}  # by family
        for row in np.argsort(-self.scores(likes), kind="stable"):
            if len(found) >= k:
                break
            if self.columns.in_stock[row] and (name := self.columns.ids[row]) not in left_out:
                found.setdefault(self.columns.families[row], name)
        return tuple(found.values())


def taste_of(retriever: Retriever) -> Taste:
    """A taste over what the retriever knows of its items: what is said of them counts half, what is seen half."""
    return Taste(retriever.catalog.products, JoinedVectors(retriever.item_embeddings, retriever.picture_vectors))
