"""SLMRec (Tao et al., Self-supervised Learning for Multimedia Recommendation, 2022): users and items as nodes of the
interactions' graph, once by their ids and once by each modality's features.

    LightGCN in each channel    E^(l+1) = D^-1/2 A D^-1/2 E^(l), the mean over all layers counts      (section 3.2)
    score                       the dot product of the channels' vectors, one behind the other        (section 3.4)
    loss                        InfoNCE of a user's item among those of the batch
                                + weight x feature-alternating contrast: an item's channels, each through a head of its
                                own, shall be told to be of one item                                  (section 3.3)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from lavic_chat.sda.interactions.histories import Split
from lavic_chat.sda.losses.similarity import similarity
from lavic_chat.sda.recommenders.item_embedding import standardize
from lavic_chat.sda.recommenders.task import EpochConfig, FitTask, train_to_best

ID = "id"


@dataclass(frozen=True)
class SlmRecConfig(EpochConfig):
    """size: of a channel's vectors; layers: of the graph's; contrast: weight of the alternating contrast."""

    size: int = 64
    layers: int = 2
    temperature: float = 0.2
    contrast: float = 0.05
    contrast_temperature: float = 0.5
    lr: float = 1e-3
    weight_decay: float = 1e-4
    batch: int = 2048


class SlmRec(nn.Module):
    """The channels, over one graph."""

    def __init__(self, split: Split, config: SlmRecConfig, features: Mapping[str, Tensor]):
        super().__init__()
        self.users, self.layers = len(split.train), config.layers
        self.graph = normalized_graph(split)
        self.user_rows = nn.ParameterDict(
            {name: nn.Parameter(torch.randn(self.users, config.size) * 0.1) for name in (ID, *features)}
        )
        self.item_ids = nn.Parameter(torch.randn(split.items, config.size) * 0.1)
        self.features = {name: standardize(rows) for name, rows in features.items()}
        self.maps = nn.ModuleDict({name: nn.Linear(rows.shape[1], config.size) for name, rows in features.items()})
        self.heads = nn.ModuleDict(
            {name: nn.Sequential(nn.Linear(config.size, config.size), nn.Tanh()) for name in self.user_rows}
        )

    def channels(self) -> dict[str, tuple[Tensor, Tensor]]:
        """By channel the users' [u, size] and the items' [items, size]."""
        found = {}
        for name, users in self.user_rows.items():
            items = self.item_ids if name == ID else self.maps[name](self.features[name])
            layer = total = torch.cat([users, items])
            for _ in range(self.layers):
                layer = torch.sparse.mm(self.graph, layer)
                total = total + layer
            total = total / (self.layers + 1)
            found[name] = (total[: self.users], total[self.users :])
        return found

    def forward(self) -> tuple[Tensor, Tensor, dict[str, tuple[Tensor, Tensor]]]:
        """Users [u, c size], items [items, c size], and the channels that they are of."""
        channels = self.channels()
        users, items = (torch.cat([one[side] for one in channels.values()], 1) for side in (0, 1))
        return users, items, channels


def normalized_graph(split: Split) -> Tensor:
    """Sparse [u + items, u + items]: an edge for each interaction, both ways, weighed by both ends' degrees."""
    users, items = split.train_pairs
    items = items + len(split.train)
    edges = np.array([np.r_[users, items], np.r_[items, users]])
    degrees = np.bincount(edges[0], minlength=len(split.train) + split.items).clip(1)
    weights = 1 / np.sqrt(degrees[edges[0]] * degrees[edges[1]])
    size = len(degrees)
    values = torch.tensor(weights, dtype=torch.float32)
    return torch.sparse_coo_tensor(torch.from_numpy(edges), values, (size, size), check_invariants=False).coalesce()


@dataclass(frozen=True, eq=False)
class GraphRecommender:
    """A network that has learned."""

    encoder: SlmRec

    @torch.inference_mode()
    def score(self, users: np.ndarray, asked: str) -> np.ndarray:
        """[B] -> [B, items]; what it knows of a user is what it has learned from, whatever is asked."""
        rows, items, _ = self.encoder()
        return (rows[torch.as_tensor(users)] @ items.T).numpy()


def fit_slmrec(task: FitTask, config: SlmRecConfig) -> GraphRecommender:
    """Train until validation has not got better for a while; the best is given back."""
    torch.manual_seed(task.seed)
    network = SlmRec(task.split, config, task.features)
    recommender = GraphRecommender(network)
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.lr, weight_decay=config.weight_decay)
    pairs = torch.from_numpy(np.stack(task.split.train_pairs, 1))

    def learn_epoch() -> None:
        for batch in pairs[torch.randperm(len(pairs))].split(config.batch):
            loss = batch_loss(network, batch, config)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    train_to_best(network, learn_epoch, lambda: task.judge(recommender), config)
    return recommender


def batch_loss(network: SlmRec, pairs: Tensor, config: SlmRecConfig) -> Tensor:
    """Of pairs of user and item [B, 2]."""
    users, items, channels = network()
    scores = similarity(users[pairs[:, 0]], items[pairs[:, 1]]) / config.temperature
    twice = (pairs[:, 1, None] == pairs[None, :, 1]) & ~torch.eye(len(pairs), dtype=torch.bool)
    loss = functional.cross_entropy(scores.masked_fill(twice, -torch.inf), torch.arange(len(pairs)))
    seen = pairs[:, 1].unique()
    heads = [network.heads[name](rows[seen]) for name, (_, rows) in channels.items()]
    for one, other in combinations(heads, 2):
        alike = similarity(one, other) / config.contrast_temperature
        loss = loss + config.contrast * functional.cross_entropy(alike, torch.arange(len(seen)))
    return loss
