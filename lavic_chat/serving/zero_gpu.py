"""ZeroGPU: a GPU that is lent for one call at a time, as Spaces do it: the calls that need one are marked here.

The marked call runs in a process of its own, forked from this one: it sees the model, but what goes in and comes out
is copied, so that it must be plain data. Ask for the lender before anything imports torch, parts of which it replaces.
"""

import os
from collections.abc import Callable
from typing import Any, Protocol

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


class ZeroGpuRecommender:
    """A recommender whose model runs only in calls for which a GPU is lent."""

    def __init__(self, recommender, lend: Lender):
        self.catalog, self.device = recommender.catalog, recommender.device
        self.model_name, self.model_hash = recommender.model_name, recommender.model_hash
        self.full_tokens = recommender.full_tokens
        self.recommend = lend(recommender.recommend, TURN)
        self.more_like = lend(recommender.more_like, TURN)
        self.without_looking = lend(recommender.without_looking, TURN)
