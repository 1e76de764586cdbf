"""What a search by SDA's vectors adds to a turn, what a visitor's history adds, and how fast items are embedded so."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import cast

from lavic_chat.dialogue import Dialogue
from lavic_chat.dialogue.history import LIKED, NO_HISTORY, History
from lavic_chat.errors import ModelError
from lavic_chat.evaluation.benchmarks.conversations import Script
from lavic_chat.evaluation.benchmarks.pictures import NoStore
from lavic_chat.evaluation.benchmarks.ratios import Latency, Ratio, paired_ratio, summarize
from lavic_chat.evaluation.benchmarks.turns import warm_up
from lavic_chat.features.adapted import has_moda
from lavic_chat.recommendation import RecommendationRequest
from lavic_chat.serving.recommender import Recommender, load_recommender
from lavic_chat.serving.search_space import BOTH, FUSION, SDA, open_items
from lavic_chat.settings import Settings
from lavic_chat.storage.cache import VectorCache

ITEMS, LIKES = 64, 10  # embedded; of a visitor


@dataclass(frozen=True)
class SearchFigures:
    """turns: first turns by each search, and by the fusion with a history of LIKES products. ratios: of each
    conversation the turn by the fusion's without a history."""

    turns: dict[str, Latency]
    ratios: dict[str, Ratio]


@dataclass(frozen=True)
class EmbeddingFigures:
    """items: how many were embedded, text and picture, at a_second; their pictures had been looked at."""

    items: int
    a_second: float


def measure_searches(settings: Settings, scripts: Iterable[tuple[Script, Script]]) -> SearchFigures:
    """The first turn of every pair, by each search in turn; the other one says the same, but begins differently, and is
    asked of the fusion with a history. Raises ModelError where the adapter has no MoDA."""
    check_moda(settings)
    chats = {name: load_recommender(replace(settings, search=name)) for name in (FUSION, SDA, BOTH)}
    for chat in chats.values():
        warm_up(chat)
    history = some_history(chats[FUSION])
    times: dict[str, list[float]] = {name: [] for name in (*chats, "history")}
    for number, (one, other) in enumerate(scripts):
        order = list(chats) if number % 2 else list(chats)[::-1]
        for name in order:
            times[name].append(time_request(chats[name], one))
        times["history"].append(time_request(chats[FUSION], other, history))
    ratios = {name: paired_ratio(found, times[FUSION]) for name, found in times.items() if name != FUSION}
    return SearchFigures({name: summarize(found) for name, found in times.items()}, ratios)


def some_history(chat: Recommender) -> History:
    """Of a visitor who likes the first few products."""
    history = NO_HISTORY
    for product in chat.catalog.products[:LIKES]:
        history = history.add(product.id, LIKED)
    return history


def time_request(chat: Recommender, script: Script, history: History = NO_HISTORY) -> float:
    """Milliseconds until the answer to a first message."""
    request = RecommendationRequest(Dialogue().say(script.message), history=history)
    start = time.perf_counter()
    chat.ask(request)
    return 1000 * (time.perf_counter() - start)


def measure_embedding(settings: Settings, chat: Recommender, count: int = ITEMS) -> EmbeddingFigures:
    """Embed so many of the catalogue's products as if for the first time. Raises ModelError where the adapter has no
    MoDA."""
    check_moda(settings)
    embedder, pictures = open_items(settings, settings.adapter_folder, chat.catalog, chat.item_features)
    embedder.cache = cast(VectorCache, NoStore())
    products = chat.catalog.products[:count]
    start = time.perf_counter()
    embedder.embed_items(products, pictures)
    return EmbeddingFigures(len(products), round(len(products) / (time.perf_counter() - start), 2))


def check_moda(settings: Settings) -> None:
    """Raises ModelError where the adapter has no MoDA."""
    if not has_moda(settings.adapter):
        raise ModelError("The adapter has no MoDA to search or embed by; make one with `lavic-chat sda adapt`.")
