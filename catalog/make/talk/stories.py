"""Draw what a conversation is about: a wanted product, wishes that it surely fulfils, and what happens on the way."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from . import colours
from .banks import bank
from .looks import Look, Wish, fails, fulfils
from .materials import family
from .scenes import Story
from .wording import LIKE

SCENES = {
    "visual": {"single": 50, "drip": 20, "rejected": 16, "changed": 14},
    "mixed": {"single": 44, "drip": 17, "rejected": 13, "changed": 11, "same shape": 15},
}
STYLES = {"basic": 26, "name": 27, "like": 19, "hedged": 5, "either": 7, "tone": 12, "material": 5}
FIRM_MATERIALS = {"leather", "wood", "metal", "fabric", "rattan", "glass", "plastic", "ceramic", "stone"}
TONES = ("dark", "light", "vivid", "dull", "warm", "cool")
COMBINED = 0.5  # share of stories that are meant to need several wishes together


@dataclass(frozen=True)
class Shop:
    """The looks of one split, and those of one type, for drawing from."""

    looks: Sequence[Look]
    by_type: dict[str, list[Look]]
    by_shape: dict[str, list[Look]]

    @staticmethod
    def of(looks: Sequence[Look]) -> "Shop":
        by_type: dict[str, list[Look]] = {}
        by_shape: dict[str, list[Look]] = {}
        for look in looks:
            by_type.setdefault(look.type, []).append(look)
            by_shape.setdefault(look.shape, []).append(look)
        return Shop(looks, by_type, by_shape)


def weighted(rng: random.Random, weights: dict[str, int]) -> str:
    return rng.choices(list(weights), weights.values())[0]


def draw_story(rng: random.Random, scene: str, target: Look, shop: Shop) -> Story | None:
    """A story for one scene; None when what was drawn cannot be told of this product."""
    near = [look for look in shop.by_type[target.type] if look.id != target.id]
    wishes = draw_wishes(rng, target, near)
    if wishes is None:
        return None
    story = Story(scene, target, wishes)
    if scene == "same shape":
        return with_shape(rng, story, shop)
    if scene == "rejected":
        return with_refusals(rng, story, near)
    if scene == "changed":
        return with_change(rng, story, near)
    if rng.random() < 0.12 and wishes[0].kind in ("colour", "shade") and not target.partial:
        others = [look for look in near if fails(look, wishes) and look.colour != target.colour]
        story = replace(story, decoy=rng.choice(others).colour if others else "")
    return story


def draw_wishes(rng: random.Random, target: Look, near: list[Look]) -> tuple[Wish, ...] | None:
    """One to three wishes that the target surely fulfils, the main one first."""
    style = "name" if target.partial and rng.random() < 0.5 else "basic" if target.partial else weighted(rng, STYLES)
    main = draw_main(rng, style, target, near)
    if main is None or main.verdict(target) is not True:
        return None
    wishes = [main]
    wanted = 0 if target.partial else 1 if rng.random() < COMBINED or main.kind in ("tone", "material") else 0
    for _ in range(wanted + (wanted and rng.random() < 0.2)):
        further = draw_further(rng, target, near, wishes)
        if further:
            wishes.append(further)
    return tuple(wishes)


def draw_main(rng: random.Random, style: str, target: Look, near: list[Look]) -> Wish | None:
    exact = f"{target.shade}/{target.colour}"
    if style == "name":
        names = bank(f"names {target.shade}") or (target.shade,)
        return Wish("shade", exact, rng.choice(names))
    if style == "like":
        similes = bank(f"like {target.shade}", f"like {target.colour}")
        phrase, _, stray = (rng.choice(similes) if similes else "").partition(" ~ ")
        return Wish("shade", exact, LIKE + phrase, stray=tuple(stray.split())) if phrase else None
    if style == "hedged":
        return Wish("colour", target.colour, rng.choice(bank(f"hedged {target.colour}") or (target.colour,)))
    if style == "either":
        others = sorted({look.colour for look in near} - {target.colour})
        pair = [target.colour, rng.choice(others)] if others else []
        return Wish("either", "/".join(rng.sample(pair, 2))) if pair else None
    if style == "tone":
        tones = [name for name in TONES if Wish("tone", name).verdict(target)]
        return Wish("tone", rng.choice(tones)) if tones else None
    if style == "material":
        return material_wish(rng, target, near)
    return Wish("colour", target.colour, target.colour)


def material_wish(rng: random.Random, target: Look, near: list[Look]) -> Wish | None:
    """The target's material, by its own name or its family's; None for what people do not ask for."""
    if family(target.material) not in FIRM_MATERIALS or target.partial:
        return None
    wish = Wish("material", rng.choice((target.material, family(target.material))))
    return wish if any(wish.verdict(look) is False for look in near) else None  # nobody asks for a ceramic mug


def draw_further(rng: random.Random, target: Look, near: list[Look], wishes: list[Wish]) -> Wish | None:
    """A second wish, by preference one that rules out what the first leaves."""
    options = [Wish("tone", name, negated=True) for name in ("dark", "light", "vivid", "dull")]
    options += [Wish("colour", colour, colour, negated=True) for colour in sorted({look.colour for look in near})]
    options += [Wish("material", name, negated=True) for name in sorted({family(look.material) for look in near})]
    material = material_wish(rng, target, near)
    options += [material] * 4 if material else []
    second = target.accented
    options += [Wish("accent", second.colour, second.colour)] * 5 if second and not target.partial else []
    kinds = {wish.kind for wish in wishes}
    if kinds <= {"material"}:
        options += [Wish("colour", target.colour, target.colour)] * 6
    options = [wish for wish in options if wish.verdict(target) is True and sensible(wish, wishes)]
    useful = [
        wish for wish in options if any(wish.verdict(look) is False and fulfils(look, tuple(wishes)) for look in near)
    ]
    return rng.choice(useful or options) if useful or (options and rng.random() < 0.8) else None


def sensible(wish: Wish, wishes: list[Wish]) -> bool:
    """Whether a person would add this wish: "emerald, but not white" and "wood, no metal" go without saying."""
    main = wishes[0]
    if wish.kind == "material":
        return wish.value in FIRM_MATERIALS | {"velvet", "linen", "wool", "cotton", "painted wood"} and all(
            other.kind != "material" for other in wishes
        )
    if wish.kind == "accent":
        return main.kind in ("colour", "shade") and all(other.kind != "accent" for other in wishes)
    if wish.kind == "colour" and wish.negated:
        return main.kind in ("tone", "material")
    if wish.kind == "tone":
        free = main.kind in ("colour", "either") or (main.kind == "material" and len(wishes) < 2)
        return free and all(other.kind != "tone" for other in wishes) and tone_may_vary(wish, main)
    return all(other.kind not in ("colour", "shade", "either") for other in wishes)


def tone_may_vary(wish: Wish, main: Wish) -> bool:
    """ "Blue, but not too dark" is a request, "black, but not too dark" is not."""
    if main.kind == "colour" and wish.value in ("vivid", "dull"):
        return False
    return main.kind != "colour" or main.value in ("red", "green", "blue", "brown", "grey", "purple", "pink", "orange")


def with_shape(rng: random.Random, story: Story, shop: Shop) -> Story | None:
    """The target's shape was shown in another look; now and then another product after it."""
    siblings = [look for look in shop.by_shape[story.target.shape] if fails(look, story.wishes)]
    if not siblings or story.wishes[0].kind not in ("colour", "shade", "either"):
        return None
    seen = [rng.choice(siblings)]
    others = [look for look in shop.by_type[story.target.type] if look.shape != story.target.shape]
    if others and rng.random() < 0.25:
        seen.append(rng.choice(others))
    return replace(story, seen=tuple(seen))


def with_refusals(rng: random.Random, story: Story, near: list[Look]) -> Story | None:
    """One or two products are shown first; the last is turned down for a reason that is true of it."""
    shown = [look for look in near if fails(look, story.wishes) and look.title != story.target.title]
    if not shown:
        return None
    last = rng.choice(shown)
    reasons = ["shape"]
    if last.colour != story.target.colour and not colours.confused(last.colour, story.target.colour):
        reasons += ["colour"] * 3
    for name in ("dark", "light"):
        if Wish("tone", name).verdict(last) is True and Wish("tone", name).verdict(story.target) is False:
            reasons += [name] * 2
    material = story.wishes[0] if story.wishes[0].kind == "material" else None
    if material and not material.negated and last.material and material.verdict(last) is False:
        reasons = ["material"]
    further = [look for look in shown if look.title != last.title]
    first = [rng.choice(further)] if further and rng.random() < 0.4 else []
    return replace(story, seen=(*first, last), reason=rng.choice(reasons))


def with_change(rng: random.Random, story: Story, near: list[Look]) -> Story | None:
    """The seeker first asked for the colour of another product."""
    if story.wishes[0].kind not in ("colour", "shade") or story.target.partial:
        return None
    other = [look for look in near if fails(look, story.wishes[:1]) and not fails(look, story.wishes[1:])]
    if not other:
        return None
    look = rng.choice(other)
    old = Wish("colour", look.colour, look.colour)
    if old.verdict(story.target) is not False:
        return None
    if rng.random() < 0.5:
        old = Wish("shade", f"{look.shade}/{look.colour}", rng.choice(bank(f"names {look.shade}") or (look.shade,)))
    return replace(story, old=old)
