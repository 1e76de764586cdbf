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

from lavic_chat.features.item import ItemFeatures
from lavic_chat.ranking import Ranker, RankerConfig
from lavic_chat.ranking.scoring import weigh_scores
from lavic_chat.retrieval.embedder import Embedder
from lavic_chat.training.choices import Choice

TEMPERATURES = tuple(round(0.3 + 0.05 * step, 2) for step in range(75))  # 0.3 to 4.0
RETRIEVAL_WEIGHTS = tuple(range(0, 61, 2))


@dataclass(frozen=True)
class ScoredChoice:
    """A choice as the model and search see it: log-probabilities and cosines [n], and the right place."""

    scores: Tensor
    query_scores: Tensor
    answer: int


@dataclass(frozen=True)
class Fit:
    """The two numbers, and the mean negative log-likelihood and HR@1 that they give on what they were fitted to."""

    temperature: float
    retrieval_weight: float
    nll: float
    hit: float

    def to_row(self) -> dict:
        """As adapter cards hold it, under the keys that they have always had."""
        return {"temperature": self.temperature, "trust": self.retrieval_weight, "surprise": self.nll, "hit": self.hit}


def score_choices(
    ranker: Ranker, embedder: Embedder, choices: Sequence[Choice], item_features: Mapping[str, ItemFeatures]
) -> list[ScoredChoice]:
    """Every choice, ranked as chat would; the ranker's own temperature is not in the scores."""
    config = RankerConfig(ranker.config.decode, labeling=ranker.config.labeling)
    plain = Ranker(ranker.model, config, ranker.score_cache)
    scored = []
    for choice in tqdm(choices, desc="Judging", unit="conversation"):
        seen = [item_features[item.id] for item in choice.products]
        query_scores = torch.from_numpy(embedder.score_items(choice.dialogue, choice.products, seen))
        scored.append(ScoredChoice(log_chances(plain, choice, item_features), query_scores, choice.answer))
    return scored


def log_chances(ranker: Ranker, choice: Choice, item_features: Mapping[str, ItemFeatures]) -> Tensor:
    """[n] log-probabilities of the candidates, ranked as chat would."""
    seen = [item_features[item.id] for item in choice.products]
    chances = ranker.rank(choice.dialogue, choice.products, seen).probabilities
    return torch.tensor(chances).clamp_min(1e-9).log()


def fit(scored: Sequence[ScoredChoice], retrieval_weights: Sequence[float] = RETRIEVAL_WEIGHTS) -> Fit:
    """The pair on the grid that is least surprised by the answers."""
    scores = stack([one.scores for one in scored])
    query_scores = pad_sequence([one.query_scores for one in scored], batch_first=True)
    answers = torch.tensor([one.answer for one in scored])
    found = []
    for temperature, retrieval_weight in product(TEMPERATURES, retrieval_weights):
        both = weigh_scores(scores, temperature, retrieval_weight, query_scores)
        hit = (both.argmax(-1) == answers).float().mean()
        found.append(Fit(temperature, retrieval_weight, float(functional.cross_entropy(both, answers)), float(hit)))
    return min(found, key=lambda pair: pair.nll)


def mean_nll(scores: Sequence[Tensor], answers: Sequence[int]) -> float:
    """Mean negative log-likelihood of the answers under a softmax of each row [n]."""
    return float(functional.cross_entropy(stack(scores), torch.tensor(answers)))


def stack(scores: Sequence[Tensor]) -> Tensor:
    """Rows [n] of any lengths -> [N, longest]; what a row lacks is impossible."""
    return pad_sequence(list(scores), batch_first=True, padding_value=-torch.inf)
