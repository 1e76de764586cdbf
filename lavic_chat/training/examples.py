"""What the stages learn from: captions of products, choices among candidates. Seeded; nothing changes in place."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from lavic_chat.catalog import Catalog, Product
from lavic_chat.catalog.splits import SPLITS, read_splits
from lavic_chat.dialogue import Conversation, Dialogue
from lavic_chat.errors import CatalogError, DialogueError

LOOKS = ("shade", "colour", "pattern", "material", "style")


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


def caption(product: Product, rng: random.Random) -> str:
    """One of many wordings of what the picture shows: "a rust velvet armchair", "armchair, in green"."""
    looks = product.attributes
    kind = looks.get("type") or product.category.lower()
    colour = rng.choice([looks[key] for key in ("colour", "shade") if looks.get(key)] or [""])
    material, style = looks.get("material", ""), looks.get("style", "")
    words = [style if rng.random() < 0.25 else "", colour, material if rng.random() < 0.6 else "", kind]
    plain = " ".join(word for word in words if word)
    forms = [
        with_article(plain),
        with_article(plain),
        f"{kind}, {colour or style or material}",
        f"{with_article(kind)} in {colour or material or 'plain colours'}" + (f", {material}" if material else ""),
        f"{colour or style} {kind}".strip() + (f" made of {material}" if material else ""),
    ]
    return rng.choice(forms).strip(" ,")


def describe_looks(product: Product, with_kind: bool = True) -> str:
    """What there is to say of a product's picture, most certain first: "brown (cognac) leather sofa, striped"; or its
    looks alone, without the kind of thing, as chat uses them."""
    looks = product.attributes
    colour, shade, material = (looks.get(key, "") for key in ("colour", "shade", "material"))
    material = "wood" if material and material == shade else material  # the shade has said which
    words = [colour, f"({shade})" if shade not in ("", colour) else "", material]
    pattern = looks.get("pattern", "plain")
    kind = looks.get("type") or product.category.lower()
    words.append(kind if with_kind else "")
    return " ".join(filter(None, words)) + (f", {pattern}" if pattern != "plain" else "")


def knows_looks(product: Product) -> bool:
    """Whether there is more to say of its pictures than what kind of thing they show."""
    return any(product.attributes.get(key) for key in LOOKS)


def caption_words(product: Product) -> str:
    """The words that a product's five tokens should speak: its looks and its type."""
    looks = [product.attributes.get(key, "") for key in ("colour", "shade", "material", "pattern", "type")]
    return " ".join(word for word in looks if word not in ("", "plain")) or product.category.lower()


def with_article(words: str) -> str:
    return f"{'an' if words[:1].lower() in 'aeiou' else 'a'} {words}"


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
        ids = [item for item in ids if item not in right[1:]]  # another right answer must not be taught as a wrong one
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


class Offering(Protocol):
    """Whatever names products: a choice, a wish."""

    @property
    def products(self) -> Sequence[Product]: ...


def products_of(choices: Sequence[Offering]) -> list[Product]:
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
    colour = looks_of(wanted)
    name = rng.choice([caption(wanted, rng), f"something in {rng.choice(colour)}", f"{rng.choice(colour)}, please"])
    others = [product for product in products if not set(colour) & set(looks_of(product))]
    alike = [product for product in others if product.attributes.get("type") == wanted.attributes.get("type")]
    near = rng.sample(alike, min(len(alike), count // 2))
    chosen = {product.id: product for product in (*near, *rng.sample(others, min(len(others), 2 * count)))}
    chosen.pop(wanted.id, None)
    offered = [*list(chosen.values())[: count - 1], wanted]
    rng.shuffle(offered)
    return Choice(Dialogue().say(name), tuple(offered), offered.index(wanted))


def looks_of(product: Product) -> list[str]:
    """Its colour and shade."""
    return [product.attributes[key] for key in ("colour", "shade") if product.attributes.get(key)]
