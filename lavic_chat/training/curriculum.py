"""What `tune` is shown when: easy before hard, plain questions before dialogues, few candidates before many."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from lavic_chat.catalog import Product
from lavic_chat.training.captions import colours_of
from lavic_chat.training.choices import Choice, ask_plainly, products_of, shuffle_choice
from lavic_chat.training.configs import TuneConfig
from lavic_chat.training.distributed import share


@dataclass(frozen=True)
class CatalogChoices:
    """The choices of one catalogue, its products in them, and those whose colour is known, for plain questions."""

    choices: Sequence[Choice]
    products: Sequence[Product]
    coloured: Sequence[Product]

    @classmethod
    def of(cls, choices: Sequence[Choice]) -> "CatalogChoices":
        """Of a catalogue's choices."""
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
