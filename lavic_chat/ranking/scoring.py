"""From prompts to scores: the one forward path of training, evaluation and chat."""

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from lavic_chat.model import LavicModel
from lavic_chat.model.packing import Prompt, pad
from lavic_chat.ranking.prompt import YES_NO, ListPrompt


def score_prompts(model: LavicModel, prompts: Sequence[Prompt], visual_tokens: Sequence[Tensor]) -> list[Tensor]:
    """B prompts and their visual tokens [v_b, d] -> for each prompt one logit per candidate [n_b].

    branch: log-odds of "yes" at the end of each branch. list: log-likelihood of each label as the answer.
    A softmax over a prompt's logits gives the candidates' probabilities.
    """
    return candidate_logits(model, prompts, model.hidden_states(*pad(model, prompts, visual_tokens)))


def candidate_logits(model: LavicModel, prompts: Sequence[Prompt], states: Tensor) -> list[Tensor]:
    """The LLM's hidden states [B, L, d] of prompts that were read -> for each prompt one logit per candidate [n_b]."""
    return [
        spelled_likelihood(model, prompt, states[row])
        if isinstance(prompt, ListPrompt)
        else verdict_log_odds(model, states[row], prompt.answers)
        for row, prompt in enumerate(prompts)
    ]


def verdict_log_odds(model: LavicModel, states: Tensor, places: Tensor) -> Tensor:
    """Hidden states [L, d] -> [n]: log-odds of "yes" as the next word at each of n places."""
    logits = model.word_logits(states[places.to(states.device)], verdict_words(model)).float()
    return logits[:, 0] - logits[:, 1]


VERDICT_WORDS: WeakKeyDictionary[LavicModel, Tensor] = WeakKeyDictionary()


def verdict_words(model: LavicModel) -> Tensor:
    """Token ids of yes and no; read once, so that scoring can go on while another thread uses the tokenizer."""
    if model not in VERDICT_WORDS:
        VERDICT_WORDS[model] = read_verdict_words(model)
    return VERDICT_WORDS[model]


def read_verdict_words(model: LavicModel) -> Tensor:
    """The same from the tokenizer."""
    ids = [model.words_to_ids(word) for word in YES_NO]
    if any(len(word) != 1 for word in ids):
        raise AssertionError(f"answers must be single tokens for this tokenizer: {YES_NO}")
    return torch.tensor([word[0] for word in ids])


def spelled_likelihood(model: LavicModel, prompt: ListPrompt, states: Tensor) -> Tensor:
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
