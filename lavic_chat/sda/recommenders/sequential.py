"""What SASRec and BERT4Rec share: histories as padded rows, the transformer over them, and training with an early stop
by H@10 on the validation items.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from lavic_chat.sda.evaluation import VALID, ItemRecommender
from lavic_chat.sda.interactions.histories import Split
from lavic_chat.sda.recommenders.item_embedding import ItemEmbedding, alignment_loss

IGNORED = -100


@dataclass(frozen=True)
class SequentialConfig:
    """size: of hidden states; longest: items of a history that are read, the newest; epochs at most; patience: so many
    validations without a better one end the training. align: weight of RAT's loss, where there is something to align
    to."""

    size: int = 128
    blocks: int = 2
    heads: int = 2
    dropout: float = 0.2
    longest: int = 50
    lr: float = 1e-3
    weight_decay: float = 0.0
    batch: int = 128
    epochs: int = 200
    patience: int = 10
    valid_every: int = 5
    align: float = 0.05
    align_temperature: float = 2.0


@dataclass(frozen=True, eq=False)
class FitRequest:
    """split: what there is to learn from. features: of all items [items, d], None for ids only. aligned: embeddings of
    a pretrained recommender [items, h]. judge: validation quality of a recommender, the higher the better."""

    split: Split
    config: SequentialConfig
    judge: Callable[[ItemRecommender], float]
    features: Tensor | None = None
    aligned: Tensor | None = None
    seed: int = 0


class SequenceNetwork(nn.Module):
    """Histories of item rows [B, L], padded in front with `items` -> hidden states [B, L, h]."""

    def __init__(self, items: int, config: SequentialConfig, features: Tensor | None, is_causal: bool):
        super().__init__()
        self.embedding = ItemEmbedding(items, config.size, features)
        self.positions = nn.Parameter(torch.randn(config.longest + 1, config.size) * 0.02)
        self.dropout, self.norm = nn.Dropout(config.dropout), nn.LayerNorm(config.size)
        layer = nn.TransformerEncoderLayer(
            config.size, config.heads, 4 * config.size, config.dropout, "gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(
            layer, config.blocks, nn.LayerNorm(config.size), enable_nested_tensor=False
        )
        self.is_causal, self.items = is_causal, items

    def forward(self, rows: Tensor, padding: Tensor) -> tuple[Tensor, Tensor]:
        """rows [B, L], padding [B, L] true where there is nothing -> states [B, L, h], and all items' [items, h]"""
        table, length = self.embedding(), rows.shape[1]
        states = self.dropout(self.norm(table[rows] + self.positions[-length:]))
        mask = torch.ones(length, length, dtype=torch.bool, device=rows.device).triu(1) if self.is_causal else None
        padding = padding.clone()
        padding[:, -1] = False  # a row of nothing but padding would have no state at all
        if mask is not None:  # nor may a place before the first item see nothing
            mask = mask & ~torch.eye(length, dtype=torch.bool, device=rows.device)
            blocked = (mask[None] | padding[:, None]) & ~torch.eye(length, dtype=torch.bool, device=rows.device)
            heads = self.encoder.layers[0].self_attn.num_heads
            return self.encoder(states, mask=blocked.repeat_interleave(heads, 0)), table[: self.items]
        return self.encoder(states, src_key_padding_mask=padding), table[: self.items]


class SequenceTask(Protocol):
    """What makes a batch of histories an exercise, and how a history ends when something is asked."""

    is_causal: bool

    def exercise(
        self, histories: list[np.ndarray], items: int, longest: int, rng: random.Random
    ) -> tuple[Tensor, Tensor]:
        """rows [B, L] and the items wanted at each place [B, L], IGNORED where none is."""
        ...

    def question(self, history: np.ndarray, items: int) -> np.ndarray:
        """The row of a history at whose last place the next item is asked for."""
        ...


@dataclass(frozen=True, eq=False)
class SequenceRecommender:
    """A network that has learned, with the split whose users it scores."""

    encoder: SequenceNetwork
    task: SequenceTask
    split: Split
    longest: int
    losses: list[float] = field(default_factory=list)

    @torch.inference_mode()
    def score(self, users: np.ndarray, asked: str) -> np.ndarray:
        """[B] -> [B, items]"""
        return self.score_histories([self.split.known(int(user), asked) for user in users])

    @torch.inference_mode()
    def score_histories(self, histories: list[np.ndarray]) -> np.ndarray:
        """Of any histories of item rows, the oldest first -> [B, items]"""
        self.encoder.eval()
        items = self.encoder.items
        rows = pad_front([self.task.question(history, items) for history in histories], items, self.longest)
        padding = torch.arange(rows.shape[1]) < rows.shape[1] - torch.tensor(
            [min(len(self.task.question(history, items)), self.longest) for history in histories]
        ).unsqueeze(1)
        states, table = self.encoder(rows, padding)
        return (states[:, -1] @ table.T).numpy()


def pad_front(rows: list[np.ndarray], filler: int, longest: int) -> Tensor:
    """[B, L] the newest `longest` of each, behind fillers."""
    cut = [row[-longest:] for row in rows]
    length = max([*map(len, cut), 1])
    return torch.tensor(np.array([np.pad(row, (length - len(row), 0), constant_values=filler) for row in cut], int))


def fit_sequences(request: FitRequest, task: SequenceTask) -> SequenceRecommender:
    """Train until validation has not got better for a while; the best is given back."""
    config, split = request.config, request.split
    torch.manual_seed(request.seed)
    rng = random.Random(request.seed)
    network = SequenceNetwork(split.items, config, request.features, task.is_causal)
    recommender = SequenceRecommender(network, task, split, config.longest)
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.lr, weight_decay=config.weight_decay)
    best, kept, since = -1.0, network.state_dict(), 0
    for epoch in range(1, config.epochs + 1):
        recommender.losses.append(run_epoch(recommender, request, optimizer, rng))
        if epoch % config.valid_every and epoch != config.epochs:
            continue
        quality = request.judge(recommender)
        since += 1
        if quality > best:
            best, since = quality, 0
            kept = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        if since >= config.patience:
            break
    network.load_state_dict(kept)
    return recommender


def run_epoch(
    recommender: SequenceRecommender, request: FitRequest, optimizer: torch.optim.Optimizer, rng: random.Random
) -> float:
    """Once through all histories, in another order; the mean loss."""
    network, config, task = recommender.encoder, request.config, recommender.task
    network.train()
    order = [user for user, history in enumerate(request.split.train) if len(history) > task.is_causal]
    rng.shuffle(order)
    losses = []
    for start in range(0, len(order), config.batch):
        histories = [request.split.train[user] for user in order[start : start + config.batch]]
        rows, wanted = task.exercise(histories, network.items, config.longest, rng)
        lengths = torch.tensor([min(len(history) - task.is_causal, config.longest) for history in histories])
        states, table = network(rows, torch.arange(rows.shape[1]) < rows.shape[1] - lengths.unsqueeze(1))
        places = wanted != IGNORED
        loss = functional.cross_entropy(states[places] @ table.T, wanted[places])
        if request.aligned is not None and config.align:
            seen = rows[rows < network.items].unique()
            loss = loss + config.align * alignment_loss(table[seen], request.aligned[seen], config.align_temperature)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return float(np.mean(losses))


def hit_rate_judge(rank: Callable[[ItemRecommender, str], np.ndarray]) -> Callable[[ItemRecommender], float]:
    """Quality as N@10 among the sampled negatives of the validation items, by what ranks them."""

    def judge(recommender: ItemRecommender) -> float:
        ranks = rank(recommender, VALID)
        return float(np.where(ranks <= 10, 1 / np.log2(1 + ranks), 0).mean())

    return judge
