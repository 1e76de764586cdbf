"""One visitor's session and its moves: ask, "something else", "more like this", filter, take a condition back, undo,
choose a runner-up, compare it with the pick, answer without the pictures.

No Gradio in here, so that the rules of a session can be read and tested alone. A session is frozen: each move gives
a new one, and a move that fails leaves the old one as it was.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from lavic_chat.catalog.filters import NO_FILTERS, Filters
from lavic_chat.catalog.pictures import picture_format
from lavic_chat.catalog.product import Catalog, Product
from lavic_chat.dialogue.history import NO_HISTORY, History
from lavic_chat.dialogue.turns import MORE_LIKE, Dialogue, Turn
from lavic_chat.errors import LavicError
from lavic_chat.recommendation import (
    Recommendation,
    RecommendationRequest,
    ScoredProduct,
    SearchResult,
    ask_recommender,
)
from lavic_chat.ui.replies import is_unsure, short_title, write_reply

MOST_ANSWERS = 20  # that can be taken back one by one
MOST_TURNS = 400  # of one conversation


class Recommender(Protocol):
    """What the chat needs of a recommender; every call raises LavicError with a sentence for the visitor."""

    @property
    def catalog(self) -> Catalog:
        """Whose products are recommended."""
        ...

    @property
    def model_name(self) -> str:
        """The base's name, as it was asked for."""
        ...

    @property
    def model_hash(self) -> str:
        """Of base and adapter."""
        ...

    @property
    def device(self) -> str:
        """Where the model runs."""
        ...

    @property
    def full_tokens(self) -> int:
        """That one picture would take if every one of its tokens were read."""
        ...

    def recommend(self, dialogue: Dialogue, like: str | None = None, filters: Filters = NO_FILTERS) -> Recommendation:
        """The pick and the other candidates for the dialogue's newest turn; like: id of a product to go by."""
        ...

    def more_like(self, dialogue: Dialogue, product_id: str, filters: Filters = NO_FILTERS) -> Recommendation:
        """The dialogue ends with the shopper's request for more like this product."""
        ...

    def without_looking(self, dialogue: Dialogue, shown: Recommendation) -> Recommendation:
        """The same candidates, judged by their titles alone."""
        ...

    def also_like(self, history: History, k: int, excluded: Collection[str] = ()) -> tuple[str, ...]:
        """Ids of at most k products that a visitor with this history may like."""
        ...

    def search(self, request: RecommendationRequest, k: int) -> SearchResult:
        """At most k products for the newest turn and the filters, without a pass of the model."""
        ...

    def captions(self, ids: Sequence[str]) -> tuple[str, ...]:
        """The model's captions of these products' pictures, "" where there is none."""
        ...


def without_oldest(session: "Session", kept: int = MOST_ANSWERS) -> "Session":
    """A session with so many answers that can be taken back, so that none grows without end."""
    if session.previous is None:
        return session
    return replace(session, previous=without_oldest(session.previous, kept - 1) if kept > 1 else None)


def photos_of(session: "Session") -> list[Path]:
    """The photos that were sent in it, and the one that is being asked about."""
    turns = session.dialogue.turns + (session.pending.dialogue.turns if session.pending else ())
    found = [turn.photo for turn in turns] + [session.pending.photo if session.pending else None]
    return [photo for photo in dict.fromkeys(found) if photo]


@dataclass(frozen=True)
class Pending:
    """A question that the model has not answered yet; `text` and `photo` go back into the box if it fails."""

    dialogue: Dialogue
    like: str | None = None
    text: str = ""
    photo: Path | None = None


@dataclass(frozen=True)
class Session:
    """`recommendation` is the newest answer with a pick; those without one stand in `dialogue` alone. `asked` is the
    dialogue as the model saw it for `recommendation`, `like` the product that it went by, `chips` what it understood as
    conditions, by the keys that `drop` takes. `chosen` is a runner-up on the card, or compared with the pick. `blind`:
    the same candidates, judged without their pictures. `previous`: the session without its last answer."""

    dialogue: Dialogue = field(default_factory=Dialogue)
    asked: Dialogue = field(default_factory=Dialogue)
    recommendation: Recommendation | None = None
    turn_id: str = ""
    chosen: str | None = None
    pending: Pending | None = None
    filters: Filters = NO_FILTERS
    like: str | None = None
    chips: Mapping[str, str] = field(default_factory=dict)
    comparing: bool = False
    blind: Recommendation | None = None
    previous: "Session | None" = None

    @property
    def has_begun(self) -> bool:
        """Whether anything has been asked."""
        return bool(self.pending or self.dialogue.turns)

    @property
    def is_pick_newest(self) -> bool:
        """Whether the last answer was a pick, rather than words alone."""
        return bool(self.dialogue.turns and self.dialogue.turns[-1].shown)

    @property
    def asks_again(self) -> bool:
        """Whether what is pending is the question that the pick had answered."""
        return bool(self.pending and self.recommendation and self.pending.dialogue.turns == self.asked.turns)

    @property
    def turns(self) -> tuple[Turn, ...]:
        """What has been said, up to the question that is pending; a pick that is chosen anew is left out."""
        if self.asks_again:
            return self.dialogue.turns[:-1] if self.is_pick_newest else self.dialogue.turns
        return self.pending.dialogue.turns if self.pending else self.dialogue.turns

    @property
    def suggested(self) -> tuple[str, ...]:
        """The words that the newest answer asks about, each of which may be said by a click."""
        found = self.recommendation
        asks = found and self.is_pick_newest and not self.pending and is_unsure(found)
        return found.alternatives if found and asks else ()

    @property
    def pick(self) -> Product | None:
        """The picked product, None before the first answer."""
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

    def ask(self, text: str, photo: Path | None = None) -> "Session":
        """Begin a question. Raises DialogueError for an unusable message, PictureError for an unusable photo."""
        self.check_room()
        if photo:
            picture_format(photo)  # its header alone: many visitors ask at once, and only one is answered
        return replace(self, pending=Pending(self.dialogue.say(text, photo, self.chosen), None, text, photo))

    def something_else(self) -> "Session":
        """Turn down the pick, and the runner-up on the card if there is one; raises LavicError without a pick."""
        self.check_room()
        if not self.pick or not self.shown:
            raise LavicError("There is no pick to replace yet; say what you are looking for.")
        asked = self.dialogue.reject(self.pick.id).reject(self.shown.product.id).say("Something else, please.")
        return replace(self, pending=Pending(asked))

    def more_like_this(self) -> "Session":
        """Begin a search for products like the one on the card; raises LavicError when there is none."""
        self.check_room()
        if not self.shown:
            raise LavicError("There is nothing to compare with yet; say what you are looking for.")
        return self.more_like(self.shown.product)

    def more_like(self, product: Product) -> "Session":
        """Begin a search for products like any of the catalogue's."""
        self.check_room()
        asked = self.dialogue.say(f"{MORE_LIKE} {short_title(product)}.")
        return replace(self, pending=Pending(asked, like=product.id))

    def choose(self, product_id: str | None) -> "Session":
        """Put a candidate on the card; an id that is not among the candidates shows the pick again."""
        ids = [item.product.id for item in self.others]
        return replace(self, chosen=product_id if product_id in ids else None, comparing=False)

    def compare(self) -> "Session":
        """Put the runner-up on the card beside the pick; without one nothing changes."""
        return replace(self, comparing=self.chosen is not None)

    def filter(self, filters: Filters) -> "Session":
        """Keep to these filters from now on, and ask the last question again under them."""
        self.check_idle()
        again = Pending(self.asked, self.like) if self.recommendation else None
        return replace(self, filters=filters, pending=again)

    def drop(self, key: str) -> "Session":
        """Take a condition back, and ask the last question again without it; raises LavicError for what is no key of
        `chips`."""
        self.check_idle()
        if not self.recommendation or key not in self.chips:
            raise LavicError("That is no longer among your conditions.")
        return replace(self, pending=Pending(self.asked.drop(key), self.like))

    def undo(self) -> "Session":
        """Take the last question and its answer back; the filters stay. Raises LavicError where there is none."""
        self.check_idle()
        if not self.dialogue.turns:
            raise LavicError("There is nothing to take back yet; say what you are looking for.")
        if not self.previous and len(self.dialogue.turns) > 2:
            raise LavicError("That is as far back as it goes; start over, or say what you are looking for now.")
        return replace(self.previous or Session(), filters=self.filters)

    def answer_blind(self, recommender: Recommender) -> "Session":
        """What would have been picked without the pictures; raises LavicError without a pick."""
        request = self.blind_request()
        return replace(self, blind=ask_recommender(recommender, request))

    def blind_request(self) -> RecommendationRequest:
        """What `answer_blind` asks the recommender; raises LavicError without a pick."""
        self.check_idle()
        if not self.recommendation:
            raise LavicError("There is no pick yet; say what you are looking for.")
        return RecommendationRequest(self.asked, shown=self.recommendation)

    def answer(self, recommender: Recommender, history: History = NO_HISTORY) -> "Session":
        """Let the model answer what is pending; raises LavicError, and whatever else the model raises."""
        if not self.pending:
            return self
        return self.answered(ask_recommender(recommender, self.pending_request(history)))

    def pending_request(self, history: History = NO_HISTORY) -> RecommendationRequest:
        """What `answer` asks the recommender; raises LavicError where nothing is pending."""
        if not self.pending:
            raise LavicError("There is no question yet; say what you are looking for.")
        return RecommendationRequest(self.pending.dialogue, self.pending.like, self.filters, history=history)

    def answered(self, found: Recommendation) -> "Session":
        """The session with the recommender's answer to `pending_request`; one without candidates leaves the pick as it
        is."""
        request, before = self.pending_request(), self.drop_pending()
        asked, reply = request.dialogue, write_reply(found)
        said = replace(self.dialogue, dropped=asked.dropped) if self.asks_again else asked
        if not found.candidates:
            return replace(before, dialogue=said.answer(reply), previous=without_oldest(before))
        ids = [item.product.id for item in found.candidates]
        is_anew = self.asks_again and self.is_pick_newest and asked == self.asked
        return Session(
            dialogue=replace(said, turns=self.turns).answer(reply, ids),
            asked=asked,
            recommendation=found,
            turn_id=uuid4().hex,
            filters=self.filters,
            like=request.like,
            chosen=found.other.product.id if found.other else None,
            comparing=found.other is not None,
            chips=found.intent.chips,
            previous=self.previous if is_anew else without_oldest(before),
        )

    def drop_pending(self) -> "Session":
        """The session as it was before the question that failed."""
        return replace(self, pending=None)

    def check_idle(self) -> None:
        """Raises LavicError while a question is pending."""
        if self.pending:
            raise LavicError("One moment: your last request is still being answered.")

    def check_room(self) -> None:
        """Raises LavicError as `check_idle`, and where the conversation has as many turns as one may have."""
        self.check_idle()
        if len(self.dialogue.turns) >= MOST_TURNS:
            raise LavicError("This conversation has become too long to go on; start over, please.")
