"""Search in the space that SDA adapts: an item is its text beside its picture, a query what it says, as a text.

The means of an LLM's states have nearly all in common; what items have in common by their texts is taken off texts and
queries, what they have by their pictures off pictures.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lavic_chat.features.item import ItemVectors
from lavic_chat.features.vectors import unit
from lavic_chat.model.onnx_query import QueryEmbedder
from lavic_chat.retrieval.query import Query, query_text

SHARE = 0.2  # of a cosine in two spaces, that of the second; with half of it search found less (docs/sda.md)


class SearchSpace(Protocol):
    """Vectors of N items [N, d], in which they are searched, and how a query becomes one."""

    @property
    def vectors(self) -> np.ndarray:
        """[N, d]"""
        ...

    def embed_query(self, query: Query) -> np.ndarray:
        """[d]"""
        ...


@dataclass(frozen=True, eq=False)
class EmbeddedSpace:
    """Made of vectors and of what embeds a query."""

    vectors: np.ndarray
    embed: Callable[[Query], np.ndarray]

    def embed_query(self, query: Query) -> np.ndarray:
        """[d]"""
        return self.embed(query)


class JoinedSpace:
    """Two spaces of the same N items side by side: a cosine is the mean of theirs, of which `share` is the second's.
    vectors [N, a + b]."""

    def __init__(self, first: SearchSpace, second: SearchSpace, share: float = SHARE):
        self.first, self.second, self.share = first, second, share
        self.vectors = self.join(first.vectors, second.vectors)

    def embed_query(self, query: Query) -> np.ndarray:
        """[a + b]"""
        return self.join(self.first.embed_query(query), self.second.embed_query(query))

    def join(self, ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
        """[..., a] and [..., b] -> [..., a + b]"""
        parts = np.sqrt(1 - self.share) * ours, np.sqrt(self.share) * theirs
        return np.concatenate(parts, -1).astype(np.float32)


class ItemSpace:
    """Of one catalogue. queries: what embeds what is said; made: its N items by the same LLM. vectors [N, 2 d]: unit
    length, in the items' order; a query's cosine to one is the mean of those to its text and to its picture."""

    def __init__(self, queries: QueryEmbedder, made: ItemVectors):
        self.queries, self.common = queries, made.texts.mean(0)
        self.vectors = beside(unit(made.texts - self.common), unit(made.images - made.images.mean(0)))

    def embed_query(self, query: Query) -> np.ndarray:
        """[2 d] of a query; zeros where it says nothing to search by."""
        if not query.texts:
            return np.zeros(self.vectors.shape[1], np.float32)
        if self.queries.learned:
            return self.place(self.queries.embed([query_text(query.texts)]))[0]
        said = query.blend(self.off_common(self.queries.embed(query.texts)))
        return beside(said, said)

    def place(self, queries: np.ndarray) -> np.ndarray:
        """Embedded queries [n, d] -> [n, 2 d] where the items are."""
        said = self.off_common(queries)
        return beside(said, said)

    def off_common(self, queries: np.ndarray) -> np.ndarray:
        """[n, d] without what the items' texts have in common; zeros stay zeros, for they say nothing."""
        return unit(queries - self.common) * queries.any(1, keepdims=True)


def beside(texts: np.ndarray, images: np.ndarray) -> np.ndarray:
    """[..., d] twice -> [..., 2 d], of length one where both are."""
    return np.concatenate([texts, images], -1) / np.float32(np.sqrt(2))
