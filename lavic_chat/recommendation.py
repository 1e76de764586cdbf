"""What the recommender answers with; free of torch, so that the user interface can import it."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import chain
from textwrap import shorten
from threading import Event
from typing import Any

from lavic_chat.catalog.facts import brief_facts
from lavic_chat.catalog.filters import NO_FILTERS, Filters
from lavic_chat.catalog.product import Product
from lavic_chat.catalog.text import listed
from lavic_chat.dialogue.history import NO_HISTORY, History
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.nlu.intent import Intent
from lavic_chat.nlu.reading import COMPARE

LONGEST_TITLE = 120  # characters of a title inside a sentence
LIKENESS = "likeness"  # the name of the condition that a pick is like the product that more is wanted of


@dataclass(frozen=True)
class Candidate:
    """A product that retrieval found; `similarity` is its retrieval score (higher is nearer), `query_score` the
    cosine of the product and what was said."""

    product: Product
    similarity: float
    query_score: float = 0.0


@dataclass(frozen=True)
class ScoredProduct:
    """A candidate after looking: `score` is its probability among the candidates (they sum to 1), `caption` the
    model's own of its picture, "" where it has not learned to write any, or there is no picture. `prior`: the log odds
    that the visitor's history gave it, against the candidates' average; 0 without a history. stated: what the shop says
    of its colour and material where the caption contradicts that, "" else; seen: what that leaves of the caption."""

    product: Product
    score: float
    similarity: float
    caption: str = ""
    prior: float = 0.0
    stated: str = ""
    seen: str = ""


@dataclass(frozen=True)
class FoundProduct:
    """A product as search alone finds it, without a pass of the model: caption as in `ScoredProduct`; gave_way: what
    of the query it does not meet, in words."""

    product: Product
    similarity: float
    caption: str = ""
    gave_way: tuple[str, ...] = ()


@dataclass(frozen=True)
class SearchResult:
    """Products, the nearest first, and what was understood of the query."""

    products: tuple[FoundProduct, ...]
    intent: Intent = field(default_factory=Intent)


@dataclass(frozen=True)
class GivenWay:
    """A condition that could not be met. name: of the fact or facet; said: in words, "purple", "at most 120 cm"."""

    name: str
    said: str


@dataclass(frozen=True)
class UnmetRequest:
    """What shoppers asked for and was not there: in a few words, why not (one of UNMET), and how often."""

    words: str
    why: str
    count: int


NOT_SOLD, GAVE_WAY, OUT_OF_STOCK = UNMET = ("not sold here", "no product meets it", "out of stock")


@dataclass(frozen=True)
class Recommendation:
    """The pick and all candidates, best first; timings in milliseconds by step. intent: what was understood of the
    shopper's words. gave_way: conditions that the pick does not meet, for nothing here meets all. unknown: limits of
    which the shop says nothing for such things, so that they could not be heeded. reply: what is said
    where the turn asks for no pick, and there are no candidates; "" else. out_of_stock: titles of what would have met
    all that was asked, "Aalto sofa in orange". variant: which of its variants the pick is, "orange, 36", "" where it
    has none. none_cheaper: the sentence that nothing of the kind is cheaper, where that was asked for. alternatives:
    words for other looks than the pick's, which a question may offer. model_hash, catalog_hash: of what has answered,
    "" where that is not known."""

    candidates: tuple[ScoredProduct, ...]
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    visual_tokens: int = 0
    prompt_tokens: int = 0
    intent: Intent = field(default_factory=Intent)
    gave_way: tuple[GivenWay, ...] = ()
    unknown: tuple[str, ...] = ()
    reply: str = ""
    out_of_stock: tuple[str, ...] = ()
    model_hash: str = ""
    catalog_hash: str = ""
    variant: str = ""
    none_cheaper: str = ""
    alternatives: tuple[str, ...] = ()

    @property
    def pick(self) -> ScoredProduct:
        """The first candidate."""
        return self.candidates[0]

    @property
    def other(self) -> ScoredProduct | None:
        """The best candidate that is no variant of the pick, else the second, where products to compare were asked for;
        None else."""
        others = self.candidates[1:] if self.intent.asks == COMPARE else ()
        apart = (one for one in others if one.product.family != self.pick.product.family)
        return next(chain(apart, others), None)

    @property
    def confidence(self) -> float:
        """The pick's probability, 0 to 1."""
        return self.pick.score


@dataclass(frozen=True)
class RecommendationRequest:
    """What a recommender is asked: a dialogue that ends with the shopper, and the filters. like: id of a product to go
    by. shown: an earlier answer to the same dialogue, whose candidates are to be judged by their titles alone.
    history: what the visitor did with products before."""

    dialogue: Dialogue
    like: str | None = None
    filters: Filters = NO_FILTERS
    shown: Recommendation | None = None
    history: History = NO_HISTORY


class RequestRecommender(ABC):
    """A recommender that is asked by requests, and so answers all that the chat asks of one."""

    @abstractmethod
    def ask(self, request: RecommendationRequest) -> Recommendation:
        """The answer to one request; raises LavicError, and whatever else keeps it from answering."""

    @abstractmethod
    def also_like(self, history: History, k: int, excluded: Collection[str] = ()) -> tuple[str, ...]:
        """Ids of at most k products that a visitor with this history may like, without a pass of the model; nothing of
        the history, nor what is excluded or out of stock, and of variants of one product one."""

    @abstractmethod
    def search(self, request: RecommendationRequest, k: int) -> SearchResult:
        """At most k products for the dialogue's newest turn and the filters, without a pass of the model; those that
        the filters admit, in the catalogue's order, where nothing was said. Raises LavicError where nothing is left."""

    @abstractmethod
    def captions(self, ids: Sequence[str]) -> tuple[str, ...]:
        """The model's own captions of these products' pictures, "" for what has none or is not here."""

    def recommend(self, dialogue: Dialogue, like: str | None = None, filters: Filters = NO_FILTERS) -> Recommendation:
        """For the dialogue's newest turn; like: id of a product to go by. Raises as `ask`."""
        return self.ask(RecommendationRequest(dialogue, like, filters))

    def more_like(self, dialogue: Dialogue, product_id: str, filters: Filters = NO_FILTERS) -> Recommendation:
        """Products like one of the catalogue's, which itself is left out; the dialogue ends with that wish."""
        return self.ask(RecommendationRequest(dialogue, product_id, filters))

    def without_looking(self, dialogue: Dialogue, shown: Recommendation) -> Recommendation:
        """The same candidates for the same dialogue, judged by their titles alone: what the pictures had changed."""
        return self.ask(RecommendationRequest(dialogue, shown=shown))


class BatchRecommender(RequestRecommender):
    """One that takes several requests at a time."""

    @abstractmethod
    def recommend_many(self, requests: Sequence[RecommendationRequest]) -> list[Recommendation | Exception]:
        """An answer for each request, in their order, or the exception that stands in its place."""

    def ask(self, request: RecommendationRequest) -> Recommendation:
        """One request alone; raises what `recommend_many` would have returned for it."""
        (found,) = self.recommend_many([request])
        if isinstance(found, Exception):
            raise found
        return found


@dataclass(frozen=True, eq=False)
class Ticket:
    """A request in line, and the future that brings its answer, or the exception that there is instead. Cancelling the
    future takes the request out of the line, unless it is being answered. shopper: whose it is, "" of nobody known.
    client: from where it came, "" of nowhere known; several shoppers may share one. left: set where the shopper has
    gone, so that nobody wants the answer."""

    request: RecommendationRequest
    shopper: str = ""
    future: "Future[Recommendation]" = field(default_factory=Future)
    left: Event = field(default_factory=Event)
    client: str = ""

    @property
    def owner(self) -> str:
        """Who takes turns with others: the client, else the shopper, or the ticket itself."""
        return self.client or self.shopper or f"ticket {id(self)}"


@dataclass(frozen=True)
class Place:
    """A waiting request's place in line. ahead: how many requests are answered before it begins; seconds: how long its
    answer will take from now, None while nothing is known of how long answers take."""

    ahead: int
    seconds: float | None = None


def ask_recommender(recommender: Any, request: RecommendationRequest) -> Recommendation:
    """A recommender's answer to one request; raises LavicError, and whatever else it raises. One that is not asked by
    requests knows of no history."""
    if isinstance(recommender, RequestRecommender):
        return recommender.ask(request)
    if request.shown:
        return recommender.without_looking(request.dialogue, request.shown)
    if request.like:
        return recommender.more_like(request.dialogue, request.like, request.filters)
    return recommender.recommend(request.dialogue, filters=request.filters)


def stock_sentence(titles: Sequence[str]) -> str:
    """That what would have met all that was asked is out of stock, by its titles."""
    names = [shorten(title, LONGEST_TITLE, placeholder="…") for title in titles]
    return f"The {listed(names)} {'is' if len(names) == 1 else 'are'} out of stock at the moment."


def to_answer(recommendation: Recommendation, currency: str = "") -> dict:
    """The answer of `ask --json` and of the API: pick, candidates best first, timings, tokens. currency: of prices
    whose products name none."""
    rows = [
        {**brief_facts(item.product, currency, item.caption), "score": round(item.score, 4)}
        for item in recommendation.candidates
    ]
    return {
        "pick": rows[0] if rows else None,
        "candidates": rows,
        "reply": recommendation.reply,
        "intent": recommendation.intent.to_json(),
        "gave_way": [one.said for one in recommendation.gave_way],
        "unknown": list(recommendation.unknown),
        "out_of_stock": list(recommendation.out_of_stock),
        "timings_ms": dict(recommendation.timings_ms),
        "visual_tokens": recommendation.visual_tokens,
        "prompt_tokens": recommendation.prompt_tokens,
    }
