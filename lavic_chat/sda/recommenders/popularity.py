"""The most popular items, for everybody."""

from typing import Any

from lavic_chat.sda.interactions.histories import Split
from lavic_chat.sda.recommenders.matrix import MatrixRecommender, fit_matrix


def fit_popularity(split: Split) -> MatrixRecommender:
    """Train on a split."""

    def make() -> Any:
        from cornac.models import MostPop

        return MostPop()

    return fit_matrix(make, split, seed=0)
