"""Calibrate: how sure the model may be, and how much search should weigh, fitted to validation conversations.

    lavic-chat calibrate --adapter out/tuned --dialogues catalog/dialogues/valid.jsonl

A candidate's score is its log-odds over a temperature, plus the retrieval weight times the cosine by which search finds
it. The
language model reads the conversation word by word, the sentence encoder has learned what such conversations end with:
they err apart, though both see the pictures only as the tower's five states. Two numbers are fitted, no weight is
trained.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence
from tqdm import tqdm

from lavic_chat.catalog import Catalog
from lavic_chat.dialogue.reddit_amazon import read_conversations
from lavic_chat.features.item import ItemFeatures
from lavic_chat.model.card import read_card, write_card
from lavic_chat.ranking import Ranker, RankerConfig
from lavic_chat.ranking.scoring import weigh_scores
from lavic_chat.ranking.visual_ranker import load_visual_ranker
from lavic_chat.retrieval.embedder import Embedder, load_embedder
from lavic_chat.settings import Settings
from lavic_chat.storage.files import hash_file
from lavic_chat.training.choices import Choice, make_choices, products_of
from lavic_chat.training.preparation import dialogue_files, load_catalogs
from lavic_chat.training.run_record import StageResult, add_record

TEMPERATURES = tuple(round(0.3 + 0.05 * step, 2) for step in range(75))  # 0.3 to 4.0
RETRIEVAL_WEIGHTS = tuple(range(0, 61, 2))


@dataclass(frozen=True)
class CalibrateRequest:
    """settings: base, first catalogue, and the adapter that is written to. dialogues: validation conversations about
    the first catalogue; `also`'s lie in them. key: of the candidate lists. limit: conversations of each catalogue."""

    settings: Settings
    dialogues: str | Path
    also: tuple[Path, ...] = ()
    key: str = "candidates"
    limit: int = 300


@dataclass(frozen=True)
class ScoredChoice:
    """A choice as the model and search see it: log-probabilities and cosines [n], and the right place."""

    scores: Tensor
    query_scores: Tensor
    answer: int


@dataclass(frozen=True)
class Fit:
    """The two numbers, and the mean negative log-likelihood and HR@1 that they give on what they were fitted to."""

    temperature: float
    retrieval_weight: float
    nll: float
    hit: float

    def to_row(self) -> dict:
        """As adapter cards hold it, under the keys that they have always had."""
        return {"temperature": self.temperature, "trust": self.retrieval_weight, "surprise": self.nll, "hit": self.hit}


def calibrate(request: CalibrateRequest) -> StageResult:
    """Fit temperature and retrieval weight, and write them into the adapter's card; raises LavicError for a request
    that cannot be met."""
    adapter = request.settings.adapter_folder
    read_card(adapter)  # refused now, not after the ranking
    catalogs = load_catalogs(request.settings.catalog, request.also)
    files = dialogue_files(request.dialogues, catalogs, "valid")
    pairs = zip(files, catalogs, strict=True)
    choices = [
        make_choices(read_conversations(file)[: request.limit], catalog, request.key)[0] for file, catalog in pairs
    ]
    scored = score_catalogs(request.settings, catalogs, choices)
    alone, both = fit(scored, retrieval_weights=(0,)), fit(scored)
    record = {
        "alone": alone.to_row(),
        "with_search": both.to_row(),
        "conversations": len(scored),
        "catalogs": [catalog.fingerprint for catalog in catalogs],
        "dialogues": [hash_file(file) for file in files],
    }
    card = read_card(adapter)
    fitted = {"temperature": both.temperature, "retrieval_weight": both.retrieval_weight}
    write_card(adapter, add_record(replace(card, **fitted), "calibrate", record))
    summary = (
        f"On {len(scored)} conversations: temperature {both.temperature}, trust {both.retrieval_weight}; "
        f"HR@1 {both.hit:.3f}, nll {both.nll:.3f}. Without search {alone.hit:.3f}, {alone.nll:.3f}."
    )
    return StageResult(record, summary)


def score_catalogs(
    settings: Settings, catalogs: Sequence[Catalog], choices: Sequence[Sequence[Choice]]
) -> list[ScoredChoice]:
    """Every catalogue's choices as the adapter's model and search score them."""
    visual_ranker = load_visual_ranker(settings, keep_scores=True)
    embedder = load_embedder(settings.home, settings.adapter, visual_ranker.model.vision_hash, settings.runtime)
    scored = []
    for catalog, some in zip(catalogs, choices, strict=True):
        item_features = visual_ranker.features_by_id(catalog, products_of(some))
        scored += score_choices(visual_ranker.ranker, embedder, some, item_features)
    return scored


def score_choices(
    ranker: Ranker, embedder: Embedder, choices: Sequence[Choice], item_features: Mapping[str, ItemFeatures]
) -> list[ScoredChoice]:
    """Every choice, ranked as chat would; the ranker's own temperature is not in the scores."""
    config = RankerConfig(ranker.config.decode, labeling=ranker.config.labeling)
    plain = Ranker(ranker.model, config, ranker.score_cache)
    scored = []
    for choice in tqdm(choices, desc="Scoring", unit="conversation"):
        seen = [item_features[item.id] for item in choice.products]
        query_scores = torch.from_numpy(embedder.score_items(choice.dialogue, choice.products, seen))
        scored.append(ScoredChoice(log_chances(plain, choice, item_features), query_scores, choice.answer))
    return scored


def log_chances(ranker: Ranker, choice: Choice, item_features: Mapping[str, ItemFeatures]) -> Tensor:
    """[n] log-probabilities of the candidates, ranked as chat would."""
    seen = [item_features[item.id] for item in choice.products]
    chances = ranker.rank(choice.dialogue, choice.products, seen).probabilities
    return torch.tensor(chances).clamp_min(1e-9).log()


def fit(scored: Sequence[ScoredChoice], retrieval_weights: Sequence[float] = RETRIEVAL_WEIGHTS) -> Fit:
    """The pair on the grid with the least mean negative log-likelihood of the answers."""
    scores = stack([one.scores for one in scored])
    query_scores = pad_sequence([one.query_scores for one in scored], batch_first=True)
    answers = torch.tensor([one.answer for one in scored])
    found = []
    for temperature, retrieval_weight in product(TEMPERATURES, retrieval_weights):
        both = weigh_scores(scores, temperature, retrieval_weight, query_scores)
        hit = (both.argmax(-1) == answers).float().mean()
        found.append(Fit(temperature, retrieval_weight, float(functional.cross_entropy(both, answers)), float(hit)))
    return min(found, key=lambda pair: pair.nll)


def mean_nll(scores: Sequence[Tensor], answers: Sequence[int]) -> float:
    """Mean negative log-likelihood of the answers under a softmax of each row [n]."""
    return float(functional.cross_entropy(stack(scores), torch.tensor(answers)))


def stack(scores: Sequence[Tensor]) -> Tensor:
    """Rows [n] of any lengths -> [N, longest]; what a row lacks is impossible."""
    return pad_sequence(list(scores), batch_first=True, padding_value=-torch.inf)
