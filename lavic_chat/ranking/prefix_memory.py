"""What was read of conversations, for reading on: a turn's prompt begins as the last turn's did.

A token's keys and values depend on what stands before it and on nothing else, so they serve any prompt that begins with
the same tokens and pictures: the instruction that all prompts share, and a conversation's earlier turns.
"""

import hashlib
import threading
from collections import OrderedDict

import numpy as np
from torch import Tensor

LIMIT = 64 * 2**20  # bytes; a conversation of a hundred tokens takes 4.6 MB of lavic-mini's


class PrefixMemory:
    """Keys and values [2 layers, 1, heads, P, size] by the names [P] of the tokens, within `limit` bytes; what was not
    asked for the longest goes first. Threads may share it."""

    def __init__(self, limit: int = LIMIT):
        self.limit = limit
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, tuple[np.ndarray, Tensor]] = OrderedDict()

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        with self._lock:
            return sum(map(bytes_of, self._kept.values()))

    def recall(self, names: np.ndarray) -> Tensor | None:
        """Keys and values of the longest beginning of the names that was read before; None where there is none."""
        with self._lock:
            longest, best = 0, None
            for key, (read, _) in self._kept.items():
                if (common := common_length(read, names)) > longest:
                    longest, best = common, key
            if best is None:
                return None
            self._kept.move_to_end(best)
            return self._kept[best][1][:, :, :, :longest]

    def keep(self, names: np.ndarray, past: Tensor) -> None:
        """Remember what was read. What is but the beginning of it goes, as does the oldest where room is short."""
        entry = names.copy(), past.detach()
        with self._lock:
            for key, (read, _) in list(self._kept.items()):
                if len(read) <= len(names) and common_length(read, names) == len(read):
                    del self._kept[key]
            if bytes_of(entry) > self.limit:
                return
            self._kept[names.tobytes()] = entry
            while sum(map(bytes_of, self._kept.values())) > self.limit:
                self._kept.popitem(last=False)


def bytes_of(entry: tuple[np.ndarray, Tensor]) -> int:
    """Of an entry's names, keys and values."""
    names, past = entry
    return names.nbytes + past.numel() * past.element_size()


def common_length(one: np.ndarray, other: np.ndarray) -> int:
    """How many names two lists begin with alike."""
    shorter = min(len(one), len(other))
    differs = np.flatnonzero(one[:shorter] != other[:shorter])
    return int(differs[0]) if len(differs) else shorter


def name_tokens(ids: Tensor, image_token: int, visual_tokens: Tensor) -> np.ndarray:
    """[L], [v, d] of the image places among them -> [L] int64: an id names a word; an image place is named by what
    stands in it, with numbers that no id has."""
    names = ids.numpy().astype(np.int64, copy=True)
    places = np.flatnonzero(names == image_token)
    rows = visual_tokens[: len(places)].detach().float().cpu().numpy()
    digests = (hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in rows)
    names[places] = [-1 - (int.from_bytes(digest, "big") >> 1) for digest in digests]
    return names
