"""What is like what a user had, by its text alone: the mean of the TF-IDF rows of the history, by cosine. It learns
nothing of anybody else, and is the rival to beat where most items are rare."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lavic_chat.sda.interactions.histories import Split
from lavic_chat.sda.recommenders.task import FitTask


@dataclass(frozen=True, eq=False)
class ContentRecommender:
    """rows: of all items, of length one; a scipy matrix [items, d]."""

    rows: Any
    split: Split

    def score(self, users: np.ndarray, asked: str) -> np.ndarray:
        """[B] -> [B, items]"""
        return np.array([self.score_history(self.split.known(int(user), asked)) for user in users])

    def score_history(self, history: np.ndarray) -> np.ndarray:
        """Of any history of item rows -> [items]"""
        mean = np.asarray(self.rows[history].mean(0)).ravel()
        return np.asarray(self.rows @ mean).ravel()


def fit_content(task: FitTask, _: None) -> ContentRecommender:
    """TF-IDF of all items' texts, words and pairs of words; there is nothing to choose."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), stop_words="english")
    return ContentRecommender(vectorizer.fit_transform(task.texts), task.split)
