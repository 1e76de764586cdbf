"""The most popular items, for everybody."""

from lavic_chat.sda.recommenders.matrix import MatrixConfig, MatrixRecommender, cornac_data
from lavic_chat.sda.recommenders.task import FitTask


def fit_popularity(task: FitTask, _: MatrixConfig) -> MatrixRecommender:
    """Train on a split; there is nothing to choose."""
    data = cornac_data(task.split, task.seed)
    from cornac.models import MostPop

    return MatrixRecommender(MostPop().fit(data))
