"""What a visitor did with products, beyond one conversation; free of numpy, so that the user interface can keep it."""

from collections.abc import Collection
from dataclasses import dataclass

LIKED, OPENED, TURNED_DOWN = "liked", "opened", "turned down"
SIGNS = (LIKED, OPENED, TURNED_DOWN)
MOST_EVENTS = 50  # that are kept; what is older has no say any more


@dataclass(frozen=True)
class Event:
    """A product's id, and which of SIGNS the visitor gave."""

    product_id: str
    sign: str


@dataclass(frozen=True)
class History:
    """Events, the newest last, one a product and MOST_EVENTS at most. Every method returns a new history."""

    events: tuple[Event, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.events)

    @property
    def liked(self) -> frozenset[str]:
        """Ids of what is liked."""
        return frozenset(event.product_id for event in self.events if event.sign == LIKED)

    def add(self, product_id: str, sign: str) -> "History":
        """One event more, in the place of an older one of the same product."""
        return History((*self.without([product_id]).events, Event(product_id, sign))[-MOST_EVENTS:])

    def note(self, product_id: str, sign: str) -> "History":
        """The same, but what is liked stays liked: a like is taken back by who gave it, not by a lesser sign."""
        return self if product_id in self.liked else self.add(product_id, sign)

    def without(self, product_ids: Collection[str]) -> "History":
        """The same as if nothing had been done with these products."""
        return History(tuple(event for event in self.events if event.product_id not in product_ids))


NO_HISTORY = History()
