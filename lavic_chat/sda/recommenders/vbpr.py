"""VBPR (arXiv 1510.01784): BPR whose items have frozen features, too, and users factors that meet them.

Cornac's model, but for its loss: as it comes, a batch of B pairs is learned from as B x B, each pair with the visual
bias of every other (findings/cornac-vbpr-pairs.sh), so that its regularization depends on the batch. Not here.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lavic_chat.sda.recommenders.item_embedding import standardize
from lavic_chat.sda.recommenders.matrix import MatrixConfig, MatrixRecommender, cornac_data
from lavic_chat.sda.recommenders.task import FitTask

NAMES = ("beta_item", "gamma_user", "gamma_item", "theta_user", "emb_matrix", "beta_prime")  # as cornac calls them


def fit_vbpr(task: FitTask, config: MatrixConfig) -> MatrixRecommender:
    """Train on a split; without features it is BPR, learned the same way."""
    features = torch.zeros(task.split.items, 1) if task.joined is None else task.joined
    data, scaled = cornac_data(task.split, task.seed), standardize(features)
    model = make_vbpr(config, task.seed, 1 if task.joined is None else config.size // 2)
    model._init(len(task.split.train), task.split.items, scaled.numpy())
    learn(model, data, scaled, config)
    return MatrixRecommender(VbprScores(model))


def make_vbpr(config: MatrixConfig, seed: int, visual: int) -> Any:
    """Cornac's model, untrained; visual: how many of the factors meet the features."""
    from cornac.models import VBPR

    return VBPR(k=config.size - visual, k2=visual, verbose=False, seed=seed)


class VbprScores:
    """Scores of all items by a model's weights."""

    def __init__(self, model: Any):
        self.model = model

    def score(self, user: int) -> np.ndarray:
        """[items]"""
        model = self.model
        return (
            model.beta_item + model.visual_bias
            + model.gamma_item @ model.gamma_user[user] + model.theta_item @ model.theta_user[user]
        )  # fmt: skip


def learn(model: Any, data: Any, features: Tensor, config: MatrixConfig) -> None:
    """Every pair of an item that a user had and one that it had not, in all epochs; the weights go into the model."""
    weights = [torch.tensor(getattr(model, name), dtype=torch.float32, requires_grad=True) for name in NAMES]
    optimizer = torch.optim.Adam(weights, lr=config.lr)
    for _ in range(config.epochs):
        for users, had, other in data.uij_iter(config.batch, shuffle=True):
            loss = pair_loss(weights, features, (users, had, other), config.lambda_reg)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    for name, weight in zip(NAMES, weights, strict=True):
        setattr(model, name, weight.detach().numpy())
    model.theta_item = features.numpy() @ model.emb_matrix
    model.visual_bias = (features.numpy() @ model.beta_prime).ravel()


def pair_loss(
    weights: list[Tensor], features: Tensor, pairs: tuple[np.ndarray, np.ndarray, np.ndarray], lambda_reg: float
) -> Tensor:
    """Mean over the pairs of a batch; users, what they had and what they had not: [B] each."""
    users, had, other = (torch.as_tensor(rows, dtype=torch.long) for rows in pairs)
    bias, gamma_user, gamma_item, theta_user, matrix, visual = weights
    seen = features[had] - features[other]
    preference = (
        bias[had] - bias[other]
        + (gamma_user[users] * (gamma_item[had] - gamma_item[other])).sum(1)
        + (theta_user[users] * (seen @ matrix)).sum(1)
        + (seen @ visual).squeeze(1)
    )  # fmt: skip
    used = (gamma_user[users], gamma_item[had], gamma_item[other], theta_user[users], bias[had], bias[other])
    size = sum(rows.pow(2).sum() for rows in used) / len(users) / 2
    return -functional.logsigmoid(preference).mean() + lambda_reg * size
