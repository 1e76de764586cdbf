"""The pipeline on one screen: understand, retrieve ten, look at each through five tokens, let the model choose."""

import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TypeVar

from torch import Tensor

from lavic_chat.catalog import Catalog, load_catalog
from lavic_chat.catalog.filters import NO_FILTERS, Filters
from lavic_chat.catalog.text import stems_of
from lavic_chat.dialogue import Dialogue
from lavic_chat.errors import DialogueError, LavicError
from lavic_chat.features.item import ItemFeatures, count_pictures, main_pictures
from lavic_chat.model import VIEWS
from lavic_chat.nlu.intent import REFINE, Intent, IntentReader
from lavic_chat.ranking.ranker import Ranking, RankingInput
from lavic_chat.ranking.visual_ranker import VisualRanker, load_visual_ranker
from lavic_chat.recommendation import BatchRecommender, Candidate, Recommendation, RecommendationRequest, ScoredProduct
from lavic_chat.retrieval.embedder import load_embedder
from lavic_chat.retrieval.query import make_query
from lavic_chat.retrieval.retriever import Retriever
from lavic_chat.serving.zero_gpu import CATALOG, Lender, owned
from lavic_chat.settings import Settings

CANDIDATES = 10
Given = TypeVar("Given")
Result = TypeVar("Result")


class Recommender(BatchRecommender):
    """Dialogue in, Recommendation out. Stateless between calls, so that every visitor can share one.

    Turns are prepared by any thread; scoring is done by one at a time, for two passes at once only slow each other.
    """

    def __init__(
        self,
        catalog: Catalog,
        visual_ranker: VisualRanker,
        retriever: Retriever,
        item_features: Sequence[ItemFeatures],
    ):
        """item_features: of the catalogue's products, in their order."""
        self.catalog, self.visual_ranker, self.retriever = catalog, visual_ranker, retriever
        self.item_features = item_features
        self.intent_reader = IntentReader(catalog, (features.caption for features in item_features))
        self._scoring = threading.Lock()

    @property
    def main_states(self) -> Tensor:
        """[N, 5, h] of the products' main pictures."""
        return main_pictures(features.states for features in self.item_features)

    @cached_property
    def average(self) -> Tensor:
        """[5, h] of a picture that shows nothing in particular."""
        return self.main_states.mean(0)

    @property
    def pictures(self) -> int:
        """How many of a product's pictures are looked at, at most."""
        return max(count_pictures([features.states for features in self.item_features]))

    @property
    def visual_tokens(self) -> int:
        """Of the whole catalogue."""
        return VIEWS * sum(count_pictures([features.states for features in self.item_features]))

    @property
    def model_name(self) -> str:
        """The base's name, as it was asked for."""
        return self.visual_ranker.model.name

    @property
    def model_hash(self) -> str:
        """Of base and adapter."""
        return self.visual_ranker.model.weights_hash

    @property
    def device(self) -> str:
        """Where the model runs."""
        return str(self.visual_ranker.model.device)

    @property
    def full_tokens(self) -> int:
        """Of one picture, where every token of it is read."""
        return self.visual_ranker.model.full_tokens

    def recommend_many(self, requests: Sequence[RecommendationRequest]) -> list[Recommendation | Exception]:
        """Answer several requests, of one shopper or of many, with as few passes of the model as pays. Each is
        answered as it would be alone; where one cannot be, the exception stands in its place."""
        turns = [returned(self.prepare, request) for request in requests]
        ready = [turn for turn in turns if isinstance(turn, PreparedTurn)]
        with self._scoring:
            rankings = iter(self.rank_prepared(ready))
        return [turn if isinstance(turn, Exception) else finish(turn, next(rankings)) for turn in turns]

    def prepare(self, request: RecommendationRequest) -> "PreparedTurn":
        """Everything before the model's pass; raises LavicError for what cannot be answered."""
        dialogue, clock = request.dialogue, Clock()
        if request.shown:
            found, item_features = self.judge_titles(dialogue, request.shown)
            photo, intent = self.average if dialogue.photo else None, Intent()
        else:
            if request.like is not None and request.like not in self.catalog:
                raise LavicError("That product is not in this catalogue; choose one of those shown.")
            with clock("look at photo"):
                photo = self.visual_ranker.image_encoder.encode_photo(dialogue.photo) if dialogue.photo else None
            with clock("understand"):
                intent = self.intent_reader.read(dialogue)
            with clock("retrieve"):
                found = self.retrieve(dialogue, intent, CANDIDATES, request.filters, request.like, photo)
            with clock("look"):
                item_features = [self.item_features[self.retriever.row[one.product.id]] for one in found]
        with clock("choose"):
            products, scores = [one.product for one in found], [one.query_score for one in found]
            ranked = self.visual_ranker.ranker.prepare(dialogue, products, item_features, photo, scores)
        return PreparedTurn(ranked, found, tuple(item_features), intent, clock.steps)

    def rank_prepared(self, turns: "Sequence[PreparedTurn]") -> "list[tuple[Ranking, float] | Exception]":
        """Rankings and the milliseconds that each took; where a pass of several fails, each has one of its own."""
        inputs, start = [turn.ranking_input for turn in turns], time.perf_counter()
        rankings = returned(self.visual_ranker.ranker.rank_many, inputs)
        if not isinstance(rankings, Exception):
            took = 1000 * (time.perf_counter() - start)
            return [(ranking, took) for ranking in rankings]
        if len(turns) == 1:
            return [rankings]
        return [self.rank_prepared([turn])[0] for turn in turns]

    def retrieve(
        self,
        dialogue: Dialogue,
        intent: Intent,
        k: int = CANDIDATES,
        filters: Filters = NO_FILTERS,
        like: str | None = None,
        photo: Tensor | None = None,
    ) -> tuple[Candidate, ...]:
        """The k nearest products that the filters admit and the shopper has not turned down, within the limits of the
        intent, or at any price where nothing of the kind is. Raises DialogueError when nothing is left."""
        text = said = self.retriever.embedder.embed_query(make_query(dialogue))
        if like is None and intent.reference:  # found by its title, but judged by what was said
            text = self.retriever.embedder.embed_query(make_query(dialogue, intent.reference.title))
        vectors = self.retriever.join_vectors(text, None if photo is None else photo.numpy(), like)
        excluded = dialogue.rejected.union(filter(None, (like, self.left_behind(intent))))
        within = filters.within(intent.limits) if intent.limits else filters
        found = self.retriever.search(vectors, k, within, excluded, said) if within is not None else ()
        if intent.limits and not any(intent.is_of_kind(candidate.product) for candidate in found):
            found = self.retriever.search(vectors, k, filters, excluded, said) or found
        if not found and filters:
            raise DialogueError("Nothing that is left fits the filters; widen them, or start over.")
        if not found:
            raise DialogueError("Every product has been turned down; start over to see them again.")
        return found

    def left_behind(self, intent: Intent) -> str | None:
        """Id of the product that is spoken of, where another appearance is wanted than the model saw in it."""
        if not intent.reference or intent.act != REFINE:
            return None
        caption = self.item_features[self.retriever.row[intent.reference.id]].caption
        return intent.reference.id if intent.wanted - stems_of(caption) else None

    def judge_titles(
        self, dialogue: Dialogue, shown: Recommendation
    ) -> tuple[tuple[Candidate, ...], Sequence[ItemFeatures]]:
        """The candidates of an answer as if every picture were the average one."""
        products = [item.product for item in shown.candidates]
        blank = [ItemFeatures(self.average)] * len(products)
        scores = self.retriever.embedder.score_items(dialogue, products, blank)
        pairs = zip(shown.candidates, scores, strict=True)
        return tuple(Candidate(item.product, item.similarity, float(score)) for item, score in pairs), blank


@dataclass(frozen=True)
class PreparedTurn:
    """A turn before the model's pass: what the ranker reads, the candidates with their features, what was understood,
    and milliseconds by step."""

    ranking_input: RankingInput
    found: tuple[Candidate, ...]
    item_features: tuple[ItemFeatures, ...]
    intent: Intent
    steps: Mapping[str, float]


def finish(turn: PreparedTurn, ranked: tuple[Ranking, float] | Exception) -> Recommendation | Exception:
    """A turn and its ranking -> the answer, candidates best first."""
    if isinstance(ranked, Exception):
        return ranked
    ranking, took = ranked
    scored = [
        ScoredProduct(candidate.product, score, candidate.similarity, features.caption)
        for candidate, score, features in zip(turn.found, ranking.probabilities, turn.item_features, strict=True)
    ]
    scored.sort(key=lambda item: -item.score)
    clock = Clock({**turn.steps, "choose": turn.steps["choose"] + took})
    return Recommendation(
        tuple(scored), clock.milliseconds(), ranking.visual_tokens, ranking.prompt_tokens, turn.intent
    )


def returned(call: Callable[[Given], Result], given: Given) -> Result | Exception:
    """What the call returns, or the exception that it raises."""
    try:
        return call(given)
    except Exception as error:
        return error


class Clock:
    """Milliseconds by step, and their total."""

    def __init__(self, steps: Mapping[str, float] = MappingProxyType({})):
        self.steps: dict[str, float] = dict(steps)

    @contextmanager
    def __call__(self, step: str) -> Generator[None]:
        """Time the block as a step."""
        start = time.perf_counter()
        yield
        self.steps[step] = 1000 * (time.perf_counter() - start)

    def milliseconds(self) -> dict[str, float]:
        """By step, and "total"."""
        steps = {step: round(value, 1) for step, value in self.steps.items()}
        return {**steps, "total": round(sum(self.steps.values()), 1)}


def load_recommender(settings: Settings, progress: bool = True, lend: Lender = owned) -> Recommender:
    """Open catalogue and model, and compute what the caches lack: sentence vectors and the pictures' states."""
    catalog = load_catalog(settings.catalog)
    if not len(catalog):
        raise LavicError(f"The catalogue {settings.catalog} has no products; import some first.")
    visual_ranker = load_visual_ranker(settings)
    embedder = load_embedder(settings.home, settings.adapter, visual_ranker.model.vision_hash, settings.runtime)
    item_features = lend(visual_ranker.look_at, CATALOG)(catalog, catalog.products, progress)
    item_embeddings = embedder.embed_items(catalog.products, item_features, progress)
    states = main_pictures(features.states for features in item_features).numpy()
    return Recommender(catalog, visual_ranker, Retriever(catalog, embedder, item_embeddings, states), item_features)
