"""What must hold of a product, from an Intent: each condition as a probability for every product of the catalogue.

    score of a product = sum over conditions of weight x log probability

so that a product that meets all conditions goes before one that meets all but the least important, and what is only
seen (colours, materials) counts as far as it may be believed, while what is known (prices, sizes) counts in full.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lavic_chat.catalog.amounts import write_money
from lavic_chat.catalog.measures import LONGEST, FactTable
from lavic_chat.catalog.text import singular, words_of
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.children import is_for_children
from lavic_chat.nlu.grounding import DOUBT, SURE, Grounding, otherwise
from lavic_chat.nlu.intent import BRAND, VARIANT, Appearance, Intent, Limit, Relation, limit_words, relation_words
from lavic_chat.nlu.lexicon import PART
from lavic_chat.nlu.picture_words import PLAIN

KIND_WEIGHT, TITLE_WEIGHT, FACT_WEIGHT, RELATION_WEIGHT, UNWANTED_WEIGHT, WANTED_WEIGHT = 3.0, 3.0, 2.0, 3.5, 4.5, 1.2
GUESSED, NAMED = 0.5, 0.84  # similarity at which a kind is no more than a guess, and at which it is called so
GROUP_WEIGHT = 0.6  # of a kind that is but a group, "something for the kitchen": what is of it is not so clear
NARROWER = 0.9  # of a kind's probability for what is called by a narrower name, a shower curtain for a curtain
FOR_CHILDREN = 0.75  # the same for what is for children, where nobody said so
ANOTHER_THING = 0.25  # probability that what is only near a kind will do for it
KIND_WIDTH = 0.09  # of similarity below the best, within which a thing may be of the kind
OUTSIDE, UNKNOWN = 0.02, 0.2  # probability of a limit that is broken, and of one whose fact nobody knows
CENT_OR_CM = 0.005  # that is another price or size
LIGHTER = 3.0  # CIE L* that is seen as a difference
OPEN = 0.3  # what a condition gives way below
# Of what a caption says of a facet: measured, colours are named rightly in .93 of the products, materials in .76.
DOUBTS, OTHER_DOUBT = {"colour": 0.06, "material": 0.2, "pattern": 0.15}, 0.15
ALTERNATIVES = ("colour", "material", "pattern", "style", "finish", BRAND)  # of these any one will do


@dataclass(frozen=True, eq=False)
class Condition:
    """name: of the fact or facet; said: in the shopper's words, or ours; probability [N] that it holds of a product."""

    name: str
    said: str
    probability: np.ndarray
    weight: float = 1.0


def conditions_of(
    intent: Intent, grounding: Grounding, facts: Sequence[Mapping[str, float]], currency: str = ""
) -> tuple[Condition, ...]:
    """All conditions of an intent; words that mean nothing in this catalogue are none. currency: before a price."""
    found = [kind_condition(intent.kinds, intent.sure, grounding)] if intent.kinds and not intent.title else []
    if intent.title:
        found.append(Condition("title", intent.title, grounding.titles.probability(intent.title), TITLE_WEIGHT))
    found += [limit_condition(limit, facts, currency) for limit in intent.limits if is_known(limit, facts, found)]
    found += appearance_conditions(intent.appearance, grounding)
    shown = [one for one in intent.relations if one.product in grounding.row]
    related = (relation_condition(one, grounding, facts) for one in shown)
    found += [condition for condition in related if condition is not None]
    same = [grounding.row[one.product] for one in shown if (one.facet, one.sign) == ("shape", "=")]
    # The like of what was shown is wanted, also of what is none of the kind: "the same in wool".
    found = [one for one in found if one.name != r.KIND or not same or meets(one)[same].any()]
    if intent.asks in r.EXTREMES:
        found.append(extreme_condition(intent.asks, facts, found))
    return tuple(found)


def unknown_conditions(intent: Intent, conditions: Sequence[Condition]) -> tuple[str, ...]:
    """Limits and looks, in words, of which the shop says nothing for such things, so that no condition came of them."""
    names, said = {condition.name for condition in conditions}, " ".join(condition.said for condition in conditions)
    limits = (limit_words(limit) for limit in intent.limits if limit.quantity not in names)
    return (*limits, *(having(one) for one in intent.appearance if one.said not in said))


def having(one: Appearance) -> str:
    """A look in words that follow "it is": "quiet", "with dinosaurs", "without wheels"."""
    is_thing = words_of(one.said)[-1:] != [singular(word) for word in words_of(one.said)[-1:]]
    if one.unwanted:
        return f"without {one.said}" if is_thing or one.facet == PART else f"not {one.said}"
    return f"with {one.said}" if is_thing else one.said


def weigh(conditions: Sequence[Condition], count: int) -> np.ndarray:
    """[N] the weighted sum of log probabilities."""
    total = np.zeros(count)
    for condition in conditions:
        total += condition.weight * np.log(np.clip(condition.probability, 1e-4, 1.0))
    return total


def given_way(conditions: Sequence[Condition], place: int) -> tuple[Condition, ...]:
    """Those that a product does not meet."""
    return tuple(condition for condition in conditions if condition.probability[place] < OPEN)


def meets(condition: Condition) -> np.ndarray:
    """[N] whether a product meets a condition; a kind, as well as any here does."""
    best = condition.probability.max(initial=0.0) if condition.name == r.KIND else 1.0
    return condition.probability >= OPEN * best


def fit_all(conditions: Sequence[Condition], rows: Sequence[int]) -> list[int]:
    """Those of these products that meet every condition; none where there is no condition."""
    met = (
        np.all([meets(one)[list(rows)] for one in conditions], 0) if conditions and rows else np.zeros(len(rows), bool)
    )
    return [row for row, fits in zip(rows, met, strict=True) if fits]


def is_used_up(conditions: Sequence[Condition], found: Sequence[int], excluded: Sequence[int]) -> bool:
    """Whether all that are of the kind were turned down: none of those found is, and some of those excluded are; both
    by their rows."""
    kind = next((meets(one) for one in conditions if one.name == r.KIND), None)
    return kind is not None and not kind[list(found)].any() and bool(kind[list(excluded)].any())


def kind_condition(kinds: Sequence[str], meant: float, grounding: Grounding) -> Condition:
    """The thing is of any of the kinds: as near as the nearest, or a little less. meant: how probably it is wanted."""
    near = np.max([grounding.kind(kind) for kind in kinds], 0)
    best = near.max(initial=0.0)
    behind = (best - near) / KIND_WIDTH
    # What is only described, "something to use when cooking", is no name to go by, and weighs the less the less sure.
    sure = float(np.clip((best - GUESSED) / (NAMED - GUESSED), 0.0, 1.0)) ** 2
    probability = np.clip(np.exp(-(behind**2)), 1e-4, SURE)
    probability = np.where(grounding.is_narrower(kinds), NARROWER * probability, probability)
    probability = np.where(is_for_children(kinds, grounding), FOR_CHILDREN * probability, probability)
    if best < NAMED and any(map(grounding.is_thing, kinds)):  # nothing is called so: the nearest is another thing
        probability = ANOTHER_THING * probability
    broad = GROUP_WEIGHT if all(map(grounding.is_group, kinds)) else 1.0
    return Condition(r.KIND, " or ".join(kinds), probability, KIND_WEIGHT * sure * meant * broad)


def values_of(name: str, facts: Sequence[Mapping[str, float]]) -> np.ndarray:
    """[N] a number of each product; NaN where nobody says it."""
    if isinstance(facts, FactTable):
        return facts.column(name)
    return np.array([fact.get(name, np.nan) for fact in facts])


def fact_bounded(limit: Limit) -> str:
    """The fact that a limit is about; a size whose direction is not said is that of the longest side."""
    return LONGEST if limit.quantity == r.SIZE else limit.quantity


def limit_condition(limit: Limit, facts: Sequence[Mapping[str, float]], currency: str = "") -> Condition:
    """A price, a measure or seats within bounds; outside, the nearer the better."""
    judge = seats_probability if limit.quantity == r.SEATS else bounds_probability
    said = f"priced {price_words(limit, currency)}" if limit.quantity == r.PRICE else limit_words(limit)
    probability = judge(limit, values_of(fact_bounded(limit), facts))
    return Condition(limit.quantity, said, probability, FACT_WEIGHT)


def price_words(limit: Limit, currency: str) -> str:
    """A limit of the price with its currency, "$100 to $200"."""
    least, most = (None if end is None else write_money(end, currency) for end in (limit.least, limit.most))
    if least and most:
        return f"{least} to {most}"
    return f"at most {most}" if most else f"at least {least}"


def is_known(limit: Limit, facts: Sequence[Mapping[str, float]], before: Sequence[Condition]) -> bool:
    """Whether the shop says of such things what is bounded: how many a desk seats, nobody says."""
    known = ~np.isnan(values_of(fact_bounded(limit), facts))
    return bool((known & meets(before[0])).any() if before else known.any())


def bounds_probability(limit: Limit, values: np.ndarray | float | None) -> np.ndarray:
    """[N] of products' values, NaN where one is unknown; or of one value, where None is unknown, too."""
    values = np.asarray(values, float)
    least = -np.inf if limit.least is None else limit.least
    most = np.inf if limit.most is None else limit.most
    bound = np.where(values > most, most, least)
    with np.errstate(invalid="ignore"):  # what is within an open bound
        outside = OUTSIDE * np.exp(-np.abs(values - bound) / np.maximum(bound, 1.0))
    within = (values >= least) & (values <= most)
    return np.where(np.isnan(values), UNKNOWN, np.where(within, SURE, outside))


def seats_probability(limit: Limit, values: np.ndarray | float | None) -> np.ndarray:
    """[N] as many seats as people, rather than more; values as those of `bounds_probability`."""
    values = np.asarray(values, float)
    people = np.nan if limit.least is None else limit.least
    more = np.where(values > np.nan_to_num(people), 0.3, OUTSIDE)
    return np.where(np.isnan(values), UNKNOWN, np.where(values == people, SURE, more))


def appearance_conditions(appearance: Sequence[Appearance], grounding: Grounding) -> list[Condition]:
    """What is unwanted, each on its own; what is wanted, of some facets any."""
    found, groups = [], {}
    for one in appearance:
        probability = appearance_probability(one, grounding)
        if probability is None:
            continue
        meant = one.sure / max(one.sure + one.against, 1e-9)  # this and not the opposite
        probability = meant * probability + (1 - meant) * (1 - probability)
        if one.unwanted:
            found.append(
                Condition(one.facet, f"not {one.said}", 1 - probability, UNWANTED_WEIGHT * (one.sure + one.against))
            )
        else:
            groups.setdefault(one.facet if one.facet in ALTERNATIVES else one.said, []).append((one, probability))
    for group in groups.values():
        said = " or ".join(one.said for one, _ in group)
        best = np.max([probability for _, probability in group], 0)
        weight = TITLE_WEIGHT if group[0][0].facet in (BRAND, VARIANT) else WANTED_WEIGHT
        found.append(Condition(group[0][0].facet, said, best, weight * max(one.sure for one, _ in group)))
    return found


def appearance_probability(one: Appearance, grounding: Grounding) -> np.ndarray | None:
    """[N] that a product is as words say, as far as that is to be believed; None where they say nothing of it here."""
    if one.facet == VARIANT:
        called = called_variants(one.said, grounding)
        return np.where(called, SURE, DOUBT) if called.any() else None
    if one.facet == BRAND:
        return np.clip(grounding.titles.probability(one.said), DOUBT, SURE)
    probability = grounding.appearance(one.said)
    if probability.max(initial=0.0) < OPEN and not (
        one.facet in grounding.seen.facets and grounding.is_known(one.said)
    ):
        return None
    if one.facet in grounding.seen.measured:
        return probability
    doubt = DOUBTS.get(one.facet, OTHER_DOUBT)
    return np.clip(probability, doubt, 1 - doubt)


def called_variants(said: str, grounding: Grounding) -> np.ndarray:
    """[N] whether a product's title has such an amount, "450 ml", or the shop states it, where that may be read."""
    found, wanted = grounding.titles.says(said), squeezed(said)
    for row in np.flatnonzero(~found) if grounding.reads_attributes else ():
        found[row] = any(squeezed(value) == wanted for value in grounding.products[int(row)].attributes.values())
    return found


def squeezed(value: object) -> str:
    """A value in small letters without spaces, "450ml"."""
    return "".join(str(value).lower().split())


def extreme_condition(asks: str, facts: Sequence[Mapping[str, float]], before: Sequence[Condition]) -> Condition:
    """The cheapest, or widest, of what meets the other conditions; the nearer to that, the better."""
    name, highest = r.EXTREMES[asks]
    values = values_of(name, facts) * (-1 if highest else 1)
    fits = np.all([meets(one) for one in before], 0) if before else np.ones(len(facts), bool)
    fits &= ~np.isnan(values)
    behind = np.full(len(facts), np.inf)
    behind[fits] = values[fits] - values[fits].min() if fits.any() else np.inf
    scale = max(float(np.abs(values[fits]).min()), 1.0) if fits.any() else 1.0
    return Condition(name, f"the {asks}", np.clip(SURE * np.exp(-20 * behind / scale), 1e-4, SURE), FACT_WEIGHT)


def relation_condition(
    relation: Relation, grounding: Grounding, facts: Sequence[Mapping[str, float]]
) -> Condition | None:
    """To a product that was shown; None where nothing is known of it to compare."""
    anchor = grounding.row[relation.product]
    if relation.sign in "=!":
        same = same_as(relation.facet, anchor, grounding)
        if same is None:
            return None
        probability = same if relation.sign == "=" else otherwise(same)
        return Condition(relation.facet, relation_words(relation), probability, RELATION_WEIGHT)
    more = relation.sign == "+"
    if relation.facet == "pattern":
        plain = grounding.appearance(PLAIN)
        probability = otherwise(plain) if more else plain
        return Condition("pattern", relation_words(relation), probability, RELATION_WEIGHT)
    if relation.facet == "light":
        values, least = grounding.seen.lightness, LIGHTER
    else:
        values, least = values_of(relation.facet, facts), CENT_OR_CM
    if np.isnan(values[anchor]):
        return None
    gain = (values - values[anchor]) * (1 if more else -1)
    probability = np.where(np.isnan(values), UNKNOWN, np.where(gain >= least - 1e-6, SURE, OUTSIDE))
    return Condition(relation.facet, relation_words(relation), probability, RELATION_WEIGHT)


def same_as(facet: str, anchor: int, grounding: Grounding) -> np.ndarray | None:
    """[N] probability that a product is like one of them in a facet; None where that one shows nothing of it."""
    if facet == "shape":
        families = grounding.columns.same_family
        return np.where(families == families[anchor], SURE, DOUBT)
    if facet == "brand":
        titles = grounding.columns.lower_titles
        brand = titles[anchor].split()[0]
        return np.array([SURE if title.startswith(brand) else DOUBT for title in titles])
    words = grounding.seen.of_facet(anchor, facet)
    if facet == "pattern" and not words:
        return grounding.appearance(PLAIN)
    return np.max([grounding.appearance(word) for word in words], 0) if words else None
