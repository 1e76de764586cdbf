"""Turns, and what the shopper has turned down among them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lavic_chat.errors import DialogueError

SEEKER, OTHER = "seeker", "recommender"
MORE_LIKE = "Show me more like the"  # how the message begins that a button says in the shopper's name
MAX_MESSAGE = 4_000  # characters of one message

BY_WORDS = ("kind", "look", "title")  # sorts of conditions that are taken back by their very words

# Characters that are read of a dialogue. The tagger and the sentence encoder read 256 tokens of a message, which in
# English are about a thousand characters.
READ_OF_MESSAGE = 1_000

# Keeps tab and newline. What turns the direction of writing round would have others read what nobody wrote.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Turn:
    """One message. `shown` are the ids that a recommender's turn put before the shopper, the pick first; `about` is the
    id of the product that a shopper had put in the pick's place before writing, None for the pick itself."""

    role: str
    text: str
    photo: Path | None = None
    shown: tuple[str, ...] = ()
    about: str | None = None


@dataclass(frozen=True)
class Window:
    """How much of a dialogue is read: of the newest turns, so many, and with so many characters of words together that
    are not our own answers."""

    turns: int
    characters: int


# A page asks turn by turn, and what was read before costs nothing; a program sends a whole conversation to be read.
PAGE_WINDOW, API_WINDOW = Window(200, 8_000), Window(24, 2_000)


@dataclass(frozen=True)
class Dialogue:
    """Turns, oldest first, and what the shopper has turned down by a button. dropped: conditions that were taken back
    by a click, each with the place of the turn after which. Every method returns a new dialogue."""

    turns: tuple[Turn, ...] = ()
    rejected: frozenset[str] = field(default_factory=frozenset)
    dropped: frozenset[tuple[int, str]] = field(default_factory=frozenset)

    @property
    def last_shown(self) -> tuple[str, ...]:
        """Ids of the latest answer that showed products, the pick first; empty before the first."""
        return next((turn.shown for turn in reversed(self.turns) if turn.shown), ())

    @property
    def last_pick(self) -> str | None:
        """Id of the latest product recommended, or None."""
        return next(iter(self.last_shown), None)

    @property
    def photo(self) -> Path | None:
        """The newest photo that the shopper sent, or None."""
        return next((turn.photo for turn in reversed(self.turns) if turn.photo), None)

    def since(self, place: int) -> "Dialogue":
        """The same without the turns before a place."""
        return replace(self, turns=self.turns[place:])

    def newest(self, window: Window) -> "Dialogue":
        """What is read of it: the newest turns that fit the window, each without what is too long of it; the very
        newest always."""
        kept: list[Turn] = []
        left = window.characters
        for turn in reversed(self.turns[-window.turns :]):
            turn = turn if len(turn.text) <= READ_OF_MESSAGE else replace(turn, text=turn.text[:READ_OF_MESSAGE])
            left -= 0 if turn.shown else len(turn.text)
            if kept and left < 0:
                break
            kept.append(turn)
        gone = len(self.turns) - len(kept)
        dropped = frozenset((place - gone, key) for place, key in self.dropped if place >= gone)
        return replace(self, turns=tuple(reversed(kept)), dropped=dropped)

    def say(self, text: str, photo: str | Path | None = None, about: str | None = None) -> "Dialogue":
        """Add a shopper's message. about: as in `Turn`.

        Raises DialogueError for an empty message without a photo, or one over MAX_MESSAGE characters.
        """
        text = clean_message(text, may_be_empty=photo is not None)
        said = Turn(SEEKER, text, None if photo is None else Path(photo), about=about)
        return replace(self, turns=(*self.turns, said))

    def answer(self, text: str, shown: Iterable[str] = ()) -> "Dialogue":
        """Add the recommender's message with the product ids it showed, the pick first."""
        text = CONTROL.sub(" ", text).strip()
        return replace(self, turns=(*self.turns, Turn(OTHER, text, None, tuple(shown))))

    def reject(self, product_id: str) -> "Dialogue":
        """Turn a product down: it does not come back in this conversation."""
        return replace(self, rejected=self.rejected | {product_id})

    def without_dropped(self) -> "Dialogue":
        """The same where words that were taken back by a click are not said any more: they are out of the messages
        before the click; these say nothing at all where they have other words for it. Limits stay, in their figures."""
        turns = list(self.turns)
        for at, key in sorted(self.dropped):
            sort, _, words = key.partition(" ")
            if sort in BY_WORDS and words:
                turns[: at + 1] = without_words(turns[: at + 1], words)
        return replace(self, turns=tuple(turns), dropped=frozenset())

    def drop(self, condition: str) -> "Dialogue":
        """Take a condition back that was understood of the turns so far."""
        return replace(self, dropped=self.dropped | {(len(self.turns) - 1, condition)})


def without_words(turns: Sequence[Turn], words: str) -> list[Turn]:
    """Turns without words that the shopper said; nothing of the shopper's where none of them has these very words."""
    pattern = re.compile(rf"(?<!\w){re.escape(words)}(?!\w)", re.IGNORECASE)
    is_said = any(turn.role == SEEKER and pattern.search(turn.text) for turn in turns)
    texts = (" ".join(pattern.sub(" ", turn.text).split()) if is_said else "" for turn in turns)
    return [replace(turn, text=text) if turn.role == SEEKER else turn for turn, text in zip(turns, texts, strict=True)]


def clean_message(text: str, may_be_empty: bool = False) -> str:
    """Strip a message and its control characters; raises DialogueError when it is empty or too long."""
    if len(text) > MAX_MESSAGE:
        raise DialogueError(
            f"That message has {len(text):,} characters; please shorten it to {MAX_MESSAGE:,} or fewer."
        )
    text = CONTROL.sub(" ", text).strip()
    if not text and not may_be_empty:
        raise DialogueError("The message is empty; say what you are looking for, or send a photo.")
    return text
