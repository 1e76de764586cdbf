"""What the listener says of a pick that the model has made."""

from dataclasses import replace

from lavic_chat.nlu.listener import Listener
from lavic_chat.recommendation import Recommendation


def said_of_pick(found: Recommendation, listener: Listener) -> Recommendation:
    """An answer with which variant its pick is and, where something cheaper was asked for, that there is none."""
    if not found.candidates or found.pick.product.id not in listener.grounding.row:
        return found
    pick = found.pick.product.id
    return replace(found, variant=listener.variant(pick), none_cheaper=listener.none_cheaper(found.intent, pick))
