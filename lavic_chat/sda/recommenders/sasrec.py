"""SASRec (arXiv 1808.09781): at each place of a history a causal transformer says which item comes next.

The loss is a softmax over all items, in place of the one sampled negative of the paper, which learns the same more
slowly.
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


class NextItem:
    """Every item of a history is asked for by those before it."""

    is_causal = True
    fewest = 2

    def exercise(
        self, histories: list[np.ndarray], items: int, longest: int, rng: random.Random
    ) -> tuple[Tensor, Tensor]:
        """See SequenceTask; what is drawn is nothing."""
        rows = pad_front([history[:-1] for history in histories], items, longest)
        wanted = pad_front([history[1:] for history in histories], IGNORED, longest)
        return rows, wanted

    def question(self, history: np.ndarray, items: int) -> np.ndarray:
        """The history as it is."""
        return history


def fit_sasrec(task: FitTask, config: SequentialConfig) -> SequenceRecommender:
    """Train on a split."""
    return fit_sequences(task, config, NextItem())
