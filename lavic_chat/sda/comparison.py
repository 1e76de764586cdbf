"""Recommenders times features, each fitted with what validation chooses, each judged on the same items asked for.

Every fit is kept as it ends (`fits/NAME.npz`), so that the same command goes on where it was stopped; the table is made
of what is there.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from lavic_chat.errors import ModelError
from lavic_chat.features.item_embedder import EmbedderConfig
from lavic_chat.sda import evaluation as e
from lavic_chat.sda.evaluation import Ranks
from lavic_chat.sda.features import BOTH, IDS, FeatureMaker, FeatureSet, config_of, config_of_any
from lavic_chat.sda.fitted import RUN, Fitted, average, pool_runs
from lavic_chat.sda.interactions import Histories, load_histories, split_last
from lavic_chat.sda.interactions.histories import Split
from lavic_chat.sda.recommenders.registry import RECOMMENDERS, id_vectors
from lavic_chat.sda.recommenders.task import FitTask
from lavic_chat.sda.space import measure_space
from lavic_chat.sda.table import TABLE, write_table
from lavic_chat.settings import Settings
from lavic_chat.storage.files import hash_bytes, write_json

FITS, SPACES = "fits", "spaces.json"


@dataclass(frozen=True)
class CompareRequest:
    """settings: base, adapter, and the catalogue with its interactions. features, recommenders: by name. modality: of
    the features. seeds: so many fits of each recommender that is random, which the runs of one adaptation share. size:
    of the features, each modality's on so many principal components; 0: as they are. like: an adaptation as which the
    LLM embeds items where it is not adapted; without it the first of the features that is one."""

    settings: Settings
    out: Path
    features: tuple[str, ...] = ("ids", "noise", "plain", "lvlm")
    recommenders: tuple[str, ...] = tuple(RECOMMENDERS)
    modality: str = BOTH
    seeds: int = 3
    size: int = 128
    like: Path | None = None

    @property
    def embedder(self) -> EmbedderConfig:
        """How the LLM embeds items where it is not adapted; raises ModelError where `like` is no adaptation."""
        return config_of(self.like) if self.like else config_of_any(self.features)


@dataclass(frozen=True, eq=False)
class Bench:
    """What all fits have in common."""

    histories: Histories
    split: Split
    texts: Sequence[str]
    request: CompareRequest

    @property
    def folder(self) -> Path:
        """Of the fits."""
        return Path(self.request.out) / FITS

    def judge(self, recommender: e.ItemRecommender) -> float:
        """N@10 on the validation items."""
        return e.judge(recommender, self.histories, self.split)

    def task(self, features: FeatureSet, seed: int) -> FitTask:
        """What a recommender is given for one fit."""
        aligned = partial(id_vectors, self.split, self.judge, seed)
        return FitTask(self.split, self.judge, self.texts, features.of(self.request.modality), aligned, seed)

    def seeds(self, name: str, features: str) -> range:
        """Of the fits of a recommender with a set of features. Where the features come in several runs, these share the
        seeds, so that every set has as many fits."""
        if not RECOMMENDERS[name].is_random:
            return range(1)
        labels = [one.partition("=")[0] for one in self.request.features]
        runs = [one for one in labels if RUN.sub("", one) == RUN.sub("", features)] or [features]
        each = max(1, self.request.seeds // len(runs))
        first = runs.index(features) * each
        return range(first, first + each)

    def path(self, key: Sequence, suffix: str) -> Path:
        """Of a file: readable in front, and behind it what it depends on."""
        plain = "-".join(str(part) for part in key[:3]).replace("/", "_").replace(":", "_")
        return self.folder / f"{plain}-{hash_bytes(self.histories.fingerprint, repr(key))[:12]}{suffix}"


def compare(request: CompareRequest) -> list[Fitted]:
    """Fit what is missing, measure all, and write the table; raises LavicError for what cannot be."""
    if unknown := [name for name in request.recommenders if name not in RECOMMENDERS]:
        raise ModelError(f"There is no recommender {unknown[0]!r}; choose {', '.join(RECOMMENDERS)}.")
    catalog, histories = load_histories(request.settings.catalog)
    embedder = request.embedder
    maker = FeatureMaker(request.settings, catalog, embedder, request.modality)
    bench = Bench(histories, split_last(histories), maker.texts, request)
    bench.folder.mkdir(parents=True, exist_ok=True)
    plain = [name for name in request.recommenders if not RECOMMENDERS[name].takes_features]
    fitted = [fit(bench, name, FeatureSet(IDS), {}) for name in plain]
    spaces, chosen = [], {}
    for made in map(maker.make, request.features):
        features = made.reduced(request.size)
        spaces += [space] if (space := measure_space(made)) else []
        takers = [name for name in request.recommenders if RECOMMENDERS[name].takes_features]
        fitted += [fit(bench, name, features, chosen) for name in takers]
    fitted = pool_runs(fitted)
    fitted += average(fitted)
    write_json(Path(request.out) / SPACES, [asdict(space) for space in spaces])
    write_table(Path(request.out) / TABLE, fitted, embedder)
    return fitted


def fit(bench: Bench, name: str, features: FeatureSet, chosen: dict[tuple[str, str], Any]) -> Fitted:
    """All seeds of a recommender with a set of features, with the best of its settings by validation. chosen: settings,
    by recommender and set; an adaptation's first run chooses for all, so that no set is searched more than another."""
    seeds, key = bench.seeds(name, features.name), (name, RUN.sub("", features.name))
    if key not in chosen:
        chosen[key] = choose_config(bench, name, features, seeds[0])
    config = chosen[key]
    bar = tqdm(seeds, desc=f"{name} with {features.name}", unit="fit")
    return Fitted(name, features.name, tuple(fit_once(bench, name, features, config, seed)[0] for seed in bar), config)


def choose_config(bench: Bench, name: str, features: FeatureSet, seed: int) -> Any:
    """The best of a recommender's settings, tried with one seed; written down, for it takes its time."""
    configs, modality = RECOMMENDERS[name].configs, bench.request.modality
    if len(configs) == 1:
        return configs[0]
    path = bench.path((name, features.name, modality, features.fingerprint, repr(configs)), ".json")
    if not path.is_file():
        bar = tqdm(configs, desc=f"{name} with {features.name}: settings", unit="fit")
        write_json(path, {"N@10": [fit_once(bench, name, features, config, seed)[1] for config in bar]})
    return configs[int(np.argmax(json.loads(path.read_text())["N@10"]))]


def fit_once(bench: Bench, name: str, features: FeatureSet, config: Any, seed: int) -> tuple[Ranks, float]:
    """The ranks of one fit, and its N@10 on the validation items; kept."""
    key = (name, features.name, bench.request.modality, seed, features.fingerprint, repr(config))
    path = bench.path(key, ".npz")
    if not path.is_file():
        fitted = RECOMMENDERS[name].fit(bench.task(features, seed), config)
        ranks = e.rank_items(fitted, bench.histories, bench.split)
        temporary = path.with_suffix(".part.npz")
        np.savez(temporary, sampled=ranks.sampled, full=ranks.full, valid=bench.judge(fitted))
        temporary.replace(path)
    with np.load(path, allow_pickle=False) as stored:
        return Ranks(stored["sampled"], stored["full"], e.groups_of(bench.split)), float(stored["valid"])
