"""A dialogue as weighted texts to search by."""

from dataclasses import dataclass

import numpy as np

from lavic_chat.dialogue.turns import SEEKER, Dialogue
from lavic_chat.nlu.intent import searchable_text

AGEING = 0.6  # the weight of a turn against the next newer one
REFERENCE_WEIGHT = 0.6  # of the last pick's title, where the newest turn asks for a change of it
OTHERS_WEIGHT = 0.25  # of what the recommender or others said


@dataclass(frozen=True)
class Query:
    """What to search by: texts and their weights."""

    texts: tuple[str, ...]
    weights: tuple[float, ...]

    def blend(self, vectors: np.ndarray) -> np.ndarray:
        """The texts' vectors [n, d] -> one unit vector [d], by the texts' weights."""
        return unit((np.array(self.weights, np.float32)[:, None] * vectors).sum(0))


def make_query(dialogue: Dialogue, reference: str = "") -> Query:
    """The newest turns weigh most; what only turns a product down says nothing to search by. reference: title of the
    product that the newest turn wants changed."""
    texts, weights, weight = ([reference], [REFERENCE_WEIGHT], 1.0) if reference else ([], [], 1.0)
    for turn in reversed(dialogue.turns):
        text = searchable_text(turn.text)
        if not text:
            continue
        if turn.role == SEEKER:
            texts.append(text)
            weights.append(weight)
            weight *= AGEING
        elif not turn.shown:  # our own answers repeat the last pick: they would hold the search there
            texts.append(text)
            weights.append(weight * OTHERS_WEIGHT)
    return Query(tuple(texts), tuple(weights))


def unit(vectors: np.ndarray) -> np.ndarray:
    """[..., d] -> the same at length 1; zeros stay zeros."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
