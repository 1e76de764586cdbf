"""A simple baseline that sees pictures: two small networks, for what was said and for a product's picture and title.

Trained by a contrastive loss on the same dialogues as the model, from the same tower states and MiniLM vectors, in
seconds. A language model that cannot beat it has not learned to use the pictures.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import trange

from lavic_chat.catalog import Product
from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.errors import DialogueError
from lavic_chat.evaluation.metrics import Prediction
from lavic_chat.evaluation.rankers import Rank, sort_by_score
from lavic_chat.features.text_encoder import TextEncoder
from lavic_chat.retrieval.query import make_query

HIDDEN, SHARED = 256, 128
STEPS, BATCH, LR = 1500, 128, 1e-3
DROPOUT, NOISE = 0.2, 0.3
TEMPERATURE = 0.07


class TwoTower(nn.Module):
    """Maps what was said and products into one space, where they are near if they fit."""

    def __init__(self, said: int, product: int):
        super().__init__()
        self.said, self.product = (
            nn.Sequential(nn.Linear(size, HIDDEN), nn.GELU(), nn.Dropout(DROPOUT), nn.Linear(HIDDEN, SHARED))
            for size in (said, product)
        )

    def forward(self, said: Tensor, products: Tensor) -> tuple[Tensor, Tensor]:
        """said [B, t] and products [B, 5h + t] -> unit vectors [B, SHARED] of each."""
        return functional.normalize(self.said(said), dim=-1), functional.normalize(self.product(products), dim=-1)


def make_two_tower(
    products: Sequence[Product], encoder: TextEncoder, states: Tensor, training: Sequence[Conversation], seed: int
) -> Rank:
    """Train on what the training conversations want, and rank by cosine; states [n, 5, h] are of the n products.

    Raises DialogueError when no conversation wants one of them.
    """
    titles = encoder.encode_cached([product.title for product in products])
    seen = states.flatten(1).float()
    std = seen.std(0).clamp_min(1e-3)
    features = torch.cat([(seen - seen.mean(0)) / std, torch.from_numpy(titles)], 1)
    row = {product.id: place for place, product in enumerate(products)}
    pairs = [(one, row[item]) for one in training for item in one.gt_items if item in row]
    if not pairs:
        raise DialogueError("No conversation to learn from wants a product of the catalogue; give its own --learn.")
    said = torch.from_numpy(encode_all(encoder, [conversation for conversation, _ in pairs], progress=True))
    network = fit(said, features, torch.tensor([place for _, place in pairs]), seed)

    @torch.inference_mode()
    def rank(conversation: Conversation, ids: Sequence[str]) -> Prediction:
        query = torch.from_numpy(encode_all(encoder, [conversation]))
        left, right = network(query, features[[row[item] for item in ids]])
        return sort_by_score(conversation, ids, (right @ left[0]).numpy())

    return rank


def encode_all(encoder: TextEncoder, conversations: Sequence[Conversation], progress: bool = False) -> np.ndarray:
    """[n, t] unit vectors of what was said, the newest turns weighing most, as retrieval has it. Cached, for
    training conversations are many."""
    queries = [make_query(conversation.dialogue) for conversation in conversations]
    texts = list(dict.fromkeys(text for query in queries for text in query.texts))
    vectors = dict(zip(texts, encoder.encode_cached(texts, progress), strict=True)) if texts else {}
    silence = np.zeros(encoder.size, np.float32)
    return np.stack(
        [
            query.blend(np.stack([vectors[text] for text in query.texts])) if query.texts else silence
            for query in queries
        ]
    )


def fit(said: Tensor, features: Tensor, wanted: Tensor, seed: int) -> TwoTower:
    """said [n, t] with the row of the wanted product in features [N, f] -> the trained network."""
    torch.manual_seed(seed)
    network = TwoTower(said.shape[1], features.shape[1])
    optimizer = torch.optim.AdamW(network.parameters(), lr=LR, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in trange(STEPS, desc="Training two towers", unit="step"):
        chosen = torch.randint(len(said), (BATCH,))
        products = features[wanted[chosen]]
        left, right = network(said[chosen], products + NOISE * torch.randn_like(products))
        same = wanted[chosen][:, None] == wanted[chosen][None]  # another copy of the wanted one is no wrong answer
        logits = (left @ right.T / TEMPERATURE).masked_fill(same & ~torch.eye(BATCH, dtype=torch.bool), -torch.inf)
        truth = torch.arange(BATCH)
        loss = functional.cross_entropy(logits, truth) + functional.cross_entropy(logits.T, truth)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()
