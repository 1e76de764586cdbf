"""From prompts to scores: the one forward path of training, evaluation and chat."""

from collections.abc import Sequence

import torch
from torch import Tensor

from lavic_chat.model import LavicModel
from lavic_chat.ranking.prompt import BRANCH, LABELS, YES_NO, Prompt


def answer_words(model: LavicModel, decode: str, count: int) -> Tensor:
    """Token ids whose logits are compared: (yes, no) for branch, the first `count` labels for list."""
    words = YES_NO if decode == BRANCH else LABELS[:count]
    ids = [model.words_to_ids(word) for word in words]
    if any(len(word) != 1 for word in ids):
        raise AssertionError(f"answers must be single tokens for this tokenizer: {words}")
    return torch.tensor([word[0] for word in ids])


def score_prompts(
    model: LavicModel, prompts: Sequence[Prompt], visual_tokens: Sequence[Tensor], decode: str
) -> list[Tensor]:
    """B prompts and their visual tokens [v_b, d] -> for each prompt one logit per candidate [n_b].

    branch: log-odds of "yes" at the end of each branch. list: logits of the labels at the answer place.
    A softmax over a prompt's logits gives the candidates' probabilities.
    """
    return compare(model, prompts, model.hidden_states(*pad(model, prompts, visual_tokens)), decode)


def compare(model: LavicModel, prompts: Sequence[Prompt], states: Tensor, decode: str) -> list[Tensor]:
    """The LLM's hidden states [B, L, d] of prompts that were read -> for each prompt one logit per candidate [n_b]."""
    scores = []
    for row, prompt in enumerate(prompts):
        at_answers = states[row, prompt.answers.to(states.device)]
        logits = model.word_logits(at_answers, answer_words(model, decode, prompt.candidates)).float()
        scores.append(logits[:, 0] - logits[:, 1] if decode == BRANCH else logits[0])
    return scores


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
