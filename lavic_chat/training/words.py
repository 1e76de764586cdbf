"""Words: visual tokens that point to the input word embeddings of what the picture shows, as if they spoke them.

No LLM takes part, so a step costs little. `align` teaches it to the projector, `distill` to the tower.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from lavic_chat.model import LavicModel

TEMPERATURE = 0.05  # of the cosine
STRANGERS = 2000  # random words among which the picture's own must be found


@dataclass(frozen=True)
class Vocabulary:
    """Unit word embeddings [w, d], their mean length before, and which of them each of N texts holds [N, w]."""

    embeddings: Tensor
    length: Tensor
    targets: Tensor

    def loss(self, tokens: Tensor, rows: Sequence[int]) -> Tensor:
        """Visual tokens [B, v, d] of the texts `rows` -> how far they point elsewhere, and are too long or short."""
        tokens = tokens.float()
        cosine = functional.normalize(tokens, dim=-1) @ self.embeddings.T
        wanted = self.targets[list(rows)][:, None]
        pointing = -(wanted * (cosine / TEMPERATURE).log_softmax(-1)).sum(-1).mean()
        return pointing + (tokens.norm(dim=-1) / self.length - 1).pow(2).mean()


def gather_words(model: LavicModel, texts: Sequence[str], rng: random.Random) -> Vocabulary:
    """The words of the texts among strangers; each text's own share its target evenly."""
    embeddings = model.word_embeddings
    words = [sorted(set(model.words_to_ids(" " + text))) for text in texts]
    strangers = rng.sample(range(len(embeddings)), min(STRANGERS, len(embeddings)))
    vocabulary = sorted(set(strangers).union(*words))
    place = {word: index for index, word in enumerate(vocabulary)}
    targets = torch.zeros(len(texts), len(vocabulary), device=model.device)
    for row, ids in enumerate(words):
        targets[row, [place[word] for word in ids]] = 1 / len(ids)
    known = embeddings[vocabulary]
    return Vocabulary(functional.normalize(known, dim=-1), known.norm(dim=-1).mean(), targets)
