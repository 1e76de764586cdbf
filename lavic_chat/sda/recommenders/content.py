"""What is like what a user had: the mean of the rows of the history, the newest weighing most, by cosine. It learns
nothing of anybody else.

Over TF-IDF of the texts it is the rival to beat where most items are rare; over features it says what these know by
themselves, and is what a shop without interactions can do.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor
from torch.nn import functional

from lavic_chat.sda.evaluation import ItemRecommender
from lavic_chat.sda.interactions.histories import Split
from lavic_chat.sda.recommenders.item_knn import fit_item_knn
from lavic_chat.sda.recommenders.matrix import MatrixConfig
from lavic_chat.sda.recommenders.task import FitTask


@dataclass(frozen=True)
class ContentConfig:
    """decay: the weight of an item against the next newer one."""

    decay: float = 1.0


@dataclass(frozen=True, eq=False)
class ContentRecommender:
    """rows: of all items, of length one; an array or a scipy matrix [items, d]."""

    rows: Any
    split: Split
    decay: float = 1.0

    def score(self, users: np.ndarray, asked: str) -> np.ndarray:
        """[B] -> [B, items]"""
        return np.array([self.score_history(self.split.known(int(user), asked)) for user in users])

    def score_history(self, history: np.ndarray) -> np.ndarray:
        """Of any history of item rows -> [items]"""
        weights = self.decay ** np.arange(len(history))[::-1]
        mean = np.asarray(weights @ self.rows[history]).ravel() / weights.sum()
        return np.asarray(self.rows @ mean).ravel()


def fit_nearest(task: FitTask, config: ContentConfig) -> ItemRecommender:
    """Over the features; of ids alone, what was had together."""
    features = task.joined
    if features is None:
        return fit_item_knn(task, MatrixConfig())
    return ContentRecommender(comparable_rows(features), task.split, config.decay)


def comparable_rows(features: Tensor) -> np.ndarray:
    """Features [items, d] without what all items have in common, of length one."""
    return functional.normalize(features - features.mean(0), dim=1).numpy()


def fit_content(task: FitTask, config: ContentConfig) -> ContentRecommender:
    """TF-IDF of all items' texts, words and pairs of words."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), stop_words="english")
    return ContentRecommender(vectorizer.fit_transform(task.texts), task.split, config.decay)
