"""Draw what a conversation is about: a wanted product, its wishes, and what happens on the way."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from . import colours
from .banks import bank
from .looks import NAMED, PLAIN, Look
from .story import Shop, Story
from .wanting import draw_mood, draw_wishes
from .wishes import Wish, fails

SCENES = {
    "visual": {"single": 44, "drip": 19, "rejected": 14, "changed": 10, "corrected": 4, "compared": 5, "long": 4},
    "mixed": {"single": 39, "drip": 16, "rejected": 10, "changed": 8, "corrected": 3, "compared": 3, "long": 5}
    | {"same shape": 9, "listed": 10},
}
MOOD, BUDGET, DECOY = 0.14, 0.06, 0.12  # shares of stories with these
NEARLY = 3  # how many of a kind the helper may list at once


def draw_story(rng: random.Random, scene: str, target: Look, shop: Shop) -> Story | None:
    """A story for one scene; None when what was drawn cannot be told of this product."""
    near = shop.near(target)
    wishes = draw_wishes(rng, target, near)
    if wishes is None:
        return None
    story = Story(scene, target, wishes)
    if rng.random() < MOOD:
        story = replace(story, mood=draw_mood(rng, target))
    if target.price > 20 and rng.random() < BUDGET:
        story = replace(story, budget=rounded(target.price * rng.uniform(1.15, 2)))
    way = WAYS.get(scene)
    return way(rng, story, near, shop) if way else with_decoy(rng, story, near)


def rounded(price: float) -> int:
    """A round sum that people name as their budget."""
    step = 10 if price < 100 else 50 if price < 500 else 100
    return round(price / step + 0.5) * step


def plain_colour(wish: Wish) -> bool:
    """Whether a wish names one colour, which can be taken back or swapped."""
    return wish.kind in ("colour", "shade")


def with_decoy(rng: random.Random, story: Story, near: Sequence[Look]) -> Story:
    """Now and then other things in the room have a colour of their own."""
    if rng.random() >= DECOY or not plain_colour(story.wishes[0]) or story.target.partial:
        return story
    others = [look for look in near if fails(look, story.wishes) and look.colour != story.target.colour]
    return replace(story, decoy=rng.choice(others).colour if others else "")


def fresh(looks: Sequence[Look], seen: Sequence[Look]) -> list[Look]:
    """Those whose titles cannot be taken for a title among `seen`."""
    return [look for look in looks if all(look.title not in one.title and one.title not in look.title for one in seen)]


def with_shape(rng: random.Random, story: Story, near: Sequence[Look], shop: Shop) -> Story | None:
    """The target's shape was shown in another look; now and then another product after it."""
    siblings = [look for look in shop.by_shape[story.target.shape] if fails(look, story.wishes)]
    if not siblings or story.wishes[0].kind not in ("colour", "shade", "either", "print", "pattern", "material"):
        return None
    seen = [rng.choice(siblings)]
    others = fresh([look for look in near if look.shape != story.target.shape], seen)
    if others and rng.random() < 0.3:
        seen.append(rng.choice(others))
    return replace(story, seen=tuple(seen))


def with_list(rng: random.Random, story: Story, near: Sequence[Look], shop: Shop) -> Story | None:
    """Two or three products are listed, one of them of the target's shape; now and then one more comes after them."""
    siblings = [look for look in shop.by_shape[story.target.shape] if fails(look, story.wishes)]
    if not siblings or story.wishes[0].kind not in ("colour", "shade", "either", "print", "pattern", "material"):
        return None
    seen = [rng.choice(siblings)]
    for _ in range(rng.choice((1, 2, 2, 3))):
        others = fresh([look for look in near if look.shape != story.target.shape], seen)
        if others:
            seen.append(rng.choice(others))
    if len(seen) < 2:
        return None
    at = rng.randrange(min(len(seen), NEARLY))
    seen.insert(at, seen.pop(0))
    return replace(story, seen=tuple(seen), pointed=at)


def with_refusals(rng: random.Random, story: Story, near: Sequence[Look], shop: Shop) -> Story | None:
    """One or two products are shown first; the last is turned down for a reason that is true of it."""
    shown = [look for look in near if fails(look, story.wishes) and look.title != story.target.title]
    if not shown:
        return None
    last = rng.choice(shown)
    further = fresh(shown, [last])
    first = [rng.choice(further)] if further and rng.random() < (0.8 if story.scene == "long" else 0.4) else []
    return replace(story, seen=(*first, last), reason=rng.choice(reasons(story, last)))


def reasons(story: Story, last: Look) -> list[str]:
    """Why the last product shown might be turned down, the likelier more than once; none speaks against the target."""
    target, found = story.target, ["shape"]
    if last.colour != target.colour and not colours.confused(last.colour, target.colour):
        found += ["colour"] * 3
    for name in ("dark", "light"):
        if Wish("tone", name).verdict(last) is True and Wish("tone", name).verdict(target) is False:
            found += [name] * 2
    if last.face.pattern in NAMED and target.face.pattern == PLAIN:
        found += ["pattern"] * 4
    main = story.wishes[0]
    if main.kind == "material" and not main.negated and last.material and main.verdict(last) is False:
        return ["material"]
    return found


def with_change(rng: random.Random, story: Story, near: Sequence[Look], shop: Shop) -> Story | None:
    """The seeker first asks for the colour of another product, or for two such, one after the other."""
    first = old_wish(rng, story, near)
    if first is None:
        return None
    second = old_wish(rng, story, near) if rng.random() < 0.3 else None
    olds = (first, second) if second and second.value.split("/")[-1] != first.value.split("/")[-1] else (first,)
    return replace(story, olds=olds)


def old_wish(rng: random.Random, story: Story, near: Sequence[Look]) -> Wish | None:
    """A colour that another product of the kind has and the target has surely not."""
    if not plain_colour(story.wishes[0]) or story.target.partial:
        return None
    other = [look for look in near if fails(look, story.wishes[:1]) and not fails(look, story.wishes[1:])]
    if not other:
        return None
    look = rng.choice(other)
    old = Wish("colour", look.colour, look.colour)
    if old.verdict(story.target) is not False:
        return None
    if rng.random() < 0.5:
        return Wish("shade", f"{look.shade}/{look.colour}", rng.choice(bank(f"names {look.shade}") or (look.shade,)))
    return old


def with_comparison(rng: random.Random, story: Story, near: Sequence[Look], shop: Shop) -> Story | None:
    """Something is shown, and the target is darker, lighter, stronger or calmer in colour than that."""
    target, kept = story.target, story.wishes[:1] if rng.random() < 0.6 and plain_colour(story.wishes[0]) else ()
    if target.partial:
        return None
    found = []
    others = [look for look in near if look.title != target.title]
    for look in others:
        for how in ("darker", "lighter", "brighter", "calmer"):
            wish = Wish("compare", f"{how}:{look.shade}/{look.colour}")
            if wish.verdict(target) is True and not (look.face.patterned or look.face.accent):
                found += [(look, wish)] * (4 if look.colour == target.colour else 1)
    if not found:
        return None
    look, wish = rng.choice(found)
    further = fresh(others, [look])
    seen = [look] if not further or rng.random() < 0.7 else rng.sample([look, rng.choice(further)], 2)
    pointed = seen.index(look)
    return replace(story, wishes=(wish, *kept), seen=tuple(seen), pointed=pointed)


def with_long_way(rng: random.Random, story: Story, near: Sequence[Look], shop: Shop) -> Story | None:
    """Suggestions turned down and perhaps a change of mind before them."""
    told = with_refusals(rng, story, near, shop)
    old = old_wish(rng, story, near) if told and rng.random() < 0.5 else None
    return replace(told, olds=(old,)) if old else told


WAYS: dict[str, Callable[[random.Random, Story, Sequence[Look], Shop], Story | None]] = {
    "same shape": with_shape,
    "listed": with_list,
    "rejected": with_refusals,
    "changed": with_change,
    "corrected": with_change,
    "compared": with_comparison,
    "long": with_long_way,
}
