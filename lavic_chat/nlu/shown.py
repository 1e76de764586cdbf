"""What a shop has answered so far in a dialogue, for messages that point at it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import takewhile

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.catalog_words import stems
from lavic_chat.nlu.intent import Intent


@dataclass
class Shown:
    """What the shop has answered so far: ids of each answer, the pick first; and the intents, and the messages, that
    they answered."""

    lists: list[tuple[str, ...]] = field(default_factory=list)
    intents: list[Intent] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    by_title: set[tuple[str, ...]] = field(default_factory=set)  # lists of all products that a title in words may mean
    chosen: str | None = None  # what the shopper has put in the newest pick's place
    spoken_of: str | None = None  # what the talk has come to since the newest pick

    def add(self, items: tuple[str, ...], intent: Intent, message: str = "") -> None:
        """One more answer; of no items it is none."""
        if items:
            self.lists.append(items)
            self.intents.append(intent)
            self.messages.append(message)
            self.chosen = self.spoken_of = None

    def choose(self, item: str | None) -> None:
        """What is in the pick's place as the shopper writes, None for the pick: the talk comes to it, unless it was
        there before, for since then an answer may have spoken of another."""
        if item != self.chosen:
            self.chosen = self.spoken_of = item

    def speak_of(self, item: str | None) -> None:
        """An answer in words was about a product; None for none."""
        self.spoken_of = item or self.spoken_of

    def intent_for(self, item: str) -> Intent:
        """What was wished for when a product was the pick, or else was shown, for the last time; the newest wish where
        answers in words alone have named it."""
        pairs = list(zip(reversed(self.lists), reversed(self.intents), strict=True))
        picked = [intent for items, intent in pairs if items[0] == item]
        return next(iter(picked or [intent for items, intent in pairs if item in items]), self.newest_intent)

    @property
    def newest_intent(self) -> Intent:
        """The latest that a list was an answer to."""
        return self.intents[-1] if self.intents else Intent()

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

    @property
    def on_card(self) -> str | None:
        """What the shopper has before them: the latest pick, or what they have put in its place."""
        return self.chosen or self.pick

    @property
    def current(self) -> str | None:
        """What "it" is: what the talk has come to, or else the latest pick."""
        return self.spoken_of or self.pick

    @property
    def before_it(self) -> int:
        """The latest answer, counted from 0, whose pick is another than what the shopper has before them; the first
        where none is."""
        others = (at for at in reversed(range(len(self.lists))) if self.lists[at][0] != self.on_card)
        return next(others, 0)

    @property
    def as_first_shown(self) -> tuple[str, ...]:
        """The newest list in the order that it had before products of it were taken."""
        same = takewhile(lambda items: set(items) == set(self.lists[-1]), reversed(self.lists))
        return list(same)[-1]

    def was_asked_for(self, item: str, words: Iterable[str]) -> bool:
        """Whether an answer's pick came to a message that said all of these words, "navy" of what is nearest to it."""
        asked = (stems(said) for items, said in zip(self.lists, self.messages, strict=True) if items[0] == item)
        wanted = stems(" ".join(words))
        return any(wanted <= said for said in asked)
