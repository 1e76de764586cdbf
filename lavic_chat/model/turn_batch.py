"""Messages as token ids, and their scores as arrays: what the tagger reads and gives, in any runtime."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

LONGEST = 256  # tokens that are read of earlier messages and the message together
BEFORE = 48  # of these, at most, of the earlier ones


@dataclass(frozen=True)
class TokenBatch:
    """Token ids [n, L] with their mask (1: a word, 0: padding) and their place (1: of the message, 0: before it);
    offsets: of each token of the message in its text, in characters, by row and place."""

    ids: Tensor
    mask: Tensor
    own: Tensor
    offsets: tuple[tuple[tuple[int, int], ...], ...]


@dataclass(frozen=True, eq=False)
class TurnScores:
    """Of a message. offsets: of its n tokens in the text, in characters; tokens [n, tags]; about [about]."""

    offsets: tuple[tuple[int, int], ...]
    tokens: np.ndarray
    about: np.ndarray


def scores_of(batch: TokenBatch, tokens: Tensor, about: Tensor) -> TurnScores:
    """Of the batch's first message, of its scores [1, L, tags] and [1, about]."""
    first = int(batch.own[0].argmax())
    offsets = batch.offsets[0][first:]
    return TurnScores(offsets, tokens[0, first : first + len(offsets)].numpy(), about[0].numpy())


class TurnModel(Protocol):
    """Scores messages, in some runtime."""

    runtime: str

    def score(self, before: str, text: str) -> TurnScores:
        """Of one message after the shopper's earlier ones, which are one text."""
        ...

    def is_word(self, word: str) -> bool:
        """Whether it is a whole word of the tokenizer's vocabulary."""
        ...


def unpadded(tokenizer: Any) -> Any:
    """A tokenizer that gives each text as many ids as it has."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def encode_turns(tokenizer: Any, pairs: Sequence[tuple[str, str]]) -> TokenBatch:
    """Earlier messages and a message, for each row; tokenizer: of the package tokenizers, without padding."""
    rows = []
    for before, text in pairs:
        earlier = tokenizer.encode(before, add_special_tokens=False).ids[-BEFORE:] if before else []
        newest = tokenizer.encode(text, add_special_tokens=False)
        room = LONGEST - len(earlier) - 3
        rows.append((earlier, newest.ids[:room], tuple(newest.offsets[:room])))
    first, last = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    lists = [([first, *earlier, last], [*newest, last]) for earlier, newest, _ in rows]
    length = max(len(a) + len(b) for a, b in lists)
    ids, mask, own = (torch.zeros(len(rows), length, dtype=torch.long) for _ in range(3))
    offsets = []
    for row, ((before_ids, own_ids), (_, _, places)) in enumerate(zip(lists, rows, strict=True)):
        both = before_ids + own_ids
        ids[row, : len(both)] = torch.tensor(both)
        mask[row, : len(both)] = 1
        own[row, len(before_ids) : len(both) - 1] = 1
        offsets.append(((0, 0),) * len(before_ids) + places)
    return TokenBatch(ids, mask, own, tuple(offsets))
