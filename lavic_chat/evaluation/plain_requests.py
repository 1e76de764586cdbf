"""Plain requests over any catalogue, drawn by a seed: what a shop must satisfy before anything subtle. Each asks for
what some product has, so that it can be satisfied."""

import random
from collections.abc import Callable, Mapping
from typing import Any

from lavic_chat.catalog import Catalog, Product
from lavic_chat.catalog.measures import facts_of
from lavic_chat.evaluation.listening import PlayedConversation

OPENINGS = ("a {}", "I'm looking for a {}", "do you have a {}?", "{} please", "I need a {}", "show me a {}")
Draw = tuple[tuple[str, ...], Mapping[str, Any]]  # the messages, and what must hold of the last answer
TRIES = 50  # products that are drawn for a request until one has what it takes


def generate(catalog: Catalog, each: int, seed: int, name: str = "") -> list[PlayedConversation]:
    """So many requests of each kind that the catalogue's attributes, prices and sizes allow. name: of the catalogue."""
    rng = random.Random(seed)
    found = []
    for kind, make in KINDS.items():
        for number in range(each):
            drawn = (make(rng.choice(catalog.products), rng, catalog) for _ in range(TRIES))
            if one := next(filter(None, drawn), None):
                act = "refine" if len(one[0]) > 1 else "ask"
                found.append(PlayedConversation(f"{kind}-{number:03}", kind, name, one[0], act, one[1]))
    return found


def say(thing: str, rng: random.Random) -> str:
    """A request for a thing."""
    return rng.choice(OPENINGS).format(thing)


def seen(product: Product, *facets: str) -> tuple[str, ...] | None:
    """What it is and looks like; None where the catalogue does not say."""
    values = tuple(str(product.attributes.get(name, "")) for name in ("type", *facets))
    return values if all(values) else None


def in_colour(product: Product, rng: random.Random, _: Catalog) -> Draw | None:
    """A kind in a colour."""
    if not (known := seen(product, "colour")):
        return None
    return (say(f"{known[1]} {known[0]}", rng),), {"type": [known[0]], "colour": [known[1]]}


def of_material(product: Product, rng: random.Random, _: Catalog) -> Draw | None:
    """A kind of a material."""
    if not (known := seen(product, "material")):
        return None
    return (say(f"{known[1]} {known[0]}", rng),), {"type": [known[0]], "material": [known[1]]}


def of_both(product: Product, rng: random.Random, _: Catalog) -> Draw | None:
    """A kind in a colour and of a material."""
    if not (known := seen(product, "colour", "material")):
        return None
    expect = {"type": [known[0]], "colour": [known[1]], "material": [known[2]]}
    return (say(f"{known[1]} {known[2]} {known[0]}", rng),), expect


def without(product: Product, rng: random.Random, catalog: Catalog) -> Draw | None:
    """A kind in any colour but one, that others of it have."""
    known = seen(product, "colour")
    alike = [one.attributes.get("colour") for one in catalog if known and one.attributes.get("type") == known[0]]
    others = sorted({str(colour) for colour in alike if colour} - {known[1] if known else ""})
    if not known or not others:
        return None
    unwanted = rng.choice(others)
    wording = rng.choice(("a {}, but not {}", "{}, anything but {}", "a {} that isn't {}", "I need a {}, no {} please"))
    return (wording.format(known[0], unwanted),), {"type": [known[0]], "not_colour": [unwanted]}


def in_two_turns(product: Product, rng: random.Random, _: Catalog) -> Draw | None:
    """A kind, and then its colour."""
    if not (known := seen(product, "colour")):
        return None
    second = rng.choice(("in {}", "make it {}", "{} please", "I'd like it in {}")).format(known[1])
    return (say(known[0], rng), second), {"type": [known[0]], "colour": [known[1]]}


def at_price(product: Product, rng: random.Random, _: Catalog) -> Draw | None:
    """A kind at a price that it just has."""
    known = seen(product)
    if not known or product.price is None:
        return None
    most = round(product.price * 1.05 + 1)
    wording = rng.choice(("{} under {}", "a {} for at most {}", "{}, max {}", "a {}, I only have {}"))
    return (wording.format(known[0], most),), {"type": [known[0]], "price": {"most": most}}


def of_width(product: Product, rng: random.Random, _: Catalog) -> Draw | None:
    """A kind that is no wider than it just is."""
    known, width = seen(product), facts_of(product).get("width")
    if not known or not width:
        return None
    most = round(width * 1.05 + 1)
    wording = rng.choice(("a {} no wider than {} cm", "{}, at most {} cm wide", "a {} that fits a gap of {} cm"))
    return (wording.format(known[0], most),), {"type": [known[0]], "width": {"most": most}}


KINDS: Mapping[str, Callable[[Product, random.Random, Catalog], Draw | None]] = {
    "colour": in_colour,
    "material": of_material,
    "both": of_both,
    "negation": without,
    "two turns": in_two_turns,
    "price": at_price,
    "width": of_width,
}
