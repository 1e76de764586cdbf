"""Packing: prompts of token ids with image places, branches behind a shared prefix, padding to a batch.

one branch       [prefix branch]                         a plain causal prompt
n branches       [prefix] -> [branch 1]                  a branch sees the prefix and itself, never another branch,
                          -> [branch 2] ...              and its positions go on from the prefix's end

Branches that begin with the same words share them, as a tree, for they are the same states there and are read once:

    [prefix] -> [Product: Ostna] -> [sofa #####] ...
                                 -> [chair #####] ...
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from lavic_chat.model.base import VisionLanguageModel


@dataclass(frozen=True)
class Prompt:
    """Token ids [L], positions [L], who may attend to whom (bool [L, L]), and the answer places.

    answers: the places whose next-token logits are read, the last of each branch [n] where not told otherwise.
    candidates: n. captions: the places of pictures' captions [s]. prefix: how many tokens all branches share.
    paths: the places of each branch behind the prefix. head: how many of the prefix's tokens all prompts begin with.
    """

    ids: Tensor
    positions: Tensor
    mask: Tensor
    answers: Tensor
    candidates: int
    captions: Tensor
    prefix: int
    paths: tuple[tuple[int, ...], ...]
    head: int = 0

    @property
    def until_answer(self) -> int:
        """How many tokens are read before an answer can be generated."""
        return int(self.answers[0]) + 1

    def apart(self) -> tuple[Tensor, Tensor]:
        """Positions [L] and mask [L, L] where a branch sees of the prefix only its head, as if nothing was said."""
        positions, mask = self.positions.clone(), self.mask.clone()
        positions[self.prefix :] -= self.prefix - self.head
        mask[self.prefix :, self.head : self.prefix] = False
        return positions, mask

    def unshared(self) -> tuple[Tensor, Tensor]:
        """Ids and positions [L'] as they would be if no branch shared its words with another."""
        places = torch.tensor([*range(self.prefix), *(place for path in self.paths for place in path)])
        return self.ids[places], self.positions[places]


@dataclass
class Tree:
    """A prompt while it grows: of each place its token, its parent's place (-1: none) and how many are above it."""

    ids: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    children: dict[tuple[int, int], int] = field(default_factory=dict)  # by parent and token

    def add(self, token: int, parent: int) -> int:
        """A new place."""
        self.ids.append(token)
        self.parents.append(parent)
        self.depths.append(self.depths[parent] + 1 if parent >= 0 else 0)
        return len(self.ids) - 1

    def add_branch(self, branch: Sequence[int], root: int, own: int | None) -> tuple[int, ...]:
        """The places of a branch below `root`; it shares places with others until the token `own` comes."""
        places, place, is_shared = [], root, True
        for token in branch:
            is_shared = is_shared and token != own
            known = self.children.get((place, token)) if is_shared else None
            new = self.add(token, place) if known is None else known
            if is_shared:
                self.children[place, token] = new
            places.append(new)
            place = new
        return tuple(places)

    def mask(self) -> Tensor:
        """bool [L, L]: each place sees itself and what is above it."""
        mask = np.eye(len(self.ids), dtype=bool)
        for place, parent in enumerate(self.parents):
            if parent >= 0:
                mask[place] |= mask[parent]
        return torch.from_numpy(mask)


def join_branches(
    prefix: list[int],
    branches: list[list[int]],
    candidates: int,
    captions: Sequence[range] = (),
    own: int | None = None,
) -> Prompt:
    """Ids, positions and mask of a shared prefix with branches behind it; one branch is a plain causal prompt.

    captions: for each branch where in it a picture's caption stands. own: the token that no two branches share, that of
    the image places, for each stands for another picture.
    """
    tree = Tree()
    root = -1
    for token in prefix:
        root = tree.add(token, root)
    paths = [tree.add_branch(branch, root, own) for branch in branches]
    said = [
        path[place] for path, places in zip(paths, captions or [range(0)] * len(paths), strict=True) for place in places
    ]
    return Prompt(
        torch.tensor(tree.ids),
        torch.tensor(tree.depths),
        tree.mask(),
        torch.tensor([path[-1] if path else root for path in paths], dtype=torch.long),
        candidates,
        torch.tensor(said, dtype=torch.long),
        len(prefix),
        tuple(paths),
    )


def pad(
    model: VisionLanguageModel, prompts: Sequence[Prompt], visual_tokens: Sequence[Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """Embeddings [B, L, d], positions [B, L] and mask [B, L, L], padded on the right; a pad sees only itself."""
    length = max(len(prompt.ids) for prompt in prompts)
    embeddings = [
        torch.nn.functional.pad(model.embed(prompt.ids, tokens), (0, 0, 0, length - len(prompt.ids)))
        for prompt, tokens in zip(prompts, visual_tokens, strict=True)
    ]
    return torch.stack(embeddings), *pad_masks([(prompt.positions, prompt.mask) for prompt in prompts])


def pad_masks(rows: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Positions [L_b] and mask [L_b, L_b] of each -> [B, L] and [B, L, L]."""
    length = max(len(places) for places, _ in rows)
    positions = torch.zeros(len(rows), length, dtype=torch.long)
    mask = torch.eye(length, dtype=torch.bool).repeat(len(rows), 1, 1)
    for row, (places, seen) in enumerate(rows):
        positions[row, : len(places)] = places
        mask[row, : len(places), : len(places)] = seen
    return positions, mask


def pad_causal(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Embeddings [L_b, d] of plain prompts -> [B, L, d], positions [B, L] and mask [B, L, L], as `pad` has them."""
    length = max(map(len, rows))
    padded = torch.stack([torch.nn.functional.pad(row, (0, 0, 0, length - len(row))) for row in rows])
    causal = [(torch.arange(len(row)), torch.ones(len(row), len(row), dtype=torch.bool).tril()) for row in rows]
    return padded, *pad_masks(causal)
