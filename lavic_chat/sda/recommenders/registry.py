"""The recommenders by name, each with the settings that validation chooses from, the same for every set of features.

popularity, knn, bpr    know interactions alone
tfidf                   texts alone, learning nothing
vbpr, slmrec, sasrec, bert4rec   interactions, and features where there are any
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from torch import Tensor

from lavic_chat.sda.evaluation import ItemRecommender
from lavic_chat.sda.interactions.histories import Split
from lavic_chat.sda.recommenders.bert4rec import fit_bert4rec
from lavic_chat.sda.recommenders.bpr import fit_bpr
from lavic_chat.sda.recommenders.content import fit_content
from lavic_chat.sda.recommenders.item_knn import fit_item_knn
from lavic_chat.sda.recommenders.matrix import MatrixConfig
from lavic_chat.sda.recommenders.popularity import fit_popularity
from lavic_chat.sda.recommenders.sasrec import fit_sasrec
from lavic_chat.sda.recommenders.sequential import FitRequest, SequentialConfig
from lavic_chat.sda.recommenders.slmrec import GraphRequest, SlmRecConfig, fit_slmrec
from lavic_chat.sda.recommenders.vbpr import fit_vbpr


@dataclass(frozen=True, eq=False)
class FitTask:
    """What every recommender is given. features: by modality [items, d], none for ids only; joined: the same one
    behind the other. judge: validation quality, the higher the better. aligned: item vectors of a SASRec of ids."""

    split: Split
    texts: Sequence[str]
    judge: Callable[[ItemRecommender], float]
    features: Mapping[str, Tensor] = field(default_factory=dict)
    joined: Tensor | None = None
    aligned: Tensor | None = None
    seed: int = 0


@dataclass(frozen=True)
class Entry:
    """fit: of a task and one of the configs. takes_features: else every set of features is the same to it. is_random:
    another seed is another recommender."""

    fit: Callable[[FitTask, Any], ItemRecommender]
    configs: tuple[Any, ...] = (None,)
    takes_features: bool = True
    is_random: bool = True


def by_matrix(task: FitTask, config: MatrixConfig) -> ItemRecommender:
    """VBPR, or BPR where there are no features."""
    if task.joined is None:
        return fit_bpr(task.split, config, task.seed)
    return fit_vbpr(task.split, task.joined, config, task.seed)


def by_graph(task: FitTask, config: SlmRecConfig) -> ItemRecommender:
    """SLMRec."""
    return fit_slmrec(GraphRequest(task.split, config, task.judge, task.features, task.seed))


def by_sequence(fit: Callable[[FitRequest], ItemRecommender]) -> Callable[[FitTask, SequentialConfig], ItemRecommender]:
    """SASRec or BERT4Rec."""

    def fit_task(task: FitTask, config: SequentialConfig) -> ItemRecommender:
        aligned = task.aligned if task.joined is not None else None
        return fit(FitRequest(task.split, config, task.judge, task.joined, aligned, task.seed))

    return fit_task


MATRIX = MatrixConfig()
SEQUENCE = SequentialConfig()
GRAPH = SlmRecConfig()
SEQUENCES = tuple(replace(SEQUENCE, dropout=off, align=on) for off in (0.2, 0.5) for on in (0.0, 0.05))
RECOMMENDERS: Mapping[str, Entry] = {
    "popularity": Entry(lambda task, _: fit_popularity(task.split), takes_features=False, is_random=False),
    "knn": Entry(lambda task, _: fit_item_knn(task.split, MATRIX), takes_features=False, is_random=False),
    "tfidf": Entry(lambda task, _: fit_content(task.split, task.texts), takes_features=False, is_random=False),
    "bpr": Entry(
        lambda task, config: fit_bpr(task.split, config, task.seed),
        tuple(replace(MATRIX, lr=lr, lambda_reg=reg) for lr in (0.01, 0.05) for reg in (0.001, 0.01)),
        takes_features=False,
    ),
    "vbpr": Entry(
        by_matrix, tuple(replace(MATRIX, lr=lr, lambda_reg=reg) for lr in (0.003, 0.01) for reg in (0.001, 0.01))
    ),
    "slmrec": Entry(by_graph, tuple(replace(GRAPH, lr=lr, contrast=on) for lr in (1e-3, 5e-3) for on in (0.0, 0.05))),
    "sasrec": Entry(by_sequence(fit_sasrec), SEQUENCES),
    "bert4rec": Entry(by_sequence(fit_bert4rec), SEQUENCES),
}


@lru_cache(maxsize=8)
def id_vectors(split: Split, judge: Callable[[ItemRecommender], float], seed: int) -> Tensor:
    """[items, h] of a SASRec that knows items by ids alone, to which others align (RAT)."""
    fitted: Any = fit_sasrec(FitRequest(split, SEQUENCE, judge, seed=seed))
    return fitted.encoder.embedding.ids.detach().clone()
