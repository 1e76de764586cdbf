"""Tune: the LLM learns to choose (LaViC, section 4.3); LoRA on the LLM, the tower frozen, its states precomputed.

    lavic-chat tune --catalog catalog --dialogues catalog/dialogues/train.jsonl --from out/aligned --out out/tuned

On several GPUs `accelerate launch -m lavic_chat.training.tune ...` with the same options does the same.

Every candidate is scored by the forward path that chat uses. The loss of `branch` is the cross-entropy of a softmax
over the candidates, so that all of them teach in every step; that of `list` is the paper's, of the right label over all
words. The best adapter by validation HR@1 is kept.

What is easy comes first: plain questions ("something in rust") before dialogues, few candidates before many. Where
`align` taught the LLM to speak, descriptions stand beside most candidates' visual tokens, half of them true and half
its own, of blurred pictures: so it learns to choose by words, and how far they are to be believed. From visual tokens
alone nothing was learned in 240 examples.
"""

import math
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from statistics import fmean

import torch
from torch import Tensor

from lavic_chat.catalog import Product
from lavic_chat.features.captions import generate_captions, kinds_of, without_kind
from lavic_chat.features.item import ItemFeatures, main_pictures
from lavic_chat.model import LavicModel
from lavic_chat.model.packing import pad
from lavic_chat.ranking import BRANCH, Ranker, RankerConfig
from lavic_chat.ranking.prompt import BranchPrompt, ListPrompt
from lavic_chat.ranking.ranker import join_states
from lavic_chat.ranking.scoring import candidate_logits, verdict_log_odds
from lavic_chat.training.align import jitter
from lavic_chat.training.calibration import ScoredChoice, fit, log_chances, mean_nll
from lavic_chat.training.captions import appearance_caption, colours_of, knows_appearance
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.choices import Choice, ask_plainly, products_of, shuffle_choice
from lavic_chat.training.configs import TuneConfig
from lavic_chat.training.distributed import share
from lavic_chat.training.losses import caption_loss, choosing_loss, token_loss
from lavic_chat.training.trainer import TrainingReport, TrainingRun, Validation, epoch_rows, run_training, warmup_cosine


@dataclass(frozen=True)
class HitRate(Validation):
    """HR@1, mean negative log-likelihood of the right candidate, the temperature that would make it least, and HR@1
    by set."""

    KEYS = {"nll": "surprise"}  # noqa: RUF012 - as in Validation

    hit: float = 0.0
    nll: float = math.inf
    temperature: float = 1.0
    by_set: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        sets = ", ".join(f"{name} {hit:.3f}" for name, hit in self.by_set.items())
        return f"validation HR@1 {self.hit:.3f} ({sets}), nll {self.nll:.3f}"


def tune(
    model: LavicModel,
    choices: Sequence[Choice],
    valid: Sequence[Choice],
    states: dict[str, Tensor],
    config: TuneConfig,
    keep: Callable[[HitRate, tuple[HitRate, ...]], None],
    checkpoint: Checkpoint | None = None,
    speaks: bool = False,
    also: Sequence[Sequence[Choice]] = (),
) -> TrainingReport[HitRate]:
    """Train on choices with the products' tower states [5, h], or [k, 5, h], by id; `keep(best, all so far)` at every
    best.

    speaks: the LLM has learned to describe pictures. also: choices of further catalogues. With a checkpoint, progress
    is written at every validation, and a stopped run goes on from there.
    """
    started = time.time()
    torch.manual_seed(config.seed)
    if config.checkpointing:
        model.save_memory()
    catalogs, everything = [CatalogChoices.of(each) for each in (choices, *also)], list(chain(choices, *also))
    products = [product for catalog in catalogs for product in catalog.products]
    pictured = [product for product in products if knows_appearance(product)]
    trainee = Trainee(model, states, say_blurred(model, products, states, config) if speaks else {}, config)

    def learn(step: int, rng: random.Random) -> float:
        if config.epochs:
            rows = epoch_rows(len(everything), config.batch, step, config.seed)
            batch = [shuffle_choice(everything[row], rng, config.most) for row in rows]
        else:
            elsewhere = also and rng.random() < config.also_share
            batch = draw(rng.choice(catalogs[1:]) if elsewhere else catalogs[0], step, config, rng)
        loss = trainee.learn(share(batch, rng))
        trainee.learn_captions(draw_captions(pictured, config.captions, rng))
        return loss

    run = TrainingRun(
        name="tune",
        steps=config.steps,
        valid_every=config.valid_every,
        groups=parameter_groups(model, config),
        weight_decay=config.weight_decay,
        learn=learn,
        measure=lambda step: validate(model, valid, states, config, step, speaks),
        point=HitRate,
        best_of=best_of,
        rate=lambda step: warmup_cosine(step, config.steps),
        seed=config.seed,
    )
    return run_training(run, keep, checkpoint, started)


def best_of(measured: Sequence[HitRate]) -> HitRate:
    """The first of the highest HR@1, and of those the least surprised."""
    return max(measured, key=lambda point: (point.hit, -point.nll))


def parameter_groups(model: LavicModel, config: TuneConfig) -> list[dict]:
    groups = [{"params": model.trained_loras(), "lr": config.lr}]
    if config.projector_lr:
        own = [tensor.requires_grad_(True) for tensor in model.projector_weights()]
        groups.append({"params": own, "lr": config.projector_lr})
    return groups


@dataclass(frozen=True)
class CatalogChoices:
    """The choices of one catalogue, its products in them, and those whose colour is known, for plain questions."""

    choices: Sequence[Choice]
    products: Sequence[Product]
    coloured: Sequence[Product]

    @classmethod
    def of(cls, choices: Sequence[Choice]) -> "CatalogChoices":
        products = products_of(choices)
        return cls(choices, products, [product for product in products if colours_of(product)])


def draw(catalog: CatalogChoices, step: int, config: TuneConfig, rng: random.Random) -> list[Choice]:
    """A batch, candidates shuffled: plain questions before dialogues, and few candidates before many."""
    rise = min(1.0, 2 * step / config.steps)
    batch = []
    for _ in range(config.batch):
        count = config.fewest + round(rise * max(0, config.most - config.fewest))
        if catalog.coloured and rng.random() < fading(step, config.plain_steps, config.plain_share):
            batch.append(ask_plainly(catalog.coloured, rng, count))
        else:
            batch.append(shuffle_choice(rng.choice(catalog.choices), rng, count))
    return batch


def draw_captions(pictured: Sequence[Product], count: int, rng: random.Random) -> list[Product]:
    """This process's part of so many products whose pictures are described beside the batch; none where none can be."""
    return [product for product, _ in share(rng.choices(pictured, k=count), rng)] if pictured and count else []


def fading(step: int, steps: int, least: float = 0.0) -> float:
    """1 in the first half of these steps, then falling evenly to `least` at their end."""
    return least + (1 - least) * min(1.0, 2 * (1 - step / steps)) if step < steps else least


def say_blurred(
    model: LavicModel, products: Sequence[Product], states: dict[str, Tensor], config: TuneConfig
) -> dict[str, str]:
    """The LLM's own descriptions by product id, of states with noise: as uncertain as those of unseen shapes."""
    seen = main_pictures(states[product.id] for product in products)
    blurred = jitter(seen, seen.std((0, 1)), config.blur)
    return dict(
        zip((product.id for product in products), generate_captions(model, blurred, progress=True), strict=True)
    )


@dataclass(frozen=True)
class Trainee:
    """The model with what it is shown: tower states [5, h], or [k, 5, h], by product id, and its own descriptions if it
    speaks."""

    model: LavicModel
    states: dict[str, Tensor]
    said: dict[str, str]
    config: TuneConfig

    def learn(self, batch: Sequence[tuple[Choice, random.Random]]) -> float:
        """One gradient of a batch, each choice passed alone, so that nothing is padded, and with what is drawn for it;
        returns the mean loss of choosing."""
        self.model.train()
        ranker = Ranker(self.model, RankerConfig(self.config.decode, labeling=self.config.labeling))
        total = 0.0
        for choice, rng in batch:
            captions, are_true = self.choose_captions(choice.products, rng)
            item_features = [
                ItemFeatures(self.states[product.id], caption)
                for product, caption in zip(choice.products, captions, strict=True)
            ]
            wanted = appearance_caption(choice.products[choice.answer]) if self.config.wish_weight else ""
            prompt = ranker.make_prompt(choice.dialogue, choice.products, item_features, wanted)
            hidden = self.model.hidden_states(*pad(self.model, [prompt], [self.look(choice.products)]))
            logits = candidate_logits(self.model, [prompt], hidden)[0]
            loss = choosing_loss(logits, choice.answer, self.config.decode)
            total += loss.item() / len(batch)
            if are_true and len(prompt.captions):
                loss = loss + self.config.say_weight * token_loss(self.model, hidden[0], prompt, prompt.captions)
            if isinstance(prompt, ListPrompt) and self.config.verdict_weight:
                verdicts = verdict_log_odds(self.model, hidden[0], prompt.lines)
                loss = loss + self.config.verdict_weight * choosing_loss(verdicts, choice.answer, BRANCH)
            if isinstance(prompt, BranchPrompt) and len(prompt.wanted):
                loss = loss + self.config.wish_weight * token_loss(self.model, hidden[0], prompt, prompt.wanted)
            (loss / len(batch)).backward()
        return total

    def learn_captions(self, products: Sequence[Product]) -> None:
        """One gradient of describing pictures by themselves: what is said beside candidates, their titles half tell."""
        if not products:
            return
        shown = main_pictures(self.states[product.id] for product in products)
        texts = [appearance_caption(product) for product in products]
        caption_loss(self.model, jitter(shown, self.std, self.config.caption_noise), texts).backward()

    def choose_captions(self, products: Sequence[Product], rng: random.Random) -> tuple[list[str], bool]:
        """Captions of all candidates or of none, and whether they are the true ones."""
        if not self.said or rng.random() >= self.config.say_share:
            return [""] * len(products), False
        if rng.random() < self.config.true_share:
            return [appearance_caption(product) for product in products], True
        return [self.said[product.id] for product in products], False

    def look(self, products: Sequence[Product]) -> Tensor:
        """Visual tokens [v, d] of the products' pictures, with some noise."""
        seen = join_states([self.states[product.id] for product in products])
        return self.model.project(jitter(seen, self.std, self.config.noise))

    @cached_property
    def std(self) -> Tensor:
        """Of the states [h], over products and views."""
        return join_states(list(self.states.values())).std(0)


def validate(
    model: LavicModel,
    choices: Sequence[Choice],
    states: dict[str, Tensor],
    config: TuneConfig,
    step: int,
    speaks: bool = False,
) -> HitRate:
    """Rank the validation choices as chat would."""
    model.train(False)
    ranker = Ranker(model, RankerConfig(config.decode, labeling=config.labeling))
    products = products_of(choices)
    ids = [product.id for product in products]
    shown = main_pictures(states[item] for item in ids)
    kinds = kinds_of(products)
    captions = [without_kind(words, kinds) for words in generate_captions(model, shown)] if speaks else []
    said = dict(zip(ids, captions, strict=speaks))
    item_features = {item: ItemFeatures(states[item], said.get(item, "")) for item in ids}
    logs = [log_chances(ranker, choice, item_features) for choice in choices]
    hits: dict[str, list[bool]] = {}
    for row, choice in zip(logs, choices, strict=True):
        hits.setdefault(choice.set, []).append(int(row.argmax()) == choice.answer)
    answers = [choice.answer for choice in choices]
    scored = [ScoredChoice(row, torch.zeros_like(row), answer) for row, answer in zip(logs, answers, strict=True)]
    temperature = fit(scored, retrieval_weights=(0,)).temperature
    hit, by_set = fmean(chain(*hits.values())), {name: round(fmean(found), 4) for name, found in hits.items()}
    return HitRate(step, hit, mean_nll(logs, answers), temperature, by_set)


if __name__ == "__main__":  # as `accelerate launch` names it
    from lavic_chat.cli import main

    main(["tune", *sys.argv[1:]])
