"""Choose the ten: hard negatives of every kind, no second product that fulfils the request, nothing told by titles."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, islice

from .kinds import HOUSE
from .looks import Look
from .story import Shop, Story
from .wishes import Wish, fails, fulfils

COUNT = 10
FEW = 3  # fewer rivals of the kind than these, and a mixed request names a wider one
SAME_COLOUR = 2  # products of the wanted colour but another type, in a mixed list
Score = Callable[[Look], float]


def shunned(story: Story, look: Look) -> bool:
    """Products that may not stand in the list at all: shown before, or told apart by their title alone."""
    titles = set() if story.same_shape else {seen.title for seen in story.seen}
    return look.id == story.target.id or look in story.seen or look.title in titles


def scorer(rng: random.Random, story: Story, wishes: Sequence[Wish], must: Sequence[Look]) -> Score:
    """Likes `must` most, then what fails a single wish, the colour taken back or lying about, and otherwise chance."""
    noise: dict[str, float] = {look.id: 10.0 for look in must}

    def score(look: Look) -> float:
        verdicts = [wish.verdict(look) for wish in wishes]
        close = verdicts.count(False) == 1 and len(verdicts) > 1
        lure = look.colour == story.decoy or any(old.verdict(look) is True for old in story.olds)
        return 2.0 * close + 1.5 * lure + noise.setdefault(look.id, 2.5 * rng.random())

    return score


def contrasts(rng: random.Random, wishes: Sequence[Wish], options: Iterable[Look]) -> list[Look]:
    """For each wish a look that fails it alone, where there is one."""
    options, chosen = list(options), []
    for wish in wishes:
        rest = tuple(other for other in wishes if other is not wish)
        found = [look for look in options if wish.verdict(look) is False and fulfils(look, rest) and look not in chosen]
        if found:
            chosen.append(rng.choice(found))
    return chosen


def lay_out(rng: random.Random, target: Look, options: Sequence[Look], count: int, score: Score) -> list[Look]:
    """`count` of the options, so that the target's title is as frequent among all as the others' titles.

    Were the target's siblings its only company, a guess by title alone would find it.
    """
    shapes: dict[str, list[Look]] = {}
    scores = {look.id: score(look) for look in options}
    for look in sorted(options, key=lambda look: (-scores[look.id], look.id)):
        shapes.setdefault(look.shape, []).append(look)
    siblings = shapes.pop(target.shape, [])
    usual = min(rng.choice((2, 2, 3)), len(siblings) + 1)
    groups = min(-(-(count + 1) // usual), len(shapes) + 1)
    sizes = [(count + 1) // groups + (number < (count + 1) % groups) for number in range(groups)]
    own = rng.choices(sizes, sizes)[0]  # each of the ten places is as likely to be the target's
    sizes.remove(own)
    chosen = siblings[: own - 1]
    for size in sizes:
        best = max(shapes.values(), key=lambda group: (min(len(group), size), scores[group[0].id], group[0].id))
        chosen += shapes.pop(best[0].shape)[:size]
    taken = {look.id for look in chosen}
    left = [look for look in options if look.id not in taken]
    return chosen + rng.sample(left, min(len(left), count - len(chosen)))


def visual_scopes(rng: random.Random, story: Story) -> tuple[str, ...]:
    """The levels at which ten of a kind may be sought, the narrowest first."""
    target = story.target
    exact = target.thing != target.type and (target.by_thing or rng.random() < 0.4)
    if story.seen or target.partial:  # a suggestion's title names the kind, and "one" is of that kind
        return ("thing",) if target.by_thing else ("thing", "type") if exact else ("type",)
    wider = ("group", "field", "any") if target.field == "furniture" or target.group in HOUSE else ("group",)
    return ("thing", "type", *wider) if exact else ("type", *wider)


def choose_visual(rng: random.Random, story: Story, shop: Shop) -> tuple[list[Look], str] | None:
    """Nine others of the target's thing or type, else group, else half of the shop, that surely fail; and that scope's
    name."""
    target, firm = story.target, story.firm
    for scope in visual_scopes(rng, story):
        if scope in ("field", "any") and story.wishes[0].kind == "material":
            return None  # half of all things have wooden or metal legs
        pool = shop.by_type[target.type] if scope in ("thing", "type") else shop.looks
        own = target.at(scope)
        options = [
            look
            for look in pool
            if look.at(scope) == own
            and look.partial == target.partial
            and (scope != "type" or target.by_thing or not look.by_thing)  # who asks for a bed is shown no crib
            and fails(look, firm)
            and not shunned(story, look)
        ]
        if len(options) >= COUNT - 1:
            score = scorer(rng, story, firm, contrasts(rng, firm, options))
            return lay_out(rng, target, options, COUNT - 1, score), scope
    return None


def mixed_scope(rng: random.Random, story: Story, shop: Shop) -> str:
    """What a mixed request names: the thing or the type, or the whole group where they would leave too little."""
    target = story.target
    exact = target.thing != target.type and (target.by_thing or rng.random() < 0.5)
    if story.seen or target.partial or target.group == "any":
        return "thing" if exact else "type"
    rivals = [look for look in shop.by_type[target.type] if not shunned(story, look) and fails(look, story.firm)]
    if exact and sum(look.thing == target.thing for look in rivals) >= FEW:
        return "thing"
    return "type" if len(rivals) >= FEW and not (target.by_thing and target.thing != target.type) else "group"


def named_wishes(story: Story, scope: str) -> tuple[Wish, ...]:
    """The wishes of a mixed request, with the one that its noun makes, or the title where that shape is wanted."""
    target = story.target
    if story.same_shape:
        return (*story.firm, Wish("title", target.title))
    value = f"{target.type}:{target.thing}" if scope == "thing" else target.at(scope)
    return (*story.firm, Wish(scope, value))


def choose_mixed(rng: random.Random, story: Story, scope: str, shop: Shop, ranked: Sequence[Look]) -> list[Look] | None:
    """Same kind in other looks, same look in other kinds, then what retrieval ranks first; None if too few.

    `ranked` are looks of the split, the likeliest by text first; the others follow in chance order.
    """
    target, wishes = story.target, named_wishes(story, scope)

    def fit(look: Look) -> bool:
        return fails(look, wishes) and not shunned(story, look)

    def alike(look: Look) -> bool:
        return look.at(scope) == target.at(scope)

    rivals = [look for look in shop.looks if alike(look) and look.partial == target.partial and fit(look)]
    score = scorer(rng, story, wishes, contrasts(rng, story.firm, rivals))
    chosen = lay_out(rng, target, rivals, min(rng.choice((3, 5)), len(rivals)), score)
    other = (look for look in ranked if not alike(look) and not look.partial)
    seen_in = story.firm[-1:] if story.wishes[0].kind == "print" else story.firm[:1]
    like = list(islice((look for look in other if fulfils(look, seen_in) and fit(look)), 12))
    chosen += rng.sample(like, min(SAME_COLOUR, len(like)))
    types, shapes = Counter(look.type for look in chosen), Counter(look.shape for look in chosen)
    taken = {look.id for look in chosen}
    for of_type, of_shape in ((2, 2), (4, 2), (COUNT, COUNT)):
        rest = rng.sample(list(shop.looks), len(shop.looks)) if of_type == COUNT else []
        for look in chain(ranked, rest):
            if len(chosen) == COUNT - 1:
                return chosen
            own = alike(look) and of_type < COUNT
            if own or types[look.type] >= of_type or shapes[look.shape] >= of_shape:
                continue
            if look.id not in taken and fit(look):
                chosen.append(look)
                taken.add(look.id)
                types[look.type] += 1
                shapes[look.shape] += 1
    return chosen if len(chosen) == COUNT - 1 else None


def combined(story: Story, chosen: Sequence[Look]) -> bool:
    """Whether several look wishes are needed together: leave any out and another candidate may do."""

    def needed(wish: Wish) -> bool:
        rest = tuple(other for other in story.firm if other is not wish)
        return any(not fails(look, rest) for look in chosen)

    return len(story.firm) > 1 and all(map(needed, story.firm))
