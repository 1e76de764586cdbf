"""Packing: prompts of token ids with image places, branches behind a shared prefix, padding to a batch.

one branch       [prefix branch]                         a plain causal prompt
n branches       [prefix] -> [branch 1]                  a branch sees the prefix and itself, never another branch,
                          -> [branch 2] ...              and its positions go on from the prefix's end
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lavic_chat.model.llava import LavicModel


@dataclass(frozen=True)
class Prompt:
    """Token ids [L], positions [L], who may attend to whom (bool [L, L]), and the answer places.

    answers: the places whose next-token logits are read, the last of each branch [n] where not told otherwise.
    candidates: n. captions: the places of pictures' captions [s].
    """

    ids: Tensor
    positions: Tensor
    mask: Tensor
    answers: Tensor
    candidates: int
    captions: Tensor

    @property
    def until_answer(self) -> int:
        """How many tokens are read before an answer can be generated."""
        return int(self.answers[0]) + 1


def join_branches(
    prefix: list[int], branches: list[list[int]], candidates: int, captions: Sequence[range] = ()
) -> Prompt:
    """Ids, positions and mask of a shared prefix with branches behind it; one branch is a plain causal prompt.

    captions: for each branch where in it a picture's caption stands.
    """
    ids, owner, positions, answers = list(prefix), [0] * len(prefix), list(range(len(prefix))), []
    places: list[int] = []
    for number, branch in enumerate(branches, 1):
        places += [len(ids) + place for place in (captions[number - 1] if captions else ())]
        ids += branch
        owner += [number] * len(branch)
        positions += range(len(prefix), len(prefix) + len(branch))
        answers.append(len(ids) - 1)
    place, owners = torch.arange(len(ids)), torch.tensor(owner)
    visible = (owners[None] == 0) | (owners[None] == owners[:, None])
    mask = visible & (place[None] <= place[:, None])
    return Prompt(
        torch.tensor(ids),
        torch.tensor(positions),
        mask,
        torch.tensor(answers, dtype=torch.long),
        candidates,
        torch.tensor(places, dtype=torch.long),
    )


def pad(model: LavicModel, prompts: Sequence[Prompt], visual_tokens: Sequence[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Embeddings [B, L, d], positions [B, L] and mask [B, L, L], padded on the right; a pad sees only itself."""
    length = max(len(prompt.ids) for prompt in prompts)
    embeddings, positions = [], torch.zeros(len(prompts), length, dtype=torch.long)
    mask = torch.eye(length, dtype=torch.bool).repeat(len(prompts), 1, 1)
    for row, (prompt, tokens) in enumerate(zip(prompts, visual_tokens, strict=True)):
        size = len(prompt.ids)
        embedded = model.embed(prompt.ids, tokens)
        embeddings.append(torch.nn.functional.pad(embedded, (0, 0, 0, length - size)))
        positions[row, :size] = prompt.positions
        mask[row, :size, :size] = prompt.mask
    return torch.stack(embeddings), positions, mask
