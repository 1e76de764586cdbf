"""Calibrate: how sure the model may be, and how far it should trust search, fitted to validation conversations.

    lavic-chat calibrate --adapter out/tuned --dialogues catalog/dialogues/valid.jsonl

A candidate's score is its log-odds over a temperature, plus `trust` times the cosine by which search finds it. The
language model reads the conversation word by word, the sentence encoder has learned what such conversations end with:
they err apart, though both see the pictures only as the tower's five states. Two numbers are fitted, no weight is
trained.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence
from tqdm import tqdm

from lavic_chat.ranking import Ranker
from lavic_chat.ranking.scores import weigh
from lavic_chat.retrieval import Search
from lavic_chat.sight import Sight
from lavic_chat.training.examples import Choice

TEMPERATURES = tuple(round(0.3 + 0.05 * step, 2) for step in range(75))  # 0.3 to 4.0
TRUSTS = tuple(range(0, 61, 2))


@dataclass(frozen=True)
class Judged:
    """A choice as the model and search see it: log-probabilities and cosines [n], and the right place."""

    scores: Tensor
    nearness: Tensor
    answer: int


@dataclass(frozen=True)
class Fit:
    """The two numbers, and the mean negative log-likelihood and HR@1 that they give on what they were fitted to."""

    temperature: float
    trust: float
    surprise: float
    hit: float


def judge(ranker: Ranker, search: Search, choices: Sequence[Choice], sights: Mapping[str, Sight]) -> list[Judged]:
    """Every choice, ranked as chat would; the ranker's own temperature is not in the scores."""
    plain = Ranker(ranker.model, ranker.decode, labeling=ranker.labeling, memory=ranker.memory)
    judged = []
    for choice in tqdm(choices, desc="Judging", unit="conversation"):
        seen = [sights[item.id] for item in choice.products]
        nearness = torch.from_numpy(search.measure(choice.dialogue, choice.products, seen))
        judged.append(Judged(log_chances(plain, choice, sights), nearness, choice.answer))
    return judged


def log_chances(ranker: Ranker, choice: Choice, sights: Mapping[str, Sight]) -> Tensor:
    """[n] log-probabilities of the candidates, ranked as chat would."""
    seen = [sights[item.id] for item in choice.products]
    states, looks = [sight.states for sight in seen], [sight.looks for sight in seen]
    chances = ranker.rank(choice.dialogue, choice.products, states, looks=looks).probabilities
    return torch.tensor(chances).clamp_min(1e-9).log()


def fit(judged: Sequence[Judged], trusts: Sequence[float] = TRUSTS) -> Fit:
    """The pair on the grid that is least surprised by the answers."""
    scores = stack([one.scores for one in judged])
    nearness = pad_sequence([one.nearness for one in judged], batch_first=True)
    answers = torch.tensor([one.answer for one in judged])
    found = []
    for temperature, trust in product(TEMPERATURES, trusts):
        both = weigh(scores, temperature, trust, nearness)
        hit = (both.argmax(-1) == answers).float().mean()
        found.append(Fit(temperature, trust, float(functional.cross_entropy(both, answers)), float(hit)))
    return min(found, key=lambda pair: pair.surprise)


def mean_surprise(scores: Sequence[Tensor], answers: Sequence[int]) -> float:
    """Mean negative log-likelihood of the answers under a softmax of each row [n]."""
    return float(functional.cross_entropy(stack(scores), torch.tensor(answers)))


def stack(scores: Sequence[Tensor]) -> Tensor:
    """Rows [n] of any lengths -> [N, longest]; what a row lacks is impossible."""
    return pad_sequence(list(scores), batch_first=True, padding_value=-torch.inf)
