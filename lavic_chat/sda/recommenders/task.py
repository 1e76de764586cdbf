"""What every recommender is fitted on, and training that ends when validation has not got better for a while."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional

from lavic_chat.sda.evaluation import ItemRecommender
from lavic_chat.sda.interactions.histories import Split


@dataclass(frozen=True, eq=False)
class FitTask:
    """split: what there is to learn from. judge: validation quality of a recommender, the higher the better. texts: of
    all items. features: by modality [items, d] of all items, none for ids only. aligned: gives the item vectors [items,
    h] of a recommender of ids, to which others may align; it is asked where they do."""

    split: Split
    judge: Callable[[ItemRecommender], float]
    texts: Sequence[str] = ()
    features: Mapping[str, Tensor] = field(default_factory=dict)
    aligned: Callable[[], Tensor] | None = None
    seed: int = 0

    @property
    def joined(self) -> Tensor | None:
        """The features one behind the other; None for ids only."""
        return join_features(self.features)


def join_features(features: Mapping[str, Tensor]) -> Tensor | None:
    """By modality [n, d] -> [n, all d], each of length one; None where there are none."""
    rows = [functional.normalize(one.float(), dim=1) for one in features.values()]
    return torch.cat(rows, 1) if rows else None


@dataclass(frozen=True)
class EpochConfig:
    """epochs: at most. valid_every: so many epochs. patience: so many validations without a better one are the end."""

    epochs: int = 200
    patience: int = 5
    valid_every: int = 5


def train_to_best(
    network: nn.Module, learn_epoch: Callable[[], object], quality: Callable[[], float], config: EpochConfig
) -> None:
    """Epoch after epoch, until validation has not got better for a while; the network is left as it was at its best."""
    best, kept, since = -1.0, network.state_dict(), 0
    for epoch in range(1, config.epochs + 1):
        learn_epoch()
        if epoch % config.valid_every and epoch != config.epochs:
            continue
        now, since = quality(), since + 1
        if now > best:
            best, since = now, 0
            kept = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        if since >= config.patience:
            break
    network.load_state_dict(kept)
