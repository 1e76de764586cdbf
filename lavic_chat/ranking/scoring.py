"""From prompts to scores: the one forward path of training, evaluation and chat."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lavic_chat.model import VisionLanguageModel
from lavic_chat.model.packing import Prompt, pad
from lavic_chat.ranking.prefix_memory import PrefixMemory, name_tokens
from lavic_chat.ranking.prompt import YES_NO, ListPrompt


def score_prompts(
    model: VisionLanguageModel, prompts: Sequence[Prompt], visual_tokens: Sequence[Tensor]
) -> list[Tensor]:
    """B prompts and their visual tokens [v_b, d] -> for each prompt one logit per candidate [n_b].

    branch: log-odds of "yes" at the end of each branch. list: log-likelihood of each label as the answer.
    A softmax over a prompt's logits gives the candidates' probabilities.
    """
    return candidate_logits(model, prompts, model.hidden_states(*pad(model, prompts, visual_tokens)))


def score_reading_on(model: VisionLanguageModel, prompt: Prompt, visual_tokens: Tensor, memory: PrefixMemory) -> Tensor:
    """The same [n] of one prompt, of which what was read before is not read again."""
    embeddings, positions, mask = pad(model, [prompt], [visual_tokens])
    names = name_tokens(prompt.ids[: prompt.prefix], model.image_token_id, visual_tokens)
    past = memory.recall(names)
    known = past.shape[3] if past is not None else 0
    states, past = model.read(embeddings[:, known:], positions[:, known:], mask[:, known:], past, prompt.prefix - known)
    memory.keep(names, past)
    return candidate_logits(model, [prompt], nn.functional.pad(states, (0, 0, known, 0)))[0]


def candidate_logits(model: VisionLanguageModel, prompts: Sequence[Prompt], states: Tensor) -> list[Tensor]:
    """The LLM's hidden states [B, L, d] of prompts that were read -> for each prompt one logit per candidate [n_b]."""
    return [
        spelled_likelihood(model, prompt, states[row])
        if isinstance(prompt, ListPrompt)
        else verdict_log_odds(model, states[row], prompt.answers)
        for row, prompt in enumerate(prompts)
    ]


def verdict_log_odds(model: VisionLanguageModel, states: Tensor, places: Tensor) -> Tensor:
    """Hidden states [L, d] -> [n]: log-odds of "yes" as the next word at each of n places."""
    logits = model.word_logits(states[places.to(states.device)], verdict_words(model)).float()
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
