"""How well a model chooses: HR@1 on the validation choices of `tune`, ranked as chat would."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from statistics import fmean

import torch
from torch import Tensor

from lavic_chat.features.captions import generate_captions, kinds_of, without_kind
from lavic_chat.features.item import ItemFeatures, main_pictures
from lavic_chat.model.llava import LavicModel
from lavic_chat.ranking import Ranker, RankerConfig
from lavic_chat.training.calibration import ScoredChoice, fit, log_chances, mean_nll
from lavic_chat.training.choices import Choice, products_of
from lavic_chat.training.configs import TuneConfig
from lavic_chat.training.teacher import Teacher
from lavic_chat.training.trainer import Validation


@dataclass(frozen=True)
class TuneExamples:
    """Choices of each catalogue, the first the main one, those to validate on, and tower states [5, h], or [k, 5, h],
    by product id. speaks: the LLM has learned to describe pictures. teacher: see `Trainee`."""

    choices: Sequence[Sequence[Choice]]
    valid: Sequence[Choice]
    states: dict[str, Tensor]
    speaks: bool = False
    teacher: Teacher | None = None


@dataclass(frozen=True)
class HitRate(Validation):
    """HR@1, mean negative log-likelihood of the right candidate, the temperature that would make it least, and HR@1
    by set."""

    KEYS = {"nll": "surprise"}  # noqa: RUF012 - as in Validation

    hit: float = 0.0
    nll: float = math.inf
    temperature: float = 1.0
    by_set: dict[str, float] = field(default_factory=dict)

    @property
    def quality(self) -> tuple[float, float]:
        """HR@1, and where that is the same, nll."""
        return (self.hit, -self.nll)

    def __str__(self) -> str:
        sets = ", ".join(f"{name} {hit:.3f}" for name, hit in self.by_set.items())
        return f"validation HR@1 {self.hit:.3f} ({sets}), nll {self.nll:.3f}"


def validate(model: LavicModel, examples: TuneExamples, config: TuneConfig, step: int) -> HitRate:
    """Rank the validation choices as chat would."""
    model.train(False)
    ranker = Ranker(model, RankerConfig(config.decode, labeling=config.labeling))
    choices, item_features = examples.valid, features_by_id(model, examples)
    logs = [log_chances(ranker, choice, item_features) for choice in choices]
    hits: dict[str, list[bool]] = {}
    for row, choice in zip(logs, choices, strict=True):
        hits.setdefault(choice.set, []).append(int(row.argmax()) == choice.answer)
    answers = [choice.answer for choice in choices]
    scored = [ScoredChoice(row, torch.zeros_like(row), answer) for row, answer in zip(logs, answers, strict=True)]
    temperature = fit(scored, retrieval_weights=(0,)).temperature
    hit, by_set = fmean(chain(*hits.values())), {name: round(fmean(found), 4) for name, found in hits.items()}
    return HitRate(step, hit, mean_nll(logs, answers), temperature, by_set)


def features_by_id(model: LavicModel, examples: TuneExamples) -> dict[str, ItemFeatures]:
    """Item features of the products in the validation choices, with the model's own captions where it speaks."""
    products = products_of(examples.valid)
    ids, kinds = [product.id for product in products], kinds_of(products)
    shown = main_pictures(examples.states[item] for item in ids)
    captions = [without_kind(words, kinds) for words in generate_captions(model, shown)] if examples.speaks else []
    own = dict(zip(ids, captions, strict=examples.speaks))
    return {item: ItemFeatures(examples.states[item], own.get(item, "")) for item in ids}
