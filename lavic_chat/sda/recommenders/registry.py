"""The recommenders by name, each with the settings that validation chooses from, the same for every set of features.

popularity, knn, bpr    know interactions alone
tfidf                   texts alone, learning nothing
nearest                 features alone, learning nothing
vbpr, slmrec, sasrec, bert4rec   interactions, and features where there are any
hybrid                  the same, and texts
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from torch import Tensor

from lavic_chat.sda.evaluation import ItemRecommender
from lavic_chat.sda.interactions.histories import Split
from lavic_chat.sda.recommenders.bert4rec import fit_bert4rec
from lavic_chat.sda.recommenders.bpr import fit_bpr
from lavic_chat.sda.recommenders.content import ContentConfig, fit_content, fit_nearest
from lavic_chat.sda.recommenders.hybrid import HybridConfig, fit_hybrid
from lavic_chat.sda.recommenders.item_knn import fit_item_knn
from lavic_chat.sda.recommenders.matrix import MatrixConfig
from lavic_chat.sda.recommenders.popularity import fit_popularity
from lavic_chat.sda.recommenders.sasrec import fit_sasrec
from lavic_chat.sda.recommenders.sequential import SequentialConfig
from lavic_chat.sda.recommenders.slmrec import SlmRecConfig, fit_slmrec
from lavic_chat.sda.recommenders.task import FitTask
from lavic_chat.sda.recommenders.vbpr import fit_vbpr


@dataclass(frozen=True)
class Entry:
    """fit: of a task and one of the configs. takes_features: else every set of features is the same to it. is_random:
    another seed is another recommender."""

    fit: Callable[[FitTask, Any], ItemRecommender]
    configs: tuple[Any, ...] = (None,)
    takes_features: bool = True
    is_random: bool = True


MATRIX, SEQUENCE, GRAPH = MatrixConfig(), SequentialConfig(), SlmRecConfig()
CONTENT = tuple(ContentConfig(decay) for decay in (1.0, 0.8, 0.6))
SEQUENCES = tuple(replace(SEQUENCE, dropout=0.5, align=on) for on in (0.0, 0.05))
RECOMMENDERS: Mapping[str, Entry] = {
    "popularity": Entry(fit_popularity, (MATRIX,), takes_features=False, is_random=False),
    "knn": Entry(fit_item_knn, (MATRIX,), takes_features=False, is_random=False),
    "tfidf": Entry(fit_content, CONTENT, takes_features=False, is_random=False),
    "bpr": Entry(
        fit_bpr,
        tuple(replace(MATRIX, lr=lr, lambda_reg=reg) for lr in (0.01, 0.05) for reg in (0.001, 0.01)),
        takes_features=False,
    ),
    "nearest": Entry(fit_nearest, CONTENT, is_random=False),
    "vbpr": Entry(
        fit_vbpr, tuple(replace(MATRIX, lr=lr, lambda_reg=reg) for lr in (0.003, 0.01) for reg in (0.001, 0.01))
    ),
    "slmrec": Entry(fit_slmrec, tuple(replace(GRAPH, lr=5e-3, contrast=on) for on in (0.0, 0.05))),
    "hybrid": Entry(fit_hybrid, (HybridConfig(replace(GRAPH, lr=5e-3)),)),
    "sasrec": Entry(fit_sasrec, SEQUENCES),
    # What is hidden is a share of each history, so that it learns the same in more epochs.
    "bert4rec": Entry(fit_bert4rec, tuple(replace(one, patience=8) for one in SEQUENCES)),
}


@lru_cache(maxsize=8)
def id_vectors(split: Split, judge: Callable[[ItemRecommender], float], seed: int) -> Tensor:
    """[items, h] of a SASRec that knows items by ids alone, to which others align (RAT)."""
    fitted = fit_sasrec(FitTask(split, judge, seed=seed), SEQUENCE)
    return fitted.encoder.embedding.ids.detach().clone()
