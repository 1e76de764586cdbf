"""What the recommenders of cornac share: interactions as cornac's data set over all products, in the catalogue's rows,
and scores of all of them.

Cornac gives an item that it has no features of another item's row, and ranks what is no number first; so every product
has its row here, in the catalogue's order, and the evaluation refuses what is no number.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lavic_chat.errors import LavicError
from lavic_chat.sda.interactions.histories import Split


@dataclass(frozen=True)
class MatrixConfig:
    """size: of the factors; epochs, lr, lambda_reg: as usual; neighbours: of item-to-item recommenders."""

    size: int = 64
    epochs: int = 100
    lr: float = 0.01
    lambda_reg: float = 0.01
    batch: int = 512
    neighbours: int = 50


@dataclass(frozen=True, eq=False)
class MatrixRecommender:
    """A fitted model of cornac. What it knows of a user is what it has learned from, whatever is asked."""

    model: Any

    def score(self, users: np.ndarray, asked: str) -> np.ndarray:
        """[B] -> [B, items]"""
        return np.array([self.model.score(int(user)) for user in users], np.float64)


def cornac_data(split: Split, seed: int) -> Any:
    """The training interactions as cornac has them; raises LavicError where cornac is not installed."""
    try:
        from cornac.data import Dataset
    except ImportError as error:
        raise LavicError("The recommenders need cornac; install it with `pip install lavic-chat[sda]`.") from error
    users, items = split.train_pairs
    ids = [{row: row for row in range(count)} for count in (len(split.train), split.items)]
    return Dataset(*map(len, ids), *ids, (users, items, np.ones(len(items))), seed=seed)
