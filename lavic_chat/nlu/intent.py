"""One `Intent` a turn: what the newest turn asks for, read in the light of the conversation.

Read once, in `Recommender.recommend`, and handed down: nothing behind it reads the shopper's language again.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from lavic_chat.catalog.filters import NO_LIMITS, PriceRange
from lavic_chat.catalog.product import Catalog, Product
from lavic_chat.catalog.text import stems_of
from lavic_chat.dialogue.rejection import REJECTION
from lavic_chat.dialogue.turns import SEEKER, Dialogue
from lavic_chat.nlu.budget import COMPARED, read_budget
from lavic_chat.nlu.reference import (
    accepts,
    asks_for_another,
    names_of,
    nouns_of,
    pick_meant,
    things_in,
    wanted_appearance,
)

ASK, REFINE, REJECT, ACCEPT = "ask", "refine", "reject", "accept"
Act = Literal["ask", "refine", "reject", "accept"]
# Beside a refusal, what tells what is wanted: "something else in red", not "not that one, please".
TELLING = re.compile(r"\b\w{3,}\b.*\b\w{3,}|\b(?:in|with|of)\s+\w{3,}", re.DOTALL)


@dataclass(frozen=True)
class Intent:
    """What a turn asks for; empty where its words leave a thing open.

    act: ASK for a thing, REFINE the last pick ("the same in red"), REJECT it ("not that one") or ACCEPT it ("I love
    it"). kinds: what the newest message that names a kind of thing calls it, any of these words. wanted, unwanted:
    words for appearance that the newest message asks for or turns down; the rules of today find none that it turns
    down. limits: on the price. reference: the shown product that the newest message speaks on of.
    """

    act: Act = ASK
    kinds: frozenset[str] = frozenset()
    wanted: frozenset[str] = frozenset()
    unwanted: frozenset[str] = frozenset()
    limits: PriceRange = NO_LIMITS
    reference: Product | None = None

    def is_of_kind(self, product: Product) -> bool:
        """Whether a product is called what was asked for, or nothing was named."""
        return not self.kinds or bool(self.kinds & names_of(product))


class IntentReader:
    """Reads intents by the words of one catalogue: `kinds`, what its things are called, and `appearance`, what the
    model's captions call their looks."""

    def __init__(self, catalog: Catalog, captions: Iterable[str] = ()):
        self.catalog, self.kinds = catalog, nouns_of(catalog)
        self.appearance = frozenset(word for caption in set(captions) for word in stems_of(caption))

    def read(self, dialogue: Dialogue) -> Intent:
        """The newest turn's intent; limits and kinds may stand in earlier ones."""
        newest = dialogue.turns[-1] if dialogue.turns else None
        text = newest.text if newest and newest.role == SEEKER else ""
        reference = pick_meant(dialogue, self.catalog, self.kinds)
        if REJECTION.search(text):
            act = REJECT
        elif reference:
            act = ACCEPT if accepts(text) else REFINE
        else:
            act = ASK
        return Intent(
            act=act,
            kinds=self.kinds_wanted(dialogue),
            wanted=wanted_appearance(text, self.appearance),
            limits=self.read_limits(dialogue),
            reference=reference,
        )

    def kinds_wanted(self, dialogue: Dialogue) -> frozenset[str]:
        """What the shopper's newest message that names a kind of thing calls it; empty where none does."""
        named = (things_in(turn.text, self.kinds) for turn in reversed(dialogue.turns) if turn.role == SEEKER)
        return frozenset(next(filter(None, named), ()))

    def read_limits(self, dialogue: Dialogue) -> PriceRange:
        """The range of prices that the shopper's words leave."""
        return read_budget(
            dialogue,
            lambda pick: self.catalog[pick].price if pick in self.catalog else None,
            lambda text, pick: pick in self.catalog and asks_for_another(text, self.catalog[pick], self.kinds),
        )


def searchable_text(text: str) -> str:
    """What a message says to search for, "" where it only turns a product down ("not that one", "too expensive")."""
    rest = COMPARED.sub(" ", REJECTION.sub(" ", text))
    if not rest.strip() or (rest != text and not TELLING.search(rest)):
        return ""
    return rest
