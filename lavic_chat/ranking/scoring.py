"""From prompts to scores: the one forward path of training, evaluation and chat."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from lavic_chat.model import VisionLanguageModel
from lavic_chat.model.packing import Prompt, pad
from lavic_chat.ranking.cascade import Cascade
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


@dataclass(frozen=True)
class Reading:
    """A prompt to be read on from what was read before. known: how many of its tokens that is; past: their keys and
    values; names: of its prefix's tokens."""

    prompt: Prompt
    embeddings: Tensor
    mask: Tensor
    past: Tensor
    names: np.ndarray

    @property
    def known(self) -> int:
        """How many tokens were read before."""
        return self.past.shape[3]

    @property
    def kept(self) -> int:
        """How many of the new tokens are the prefix's."""
        return self.prompt.prefix - self.known


def begin_reading(model: VisionLanguageModel, prompt: Prompt, visual_tokens: Tensor, memory: PrefixMemory) -> Reading:
    """What the memory has of a prompt, and the rest of it: embeddings [1, L, d] and mask [1, L, P + L]."""
    embeddings, _, mask = pad(model, [prompt], [visual_tokens])
    names = name_tokens(prompt.ids[: prompt.prefix], model.image_token_id, visual_tokens)
    past = memory.recall(names[: int(prompt.answers.min())])  # an answer is read of states, which are not kept
    known = past.shape[3] if past is not None else 0
    return Reading(prompt, embeddings[:, known:], mask[:, known:], model.no_past(1) if past is None else past, names)


def score_reading_on(model: VisionLanguageModel, reading: Reading, memory: PrefixMemory) -> Tensor:
    """The scores [n] of one prompt, of which what was read before is not read again."""
    positions = reading.prompt.positions[None, reading.known :]
    states, past = model.read(reading.embeddings, positions, reading.mask, reading.past, reading.kept)
    memory.keep(reading.names, past)
    return candidate_logits(model, [reading.prompt], nn.functional.pad(states, (0, 0, reading.known, 0)))[0]


def score_in_cascade(
    model: VisionLanguageModel, reading: Reading, memory: PrefixMemory, cascade: Cascade, bonus: Tensor | None = None
) -> Tensor:
    """The same [n] of a prompt with branches, but that upper layers read only those that the cascade keeps."""
    prompt, rows = reading.prompt, 2 * model.middle
    positions = prompt.positions[None, reading.known :]
    states, lower = model.read_lower(reading.embeddings, positions, reading.mask, reading.past[:rows], reading.kept)
    estimates = cascade.estimate(states[0, prompt.answers - reading.known])
    stays = cascade.keep(estimates, bonus)
    places = kept_places(prompt, stays, reading.known)
    seen = torch.cat([torch.arange(reading.known), reading.known + places])
    states, upper = model.read_upper(
        states[:, places], positions[:, places], reading.mask[:, places][:, :, seen], reading.past[rows:], reading.kept
    )
    memory.keep(reading.names, torch.cat([lower, upper]))
    answers = torch.searchsorted(places, prompt.answers[stays] - reading.known)
    return cascade.complete(estimates, stays, verdict_log_odds(model, states[0], answers))


def kept_places(prompt: Prompt, stays: Tensor, known: int) -> Tensor:
    """bool [n] of who stays -> the places [k] of the prefix and of their branches, counted from the first new one."""
    places = set(range(known, prompt.prefix))
    places.update(
        place for path, goes_on in zip(prompt.paths, stays.tolist(), strict=True) if goes_on for place in path
    )
    return torch.tensor(sorted(places)) - known


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
