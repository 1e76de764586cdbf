"""Conversations as a further text of the items that they ended with, so that search may ask in the items' space."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from lavic_chat.catalog import Catalog
from lavic_chat.dialogue.reddit_amazon import read_conversations
from lavic_chat.features.image_encoder import chunks
from lavic_chat.features.item import ItemVectors
from lavic_chat.features.item_embedder import ItemEmbedder
from lavic_chat.features.query_embedder import TorchQueryEmbedder
from lavic_chat.retrieval.item_space import ItemSpace
from lavic_chat.retrieval.query import query_text
from lavic_chat.training.retriever import RetrievalExample, are_found, make_retrieval_examples

BATCH = 32
MOST_VALID = 300  # conversations that validate at most


@dataclass(frozen=True)
class Asked:
    """What a conversation says, and the rows of the products that it did not end with."""

    text: str
    rivals: tuple[int, ...]


@dataclass(frozen=True)
class Conversations:
    """To learn from, by the place of the item that each ended with, among those that are learned."""

    by_row: Mapping[int, Sequence[Asked]]

    def draw(self, batch: int, step: int, seed: int) -> dict[int, str]:
        """So many rows, or all there are, and what is said of each: half of them at random, and beside each of these a
        product that was turned down for it."""
        rng, rows = random.Random(f"{seed} {step} asked"), sorted(self.by_row)
        found: dict[int, str] = {}
        while len(found) < min(batch, len(rows)):
            row = rng.choice(rows)
            one = rng.choice(self.by_row[row])
            found.setdefault(row, one.text)
            rivals = [rival for rival in one.rivals if rival in self.by_row and rival not in found]
            if rivals and len(found) < batch:
                rival = rng.choice(rivals)
                found[rival] = rng.choice(self.by_row[rival]).text
        return found


def read_asked(file: Path, catalog: Catalog, learned: Sequence[int]) -> Conversations:
    """Of a JSONL file of dialogues about the catalogue, those about the items that are learned, by their places among
    these; raises DialogueError where it names no product."""
    place = {catalog.products[row].id: place for place, row in enumerate(learned)}
    by_row: dict[int, list[Asked]] = {}
    for example in make_retrieval_examples(read_conversations(file), catalog):
        if (wanted := place.get(example.wanted.id)) is not None:
            rivals = tuple(place[other.id] for other in example.others if other.id in place)
            by_row.setdefault(wanted, []).append(Asked(query_text(example.query.texts), rivals))
    return Conversations(by_row)


def read_valid(file: Path, catalog: Catalog) -> list[RetrievalExample]:
    """At most so many, evenly from the whole file."""
    examples = make_retrieval_examples(read_conversations(file), catalog)
    return examples[:: max(1, -(-len(examples) // MOST_VALID))]


@torch.inference_mode()
def measure_found(
    embedder: ItemEmbedder, made: tuple[Tensor, Tensor], valid: Sequence[RetrievalExample], row: Mapping[str, int]
) -> float:
    """Share of the conversations whose product is among the first ten. made: texts [N, d] and pictures [N, d] of all
    items, as the model is now."""
    space = ItemSpace(TorchQueryEmbedder(embedder), ItemVectors(*(rows.float().numpy() for rows in made)))
    bar = tqdm(range(len(valid)), desc="Asking", unit="conversation", leave=False)
    parts = [embedder.embed_queries([query_text(valid[place].query.texts) for place in part])
             for part in chunks(bar, BATCH)]  # fmt: skip
    queries = torch.from_numpy(space.place(torch.cat(parts).float().numpy()))
    scores = queries @ torch.from_numpy(space.vectors).T
    return float(are_found(scores, [row[one.wanted.id] for one in valid]).float().mean())
