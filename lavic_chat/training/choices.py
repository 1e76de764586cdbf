"""What the stages learn from: captions of products, choices among candidates. Seeded; nothing changes in place."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from lavic_chat.catalog import Catalog, Product
from lavic_chat.catalog.splits import SPLITS, read_splits
from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.errors import CatalogError, DialogueError
from lavic_chat.training.captions import caption, colours_of


@dataclass(frozen=True)
class Choice:
    """A dialogue, the candidates as offered, the index of a right one, and the set's name to report by."""

    dialogue: Dialogue
    products: tuple[Product, ...]
    answer: int
    set: str = "all"


def products_of_split(catalog: Catalog, split: str) -> list[Product]:
    """Products whose shape belongs to a split of `splits.json`; where a catalogue has no splits, all are "train"."""
    splits = read_splits(catalog.folder)
    if splits is None:
        return list(catalog) if split == "train" else []
    if split not in splits.shapes:
        path = catalog.folder / SPLITS
        raise CatalogError(f"{path} has no readable split {split!r}; make it anew or remove it.")
    return [product for product in catalog if splits.split_of.get(product.id) == split]


def take_evenly(these: Sequence, limit: int) -> Sequence:
    """At most `limit` of them, all along; all of them where it is 0."""
    return these[:: math.ceil(len(these) / limit)] if 0 < limit < len(these) else these


def make_choices(
    conversations: Sequence[Conversation],
    catalog: Catalog,
    key: str = "candidates",
    rng: random.Random | None = None,
) -> tuple[list[Choice], int]:
    """Choices of the conversations whose candidates are in the catalogue and hold a right answer, and how many
    others were left out. Raises DialogueError when none is left.

    rng: for training only, to put a right answer in the place of a candidate where retrieval did not find one.
    """
    choices = []
    for conversation in conversations:
        ids = [item for item in conversation.candidates.get(key, ()) if item in catalog]
        if rng:
            ids = put_in(ids, [item for item in conversation.gt_items if item in catalog], rng)
        right = [item for item in conversation.gt_items if item in ids]
        ids = [item for item in ids if item not in right[1:]]  # another right answer must not count as a wrong one
        if right and len(ids) > 1:
            choices.append(
                Choice(conversation.dialogue, tuple(catalog[i] for i in ids), ids.index(right[0]), conversation.set)
            )
    if not choices:
        raise DialogueError(
            f"None of the {len(conversations)} conversations has its right answer among candidates that are in the "
            f"catalogue {catalog.folder}; import the products that the dialogues speak of, or choose another file."
        )
    return choices, len(conversations) - len(choices)


class NamesProducts(Protocol):
    """Whatever names products: a choice, a retrieval example."""

    @property
    def products(self) -> Sequence[Product]:
        """Those that it names."""
        ...


def products_of(choices: Sequence[NamesProducts]) -> list[Product]:
    """Every product that they name, once."""
    return list({product.id: product for choice in choices for product in choice.products}.values())


def put_in(ids: Sequence[str], right: Sequence[str], rng: random.Random) -> list[str]:
    """The ids, one of them replaced by a right answer if none of them is one."""
    ids = list(ids)
    if ids and right and not set(ids) & set(right):
        ids[rng.randrange(len(ids))] = right[0]
    return ids


def shuffle_choice(choice: Choice, rng: random.Random, keep: int | None = None) -> Choice:
    """The candidates in a new order, only `keep` of them if given, the right one always among them."""
    others = [product for index, product in enumerate(choice.products) if index != choice.answer]
    chosen = rng.sample(others, min(len(others), (keep or len(choice.products)) - 1))
    products = [*chosen, choice.products[choice.answer]]
    rng.shuffle(products)
    return replace(choice, products=tuple(products), answer=products.index(choice.products[choice.answer]))


def ask_plainly(products: Sequence[Product], rng: random.Random, count: int) -> Choice:
    """A product with a known colour asked for in a few words, and up to `count` - 1 others of other colours.

    Half of the others are of the wanted type where there are such, so that the type does not give the answer away.
    """
    wanted = rng.choice(products)
    colour = colours_of(wanted)
    name = rng.choice([caption(wanted, rng), f"something in {rng.choice(colour)}", f"{rng.choice(colour)}, please"])
    others = [product for product in products if not set(colour) & set(colours_of(product))]
    alike = [product for product in others if product.attributes.get("type") == wanted.attributes.get("type")]
    near = rng.sample(alike, min(len(alike), count // 2))
    chosen = {product.id: product for product in (*near, *rng.sample(others, min(len(others), 2 * count)))}
    chosen.pop(wanted.id, None)
    candidates = [*list(chosen.values())[: count - 1], wanted]
    rng.shuffle(candidates)
    return Choice(Dialogue().say(name), tuple(candidates), candidates.index(wanted))
