"""A turn as the LaViC authors' code makes it, beside ours, on the same model and the same candidates.

Their code encodes the candidates' ten pictures in every turn, puts all of them into one list prompt, and lets the model
write up to ten tokens, greedily, in which it then looks for a candidate. Retrieval is ours on both sides, so that the
ratio is of whole turns, and both run in the same runtime, so that it is of the way alone. Speed does not depend on
whether the model was tuned to answer so.
"""

import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lavic_chat.catalog import Catalog, Product, blank_picture, open_picture
from lavic_chat.dialogue import Dialogue
from lavic_chat.evaluation.benchmarks.conversations import Script
from lavic_chat.evaluation.benchmarks.ratios import Latency, Ratio, paired_ratio, summarize
from lavic_chat.evaluation.benchmarks.turns import time_turn
from lavic_chat.features.item import ItemFeatures
from lavic_chat.model import VisionLanguageModel
from lavic_chat.ranking import GENERATE, Ranker, RankerConfig
from lavic_chat.serving.recommender import Recommender


@dataclass(frozen=True)
class AuthorsFigures:
    """Milliseconds of a turn, ours and theirs; encode_ms and decode_ms: the medians of their two large parts. ratio: of
    each conversation theirs by ours. Tokens: of their prompts, in the mean."""

    ours: Latency
    theirs: Latency
    ratio: Ratio
    encode_ms: float
    decode_ms: float
    prompt_tokens: int


@dataclass(frozen=True)
class AuthorsTurn:
    """One turn their way, in milliseconds, with its two large parts."""

    total: float
    encode: float
    decode: float
    prompt_tokens: int


def measure_authors_way(recommender: Recommender, scripts: Iterable[tuple[Script, Script]]) -> AuthorsFigures:
    """A turn our way for one conversation of each pair, and one their way for the other, which says the same."""
    ours, theirs = [], []
    for number, (one, other) in enumerate(scripts):
        if number % 2:
            theirs.append(turn_their_way(recommender, Dialogue().say(other.message)))
        ours.append(time_turn(recommender, Dialogue().say(one.message)).milliseconds)
        if not number % 2:
            theirs.append(turn_their_way(recommender, Dialogue().say(other.message)))
    totals = [turn.total for turn in theirs]
    return AuthorsFigures(
        ours=summarize(ours),
        theirs=summarize(totals),
        ratio=paired_ratio(totals, ours),
        encode_ms=round(statistics.median(turn.encode for turn in theirs), 1),
        decode_ms=round(statistics.median(turn.decode for turn in theirs), 1),
        prompt_tokens=round(statistics.mean(turn.prompt_tokens for turn in theirs)),
    )


@torch.inference_mode()
def turn_their_way(recommender: Recommender, dialogue: Dialogue) -> AuthorsTurn:
    """Retrieve as ours, encode the ten main pictures, and write the answer freely."""
    start = time.perf_counter()
    products = [candidate.product for candidate in recommender.find(dialogue)]
    found = time.perf_counter()
    states = encode(recommender.visual_ranker.model, recommender.catalog, products)
    encoded = time.perf_counter()
    ranker = Ranker(recommender.visual_ranker.model, RankerConfig(GENERATE))
    ready = ranker.prepare(dialogue, products, [ItemFeatures(one) for one in states])
    ranker.generate(ready)
    end = time.perf_counter()
    steps = (end - start, encoded - found, end - encoded)
    return AuthorsTurn(*(1000 * seconds for seconds in steps), prompt_tokens=ready.prompt.until_answer)


def encode(model: VisionLanguageModel, catalog: Catalog, products: Sequence[Product]) -> Tensor:
    """The tower's states [n, 5, h] of the products' main pictures, opened and encoded now."""
    paths = map(catalog.picture_path, products)
    return model.encode_views(model.make_views([open_picture(path) if path else blank_picture() for path in paths]))
