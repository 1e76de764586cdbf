"""All that `lavic-chat bench` measures of one shopper, in one run."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any

import torch
from tqdm import tqdm

from lavic_chat.errors import LavicError
from lavic_chat.evaluation.benchmarks.authors_way import AuthorsFigures, measure_authors_way
from lavic_chat.evaluation.benchmarks.busy import busy_processes
from lavic_chat.evaluation.benchmarks.conversations import DOZEN, Script, new_conversations
from lavic_chat.evaluation.benchmarks.pictures import PictureFigures, measure_pictures
from lavic_chat.evaluation.benchmarks.processes import peak_memory_mib, process_age
from lavic_chat.evaluation.benchmarks.searches import (
    EmbeddingFigures,
    SearchFigures,
    measure_embedding,
    measure_searches,
)
from lavic_chat.evaluation.benchmarks.startup import StartFigures, measure_start
from lavic_chat.evaluation.benchmarks.turns import (
    CandidateFigures,
    TurnFigures,
    measure_candidates,
    measure_turns,
    warm_up,
)
from lavic_chat.evaluation.config import ALL_PARTS, BENCH_PARTS, MORE_PARTS
from lavic_chat.serving.recommender import Recommender, load_recommender
from lavic_chat.settings import Settings

TURNS, CANDIDATES, AUTHORS, PICTURES, ASK = BENCH_PARTS
SEARCHES, ITEMS = MORE_PARTS
MOST_PAIRS = 6  # of turns with fifty candidates, and of turns the authors' way, which take long


@dataclass(frozen=True)
class BenchConfig:
    """turns: conversations of two turns each; beside: busy processes for the same turns once more, none for 0; parts:
    which of ALL_PARTS to measure. Raises LavicError for others."""

    turns: int = 12
    beside: int = 0
    parts: tuple[str, ...] = BENCH_PARTS

    def __post_init__(self) -> None:
        if unknown := set(self.parts) - set(ALL_PARTS):
            raise LavicError(f"There is no part {sorted(unknown)[0]!r} to measure; choose of {', '.join(ALL_PARTS)}.")

    @property
    def pairs(self) -> int:
        """Turns of each kind where two kinds are compared."""
        return min(self.turns, MOST_PAIRS)


@dataclass(frozen=True)
class BenchReport:
    """What was measured; None for what was not asked for. first_answer_seconds: from the start of the process, imports
    and loading included, to its first answer. peak_memory_mib: up to the end of the turns."""

    device: str
    runtime: str
    threads: int
    load_seconds: float
    first_answer_seconds: float
    peak_memory_mib: int
    turns: TurnFigures | None = None
    beside: TurnFigures | None = None
    busy: int = 0
    candidates: CandidateFigures | None = None
    authors: AuthorsFigures | None = None
    pictures: PictureFigures | None = None
    ask: StartFigures | None = None
    searches: SearchFigures | None = None
    items: EmbeddingFigures | None = None

    def to_row(self) -> dict:
        """As the command line answers it in JSON."""
        return asdict(self)


def run_bench(settings: Settings, config: BenchConfig) -> BenchReport:
    """Load, then measure part by part; raises LavicError where something cannot be measured."""
    started = process_age()
    recommender = load_recommender(settings)
    loaded = process_age()
    answered = warm_up(recommender)
    fresh = new_conversations()
    turns = measure_turns(recommender, some(fresh, config.turns, "Turns")) if TURNS in config.parts else None
    report = BenchReport(
        device=recommender.device,
        runtime=runtime_of(recommender),
        threads=torch.get_num_threads(),
        load_seconds=round(loaded - started, 2),
        first_answer_seconds=round(answered, 2),
        peak_memory_mib=peak_memory_mib(),  # now: what comes is more than a shopper asks for
        turns=turns,
        beside=measure_beside(recommender, fresh, config) if config.beside else None,
        busy=config.beside,
    )
    return replace(report, **dict(measure_rest(recommender, settings, config, fresh)))


def measure_beside(recommender: Recommender, fresh: Iterator[Script], config: BenchConfig) -> TurnFigures:
    """The same turns while so many busy processes want the same cores."""
    with busy_processes(config.beside):
        return measure_turns(recommender, some(fresh, config.turns, f"Turns beside {config.beside}"))


def measure_rest(
    recommender: Recommender, settings: Settings, config: BenchConfig, fresh: Iterator[Script]
) -> Iterator[tuple[str, Any]]:
    """The other parts that are asked for, by their names in the report."""
    if CANDIDATES in config.parts:
        yield CANDIDATES, measure_candidates(recommender, pairs_of(fresh, config.pairs, "Fifty candidates"))
    if AUTHORS in config.parts:
        yield AUTHORS, measure_authors_way(recommender, pairs_of(fresh, config.pairs, "The authors' way"))
    if PICTURES in config.parts:
        yield PICTURES, measure_pictures(recommender)
    if ASK in config.parts:
        yield ASK, measure_start(settings)
    if SEARCHES in config.parts:
        yield SEARCHES, measure_searches(settings, some(fresh, config.turns, "Searches"))
    if ITEMS in config.parts:
        yield ITEMS, measure_embedding(settings, recommender)


def some(fresh: Iterator[Script], count: int, name: str) -> Iterator[Script]:
    """The next conversations, with a progress bar."""
    yield from tqdm(islice(fresh, count), desc=name, unit="conversation", total=count)


def pairs_of(fresh: Iterator[Script], count: int, name: str) -> Iterator[tuple[Script, Script]]:
    """Pairs of new conversations, a dozen at most, that say the same after a greeting."""
    ahead = list(islice(fresh, 3 * len(DOZEN)))[len(DOZEN) :]  # the very first greet nobody
    yield from tqdm(zip(ahead[:count], ahead[len(DOZEN) :], strict=False), desc=name, unit="pair", total=count)


def runtime_of(recommender: Recommender) -> str:
    """What computes the LLM, and the tower where that is something else."""
    model = recommender.visual_ranker.model
    return model.runtime if model.runtime == model.tower_runtime else f"{model.runtime}, tower {model.tower_runtime}"
