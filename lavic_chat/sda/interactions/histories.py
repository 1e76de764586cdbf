"""A catalogue's interactions as histories: what each user had, the oldest first, by rows of the catalogue; and the
usual split, in which the last item is asked for, the one before it validates, and the rest is learned from.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lavic_chat.catalog import Catalog, load_catalog
from lavic_chat.sda.interactions.formats import InteractionError, read_interactions
from lavic_chat.sda.interactions.join import INTERACTIONS
from lavic_chat.storage.files import hash_bytes, hash_file

LEAST = 3  # items of a history that is split: to learn from, to validate, to ask for
TAIL = 4  # an item with fewer interactions is of the tail (SDA, section 3.1.1)


@dataclass(frozen=True, eq=False)
class Histories:
    """sequences: rows of the catalogue's products for each user [u][n], the oldest first. items: how many products.
    fingerprint: SHA-256 of the file and the seed."""

    users: tuple[str, ...]
    sequences: tuple[np.ndarray, ...]
    items: int
    fingerprint: str = ""


@dataclass(frozen=True, eq=False)
class Split:
    """train: rows of each user without the last two [u][n - 2]; valid, test: the row that is asked for [u]. tail: of
    the products [items], whether they have fewer than four interactions in training; tail_of_all: in all."""

    train: tuple[np.ndarray, ...]
    valid: np.ndarray
    test: np.ndarray
    tail: np.ndarray
    tail_of_all: np.ndarray

    @property
    def items(self) -> int:
        """How many products there are."""
        return len(self.tail)

    @property
    def train_pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Users and items of all that is learned from, [n] each."""
        users = np.repeat(np.arange(len(self.train)), [len(history) for history in self.train])
        return users, np.concatenate(self.train).astype(int)

    def known(self, user: int, asked: str = "test") -> np.ndarray:
        """What a user had before the item that is asked for."""
        return self.train[user] if asked == "valid" else np.append(self.train[user], self.valid[user])


def load_histories(folder: str | Path, seed: int = 0) -> tuple[Catalog, Histories]:
    """A catalogue with its interactions.csv. Items of one time and order stand as the seed has it, for nobody knows
    better. Raises InteractionError for an item that the catalogue does not have, and for a user with too few."""
    catalog, path = load_catalog(folder), Path(folder) / INTERACTIONS
    if not path.is_file():
        raise InteractionError(f"{folder} holds no {INTERACTIONS}; make it with `lavic-chat sda interactions`.")
    row = {product.id: place for place, product in enumerate(catalog.products)}
    _, interactions = read_interactions(path, row)
    histories = defaultdict(list)
    for one in interactions:
        if one.item not in row:
            raise InteractionError(f"{path} names {one.item!r}, which the catalogue does not have; join them anew.")
        histories[one.user].append(((one.time, one.order, hash_bytes(f"{seed} {one.user} {one.item}")), row[one.item]))
    if rare := next((user for user, history in histories.items() if len(history) < LEAST), None):
        raise InteractionError(
            f"{path}: the user {rare!r} has fewer than {LEAST} items, too few to split; join them anew."
        )
    sequences = tuple(np.array([place for _, place in sorted(history)]) for history in histories.values())
    fingerprint = hash_bytes(hash_file(path), str(seed))
    return catalog, Histories(tuple(histories), sequences, len(row), fingerprint)


def split_last(histories: Histories) -> Split:
    """Leave one out, by time."""
    train = tuple(sequence[:-2] for sequence in histories.sequences)
    valid = np.array([sequence[-2] for sequence in histories.sequences])
    test = np.array([sequence[-1] for sequence in histories.sequences])
    return Split(
        train, valid, test,
        count_items(train, histories.items) < TAIL, count_items(histories.sequences, histories.items) < TAIL,
    )  # fmt: skip


def count_items(sequences: Sequence[np.ndarray], items: int) -> np.ndarray:
    """[items] how often each stands in them."""
    return np.bincount(np.concatenate([*sequences, np.zeros(0, int)]).astype(int), minlength=items)
