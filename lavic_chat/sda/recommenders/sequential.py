"""What SASRec and BERT4Rec share: histories as padded rows, the transformer over them, and how it learns."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from lavic_chat.features.image_encoder import chunks
from lavic_chat.sda.interactions.histories import Split
from lavic_chat.sda.losses import InfoNceLoss
from lavic_chat.sda.recommenders.item_embedding import ItemEmbedding
from lavic_chat.sda.recommenders.task import EpochConfig, FitTask, train_to_best

IGNORED = -100
TOGETHER = 16  # histories that are padded to one length


@dataclass(frozen=True)
class SequentialConfig(EpochConfig):
    """size: of hidden states; longest: items of a history that are read, the newest. align: weight of RAT's loss, where
    there is something to align to."""

    epochs: int = 60
    patience: int = 4
    valid_every: int = 2  # where most items are rare, a softmax over all of them has soon learned what generalizes
    size: int = 128
    blocks: int = 2
    heads: int = 2
    dropout: float = 0.2
    longest: int = 50
    lr: float = 1e-3
    weight_decay: float = 0.0
    batch: int = 128
    align: float = 0.05
    align_temperature: float = 2.0


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
        self.is_causal, self.items, self.heads = is_causal, items, config.heads

    def forward(self, rows: Tensor, padding: Tensor) -> tuple[Tensor, Tensor]:
        """rows [B, L], padding [B, L] true where there is nothing -> states [B, L, h], and all items' [items, h]"""
        table = self.embedding()
        states = table.new_zeros(*rows.shape, table.shape[1])
        for chosen, length in by_length(padding):
            states[chosen, -length:] = self.encode(table[rows[chosen, -length:]], padding[chosen, -length:])
        return states, table[: self.items]

    def encode(self, vectors: Tensor, padding: Tensor) -> Tensor:
        """[B, L, h] of items -> states [B, L, h]"""
        length = vectors.shape[1]
        blocked = padding[:, None].repeat(1, length, 1)
        blocked[..., -1] = False  # the last place is that of a question, whatever stands there
        if self.is_causal:
            blocked |= torch.ones(length, length, dtype=torch.bool, device=vectors.device).triu(1)
        blocked[:, range(length), range(length)] = False  # a place that saw nothing would have no state
        states = self.dropout(self.norm(vectors + self.positions[-length:]))
        return self.encoder(states, mask=blocked.repeat_interleave(self.heads, 0))


def by_length(padding: Tensor) -> Iterator[tuple[Tensor, int]]:
    """Of rows [B, L] that are padded in front: TOGETHER of them at a time, the shortest first, and the length of the
    longest of these. Most histories are short, and nothing is computed of what pads them to the longest of a batch."""
    lengths = (~padding).long().argmax(1).neg() + padding.shape[1]
    lengths[padding.all(1)] = 1
    for chosen in lengths.argsort(stable=True).split(TOGETHER):
        yield chosen, int(lengths[chosen].max())


class SequenceTask(Protocol):
    """What makes a batch of histories an exercise, and how a history ends when something is asked."""

    is_causal: bool
    fewest: int  # items of a history that make an exercise

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
        states, table = self.encoder(rows, rows == items)
        return (states[:, -1] @ table.T).numpy()


def pad_front(rows: list[np.ndarray], filler: int, longest: int) -> Tensor:
    """[B, L] the newest `longest` of each, behind fillers."""
    cut = [row[-longest:] for row in rows]
    length = max([*map(len, cut), 1])
    return torch.tensor(np.array([np.pad(row, (length - len(row), 0), constant_values=filler) for row in cut], int))


def fit_sequences(task: FitTask, config: SequentialConfig, sequences: SequenceTask) -> SequenceRecommender:
    """Train until validation has not got better for a while; the best is given back."""
    torch.manual_seed(task.seed)
    rng = random.Random(task.seed)
    network = SequenceNetwork(task.split.items, config, task.joined, sequences.is_causal)
    recommender = SequenceRecommender(network, sequences, task.split, config.longest)
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.lr, weight_decay=config.weight_decay)
    alignment = InfoNceLoss(config.align_temperature)  # RAT, of LLMEmb, section 3.3
    aligned = task.aligned() if task.aligned and task.features and config.align else None

    def learn_epoch() -> None:
        for rows, wanted in batches(recommender, config, rng):
            loss, table = batch_loss(network, rows, wanted)
            if aligned is not None:
                seen = rows[rows < network.items].unique()
                loss = loss + config.align * alignment(table[seen], aligned[seen])
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            optimizer.zero_grad()

    train_to_best(network, learn_epoch, lambda: task.judge(recommender), config)
    return recommender


def batches(
    recommender: SequenceRecommender, config: SequentialConfig, rng: random.Random
) -> Iterator[tuple[Tensor, Tensor]]:
    """Once through all histories, in another order: rows [B, L], and the items wanted [B, L]."""
    recommender.encoder.train()
    sequences, train = recommender.task, recommender.split.train
    order = [user for user, history in enumerate(train) if len(history) >= sequences.fewest]
    rng.shuffle(order)
    for part in chunks(order, config.batch):
        yield sequences.exercise([train[user] for user in part], recommender.encoder.items, config.longest, rng)


def batch_loss(network: SequenceNetwork, rows: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy over all items at the places where one is wanted, and all items' vectors [items, h]; rows, wanted
    [B, L]."""
    places = wanted != IGNORED
    states, table = network(rows, (rows == network.items) & ~places)
    return functional.cross_entropy(states[places] @ table.T, wanted[places]), table
