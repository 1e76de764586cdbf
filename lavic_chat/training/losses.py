"""Every loss of training, with shapes.

teaching_loss   logits [n], a teacher's [n]            -> choose as the teacher does
choosing_loss   one prompt's logits [n]                -> choose the right candidate (LaViC, stage 2)
caption_loss    states [B, 5, h], B texts              -> write the captions from five tokens (LaViC, stage 1)
token_loss      hidden states [L, d], places [s]       -> say the prompt's own tokens there
info_nce        queries [B, d], products [B + R, d]    -> each query nearest to the product in its row
WordTargets     visual tokens [B, v, d]                -> point to the input word embeddings of the words
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lavic_chat.features.captions import MAX_CAPTION, caption_prompt
from lavic_chat.model.llava import LavicModel
from lavic_chat.model.packing import Prompt, pad
from lavic_chat.ranking.prompt import BRANCH


def choosing_loss(logits: Tensor, answer: int, decode: str) -> Tensor:
    """Of one prompt's logits [n]: for branch the cross-entropy of a softmax over the candidates; for list that of the
    right label over all words, so that a generated answer is a label too."""
    return -logits.log_softmax(-1)[answer] if decode == BRANCH else -logits[answer]


SOFTNESS = 1.5  # a teacher's chances are learned more evenly than it has them: the wrong candidates teach too


def teaching_loss(logits: Tensor, taught: Tensor) -> Tensor:
    """Divergence of one prompt's chances from a teacher's, both softened (knowledge distillation, arXiv 1503.02531);
    logits and the teacher's [n]."""
    own, wanted = (logits / SOFTNESS).log_softmax(-1), (taught.to(logits) / SOFTNESS).log_softmax(-1)
    return SOFTNESS**2 * functional.kl_div(own, wanted, reduction="sum", log_target=True)


def caption_loss(model: LavicModel, states: Tensor, texts: Sequence[str], longest: int = MAX_CAPTION) -> Tensor:
    """[B, 5, h] and B descriptions -> mean cross-entropy a token of what is said, of the first `longest` of each."""
    prompt = caption_prompt(model, texts, longest)
    hidden = model.hidden_states(*pad(model, [prompt], [model.project(states).flatten(0, 1)]))
    return token_loss(model, hidden[0], prompt, prompt.captions)


def token_loss(model: LavicModel, hidden: Tensor, prompt: Prompt, places: Tensor) -> Tensor:
    """Mean cross-entropy of the prompt's tokens at these places, by the hidden states [L, d]."""
    logits = model.word_logits(hidden[places - 1]).float()  # each is predicted by the state before it
    return functional.cross_entropy(logits, prompt.ids[places].to(logits.device))


def info_nce(queries: Tensor, products: Tensor, ids: Sequence[str], temperature: float) -> Tensor:
    """Mean cross-entropy of [B, d] queries, each of which wants the product in its own row of [B + R, d].

    ids: the products' own; another copy of the wanted one is no wrong answer.
    """
    names = np.array(ids)
    same = torch.from_numpy(names[: len(queries), None] == names[None])
    own = torch.eye(len(queries), len(products), dtype=torch.bool)
    logits = (queries @ products.T / temperature).masked_fill(same & ~own, -torch.inf)
    return functional.cross_entropy(logits, torch.arange(len(queries)))


TEMPERATURE = 0.05  # of the cosine to words
OTHER_WORDS = 2000  # random words among which the picture's own must be found


@dataclass(frozen=True)
class WordTargets:
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


def gather_words(model: LavicModel, texts: Sequence[str], rng: random.Random) -> WordTargets:
    """The words of the texts among others; each text's own share its target evenly."""
    embeddings = model.word_embeddings
    words = [sorted(set(model.words_to_ids(" " + text))) for text in texts]
    others = rng.sample(range(len(embeddings)), min(OTHER_WORDS, len(embeddings)))
    vocabulary = sorted(set(others).union(*words))
    place = {word: index for index, word in enumerate(vocabulary)}
    targets = torch.zeros(len(texts), len(vocabulary), device=model.device)
    for row, ids in enumerate(words):
        targets[row, [place[word] for word in ids]] = 1 / len(ids)
    known = embeddings[vocabulary]
    return WordTargets(functional.normalize(known, dim=-1), known.norm(dim=-1).mean(), targets)
