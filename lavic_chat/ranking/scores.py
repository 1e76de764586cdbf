"""From prompts to scores: the one forward path of training, evaluation and chat."""

from collections.abc import Sequence

import torch
from torch import Tensor

from lavic_chat.model import LavicModel
from lavic_chat.ranking.prompt import BRANCH, YES_NO, Prompt


def score_prompts(
    model: LavicModel, prompts: Sequence[Prompt], visual_tokens: Sequence[Tensor], decode: str
) -> list[Tensor]:
    """B prompts and their visual tokens [v_b, d] -> for each prompt one logit per candidate [n_b].

    branch: log-odds of "yes" at the end of each branch. list: log-likelihood of each label as the answer.
    A softmax over a prompt's logits gives the candidates' probabilities.
    """
    return compare(model, prompts, model.hidden_states(*pad(model, prompts, visual_tokens)), decode)


def compare(model: LavicModel, prompts: Sequence[Prompt], states: Tensor, decode: str) -> list[Tensor]:
    """The LLM's hidden states [B, L, d] of prompts that were read -> for each prompt one logit per candidate [n_b]."""
    scores = []
    for row, prompt in enumerate(prompts):
        if decode == BRANCH:
            scores.append(judge(model, states[row], prompt.answers))
        else:
            scores.append(spelled_likelihood(model, prompt, states[row]))
    return scores


def judge(model: LavicModel, states: Tensor, places: Tensor) -> Tensor:
    """Hidden states [L, d] -> [n]: log-odds of "yes" as the next word at each of n places."""
    logits = model.word_logits(states[places.to(states.device)], verdict_words(model)).float()
    return logits[:, 0] - logits[:, 1]


def verdict_words(model: LavicModel) -> Tensor:
    """Token ids of yes and no."""
    ids = [model.words_to_ids(word) for word in YES_NO]
    if any(len(word) != 1 for word in ids):
        raise AssertionError(f"answers must be single tokens for this tokenizer: {YES_NO}")
    return torch.tensor([word[0] for word in ids])


def spelled_likelihood(model: LavicModel, prompt: Prompt, states: Tensor) -> Tensor:
    """Hidden states [L, d] -> [n]: log-likelihood of each candidate's label, over all that could be answered."""
    places, row = prompt.answers.unique(return_inverse=True)  # the labels' first tokens share one place
    chances = model.word_logits(states[places.to(states.device)]).float().log_softmax(-1)
    tokens = chances[row.to(chances.device), prompt.spelling.to(chances.device)]
    return tokens.new_zeros(prompt.candidates).index_add(0, prompt.owners.to(tokens.device), tokens)


def weigh(logits: Tensor, temperature: float, trust: float = 0.0, nearness: Tensor | None = None) -> Tensor:
    """Candidates' logits [..., n] -> their scores: calibrated, and with search's opinion where there is one."""
    scores = logits / temperature
    return scores if nearness is None else scores + trust * nearness.to(scores)


def choosing_loss(logits: Tensor, answer: int, decode: str) -> Tensor:
    """Of one prompt's logits [n]: for branch the cross-entropy of a softmax over the candidates; for list that of the
    right label over all words, so that a generated answer is a label too."""
    return -logits.log_softmax(-1)[answer] if decode == BRANCH else -logits[answer]


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
