"""Draw what is wished for: one to three wishes that the wanted product surely fulfils."""

import random
from collections.abc import Sequence

from .banks import bank
from .looks import MADE, NAMED, PLAIN, Look
from .materials import family
from .wishes import COOL, WARM, Wish, fulfils
from .wording import LIKE

STYLES = {"basic": 25, "name": 28, "like": 19, "hedged": 5, "either": 6, "tone": 12, "material": 5}
PATTERNED = {"print": 45, "pattern": 20, "basic": 20, "name": 10, "material": 5}  # of striped things and the like
FIRM_MATERIALS = {"leather", "wood", "metal", "fabric", "rattan", "glass", "plastic", "ceramic", "stone"}
TOLD_MATERIALS = FIRM_MATERIALS | {"velvet", "linen", "wool", "cotton", "painted wood", "lacquer"}
TONES = ("dark", "light", "vivid", "dull", "warm", "cool")
COMBINED = 0.5  # share of stories that are meant to need several wishes together
# Styles that have words of their own, and the colours in which a thing of that style has the look of it.
PALE, EARTHY = {"white", "beige", "grey"}, {"brown", "beige", "orange", "green", "yellow"}
MOODS = {
    "industrial": {"grey", "black", "brown", "silver"}, "scandinavian": PALE | {"brown"}, "rustic": EARTHY,
    "minimalist": PALE | {"black"}, "country": PALE | EARTHY | {"red", "blue"},
    "romantic": PALE | {"pink", "red", "gold"},
    "japanese": PALE | {"black", "brown"}, "mediterranean": PALE | {"blue", "orange", "brown"},
    "mid-century": EARTHY | {"grey", "blue", "red"}, "vintage": EARTHY | PALE | {"red"},
    "playful": {"red", "yellow", "blue", "green", "orange", "pink"}, "retro": EARTHY | {"red", "blue", "pink"},
    "classic": PALE | {"brown", "black", "red", "blue"}, "traditional": PALE | {"brown", "black", "red"},
    "modern": PALE | {"black", "silver", "blue"}, "coastal": PALE | {"blue"},
}  # fmt: skip
COSY = {"classic", "country", "rustic", "romantic", "casual", "traditional", "vintage", "scandinavian"}


def weighted(rng: random.Random, weights: dict[str, int]) -> str:
    return rng.choices(list(weights), weights.values())[0]


def draw_wishes(rng: random.Random, target: Look, near: Sequence[Look]) -> tuple[Wish, ...] | None:
    """One to three wishes that the target surely fulfils, the main one first; None when the draw does not fit it."""
    main = draw_main(rng, draw_style(rng, target), target, near)
    if main is None or main.verdict(target) is not True:
        return None
    wishes = [main]
    wanted = int(not target.partial and (rng.random() < COMBINED or main.kind in ("tone", "material", "pattern")))
    for _ in range(wanted + int(wanted and rng.random() < 0.2)):
        further = draw_further(rng, target, near, wishes)
        if further:
            wishes.append(further)
    return tuple(wishes)


def draw_style(rng: random.Random, target: Look) -> str:
    """How the main wish is to be put."""
    if target.partial:
        return "name" if rng.random() < 0.5 else "basic"
    if target.face.pattern in NAMED:
        style = weighted(rng, PATTERNED)
        return style if target.face.pattern in MADE or style != "print" else "pattern"
    return "basic" if target.face.patterned else weighted(rng, STYLES)


def draw_main(rng: random.Random, style: str, target: Look, near: Sequence[Look]) -> Wish | None:
    exact = f"{target.shade}/{target.colour}"
    if style == "name":
        return Wish("shade", exact, rng.choice(bank(f"names {target.shade}") or (target.shade,)))
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
    if style == "print":
        return print_wish(rng, target)
    if style == "pattern":
        return Wish("pattern", target.face.pattern)
    if style == "material":
        return material_wish(rng, target, near)
    return Wish("colour", target.colour, target.colour)


def print_wish(rng: random.Random, target: Look) -> Wish:
    """The pattern with its colour, now and then with the ground that it stands on: "navy and white stripes"."""
    shade = rng.choice(bank(f"names {target.shade}") or (target.shade,))
    value, text = rng.choice(((f"{target.shade}/{target.colour}", shade), (target.colour, target.colour)))
    ground = f" and {rng.choice(('white', 'cream'))}" if target.face.on_ground and rng.random() < 0.3 else ""
    return Wish("print", f"{target.face.pattern}:{value}", text + ground)


def material_wish(rng: random.Random, target: Look, near: Sequence[Look]) -> Wish | None:
    """The target's material, by its own name or its family's; None for what people do not ask for."""
    stuff = family(target.material)
    if target.partial or not {stuff, target.material} & TOLD_MATERIALS:
        return None
    wish = Wish("material", target.material if stuff == "lacquer" else rng.choice((target.material, stuff)))
    # nobody asks for a ceramic mug
    return wish if stuff == "lacquer" or any(wish.verdict(look) is False for look in near) else None


def draw_further(rng: random.Random, target: Look, near: Sequence[Look], wishes: list[Wish]) -> Wish | None:
    """A further wish, by preference one that rules out what the others leave."""
    options = [wish for wish in further_options(rng, target, near, wishes) if wish.verdict(target) is True]
    options = [wish for wish in options if sensible(wish, wishes)]
    useful = [wish for wish in options if any(wish.verdict(look) is False and fulfils(look, wishes) for look in near)]
    return rng.choice(useful or options) if useful or (options and rng.random() < 0.8) else None


def further_options(rng: random.Random, target: Look, near: Sequence[Look], wishes: list[Wish]) -> list[Wish]:
    """What might be added, the likelier more than once."""
    options = [Wish("tone", name, negated=True) for name in ("dark", "light", "vivid", "dull")]
    options += [Wish("colour", colour, colour, negated=True) for colour in sorted({look.colour for look in near})]
    options += [Wish("material", name, negated=True) for name in sorted({family(look.material) for look in near})]
    material = material_wish(rng, target, near)
    options += [material] * 4 if material else []
    if target.face.accent and not target.partial and not target.face.patterned:
        options += [Wish("accent", target.face.second.colour, target.face.second.colour)] * 5
    patterns = sorted({look.face.pattern for look in near} & NAMED)
    if target.face.patterned:
        name = target.face.pattern if target.face.pattern in NAMED else "patterned"
        options += [Wish("pattern", name)] * 8
    elif patterns:
        options += [Wish("pattern", PLAIN)] * 3
        options += [Wish("pattern", name, negated=True) for name in (*patterns, "patterned", "patterned")]
    if {wish.kind for wish in wishes} <= {"material", "pattern"}:
        options += [Wish("colour", target.colour, target.colour)] * 8
    return options


def sensible(wish: Wish, wishes: list[Wish]) -> bool:
    """Whether a person would add this wish: "emerald, but not white" and "wood, no metal" go without saying."""
    main, kinds = wishes[0], {other.kind for other in wishes}
    if wish.kind == "material":
        told = FIRM_MATERIALS if wish.negated else TOLD_MATERIALS
        return wish.value in told and "material" not in kinds
    if wish.kind == "pattern":
        return not kinds & {"pattern", "print"}
    if wish.kind == "accent":
        return main.kind in ("colour", "shade") and "accent" not in kinds
    if wish.kind == "colour" and wish.negated:
        if wish.value in {"warm": WARM, "cool": COOL}.get(main.value, ()):
            return False
        return main.kind in ("tone", "material", "pattern") and not kinds & {"colour", "shade"}
    if wish.kind == "tone":
        free = main.kind in ("colour", "either") or (main.kind == "material" and len(wishes) < 2)
        return free and "tone" not in kinds and tone_may_vary(wish, main)
    return not kinds & {"colour", "shade", "either", "print"}


def tone_may_vary(wish: Wish, main: Wish) -> bool:
    """ "Blue, but not too dark" is a request, "black, but not too dark" is not."""
    if main.kind == "colour" and wish.value in ("vivid", "dull"):
        return False
    return main.kind != "colour" or main.value in ("red", "green", "blue", "brown", "grey", "purple", "pink", "orange")


def draw_mood(rng: random.Random, target: Look) -> Wish | None:
    """A word for the style where the look has it for sure; it never decides."""
    if target.partial or target.face.patterned:
        return None
    warm = target.colour in EARTHY | {"red", "pink"} and family(target.material) in ("fabric", "wood")
    if target.style in COSY and warm and rng.random() < 0.4:
        return Wish("style", target.style, rng.choice(bank("mood cosy")))
    words = bank(f"mood {target.style}") if target.colour in MOODS.get(target.style, ()) else ()
    return Wish("style", target.style, rng.choice(words)) if words else None
