"""Which search an adapter's folder is best with: what is wanted among the ten found, on validation conversations.

The fusion is kept unless another search finds more of the same conversations than chance explains: it asks nothing of
the LLM.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from lavic_chat.catalog import load_catalog
from lavic_chat.dialogue.reddit_amazon import Conversation, read_conversations
from lavic_chat.errors import DialogueError
from lavic_chat.evaluation.cases import check_answers
from lavic_chat.evaluation.evaluator import retrieve_cases
from lavic_chat.evaluation.metrics import mean_interval
from lavic_chat.features.adapted import has_moda
from lavic_chat.model.card import read_card, write_card
from lavic_chat.serving.recommender import CANDIDATES
from lavic_chat.serving.search_space import BOTH, FUSION, SDA, TEXT
from lavic_chat.settings import Settings


@dataclass(frozen=True)
class Found:
    """search: by name. recall: share of the conversations whose product is among the ten found, with its interval.
    gain: the same less the fusion's, over the same conversations."""

    search: str
    recall: float
    recall_95: list[float]
    gain: float
    gain_95: list[float]


def choose_search(settings: Settings, dialogues: str | Path, limit: int | None = None) -> list[Found]:
    """Measure every search that the adapter has, and write the best into its card; the first of what is returned is
    that. Raises LavicError where there is no adapter, or no conversation about the catalogue."""
    adapter = settings.adapter_folder
    conversations = read_conversations(dialogues)[:limit]
    if not conversations:
        raise DialogueError(f"{dialogues} holds no conversation; give validation conversations.")
    check_answers(conversations, load_catalog(settings.catalog))
    names = (FUSION, TEXT, BOTH, SDA) if has_moda(adapter) else (FUSION, TEXT)
    hits = {name: find_wanted(replace(settings, search=name), conversations) for name in names}
    found = [measure(name, hits[name], hits[FUSION]) for name in names]
    best = max(found, key=lambda one: one.gain if one.gain_95[0] > 0 else 0.0)  # of equals the first, the fusion
    card = read_card(adapter)
    record = {"conversations": len(conversations), "found": [asdict(one) for one in found]}
    write_card(adapter, replace(card, search=best.search, training={**card.training, "search": record}))
    return sorted(found, key=lambda one: one is not best)


def find_wanted(settings: Settings, conversations: Sequence[Conversation]) -> np.ndarray:
    """[n] 1 where what was wanted is among the ten found, else 0."""
    cases = retrieve_cases(settings, conversations, CANDIDATES)
    return np.array([bool(set(case.conversation.gt_items) & set(case.ids)) for case in cases], float)


def measure(name: str, hits: np.ndarray, fused: np.ndarray) -> Found:
    """hits, fused: [n] of one search and of the fusion."""
    gain = hits - fused
    return Found(
        name, round(float(hits.mean()), 4), mean_interval(hits, 0), round(float(gain.mean()), 4), mean_interval(gain, 0)
    )
