"""A weighted hybrid (Burke, Hybrid Recommender Systems, 2002): what SLMRec has learned of users, items and features,
and what is like a user's history by the words of its texts.

    score = z(SLMRec) + weight z(TF-IDF)        z over the items of each user; the weight is chosen by validation

Words know models' names, which vectors forget; who had what knows what no text says.
"""

from dataclasses import dataclass, field

import numpy as np

from lavic_chat.sda.evaluation import ItemRecommender
from lavic_chat.sda.recommenders.content import ContentConfig, fit_content
from lavic_chat.sda.recommenders.slmrec import SlmRecConfig, fit_slmrec
from lavic_chat.sda.recommenders.task import FitTask


@dataclass(frozen=True)
class HybridConfig:
    """graph, content: of the two. weights: of the second, to choose from."""

    graph: SlmRecConfig = field(default_factory=SlmRecConfig)
    content: ContentConfig = field(default_factory=ContentConfig)
    weights: tuple[float, ...] = (0.5, 1.0, 2.0)


@dataclass(frozen=True, eq=False)
class HybridRecommender:
    """Two that have learned, of which the second counts `weight` times the first."""

    first: ItemRecommender
    second: ItemRecommender
    weight: float

    def score(self, users: np.ndarray, asked: str) -> np.ndarray:
        """[B] -> [B, items]"""
        ours, theirs = (standard_scores(one.score(users, asked)) for one in (self.first, self.second))
        return ours + self.weight * theirs


def standard_scores(scores: np.ndarray) -> np.ndarray:
    """[B, items] -> with mean 0 and variance 1 in each row; zeros where all are alike."""
    centred = scores - scores.mean(1, keepdims=True)
    return centred / np.maximum(scores.std(1, keepdims=True), 1e-12)


def fit_hybrid(task: FitTask, config: HybridConfig) -> HybridRecommender:
    """Fit both, and choose the weight."""
    first, second = fit_slmrec(task, config.graph), fit_content(task, config.content)
    tried = [HybridRecommender(first, second, weight) for weight in config.weights]
    return max(tried, key=task.judge)
