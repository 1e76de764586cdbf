"""Reading a prompt for its answers, no part of it twice.

    keys and values of a prefix   `PrefixMemory`   a conversation is read on from what was read of it before
    states of a branch            `BranchCache`    a product, as it was before it joined any conversation

`read_together` reads several prompts at once, for training and GPUs; `Reader` one, for the chat on a processor.
"""

from collections.abc import Sequence
from itertools import chain

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad as fill

from lavic_chat.model import VisionLanguageModel
from lavic_chat.model.base import join_rows
from lavic_chat.model.layers import ANSWERS, APART, TOGETHER
from lavic_chat.model.packing import Prompt, pad, pad_masks
from lavic_chat.ranking.branch_cache import BranchCache
from lavic_chat.ranking.prefix_memory import PrefixMemory, name_tokens

JOINED = 10  # branches that are read in one pass


def read_together(
    model: VisionLanguageModel, prompts: Sequence[Prompt], visual_tokens: Sequence[Tensor]
) -> list[Tensor]:
    """B prompts with branches and their visual tokens [v_b, d] -> hidden states at each one's answer places [n_b, d],
    in one pass, by the model's plan."""
    states, positions, mask = pad(model, prompts, visual_tokens)
    if model.plan.join:
        states, _ = model.read_stack(APART, states, *pad_masks([prompt.apart() for prompt in prompts]))
    states, _ = model.read_stack(TOGETHER, states, positions, mask)
    answers = [row[prompt.answers.to(row.device)] for row, prompt in zip(states, prompts, strict=True)]
    return read_withdrawn(model, prompts, answers, [row[:1] for row in states])


def read_withdrawn(
    model: VisionLanguageModel, prompts: Sequence[Prompt], answers: Sequence[Tensor], firsts: Sequence[Tensor]
) -> list[Tensor]:
    """States at each prompt's answer places [n_b, d] and of its first token [1, d], where the other places are
    withdrawn -> behind the last layer, at the answer places [n_b, d]."""
    if not model.plan.withdraw:
        return list(answers)
    most = max(map(len, answers))
    rows = [torch.cat([first.to(own), own]) for first, own in zip(firsts, answers, strict=True)]
    left = torch.stack([fill(row, (0, 0, 0, 1 + most - len(row))) for row in rows])
    states, _ = model.read_stack(ANSWERS, left, *pad_masks([withdrawn(prompt) for prompt in prompts]))
    return [row[1 : 1 + len(own)] for row, own in zip(states, answers, strict=True)]


def withdrawn(prompt: Prompt) -> tuple[Tensor, Tensor]:
    """Positions [1 + n] and mask [1 + n, 1 + n] of the first token, on which attention rests, and the answer places,
    each of which sees the first and itself."""
    mask = torch.eye(1 + len(prompt.answers), dtype=torch.bool)
    mask[:, 0] = True
    return prompt.positions[fill(prompt.answers, (1, 0))], mask


class Reader:
    """Reads the prompts of one model. branches: where their states are kept; without it they are read every time."""

    def __init__(self, model: VisionLanguageModel, branches: BranchCache | None = None):
        self.model, self.branches, self.memory = model, branches or BranchCache(model), PrefixMemory()
        self._first = torch.empty(0)  # [1, d], where the others are withdrawn; all prompts begin with that token

    def read_all(self, prompt: Prompt, rows: Tensor) -> Tensor:
        """A prompt and the tower states [v, h] in its image places -> the hidden states [L, d], read by all layers;
        those of what was read before are 0."""
        names, past = self._recall(prompt, rows)
        known = past.shape[3]
        new = torch.arange(known, len(prompt.ids))
        states, past = self.model.read(
            self._embed(prompt, rows, new), prompt.positions[None, new], prompt.mask[None, new], past,
            prompt.prefix - known,
        )  # fmt: skip
        self.memory.keep(names, past)
        return fill(states[0], (0, 0, known, 0))

    def read_answers(self, prompt: Prompt, rows: Tensor) -> Tensor:
        """A prompt with branches and the tower states [v, h] -> the hidden states [n, d] at its answer places, by the
        model's plan."""
        model, (names, past) = self.model, self._recall(prompt, rows)
        known = past.shape[3]
        states, below = self._read_apart(prompt, rows, past[model.memory_rows(APART)])
        states, above = self._read_joined(prompt, states, past[model.memory_rows(TOGETHER)])
        if not known:
            self._first = states[0, :1]
        self.memory.keep(names, join_rows([below, above]))  # now, for who recalls it relies on the first
        return read_withdrawn(model, [prompt], [states[0, prompt.answers - known]], [self._first])[0]

    def read_branches(self, prompt: Prompt, rows: Tensor) -> None:
        """Read a prompt's branches for later turns, but for those that were."""
        self._read_apart(prompt, rows, self.model.no_past(1)[self.model.memory_rows(APART)])

    def _recall(self, prompt: Prompt, rows: Tensor) -> tuple[np.ndarray, Tensor]:
        """The names of the prefix's tokens, and what the memory has of them."""
        names = name_tokens(prompt.ids[: prompt.prefix], self.model.image_token_id, rows)
        past = self.memory.recall(names[: int(prompt.answers.min())])  # an answer is read of states, not kept
        return names, self.model.no_past(1) if past is None else past

    def _embed(self, prompt: Prompt, rows: Tensor, places: Tensor) -> Tensor:
        """[1, k, d]: embeddings of some places; nothing is projected for the others."""
        is_image = prompt.ids == self.model.image_token_id
        seen = (is_image.cumsum(0) - 1)[places[is_image[places]]]
        tokens = self.model.project(rows[seen]) if len(seen) else rows.new_zeros(0, self.model.token_size)
        return self.model.embed(prompt.ids[places], tokens)[None]

    def _read_joined(self, prompt: Prompt, states: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """States [1, L - P, d] where branches join the conversation -> behind the layers that read them together, and
        the prefix's keys and values there. Some branches at a time: a place's attention is computed over all places of
        its pass, whether it may see them or not."""
        known, read, prefix = past.shape[3], torch.zeros_like(states), range(past.shape[3], prompt.prefix)
        for start in range(0, max(1, len(prompt.paths)), JOINED):
            places = torch.tensor(sorted({*prefix, *chain(*prompt.paths[start : start + JOINED])}))
            read[:, places - known], past = self._pass(TOGETHER, prompt, places, states[:, places - known], past)
            prefix = range(0)
        return read, past

    def _read_apart(self, prompt: Prompt, rows: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """The states [1, L - P, d] where branches join the conversation; those that are kept are not read."""
        model, known = self.model, past.shape[3]
        if not model.plan.join:
            return self._embed(prompt, rows, torch.arange(known, len(prompt.ids))), past
        branches = list(zip(self.branches.name(prompt, rows), map(list, prompt.paths), strict=True))  # two may be alike
        here = self.branches.recall({name: len(path) for name, path in branches})
        missing = {name: path for name, path in branches if name not in here}
        places = sorted({*range(known, prompt.prefix), *chain(*missing.values())})
        states = torch.zeros(len(prompt.ids), model.token_size, dtype=model.dtype, device=model.device)
        if places:
            new = torch.tensor(places)
            read, past = self._pass(APART, prompt, new, self._embed(prompt, rows, new), past)
            states[new] = read[0]
        here |= self.branches.keep({name: states[path] for name, path in missing.items()})
        for name, path in branches:
            states[path] = here[name].to(states)
        return states[None, known:], past

    def _pass(self, stack: int, prompt: Prompt, places: Tensor, states: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """States [1, k, d] of some new places, those that they may attend to among them or in the past -> behind the
        stack, and the past with what is new of the prefix."""
        positions, mask = prompt.apart() if stack == APART else (prompt.positions, prompt.mask)
        seen = torch.cat([torch.arange(past.shape[3]), places])
        kept = int((places < prompt.prefix).sum())
        return self.model.read_stack(stack, states, positions[None, places], mask[None, places][:, :, seen], past, kept)
