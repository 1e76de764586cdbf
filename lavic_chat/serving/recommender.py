"""The pipeline on one screen: understand, retrieve ten, look at each through five tokens, let the model choose."""

import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
from torch import Tensor

from lavic_chat.catalog import Catalog
from lavic_chat.catalog.stored import open_catalog, tables_folder
from lavic_chat.dialogue import Dialogue
from lavic_chat.dialogue.history import History
from lavic_chat.dialogue.turns import PAGE_WINDOW
from lavic_chat.errors import LavicError
from lavic_chat.features.attribute_heads import load_heads
from lavic_chat.features.item import ItemFeatures
from lavic_chat.features.item_vectors import has_item_vectors, load_item_vectors
from lavic_chat.features.stored_items import ItemMaker, open_items
from lavic_chat.nlu.conditions import Condition, given_way, unknown_conditions
from lavic_chat.nlu.intent import Intent
from lavic_chat.nlu.listener import Listener
from lavic_chat.ranking.ranker import Ranking
from lavic_chat.ranking.visual_ranker import VisualRanker, load_visual_ranker
from lavic_chat.recommendation import (
    BatchRecommender,
    Candidate,
    FoundProduct,
    Recommendation,
    RecommendationRequest,
    SearchResult,
)
from lavic_chat.retrieval.embedder import load_embedder
from lavic_chat.retrieval.history import Taste, taste_of
from lavic_chat.retrieval.query import intent_query, make_query
from lavic_chat.retrieval.retriever import Retriever
from lavic_chat.serving.empty_search import nothing_found
from lavic_chat.serving.likeness import likeness_condition
from lavic_chat.serving.listener import appearance_of, make_listener
from lavic_chat.serving.model_facts import ModelFacts
from lavic_chat.serving.pick_words import said_of_pick
from lavic_chat.serving.search_space import open_search_space, search_of
from lavic_chat.serving.stored import index_maker
from lavic_chat.serving.turn import Clock, Lookup, PreparedTurn, finish, returned, shown_with, still_here, worded
from lavic_chat.serving.zero_gpu import CATALOG, Lender, owned
from lavic_chat.settings import Settings
from lavic_chat.storage.files import hash_bytes

CANDIDATES = 10
CONVERSATION = 128  # tokens that the model reads of what was said, or half as many as of the candidates
CONDITIONS_WEIGHT = 0.06  # of the conditions' log probabilities beside a similarity
LIKENESS_WEIGHT = 8.0  # log odds of a similarity to the product that more is wanted of; candidates differ by 0.2 or so
BROUGHT_BACK = 10.0  # log odds of a product that was asked for again, before those it was shown with


class Recommender(ModelFacts, BatchRecommender):
    """Dialogue in, Recommendation out. Stateless between calls, so that every visitor can share one.

    Turns are prepared by any thread; scoring is done by one at a time, for two passes at once only slow each other.
    """

    def __init__(
        self,
        catalog: Catalog,
        visual_ranker: VisualRanker,
        retriever: Retriever,
        item_features: Sequence[ItemFeatures],
        listener: Listener,
    ):
        """item_features: of the catalogue's products, in their order."""
        self.catalog, self.visual_ranker, self.retriever = catalog, visual_ranker, retriever
        self.item_features, self.listener = item_features, listener
        self._scoring = threading.Lock()

    @cached_property
    def taste(self) -> Taste:
        """What tells visitors' taste by their history; made when the first one brings any."""
        return taste_of(self.retriever)

    def recommend_many(self, requests: Sequence[RecommendationRequest]) -> list[Recommendation | Exception]:
        """Answer several requests, of one shopper or of many, with as few passes of the model as pays. Each is
        answered as it would be alone; where one cannot be, the exception stands in its place."""
        turns = [returned(self.prepare, request) for request in requests]
        ready = [turn for turn in turns if isinstance(turn, PreparedTurn)]
        with self._scoring:
            rankings = iter(self.rank_prepared(ready))
        found = [finish(turn, next(rankings)) if isinstance(turn, PreparedTurn) else turn for turn in turns]
        return [self.signed(answer) if isinstance(answer, Recommendation) else answer for answer in found]

    def signed(self, found: Recommendation) -> Recommendation:
        """An answer with what the listener says of its pick, and the hashes of what has answered."""
        said = said_of_pick(found, self.listener)
        return replace(said, model_hash=self.model_hash, catalog_hash=self.catalog.fingerprint)

    def prepare(self, request: RecommendationRequest) -> PreparedTurn | Recommendation:
        """Everything before the model's pass, or the answer where there is none to pick; raises LavicError for what
        cannot be answered. What is long is cut before anything is read of it."""
        request, clock = replace(request, dialogue=request.dialogue.newest(PAGE_WINDOW)), Clock()
        if request.shown:
            request = replace(request, shown=still_here(request.shown, self.catalog))
        found = self.look_again(request) if request.shown else self.look_up(request, clock)
        if isinstance(found, Recommendation):
            return found
        intent, conditions, products = found.intent, found.conditions, [one.product for one in found.candidates]
        with clock("choose"):
            scores = [one.query_score for one in found.candidates]
            said = worded(request.dialogue, intent)
            ranked = self.visual_ranker.ranker.prepare(said, products, found.item_features, found.photo, scores)
        rows = [self.retriever.row[product.id] for product in products]
        bias = found.weights[rows] + [BROUGHT_BACK * (one.id == intent.reference) for one in products]
        if request.like is not None and not request.shown:  # the model reads nothing of what more is wanted of
            bias = bias + LIKENESS_WEIGHT * np.array([one.similarity for one in found.candidates])
        bias = bias + (0.0 if (prior := self.prior(request, rows)) is None else prior)
        asked = (*conditions, *self.likeness(request, intent))
        broken = tuple(() if intent.reference else given_way(asked, row) for row in rows)
        unknown = () if intent.reference else unknown_conditions(intent, conditions)
        if intent.reference:
            missed = self.listener.sold_out(intent.reference)
        else:
            missed = self.listener.missed_out([product.id for product in products], asked, intent.wanted)
        return PreparedTurn(
            ranked, found.candidates, found.item_features, intent, clock.steps, bias, broken, unknown, prior, missed
        )

    def look_up(self, request: RecommendationRequest, clock: Clock) -> Lookup | Recommendation:
        """Understand, retrieve and look; or the answer where none is to be picked. Raises as `prepare`."""
        dialogue = request.dialogue
        if request.like is not None and request.like not in self.catalog:
            raise LavicError("That product is not in this catalogue; choose one of those shown.")
        with clock("understand"):
            intent = self.listener.read(dialogue)
            intent = intent if request.like is None else intent.alike()
        with clock("look at photo"):
            sent = dialogue.since(intent.since).photo if intent.wants_pick else None
            photo = self.visual_ranker.image_encoder.encode_photo(sent) if sent else None
        if not intent.wants_pick:
            reply = self.listener.reply(dialogue, intent)
            return Recommendation((), clock.milliseconds(), intent=intent, reply=reply)
        with clock("retrieve"):
            conditions = () if intent.reference else self.listener.conditions(intent)
            weights = self.listener.weigh(conditions)
            found = self.retrieve(request, intent, weights, photo)
        if reply := self.listener.used_up(intent, [one.product.id for one in found], conditions):
            return Recommendation((), clock.milliseconds(), intent=intent, reply=reply)
        with clock("look"):
            item_features = tuple(self.item_features[self.retriever.row[one.product.id]] for one in found)
        return Lookup(found, item_features, intent, photo, tuple(conditions), weights)

    def likeness(self, request: RecommendationRequest, intent: Intent) -> tuple[Condition, ...]:
        """That a pick is like the product that more is wanted of, where nothing here is; nothing else, for then the
        candidates are as like it as the vectors say."""
        if request.like is None:
            return ()
        gone = request.dialogue.rejected.union(intent.excluded)
        one = likeness_condition(self.catalog[request.like], self.listener.grounding, request.filters, gone)
        return () if one.probability.any() else (one,)

    def prior(self, request: RecommendationRequest, rows: Sequence[int]) -> np.ndarray | None:
        """[n] the log odds that the visitor's history gives the candidates in these rows of the catalogue, against
        their average; those of an earlier answer where that is judged once more. None where there is no history."""
        if request.shown:
            given = np.array([item.prior for item in request.shown.candidates])
            return given if given.any() else None
        return self.taste.prior(request.history, rows) if request.history else None

    def also_like(self, history: History, k: int, excluded: Collection[str] = ()) -> tuple[str, ...]:
        """See `RequestRecommender.also_like`: the items nearest to what was liked and opened."""
        return self.taste.nearest(history, k, excluded)

    def search(self, request: RecommendationRequest, k: int) -> SearchResult:
        """See `RequestRecommender.search`: what would come before the ranker, each with what it does not meet."""
        dialogue = request.dialogue.newest(PAGE_WINDOW)
        if not dialogue.turns:
            rows = np.flatnonzero(request.filters.mask(self.catalog.columns))[:k]
            products = [self.catalog.products[row] for row in rows]
            return SearchResult(tuple(self.found(Candidate(one, 0.0), ()) for one in products))
        intent = self.listener.read(dialogue)
        conditions = () if intent.reference else self.listener.conditions(intent)
        found = self.retrieve(replace(request, dialogue=dialogue), intent, self.listener.weigh(conditions), k=k)
        return SearchResult(tuple(self.found(one, conditions) for one in found), intent)

    def found(self, candidate: Candidate, conditions: Sequence[Condition]) -> FoundProduct:
        """A candidate with its caption, and what it does not meet."""
        row = self.retriever.row[candidate.product.id]
        gave_way = tuple(one.said for one in given_way(conditions, row))
        return FoundProduct(candidate.product, candidate.similarity, self.item_features[row].caption, gave_way)

    def captions(self, ids: Sequence[str]) -> tuple[str, ...]:
        """See `RequestRecommender.captions`."""
        rows = [self.retriever.row.get(one) for one in ids]
        return tuple("" if row is None else self.item_features[row].caption for row in rows)

    def forget_photos(self) -> None:
        """Forget what was seen in photos that are no longer there."""
        self.visual_ranker.image_encoder.photos.forget_gone()

    def rank_prepared(self, turns: Sequence[PreparedTurn]) -> list[tuple[Ranking, float] | Exception]:
        """Rankings and the milliseconds that each took; where a pass of several fails, each has one of its own."""
        inputs, start = [turn.ranking_input for turn in turns], time.perf_counter()
        rankings = returned(self.visual_ranker.ranker.rank_many, inputs)
        if not isinstance(rankings, Exception):
            took = 1000 * (time.perf_counter() - start)
            return [(ranking, took) for ranking in rankings]
        if len(turns) == 1:
            return [rankings]
        return [self.rank_prepared([turn])[0] for turn in turns]

    def find(self, dialogue: Dialogue, k: int = CANDIDATES) -> tuple[Candidate, ...]:
        """The k candidates for a dialogue without a photo; raises as `retrieve`."""
        intent = self.listener.read(dialogue)
        weights = self.listener.weigh(self.listener.conditions(intent))
        return self.retrieve(RecommendationRequest(dialogue), intent, weights, k=k)

    def retrieve(
        self,
        request: RecommendationRequest,
        intent: Intent,
        weights: np.ndarray,
        photo: Tensor | None = None,
        k: int = CANDIDATES,
    ) -> tuple[Candidate, ...]:
        """The k products that meet the conditions best, by their weights [N] and how near they are to the query, among
        those that the filters admit and the shopper has not turned down; where a product is asked for again, those that
        it was shown with. Raises as `nothing_found` says when nothing is found."""
        dialogue = request.dialogue
        if intent.reference:
            items = (self.catalog[one] for one in shown_with(dialogue, intent.reference) if one in self.catalog)
            left = dialogue.rejected.union(intent.excluded) - {intent.reference}
            admitted = (one for one in items if one.id == intent.reference or request.filters.admits(one))
            return tuple(Candidate(one, 0.0) for one in admitted if one.id not in left)[:k]
        heard = dialogue.without_dropped()
        query = intent_query(intent, heard) if intent.sentence else make_query(heard)
        said = self.retriever.embedder.embed_query(query)
        asked = self.retriever.to_search(query, said)
        vectors = self.retriever.join_vectors(asked, None if photo is None else photo.numpy(), request.like)
        vectors = replace(vectors, bonus=CONDITIONS_WEIGHT * weights)
        left_behind = {one.product for one in intent.relations if one.sign != "=" or one.facet == "shape"}
        excluded = dialogue.rejected.union(intent.excluded, left_behind)
        if request.like:  # the pick that was passed over for it is not more of it
            excluded |= {request.like, dialogue.last_pick or request.like}
        found = self.retriever.search(vectors, k, request.filters, excluded, said)
        if not found:
            raise nothing_found(self.catalog, request.filters, excluded)
        return found

    def look_again(self, request: RecommendationRequest) -> Lookup:
        """The candidates of an answer that was shown, as if every picture were the average one."""
        dialogue, shown = request.dialogue, request.shown or Recommendation(())
        blank = (ItemFeatures(self.average),) * len(shown.candidates)
        scores = self.retriever.embedder.score_items(dialogue, [item.product for item in shown.candidates], blank)
        pairs = zip(shown.candidates, scores, strict=True)
        found = tuple(Candidate(item.product, item.similarity, float(score)) for item, score in pairs)
        conditions = tuple(self.listener.known(shown.intent))
        photo = self.average if dialogue.since(shown.intent.since).photo else None
        return Lookup(found, blank, shown.intent, photo, conditions, self.listener.weigh(conditions))


def load_recommender(
    settings: Settings, progress: bool = True, lend: Lender = owned, catalog: Catalog | None = None
) -> Recommender:
    """Open catalogue and model, and compute what caches and tables lack: sentence vectors and the pictures' states.
    catalog: one that was read before, whatever lies on disk by now."""
    catalog = catalog or open_catalog(settings.catalog, settings.home)
    if not len(catalog):
        raise LavicError(f"The catalogue {settings.catalog} has no products; import some first.")
    visual_ranker = load_visual_ranker(settings)
    visual_ranker.ranker.config = replace(visual_ranker.ranker.config, conversation=CONVERSATION)
    embedder = load_embedder(settings.home, settings.adapter, visual_ranker.model.vision_hash, settings.runtime)
    maker = ItemMaker(
        lend(visual_ranker.look_at, CATALOG), embedder.embed_items, hash_bytes(visual_ranker.name, embedder.name),
        visual_ranker.pictures, load_heads(settings.adapter, visual_ranker.model.vision_hash),
    )  # fmt: skip
    items = open_items(catalog, tables_folder(settings.catalog, settings.home), maker, progress)
    space = open_search_space(settings, catalog, items, embedder)
    make_index = index_maker(settings, maker.name + search_of(settings), items.key)
    retriever = Retriever(catalog, embedder, items.text, items.pictures, make_index, space)
    listener = make_listener(settings, catalog, items.captions, embedder.encoder, appearance_of(maker.heads, items))
    recommender = Recommender(catalog, visual_ranker, retriever, items, listener)
    if has_item_vectors(settings.adapter):
        vectors = load_item_vectors(settings.adapter, catalog.products, recommender.main_states)
        if vectors is not None:
            recommender.taste = Taste(catalog.products, vectors)
    return recommender
