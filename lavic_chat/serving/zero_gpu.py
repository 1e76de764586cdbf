"""ZeroGPU: a GPU that is lent for one call at a time, as Spaces do it: the calls that need one are marked here.

The marked call runs in a process of its own, forked from this one: it sees the model, but what goes in and comes out
is copied, so that it must be plain data. Ask for the lender before anything imports torch, parts of which it replaces.
"""

import os
from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

from lavic_chat.catalog.product import Catalog
from lavic_chat.dialogue.history import History
from lavic_chat.recommendation import (
    Recommendation,
    RecommendationRequest,
    RequestRecommender,
    SearchResult,
    ask_recommender,
)
from lavic_chat.serving.unmet import UnmetRequests

TURN, CATALOG = 30, 300  # seconds that a call may take: a shopper's turn, looking at a whole catalogue


class Lender(Protocol):
    """Where a GPU comes from: `owned`, or what `find_lender` finds."""

    def __call__(self, call: Callable[..., Any], seconds: int) -> Callable[..., Any]:
        """The same call, with a GPU for at most so many seconds."""
        ...


def owned(call: Callable[..., Any], seconds: int) -> Callable[..., Any]:
    """Whoever has a processor or a GPU of its own needs none lent."""
    return call


def find_lender() -> Lender:
    """The machine's lender; `owned` where nothing is lent."""
    if not os.environ.get("SPACES_ZERO_GPU"):
        return owned
    import spaces

    def lend(call: Callable[..., Any], seconds: int) -> Callable[..., Any]:
        def on_gpu(*values, **named):  # a function, for a bound method would be copied with its model
            return call(*values, **named)

        return spaces.GPU(duration=seconds)(on_gpu)

    return lend


class ZeroGpuRecommender(RequestRecommender):
    """A recommender whose model runs only in calls for which a GPU is lent."""

    def __init__(self, recommender: Any, lend: Lender):
        """recommender: the one that answers, with all that the chat needs of one."""
        self.catalog: Catalog = recommender.catalog
        self.device: str = recommender.device
        self.model_name: str = recommender.model_name
        self.model_hash: str = recommender.model_hash
        self.full_tokens: int = recommender.full_tokens
        self.recommender = recommender
        self.unmet = UnmetRequests()
        self._ask = lend(
            lambda request, k: recommender.search(request, k) if k else ask_recommender(recommender, request), TURN
        )

    def ask(self, request: RecommendationRequest) -> Recommendation:
        """As the recommender's own, with a GPU."""
        found = self._ask(request, 0)
        if not request.shown:  # else the same was asked before
            self.unmet.note(found)
        return found

    def also_like(self, history: History, k: int, excluded: Collection[str] = ()) -> tuple[str, ...]:
        """As the recommender's own, for which no GPU is needed."""
        return self.recommender.also_like(history, k, excluded)

    def search(self, request: RecommendationRequest, k: int) -> SearchResult:
        """As the recommender's own, with a GPU, on which its encoder is."""
        return self._ask(request, k)

    def captions(self, ids: Sequence[str]) -> tuple[str, ...]:
        """As the recommender's own, for which no GPU is needed."""
        return self.recommender.captions(ids)
