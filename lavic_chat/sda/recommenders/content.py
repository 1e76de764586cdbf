"""What is like what a user had, by its text alone: the mean of the TF-IDF rows of the history, by cosine. It learns
nothing of anybody else, and is the rival to beat where most items are rare."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lavic_chat.sda.interactions.histories import Split


@dataclass(frozen=True, eq=False)
class ContentRecommender:
    """rows: of all items, of length one; a scipy matrix or an array [items, d]."""

    rows: Any
    split: Split

    def score(self, users: np.ndarray, asked: str) -> np.ndarray:
        """[B] -> [B, items]"""
        return np.array([self.score_history(self.split.known(int(user), asked)) for user in users])

    def score_history(self, history: np.ndarray) -> np.ndarray:
        """Of any history of item rows -> [items]"""
        mean = np.asarray(self.rows[history].mean(0)).ravel()
        return np.asarray(self.rows @ mean).ravel()


def fit_content(split: Split, texts: Sequence[str]) -> ContentRecommender:
    """TF-IDF of all items' texts, words and pairs of words."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), stop_words="english")
    return ContentRecommender(vectorizer.fit_transform(texts), split)


def fit_vectors(split: Split, vectors: np.ndarray) -> ContentRecommender:
    """The same of any vectors [items, d], which learn nothing."""
    return ContentRecommender(vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(1e-9), split)
