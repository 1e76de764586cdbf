"""Means of weights: the one that is measured best is kept, or what was learned."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from lavic_chat.training.blending import best_blend, put_blend, trained_weights


def network(value: float) -> nn.Module:
    made = nn.Linear(2, 1)
    nn.init.constant_(made.weight, value)
    made.bias.requires_grad_(False)
    return made


def measured(made: nn.Module, wanted: float) -> SimpleNamespace:
    return SimpleNamespace(quality=(-abs(float(made.weight.detach().mean()) - wanted),))


@pytest.mark.parametrize(("wanted", "share"), [(5.1, 0.5), (7.4, 0.75), (9.9, 1.0), (20.0, 1.0)])
def test_the_mean_that_is_measured_best_is_kept(wanted, share):
    start, made = trained_weights(network(0.0)), network(10.0)
    learned, bias = trained_weights(made), made.bias.clone()
    chosen, best = best_blend(made, (start, learned), lambda: measured(made, wanted), measured(made, wanted))
    assert chosen == share and torch.allclose(made.weight, torch.tensor(10.0 * share))
    assert best.quality == measured(made, wanted).quality and torch.equal(made.bias, bias)


def test_weights_are_copied_and_those_that_do_not_learn_left_alone():
    made = network(1.0)
    weights = trained_weights(made)
    assert set(weights) == {"weight"}
    put_blend(made, weights, {"weight": torch.full((1, 2), 3.0)}, 0.5)
    assert torch.allclose(made.weight, torch.tensor(2.0)) and torch.allclose(weights["weight"], torch.tensor(1.0))
