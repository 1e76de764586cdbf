"""BERT4Rec (arXiv 1904.06690): a transformer that sees both ways says which items of a history are hidden; the next one
is asked for by a hidden item at the end.
"""

import random

import numpy as np
from torch import Tensor

from lavic_chat.sda.recommenders.sequential import (
    IGNORED,
    SequenceRecommender,
    SequentialConfig,
    fit_sequences,
    pad_front,
)
from lavic_chat.sda.recommenders.task import FitTask

HIDDEN = 0.3  # of the items of a history
LAST_ONLY = 0.3  # of the histories, in which the last item alone is hidden, as it is when something is asked


class HiddenItems:
    """Some items of a history are asked for by all the others. What is hidden reads as no item."""

    is_causal = False
    fewest = 1

    def exercise(
        self, histories: list[np.ndarray], items: int, longest: int, rng: random.Random
    ) -> tuple[Tensor, Tensor]:
        """See SequenceTask."""
        rows, wanted = [], []
        for history in histories:
            cut = history[-longest:]
            hidden = np.array([rng.random() < HIDDEN for _ in cut])
            if rng.random() < LAST_ONLY or not hidden.any():
                hidden = np.arange(len(cut)) == len(cut) - 1
            rows.append(np.where(hidden, items, cut))
            wanted.append(np.where(hidden, cut, IGNORED))
        return pad_front(rows, items, longest), pad_front(wanted, IGNORED, longest)

    def question(self, history: np.ndarray, items: int) -> np.ndarray:
        """The history, and behind it one that is hidden."""
        return np.append(history, items)


def fit_bert4rec(task: FitTask, config: SequentialConfig) -> SequenceRecommender:
    """Train on a split."""
    return fit_sequences(task, config, HiddenItems())
