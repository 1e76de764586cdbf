"""What a question about an unsure pick may offer instead: other looks that are at hand, of one facet, and none that is
the pick's already or a kind of another."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from lavic_chat.catalog.product import Product
from lavic_chat.catalog.text import stems_of
from lavic_chat.nlu.intent import Intent
from lavic_chat.nlu.stated import Find, is_kind_of

FACETS = ("colour", "material", "style", "pattern")  # that a question may be about, the plainest first
MOST_COMPARED, MOST_OFFERED = 5, 3  # candidates, the pick among them, and words
VAGUE = ("style", "pattern")  # of these one word alone is no question: "should it rather be casual?"
SAME_FACET = {"light": "colour"}  # facets of relations: "darker" is said of a colour


def alternatives_of(products: Sequence[Product], caption: str, intent: Intent, find: Find) -> tuple[str, ...]:
    """Words for looks of other candidates, at most MOST_OFFERED, of the first facet that has two or more and of which
    nothing was said; a colour or material alone where there is no more. products: the pick first; caption: of its
    picture; find: the lexicon's entry of a word."""
    asked = {one.facet for one in intent.appearance} | {one.facet for one in intent.relations}
    asked |= {SAME_FACET.get(facet, facet) for facet in asked}
    said = stems_of(" ".join((*intent.kinds, intent.title, *intent.wanted, *intent.unwanted)))
    best: list[str] = []
    for facet in FACETS:
        values = [str(one.attributes.get(facet, "")).strip() for one in products[:MOST_COMPARED]]
        if facet in asked or any(is_named(value, said) for value in values):
            continue
        known = [value for value in (*values[:1], *caption.replace(",", " ").split()) if value]
        others: list[str] = []
        for value in filter(None, values[1:]):
            if not any(is_same(value, other, find) for other in (*known, *others)):
                others.append(value)
        if len(best) < 2 and len(others) > len(best) + (facet in VAGUE):
            best = others
    return tuple(best[:MOST_OFFERED])


def is_named(value: str, said: AbstractSet[str]) -> bool:
    """Whether a value's words, without their endings, are among those said."""
    words = stems_of(value)
    return bool(words) and words <= said


def is_same(value: str, other: str, find: Find) -> bool:
    """Whether two words for a look are no alternatives of each other: "oak" and "wood", "painted wood" and "wood"."""
    one, two = stems_of(value), stems_of(other)
    if one and two and (one <= two or two <= one):
        return True
    first, second = find(value.lower()), find(other.lower())
    return bool(first and second and is_kind_of(first, second))
