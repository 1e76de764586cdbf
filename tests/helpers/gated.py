"""A recommender that answers only when it is let, so that tests can look at who waits."""

import threading
from dataclasses import dataclass, field

from helpers.fakes import FakeRecommender
from lavic_chat.recommendation import Recommendation, RecommendationRequest, ask_recommender

PATIENCE = 120  # seconds; only a fault waits that long, and Gradio takes many to see that a client has gone


@dataclass
class Gated(FakeRecommender):
    """Answers batches, each after `let` lets one through; `batches` holds what was said in each.

    "die" in a batch ends the thread that asks.
    """

    gate: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    batches: list[list[str]] = field(default_factory=list)

    def recommend_many(self, requests: list[RecommendationRequest]) -> list[Recommendation | Exception]:
        said = [request.dialogue.turns[-1].text for request in requests]
        self.batches.append(said)
        self.begun.release()
        assert self.gate.acquire(timeout=PATIENCE)
        if "die" in said:
            raise SystemExit("secret: what a shopper wrote")
        return [self.one(request) for request in requests]

    def one(self, request: RecommendationRequest) -> Recommendation | Exception:
        try:
            return ask_recommender(self, request)
        except Exception as error:
            return error

    def let(self, batches: int) -> None:
        self.gate.release(batches)

    def wait_until_asked(self) -> None:
        assert self.begun.acquire(timeout=PATIENCE)
