"""ItemKNN: items that the same users had, by the cosine of their columns."""

from typing import Any

from lavic_chat.sda.interactions.histories import Split
from lavic_chat.sda.recommenders.matrix import MatrixConfig, MatrixRecommender, fit_matrix


def fit_item_knn(split: Split, config: MatrixConfig) -> MatrixRecommender:
    """Train on a split."""

    def make() -> Any:
        from cornac.models import ItemKNN

        return ItemKNN(k=config.neighbours, similarity="cosine", mean_centered=False, verbose=False)

    return fit_matrix(make, split, seed=0)
