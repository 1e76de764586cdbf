"""ItemKNN: what the same users had, the sum of the cosines of an item's column and those of what a user had.

Cornac's gives a mean of ratings, which is the same for all where nobody rates (findings/cornac-knn-implicit.sh).
"""

from typing import Any

import numpy as np
from scipy.sparse import csr_array, diags_array

from lavic_chat.sda.recommenders.matrix import MatrixConfig, MatrixRecommender
from lavic_chat.sda.recommenders.task import FitTask


class CosineSums:
    """had [u, items], alike [items, items]: sparse, what users had and the cosines of each item's neighbours."""

    def __init__(self, had: Any, alike: Any):
        self.had, self.alike = had, alike

    def score(self, user: int) -> np.ndarray:
        """[items]"""
        return (self.had[[user]] @ self.alike).toarray().ravel()


def fit_item_knn(task: FitTask, config: MatrixConfig) -> MatrixRecommender:
    """Train on a split."""
    users, items = task.split.train_pairs
    had = csr_array((np.ones(len(users)), (users, items)), (len(task.split.train), task.split.items))
    unit = had @ diags_array(1 / np.sqrt(np.maximum(had.sum(0), 1)))
    alike = csr_array(unit.T @ unit)
    alike.setdiag(0)
    alike.eliminate_zeros()
    return MatrixRecommender(CosineSums(had, nearest(alike, config.neighbours)))


def nearest(alike: Any, count: int) -> Any:
    """The largest so many of each row, all else left out."""
    for row in range(alike.shape[0]):
        start, end = alike.indptr[row], alike.indptr[row + 1]
        if end - start > count:
            values = alike.data[start:end]
            values[values < np.partition(values, -count)[-count]] = 0
    alike.eliminate_zeros()
    return alike
