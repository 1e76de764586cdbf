"""What the listener says of a pick that the model has made."""

from dataclasses import replace

from lavic_chat.nlu.alternatives import alternatives_of
from lavic_chat.nlu.listener import Listener
from lavic_chat.nlu.stated import settle_caption
from lavic_chat.recommendation import Recommendation, ScoredProduct


def said_of_pick(found: Recommendation, listener: Listener) -> Recommendation:
    """An answer with which variant its pick is, what other looks a question may offer and, where something cheaper was
    asked for, that there is none."""
    if not found.candidates or found.pick.product.id not in listener.grounding.row:
        return found
    pick = found.pick.product.id
    find = listener.grounding.find
    products = [one.product for one in found.candidates]
    return replace(
        found,
        candidates=tuple(settled(one, listener) for one in found.candidates),
        variant=listener.variant(pick),
        none_cheaper=listener.none_cheaper(found.intent, pick),
        alternatives=alternatives_of(products, found.pick.caption, found.intent, find),
    )


def settled(item: ScoredProduct, listener: Listener) -> ScoredProduct:
    """A candidate with what the shop says of its look where its caption contradicts that, if the shop may be believed:
    a catalogue may leave looks to the pictures alone."""
    if not item.caption or not listener.grounding.reads_attributes:
        return item
    seen, stated = settle_caption(item.product, item.caption, listener.grounding.find)
    return replace(item, stated=stated, seen=seen) if stated else item
