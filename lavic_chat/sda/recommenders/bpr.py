"""BPR (arXiv 1205.2618): factors of users and items, such that what a user had goes before what it had not."""

from lavic_chat.sda.recommenders.matrix import MatrixConfig, MatrixRecommender, cornac_data
from lavic_chat.sda.recommenders.task import FitTask


def fit_bpr(task: FitTask, config: MatrixConfig) -> MatrixRecommender:
    """Train on a split."""
    data = cornac_data(task.split, task.seed)
    from cornac.models import BPR

    model = BPR(
        k=config.size, max_iter=config.epochs, learning_rate=config.lr, lambda_reg=config.lambda_reg, seed=task.seed,
        num_threads=1,
    )  # fmt: skip
    return MatrixRecommender(model.fit(data))
