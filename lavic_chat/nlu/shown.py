"""What a shop has answered so far in a dialogue, for messages that point at it."""

from dataclasses import dataclass, field

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.intent import Intent


@dataclass
class Shown:
    """What the shop has answered so far: ids of each answer, the pick first; and the intents, and the messages, that
    they answered."""

    lists: list[tuple[str, ...]] = field(default_factory=list)
    intents: list[Intent] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    by_title: set[tuple[str, ...]] = field(default_factory=set)  # lists of all products that a title in words may mean

    def add(self, items: tuple[str, ...], intent: Intent, message: str = "") -> None:
        """One more answer; of no items it is none."""
        if items:
            self.lists.append(items)
            self.intents.append(intent)
            self.messages.append(message)

    def intent_for(self, item: str) -> Intent:
        """What was wished for when a product was the pick, or else was shown, for the last time."""
        pairs = list(zip(reversed(self.lists), reversed(self.intents), strict=True))
        picked = [intent for items, intent in pairs if items[0] == item]
        return next(iter(picked or [intent for items, intent in pairs if item in items]))

    def of(self, which: str) -> tuple[str, ...]:
        """The list of an answer that is pointed at; empty where there is none."""
        if not self.lists:
            return ()
        if which == r.FIRST:
            return self.lists[0]
        return self.lists[-2] if which == r.PREVIOUS and len(self.lists) > 1 else self.lists[-1]

    @property
    def picks(self) -> list[str]:
        """The newest first."""
        return [items[0] for items in reversed(self.lists)]

    @property
    def pick(self) -> str | None:
        """The latest."""
        return self.lists[-1][0] if self.lists else None
