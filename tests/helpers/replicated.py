"""A recommender for real replicas: its answers tell what was asked and which process answered."""

import os
import time

from helpers.fakes import FakeRecommender
from lavic_chat.catalog import load_catalog
from lavic_chat.recommendation import Recommendation, RecommendationRequest, ScoredProduct
from lavic_chat.settings import Settings

TURN = 0.2  # seconds that an answer takes


class Echo(FakeRecommender):
    """Picks the product that a message begins with; the caption is what was said, tokens are the process's number."""

    def recommend_many(self, requests: list[RecommendationRequest]) -> list[Recommendation | Exception]:
        time.sleep(TURN)
        return [self.echo(request) for request in requests]

    def echo(self, request: RecommendationRequest) -> Recommendation | Exception:
        said, photo = request.dialogue.turns[-1].text, request.dialogue.photo
        if "break down" in said:
            return ZeroDivisionError(f"secret: {said}")
        if "die" in said:
            os._exit(1)
        product = self.catalog.products[len(said) % len(self.catalog)]
        seen = photo.read_bytes().decode() if photo else ""
        return Recommendation((ScoredProduct(product, 1.0, 0.0, said + seen),), visual_tokens=os.getpid())


def load_echo(settings: Settings) -> Echo:
    """As `load_recommender`."""
    return Echo(load_catalog(settings.catalog))
