"""Which things a message describes by what they are for: "to keep my tea hot" is a teapot, or a thermos flask.

Nearest class mean with a learned metric (Mensink et al. 2013, "Distance-Based Image Classification"; later known as
prototypical networks): a projection of the sentence encoder's vectors, and two prototypes for each thing of the
thesaurus, the mean of its names and the mean of the phrases that describe it.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from lavic_chat.nlu.terms import Encoder
from lavic_chat.nlu.thesaurus import Thesaurus

TEMPERATURE = 0.05  # of the cosines
SOLD = 3.0  # log odds that a thing which is sold here is meant, against one that is not
LEAST_LIKE = 0.4  # cosine to the best prototype, below which words describe nothing


@dataclass(frozen=True, eq=False)
class Prototypes:
    """Of T things. projection [d, d]; names, phrases [T, d] unit vectors after it."""

    projection: np.ndarray
    names: np.ndarray
    phrases: np.ndarray

    def probabilities(self, vectors: np.ndarray, is_sold: np.ndarray, apart: Collection[int] = ()) -> np.ndarray:
        """[T] how probably each thing is what texts [n, d] describe, the best of them; 0 for all where none is like
        any. is_sold [T]: whether the catalogue has such a thing; apart: things that are not meant."""
        if not len(self.names) or not len(vectors):
            return np.zeros(len(self.names))
        near = self.cosines(vectors)
        near[..., list(apart)] = -1.0
        scores = log_odds(near) + SOLD * is_sold
        scores = np.exp(scores - scores.max(1, keepdims=True))
        found = scores / scores.sum(1, keepdims=True) * (near.max((0, 2)) >= LEAST_LIKE)[:, None]
        return found.max(0)

    def cosines(self, vectors: np.ndarray) -> np.ndarray:
        """[2, n, T] of texts [n, d] to the things' names, and to their phrases."""
        asked = unit(vectors @ self.projection.T)
        return np.stack([asked @ self.names.T, asked @ self.phrases.T])


def log_odds(near: np.ndarray) -> np.ndarray:
    """[n, T] that texts mean things, up to what is the same for all things, of their cosines [2, n, T]."""
    return np.logaddexp(*(near / TEMPERATURE))


def mean_prototypes(thesaurus: Thesaurus, encoder: Encoder) -> Prototypes:
    """Of a sentence encoder for which no projection was learned: the means alone. They are read at the first call, and
    cached."""
    texts, things, described = thesaurus.phrases
    vectors = encoder.encode_cached(texts, True) if texts else np.zeros((0, 1), np.float32)
    names, phrases = (sum_by_thing(vectors, things, len(thesaurus.things), of) for of in (~described, described))
    return Prototypes(np.eye(vectors.shape[1], dtype=np.float32), unit(names), unit(phrases))


def sum_by_thing(vectors: np.ndarray, things: np.ndarray, count: int, chosen: np.ndarray) -> np.ndarray:
    """[count, d] sums of those vectors [n, d] that are chosen [n], by the thing [n] of each."""
    found = np.zeros((count, vectors.shape[1]), np.float32)
    np.add.at(found, things[chosen], vectors[chosen])
    return found


def unit(vectors: np.ndarray) -> np.ndarray:
    """[n, d] at length one; zeros stay."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
