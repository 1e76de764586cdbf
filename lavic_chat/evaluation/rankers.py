"""Rankers to compare: the model, and baselines that need less. Each orders candidate ids for a conversation."""

import random
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import bm25s
import numpy as np

from lavic_chat.catalog import Catalog, Product
from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.dialogue.turns import SEEKER
from lavic_chat.evaluation.config import NO_IMAGES, SHUFFLED_IMAGES
from lavic_chat.evaluation.metrics import Prediction
from lavic_chat.features.item import ItemFeatures, main_pictures
from lavic_chat.ranking import GENERATE, Ranker
from lavic_chat.retrieval.embedder import Embedder, product_text

Rank = Callable[[Conversation, Sequence[str]], Prediction]


def make_prediction(
    conversation: Conversation,
    offered: Sequence[str],
    ranking: Sequence[str],
    confidence: float = 0.0,
    valid: bool = True,
) -> Prediction:
    """A conversation's prediction; offered: the candidates in the order in which they were offered."""
    return Prediction(
        set=conversation.set,
        gt_items=conversation.gt_items,
        ranking=tuple(ranking),
        confidence=round(confidence, 4),
        valid=valid,
        where=conversation.where,
        place=next((place for place, item in enumerate(offered, 1) if item in conversation.gt_items), 0),
    )


def rank_first(conversation: Conversation, ids: Sequence[str]) -> Prediction:
    """The candidates as they are listed."""
    return make_prediction(conversation, ids, ids)


def make_random(seed: int) -> Rank:
    """The candidates shuffled."""
    rng = random.Random(seed)
    return lambda conversation, ids: make_prediction(conversation, ids, rng.sample(list(ids), len(ids)))


def make_bm25(catalog: Catalog) -> Rank:
    """BM25 of the seeker's words over the candidates' texts."""

    def rank(conversation: Conversation, ids: Sequence[str]) -> Prediction:
        said = " ".join(turn.text for turn in conversation.dialogue.turns if turn.role == SEEKER)
        texts: Any = bm25s.tokenize([product_text(catalog[item]) for item in ids], show_progress=False)
        if not texts.vocab:  # emoji only, say: nothing to index
            return sort_by_score(conversation, ids, np.zeros(len(ids)))
        index = bm25s.BM25()
        index.index(texts, show_progress=False)
        query: Any = bm25s.tokenize([said], show_progress=False, return_ids=False)[0]
        return sort_by_score(conversation, ids, index.get_scores(query) if query else np.zeros(len(ids)))

    return rank


def make_search(
    catalog: Catalog, embedder: Embedder, item_features: Mapping[str, ItemFeatures] = MappingProxyType({})
) -> Rank:
    """Cosine of the weighted dialogue and the candidates, as retrieval has it. item_features: by product id; without
    them the catalogue's texts alone count."""

    def rank(conversation: Conversation, ids: Sequence[str]) -> Prediction:
        products = [catalog[item] for item in ids]
        seen = [item_features[item] for item in ids] if item_features else None
        return sort_by_score(conversation, ids, embedder.score_items(conversation.dialogue, products, seen))

    return rank


def make_model(
    catalog: Catalog,
    ranker: Ranker,
    item_features: Mapping[str, ItemFeatures],
    ablate: str | None,
    seed: int,
    embedder: Embedder | None = None,
) -> Rank:
    """The model itself, with retrieval's query scores where an embedder is given. no-images: every picture's states are
    the mean of all and it has no caption, so that the prompt says nothing of appearance. shuffled-images: each
    candidate gets another candidate's features."""
    blank = ItemFeatures(main_pictures(features.states for features in item_features.values()).mean(0))
    rng = random.Random(seed)

    def rank(conversation: Conversation, ids: Sequence[str]) -> Prediction:
        products: list[Product] = [catalog[item] for item in ids]
        seen = [blank if ablate == NO_IMAGES else item_features[item] for item in ids]
        if ablate == SHUFFLED_IMAGES:
            shift = rng.randrange(1, len(seen)) if len(seen) > 1 else 0
            seen = seen[shift:] + seen[:shift]
        query_scores = embedder.score_items(conversation.dialogue, products, seen) if embedder else None
        result = ranker.rank(conversation.dialogue, products, seen, query_scores=query_scores)
        best = max(result.probabilities)
        valid = ranker.config.decode != GENERATE or result.named is not None
        return sort_by_score(conversation, ids, np.array(result.probabilities), best, valid)

    return rank


def sort_by_score(
    conversation: Conversation,
    ids: Sequence[str],
    scores: np.ndarray,
    confidence: float = 0.0,
    valid: bool = True,
) -> Prediction:
    """Candidates by their scores [n], best first; equal ones stay in the order in which they were offered."""
    ranking = [ids[index] for index in np.argsort(-np.asarray(scores), kind="stable")]
    return make_prediction(conversation, ids, ranking, confidence, valid)
