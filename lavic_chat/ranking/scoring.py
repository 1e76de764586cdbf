"""From prompts to scores: the one forward path of training, evaluation and chat."""

from collections.abc import Sequence

import torch
from torch import Tensor

from lavic_chat.model import VisionLanguageModel
from lavic_chat.model.packing import Prompt, pad
from lavic_chat.ranking.prompt import YES_NO, BranchPrompt, ListPrompt
from lavic_chat.ranking.reading import Reader, read_together


def score_prompts(
    model: VisionLanguageModel, prompts: Sequence[Prompt], visual_tokens: Sequence[Tensor]
) -> list[Tensor]:
    """B prompts of one kind and their visual tokens [v_b, d] -> for each prompt one logit per candidate [n_b].

    branch: log-odds of "yes" at the end of each branch. list: log-likelihood of each label as the answer.
    A softmax over a prompt's logits gives the candidates' probabilities.
    """
    if all(isinstance(prompt, BranchPrompt) for prompt in prompts):
        return [verdict_log_odds(model, states) for states in read_together(model, prompts, visual_tokens)]
    return candidate_logits(model, prompts, model.hidden_states(*pad(model, prompts, visual_tokens)))


def score_with(reader: Reader, prompt: Prompt, rows: Tensor) -> Tensor:
    """The scores [n] of one prompt and the tower states [v, h] in its image places, of which nothing is read twice."""
    if isinstance(prompt, BranchPrompt):
        return verdict_log_odds(reader.model, reader.read_answers(prompt, rows))
    return candidate_logits(reader.model, [prompt], reader.read_all(prompt, rows)[None])[0]


def candidate_logits(model: VisionLanguageModel, prompts: Sequence[Prompt], states: Tensor) -> list[Tensor]:
    """The LLM's hidden states [B, L, d] of prompts that were read by all layers -> for each prompt one logit per
    candidate [n_b]."""
    return [
        spelled_likelihood(model, prompt, states[row])
        if isinstance(prompt, ListPrompt)
        else verdict_log_odds(model, states[row][prompt.answers.to(states.device)])
        for row, prompt in enumerate(prompts)
    ]


def verdict_log_odds(model: VisionLanguageModel, states: Tensor) -> Tensor:
    """Hidden states [n, d] -> [n]: log-odds of "yes" as the next word."""
    logits = model.word_logits(states, verdict_words(model)).float()
    return logits[:, 0] - logits[:, 1]


def verdict_words(model: VisionLanguageModel) -> Tensor:
    """Token ids of yes and no."""
    ids = [model.words_to_ids(word) for word in YES_NO]
    if any(len(word) != 1 for word in ids):
        raise AssertionError(f"answers must be single tokens for this tokenizer: {YES_NO}")
    return torch.tensor([word[0] for word in ids])


def spelled_likelihood(model: VisionLanguageModel, prompt: ListPrompt, states: Tensor) -> Tensor:
    """Hidden states [L, d] -> [n]: log-likelihood of each candidate's label, over all that could be answered."""
    places, row = prompt.answers.unique(return_inverse=True)  # the labels' first tokens share one place
    chances = model.word_logits(states[places.to(states.device)]).float().log_softmax(-1)
    tokens = chances[row.to(chances.device), prompt.spelling.to(chances.device)]
    return tokens.new_zeros(prompt.candidates).index_add(0, prompt.owners.to(tokens.device), tokens)


def weigh_scores(
    logits: Tensor, temperature: float, retrieval_weight: float = 0.0, query_scores: Tensor | None = None
) -> Tensor:
    """Candidates' logits [..., n] -> their scores: calibrated, and with retrieval's opinion where there is one."""
    scores = logits / temperature
    return scores if query_scores is None else scores + retrieval_weight * query_scores.to(scores)
