"""A model that learns to choose: what it is shown of a choice, and the gradients of its losses."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from lavic_chat.catalog import Product
from lavic_chat.features.captions import generate_captions
from lavic_chat.features.item import ItemFeatures, main_pictures
from lavic_chat.model.layers import WHOLE
from lavic_chat.model.llava import LavicModel
from lavic_chat.model.packing import Prompt, pad
from lavic_chat.ranking import BRANCH, Ranker, RankerConfig
from lavic_chat.ranking.prompt import BranchPrompt, ListPrompt
from lavic_chat.ranking.ranker import join_states
from lavic_chat.ranking.scoring import candidate_logits, score_prompts, verdict_log_odds
from lavic_chat.training.augment import jitter
from lavic_chat.training.captions import appearance_caption
from lavic_chat.training.choices import Choice
from lavic_chat.training.configs import TuneConfig
from lavic_chat.training.losses import caption_loss, choosing_loss, teaching_loss, token_loss
from lavic_chat.training.teacher import Teacher


def caption_blurred(
    model: LavicModel, products: Sequence[Product], states: dict[str, Tensor], config: TuneConfig
) -> dict[str, str]:
    """The LLM's own captions by product id, of states with noise: as uncertain as those of unseen shapes."""
    seen = main_pictures(states[product.id] for product in products)
    blurred = jitter(seen, seen.std((0, 1)), config.blur)
    ids = [product.id for product in products]
    return dict(zip(ids, generate_captions(model, blurred, progress=True), strict=True))


@dataclass(frozen=True)
class Trainee:
    """The model with what it is shown: tower states [5, h], or [k, 5, h], by product id, and its own captions if it
    speaks. teacher: whose chances are learned in place of the right answers."""

    model: LavicModel
    states: dict[str, Tensor]
    own_captions: dict[str, str]
    config: TuneConfig
    teacher: Teacher | None = None

    def learn(self, batch: Sequence[tuple[Choice, random.Random]]) -> float:
        """One gradient of a batch, each choice passed alone, so that nothing is padded, and with what is drawn for it;
        returns the mean loss of choosing."""
        self.model.train()
        ranker = Ranker(self.model, RankerConfig(self.config.decode, labeling=self.config.labeling))
        total = 0.0
        for choice, rng in batch:
            choosing, loss = self.losses(ranker, choice, rng)
            total += choosing.item() / len(batch)
            (loss / len(batch)).backward()
        return total

    def losses(self, ranker: Ranker, choice: Choice, rng: random.Random) -> tuple[Tensor, Tensor]:
        """Of one choice the loss of choosing, and that loss with the weighted ones of what is learned along: where all
        layers read everything, for by a plan the last ones see answer places alone."""
        by_plan = self.model.plan != WHOLE and rng.random() >= self.config.whole_share
        prompt, are_true = self.make_prompt(ranker, choice, rng, with_wanted=not by_plan)
        rows = self.noisy_states(choice.products)
        tokens = self.model.project(rows)
        if by_plan:
            choosing = self.choosing(choice, prompt, rows, score_prompts(self.model, [prompt], [tokens])[0])
            return choosing, choosing
        hidden = self.model.hidden_states(*pad(self.model, [prompt], [tokens]))
        choosing = self.choosing(choice, prompt, rows, candidate_logits(self.model, [prompt], hidden)[0])
        return choosing, choosing + self.learned_along(choice, prompt, hidden[0], are_true)

    def make_prompt(self, ranker: Ranker, choice: Choice, rng: random.Random, with_wanted: bool) -> tuple[Prompt, bool]:
        """A choice's prompt, and whether the captions in it are the true ones."""
        captions, are_true = self.choose_captions(choice.products, rng)
        pairs = zip(choice.products, captions, strict=True)
        item_features = [ItemFeatures(self.states[product.id], caption) for product, caption in pairs]
        with_wanted = with_wanted and self.config.wish_weight > 0
        wanted = appearance_caption(choice.products[choice.answer]) if with_wanted else ""
        return ranker.make_prompt(choice.dialogue, choice.products, item_features, wanted), are_true

    def choosing(self, choice: Choice, prompt: Prompt, rows: Tensor, logits: Tensor) -> Tensor:
        """The loss of a choice's logits [n]: by its right answer, or by what the teacher makes of prompt and states."""
        if self.teacher:
            return teaching_loss(logits, self.teacher.score(prompt, rows))
        return choosing_loss(logits, choice.answer, self.config.decode)

    def learned_along(self, choice: Choice, prompt: Prompt, hidden: Tensor, are_true: bool) -> Tensor:
        """The weighted losses of saying true captions, the right one of a list, and what is wished for, by the hidden
        states [L, d]."""
        config, loss = self.config, hidden.new_zeros(())
        if are_true and len(prompt.captions):
            loss = loss + config.say_weight * token_loss(self.model, hidden, prompt, prompt.captions)
        if isinstance(prompt, ListPrompt) and config.verdict_weight:
            verdicts = verdict_log_odds(self.model, hidden[prompt.lines])
            loss = loss + config.verdict_weight * choosing_loss(verdicts, choice.answer, BRANCH)
        if isinstance(prompt, BranchPrompt) and len(prompt.wanted):
            loss = loss + config.wish_weight * token_loss(self.model, hidden, prompt, prompt.wanted)
        return loss

    def learn_captions(self, products: Sequence[Product]) -> None:
        """One gradient of describing pictures by themselves: beside candidates, their titles give half of it away."""
        if not products:
            return
        shown = main_pictures(self.states[product.id] for product in products)
        texts = [appearance_caption(product) for product in products]
        caption_loss(self.model, jitter(shown, self.std, self.config.caption_noise), texts).backward()

    def choose_captions(self, products: Sequence[Product], rng: random.Random) -> tuple[list[str], bool]:
        """Captions of all candidates or of none, and whether they are the true ones."""
        if not self.own_captions or rng.random() >= self.config.say_share:
            return [""] * len(products), False
        if rng.random() < self.config.true_share:
            return [appearance_caption(product) for product in products], True
        return [self.own_captions[product.id] for product in products], False

    def noisy_states(self, products: Sequence[Product]) -> Tensor:
        """States [v, h] of the products' pictures, with some noise."""
        return jitter(join_states([self.states[product.id] for product in products]), self.std, self.config.noise)

    @cached_property
    def std(self) -> Tensor:
        """Of the states [h], over products and views."""
        return join_states(list(self.states.values())).std(0)
