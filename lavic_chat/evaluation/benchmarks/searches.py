"""What a search by SDA's vectors adds to a turn, what a visitor's history adds, and how fast items are embedded so."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import cast

from lavic_chat.dialogue import Dialogue
from lavic_chat.dialogue.history import LIKED, NO_HISTORY, History
from lavic_chat.evaluation.benchmarks.conversations import Script
from lavic_chat.evaluation.benchmarks.pictures import NoStore
from lavic_chat.evaluation.benchmarks.ratios import Latency, Ratio, paired_ratio, summarize
from lavic_chat.evaluation.benchmarks.turns import time_turn, warm_up
from lavic_chat.features.adapted import check_moda, open_item_embedder
from lavic_chat.features.item import main_pictures
from lavic_chat.features.item_pictures import pictures_of
from lavic_chat.serving.recommender import Recommender, load_recommender
from lavic_chat.serving.search_space import BOTH, FUSION, SDA
from lavic_chat.settings import Settings
from lavic_chat.storage.cache import VectorCache

ITEMS, LIKES = 64, 10  # embedded; of a visitor
HISTORY = "history"


@dataclass(frozen=True)
class SearchFigures:
    """turns: first turns by each search, and by the fusion with a history of LIKES products (HISTORY). ratios: of each
    conversation the turn by the fusion's without a history."""

    turns: dict[str, Latency]
    ratios: dict[str, Ratio]


@dataclass(frozen=True)
class EmbeddingFigures:
    """items: how many were embedded, text and picture, at a_second; their pictures had been looked at."""

    items: int
    a_second: float


def measure_searches(settings: Settings, scripts: Iterable[Script]) -> SearchFigures:
    """The same first turns by each, of a chat of its own, so that none remembers what another has read; who goes first
    changes. Raises ModelError where the adapter has no MoDA."""
    check_moda(settings.adapter)
    searches = {FUSION: FUSION, SDA: SDA, BOTH: BOTH, HISTORY: FUSION}
    chats = {name: load_recommender(replace(settings, search=search)) for name, search in searches.items()}
    for chat in chats.values():
        warm_up(chat)
    histories = {HISTORY: some_history(chats[HISTORY])}
    times: dict[str, list[float]] = {name: [] for name in chats}
    for number, script in enumerate(scripts):
        names = list(chats)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            turn = time_turn(chats[name], Dialogue().say(script.message), histories.get(name, NO_HISTORY))
            times[name].append(turn.milliseconds)
    ratios = {name: paired_ratio(found, times[FUSION]) for name, found in times.items() if name != FUSION}
    return SearchFigures({name: summarize(found) for name, found in times.items()}, ratios)


def some_history(chat: Recommender) -> History:
    """Of a visitor who likes the first few products."""
    history = NO_HISTORY
    for product in chat.catalog.products[:LIKES]:
        history = history.add(product.id, LIKED)
    return history


def measure_embedding(settings: Settings, chat: Recommender, count: int = ITEMS) -> EmbeddingFigures:
    """Embed so many of the catalogue's products as if for the first time. Raises ModelError where the adapter has no
    MoDA."""
    check_moda(settings.adapter)
    adapter, products = settings.adapter_folder, chat.catalog.products[:count]
    embedder = open_item_embedder(settings.model, adapter, settings.home, adapter)
    embedder.cache = cast(VectorCache, NoStore())
    states = partial(main_pictures, [chat.item_features[row].states for row in range(len(products))])
    pictures = pictures_of(embedder.config.tokens, chat.catalog, products, states)
    start = time.perf_counter()
    embedder.embed_items(products, pictures)
    return EmbeddingFigures(len(products), round(len(products) / (time.perf_counter() - start), 2))
