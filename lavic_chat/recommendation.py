"""What the recommender answers with; free of torch, so that the user interface can import it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lavic_chat.catalog.filters import NO_FILTERS, Filters
from lavic_chat.catalog.product import Product


@dataclass(frozen=True)
class Candidate:
    """A product that retrieval found; `similarity` is its retrieval score (higher is nearer), `nearness` the part of it
    that compares the product with what was said, a cosine."""

    product: Product
    similarity: float
    nearness: float = 0.0


@dataclass(frozen=True)
class ScoredProduct:
    """A candidate after looking: `score` is its probability among the candidates (they sum to 1), `looks` what the
    model says of its picture, "" where it has not learned to speak."""

    product: Product
    score: float
    similarity: float
    looks: str = ""


@dataclass(frozen=True)
class Recommendation:
    """The pick and all candidates, best first; timings in milliseconds by step. budget: the range of prices that the
    shopper's words left."""

    candidates: tuple[ScoredProduct, ...]
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    visual_tokens: int = 0
    prompt_tokens: int = 0
    budget: Filters = NO_FILTERS

    @property
    def pick(self) -> ScoredProduct:
        return self.candidates[0]

    @property
    def confidence(self) -> float:
        """The pick's probability, 0 to 1."""
        return self.pick.score


def to_answer(recommendation: Recommendation) -> dict:
    """The answer of `ask --json` and of the API: pick, candidates best first, timings, tokens."""
    rows = [
        {
            "id": item.product.id,
            "title": item.product.title,
            "score": round(item.score, 4),
            "image": item.product.images[0] if item.product.images else None,
        }
        for item in recommendation.candidates
    ]
    return {
        "pick": rows[0],
        "candidates": rows,
        "timings_ms": dict(recommendation.timings_ms),
        "visual_tokens": recommendation.visual_tokens,
        "prompt_tokens": recommendation.prompt_tokens,
    }
