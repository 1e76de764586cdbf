"""BPR (arXiv 1205.2618): factors of users and items, such that what a user had goes before what it had not."""

from typing import Any

from lavic_chat.sda.interactions.histories import Split
from lavic_chat.sda.recommenders.matrix import MatrixConfig, MatrixRecommender, fit_matrix


def fit_bpr(split: Split, config: MatrixConfig, seed: int = 0) -> MatrixRecommender:
    """Train on a split."""

    def make() -> Any:
        from cornac.models import BPR

        return BPR(
            k=config.size, max_iter=config.epochs, learning_rate=config.lr, lambda_reg=config.lambda_reg, seed=seed,
            num_threads=1,
        )  # fmt: skip

    return fit_matrix(make, split, seed)
