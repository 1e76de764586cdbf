"""SLMRec (Tao et al., Self-supervised Learning for Multimedia Recommendation, 2022): users and items as nodes of the
interactions' graph, once by their ids and once by each modality's features.

    LightGCN in each channel    E^(l+1) = D^-1/2 A D^-1/2 E^(l), the mean over all layers counts      (section 3.2)
    score                       the dot product of the channels' vectors, one behind the other        (section 3.4)
    loss                        InfoNCE of a user's item among those of the batch
                                + weight x feature-alternating contrast: an item's channels, each through a head of its
                                own, shall be told to be of one item                                  (section 3.3)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from lavic_chat.sda.evaluation import ItemRecommender
from lavic_chat.sda.interactions.histories import Split
from lavic_chat.sda.recommenders.item_embedding import standardize

ID = "id"


@dataclass(frozen=True)
class SlmRecConfig:
    """size: of a channel's vectors; layers: of the graph's; contrast: weight of the alternating contrast."""

    size: int = 64
    layers: int = 2
    temperature: float = 0.2
    contrast: float = 0.05
    contrast_temperature: float = 0.5
    lr: float = 1e-3
    weight_decay: float = 1e-4
    batch: int = 2048
    epochs: int = 200
    patience: int = 10
    valid_every: int = 5


@dataclass(frozen=True, eq=False)
class GraphRequest:
    """split: what there is to learn from. features: by modality [items, d] of all items; none for ids only. judge:
    validation quality of a recommender, the higher the better."""

    split: Split
    config: SlmRecConfig
    judge: Callable[[ItemRecommender], float]
    features: Mapping[str, Tensor] = field(default_factory=dict)
    seed: int = 0


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
    users = np.repeat(np.arange(len(split.train)), [len(history) for history in split.train])
    items = np.concatenate(split.train) + len(split.train)
    edges = np.array([np.r_[users, items], np.r_[items, users]])
    degrees = np.bincount(edges[0], minlength=len(split.train) + split.items).clip(1)
    weights = 1 / np.sqrt(degrees[edges[0]] * degrees[edges[1]])
    size = len(degrees)
    values = torch.tensor(weights, dtype=torch.float32)
    return torch.sparse_coo_tensor(torch.from_numpy(edges), values, (size, size)).coalesce()


@dataclass(frozen=True, eq=False)
class GraphRecommender:
    """A network that has learned."""

    encoder: SlmRec

    @torch.inference_mode()
    def score(self, users: np.ndarray, asked: str) -> np.ndarray:
        """[B] -> [B, items]; what it knows of a user is what it has learned from, whatever is asked."""
        rows, items, _ = self.encoder()
        return (rows[torch.as_tensor(users)] @ items.T).numpy()


def fit_slmrec(request: GraphRequest) -> GraphRecommender:
    """Train until validation has not got better for a while; the best is given back."""
    config, split = request.config, request.split
    torch.manual_seed(request.seed)
    network = SlmRec(split, config, request.features)
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.lr, weight_decay=config.weight_decay)
    pairs = torch.tensor([(user, int(item)) for user, history in enumerate(split.train) for item in history])
    best, kept, since = -1.0, network.state_dict(), 0
    for epoch in range(1, config.epochs + 1):
        for batch in pairs[torch.randperm(len(pairs))].split(config.batch):
            loss = batch_loss(network, batch, config)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if epoch % config.valid_every and epoch != config.epochs:
            continue
        quality, since = request.judge(GraphRecommender(network)), since + 1
        if quality > best:
            best, since = quality, 0
            kept = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        if since >= config.patience:
            break
    network.load_state_dict(kept)
    return GraphRecommender(network)


def batch_loss(network: SlmRec, pairs: Tensor, config: SlmRecConfig) -> Tensor:
    """Of pairs of user and item [B, 2]."""
    users, items, channels = network()
    scores = unit(users[pairs[:, 0]]) @ unit(items[pairs[:, 1]]).T / config.temperature
    twice = (pairs[:, 1, None] == pairs[None, :, 1]) & ~torch.eye(len(pairs), dtype=torch.bool)
    loss = functional.cross_entropy(scores.masked_fill(twice, -torch.inf), torch.arange(len(pairs)))
    seen = pairs[:, 1].unique()
    heads = [network.heads[name](rows[seen]) for name, (_, rows) in channels.items()]
    for one, other in combinations(heads, 2):
        alike = unit(one) @ unit(other).T / config.contrast_temperature
        loss = loss + config.contrast * functional.cross_entropy(alike, torch.arange(len(seen)))
    return loss


def unit(rows: Tensor) -> Tensor:
    """Of length one."""
    return functional.normalize(rows, dim=-1)
