"""A visitor's taste as a direction among the items' vectors. It knows vectors and ids, no language and no model."""

from collections.abc import Collection, Sequence

import numpy as np

from lavic_chat.catalog import Product
from lavic_chat.dialogue.history import LIKED, OPENED, TURNED_DOWN, History
from lavic_chat.retrieval.query import unit
from lavic_chat.retrieval.retriever import Retriever

WEIGHTS = {LIKED: 1.0, OPENED: 0.5, TURNED_DOWN: -0.25}
"""What a sign adds of its product's vector. Chosen by hand, until there are visits to fit them to."""
DECAY = 0.8
"""The weight of an event against the next newer one: on purchases over two years 0.8 and 0.6 find more than 1 does, by
the mean of what was had before (docs/sda.md)."""


class Taste:
    """Of any visitor, over one catalogue. products: N of them. vectors: [N, d] of any space in which things that people
    like alike are near, unit length, in the products' order."""

    def __init__(self, products: Sequence[Product], vectors: np.ndarray):
        self.products, self.vectors = products, vectors
        self.row = {product.id: row for row, product in enumerate(products)}

    def profile(self, history: History) -> np.ndarray:
        """[d] the weighted sum of the vectors of what is in the history; products of another catalogue neither count
        nor age what came before them."""
        known = [event for event in history.events if event.product_id in self.row]
        weights = [WEIGHTS[event.sign] * DECAY**age for age, event in enumerate(reversed(known))][::-1]
        rows = [self.row[event.product_id] for event in known]
        return np.asarray(weights, self.vectors.dtype) @ self.vectors[rows]

    def scores(self, history: History) -> np.ndarray:
        """[N] the cosine of each item with the profile, -1 to 1; zeros where there is none."""
        return self.vectors @ unit(self.profile(history))

    def nearest(self, history: History, k: int, excluded: Collection[str] = ()) -> tuple[str, ...]:
        """Ids of the k items nearest to what was liked and opened, nearest first: nothing that is in the history or
        excluded, and of products with the same title one. None where nothing was liked or opened.

        What was turned down has no say here: less a chair that was not liked, a green chair is hardly more than green,
        and green shoes are near to that.
        """
        likes = History(tuple(one for one in history.events if WEIGHTS[one.sign] > 0 and one.product_id in self.row))
        if not likes:
            return ()
        left_out = {event.product_id for event in history.events}.union(excluded)
        found: dict[str, str] = {}  # by title
        for row in np.argsort(-self.scores(likes), kind="stable"):
            product = self.products[row]
            if len(found) >= k:
                break
            if product.id not in left_out:
                found.setdefault(product.title, product.id)
        return tuple(found.values())


def taste_of(retriever: Retriever) -> Taste:
    """A taste over what the retriever knows of its items: what is said of them counts half, what is seen half."""
    halves = (unit(retriever.item_embeddings), unit(retriever.picture_vectors))
    return Taste(retriever.catalog.products, np.concatenate(halves, axis=1) * np.float32(np.sqrt(0.5)))
