"""One visitor's state and its moves: ask, "something else", "more like this", look at a runner-up, flag.

No Gradio in here, so that the rules of a visit can be read and tested alone. A visit is frozen: each move gives
a new one, and a move that fails leaves the old one as it was.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from lavic_chat.catalog.pictures import picture_format
from lavic_chat.catalog.product import Catalog, Product
from lavic_chat.dialogue import Dialogue
from lavic_chat.errors import LavicError
from lavic_chat.recommendation import Recommendation, ScoredProduct

LONGEST_TITLE = 120  # characters of a title inside a sentence


class Recommender(Protocol):
    """What the chat needs of a recommender; both calls raise LavicError with a sentence for the visitor."""

    catalog: Catalog
    model_name: str
    model_hash: str
    device: str

    def recommend(self, dialogue: Dialogue) -> Recommendation: ...

    def more_like(self, dialogue: Dialogue, product_id: str) -> Recommendation:
        """The dialogue ends with the shopper's wish for more like this product."""
        ...


@dataclass(frozen=True)
class Pending:
    """A question that the model has not answered yet; `text` and `photo` go back into the box if it fails."""

    dialogue: Dialogue
    like: str | None = None
    text: str = ""
    photo: Path | None = None


@dataclass(frozen=True)
class Visit:
    """`asked` is the dialogue as the model saw it for `recommendation`; `chosen` is a runner-up being looked at."""

    dialogue: Dialogue = field(default_factory=Dialogue)
    asked: Dialogue = field(default_factory=Dialogue)
    recommendation: Recommendation | None = None
    turn_id: str = ""
    chosen: str | None = None
    pending: Pending | None = None

    @property
    def pick(self) -> Product | None:
        return self.recommendation.pick.product if self.recommendation else None

    @property
    def others(self) -> tuple[ScoredProduct, ...]:
        """The candidates that were not picked, best first."""
        return self.recommendation.candidates[1:] if self.recommendation else ()

    @property
    def shown(self) -> ScoredProduct | None:
        """What the large card shows: the chosen runner-up, else the pick."""
        if not self.recommendation:
            return None
        return next((item for item in self.others if item.product.id == self.chosen), self.recommendation.pick)

    def ask(self, text: str, photo: Path | None = None) -> "Visit":
        """Begin a question. Raises DialogueError for an unusable message, PictureError for an unusable photo."""
        self.check_free()
        if photo:
            picture_format(photo)  # its header alone: many visitors ask at once, and only one is answered
        return replace(self, pending=Pending(self.dialogue.say(text, photo), None, text, photo))

    def something_else(self) -> "Visit":
        """Turn down the pick, and the runner-up on the card if there is one; raises LavicError without a pick."""
        self.check_free()
        if not self.pick:
            raise LavicError("There is no pick to replace yet; say what you are looking for.")
        said = self.dialogue.reject(self.pick.id).reject(self.shown.product.id).say("Something else, please.")
        return replace(self, pending=Pending(said))

    def more_like_this(self) -> "Visit":
        """Begin a search for products like the one on the card; raises LavicError when there is none."""
        self.check_free()
        if not self.shown:
            raise LavicError("There is nothing to compare with yet; say what you are looking for.")
        product = self.shown.product
        said = self.dialogue.say(f"Show me more like the {short_title(product)}.")
        return replace(self, pending=Pending(said, like=product.id))

    def choose(self, product_id: str | None) -> "Visit":
        """Put a candidate on the card; an id that is not among the candidates shows the pick again."""
        ids = [item.product.id for item in self.others]
        return replace(self, chosen=product_id if product_id in ids else None)

    def answered(self, recommender: Recommender) -> "Visit":
        """Let the model answer what is pending; raises LavicError, and whatever else the model raises."""
        if not self.pending:
            return self
        if self.pending.like:
            found = recommender.more_like(self.pending.dialogue, self.pending.like)
        else:
            found = recommender.recommend(self.pending.dialogue)
        ids = [item.product.id for item in found.candidates]
        dialogue = self.pending.dialogue.answer(spoken(found), ids)
        return Visit(dialogue, self.pending.dialogue, found, uuid4().hex)

    def given_up(self) -> "Visit":
        """The visit as it was before the question that failed."""
        return replace(self, pending=None)

    def check_free(self) -> None:
        if self.pending:
            raise LavicError("One moment: your last request is still being answered.")


def spoken(found: Recommendation) -> str:
    """The pick in one or two plain sentences; the second one says how close the runner-up came."""
    sentence = f"My pick is the {short_title(found.pick.product)}."
    if len(found.candidates) < 2:
        return sentence + " It is the only one left that fits."
    second = found.candidates[1]
    if found.pick.score >= 2 * second.score:
        return f"{sentence} None of the other {counted(len(found.candidates) - 1)} came near it."
    return f"{sentence} The {short_title(second.product)} came close."


def counted(number: int) -> str:
    """A small number in words, as one says it."""
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return words[number] if number < len(words) else str(number)


def short_title(product: Product) -> str:
    """A title on one line, cut at a word so that it fits into a sentence."""
    title = " ".join(product.title.split())
    if len(title) <= LONGEST_TITLE:
        return title
    return title[:LONGEST_TITLE].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"
