"""A model that learns to choose: what it is shown of a choice, and the gradients of its losses."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from lavic_chat.catalog import Product
from lavic_chat.features.captions import generate_captions
from lavic_chat.features.item import ItemFeatures, main_pictures
from lavic_chat.model.llava import LavicModel
from lavic_chat.model.packing import pad
from lavic_chat.ranking import BRANCH, Ranker, RankerConfig
from lavic_chat.ranking.prompt import BranchPrompt, ListPrompt
from lavic_chat.ranking.ranker import join_states
from lavic_chat.ranking.scoring import candidate_logits, verdict_log_odds
from lavic_chat.training.augment import jitter
from lavic_chat.training.captions import appearance_caption
from lavic_chat.training.choices import Choice
from lavic_chat.training.configs import TuneConfig
from lavic_chat.training.losses import caption_loss, choosing_loss, token_loss


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
    speaks."""

    model: LavicModel
    states: dict[str, Tensor]
    own_captions: dict[str, str]
    config: TuneConfig

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
        """Of one choice the loss of choosing, and that loss with the weighted ones of what is learned along."""
        config = self.config
        captions, are_true = self.choose_captions(choice.products, rng)
        pairs = zip(choice.products, captions, strict=True)
        item_features = [ItemFeatures(self.states[product.id], caption) for product, caption in pairs]
        wanted = appearance_caption(choice.products[choice.answer]) if config.wish_weight else ""
        prompt = ranker.make_prompt(choice.dialogue, choice.products, item_features, wanted)
        hidden = self.model.hidden_states(*pad(self.model, [prompt], [self.visual_tokens(choice.products)]))
        logits = candidate_logits(self.model, [prompt], hidden)[0]
        loss = choosing = choosing_loss(logits, choice.answer, config.decode)
        if are_true and len(prompt.captions):
            loss = loss + config.say_weight * token_loss(self.model, hidden[0], prompt, prompt.captions)
        if isinstance(prompt, ListPrompt) and config.verdict_weight:
            verdicts = verdict_log_odds(self.model, hidden[0], prompt.lines)
            loss = loss + config.verdict_weight * choosing_loss(verdicts, choice.answer, BRANCH)
        if isinstance(prompt, BranchPrompt) and len(prompt.wanted):
            loss = loss + config.wish_weight * token_loss(self.model, hidden[0], prompt, prompt.wanted)
        return choosing, loss

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

    def visual_tokens(self, products: Sequence[Product]) -> Tensor:
        """Visual tokens [v, d] of the products' pictures, with some noise."""
        seen = join_states([self.states[product.id] for product in products])
        return self.model.project(jitter(seen, self.std, self.config.noise))

    @cached_property
    def std(self) -> Tensor:
        """Of the states [h], over products and views."""
        return join_states(list(self.states.values())).std(0)
