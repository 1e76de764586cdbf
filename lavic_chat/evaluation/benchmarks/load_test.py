"""Many shoppers at once: each asks, refines and flags through the API of a served chat, for so many seconds.

    lavic-chat bench --shoppers 20 --seconds 180
    lavic-chat bench --flood --seconds 60           one shopper beside four clients that ask as much as they can
    lavic-chat bench --calls 20000                  the server's memory over so many calls of the API

What would be wrong is found by marks: every message carries its shopper's number, and an answer whose conversation
carries another's is a mix-up; every flag carries a reason that nobody else gives, and all of them must be in the
database afterwards, once each.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lavic_chat.catalog.product import Product
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.errors import LavicError
from lavic_chat.evaluation.benchmarks.shoppers import (
    ADDRESS_HEADER,
    ASK,
    COLOURS,
    FLAG,
    FLOOD,
    REFINE,
    Caller,
    Crew,
    Reply,
)
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.nlu.catalog_words import kind_texts
from lavic_chat.serving.engine import Engine
from lavic_chat.ui import NO_LIMITS, ClientLimits, Clients, Presence, build_app, launch
from lavic_chat.ui.session import Recommender

PERCENTILES = (50, 90, 99)
SHOPPERS = "lavic_chat.evaluation.benchmarks.shoppers"
FLOODS = 4
WARM_CALLS = 100  # after which what is loaded at the first ones is there
MINUTE = 60.0  # seconds
PAUSE = 6.0  # seconds that an honest shopper looks at an answer: few read ten products in less
KINDS = 20  # kinds of thing that they ask for, at most


@dataclass(frozen=True)
class Latency:
    """Of one kind of request, in seconds."""

    requests: int
    p50: float
    p90: float
    p99: float


@dataclass(frozen=True)
class Served:
    """What the server tells of so many seconds: the share of them in which the model was at work, and its memory, at
    the start, after each minute, and at the end."""

    seconds: float
    model_busy: float
    memory_mib: tuple[int | None, ...] = ()


@dataclass(frozen=True)
class LoadReport:
    """What all shoppers met. model_busy: share of the time in which the model was at work; what is missing to 1 under
    full load is the page's own. memory_mib: of the server's process, at the start, after each minute, and at the end.
    faults: sentences with how often; flags: confirmed ones, and those not stored once."""

    device: str
    shoppers: int
    seconds: float
    answers_a_minute: float
    model_busy: float
    memory_mib: tuple[int | None, ...]
    latency: dict[str, Latency]
    faults: dict[str, int]
    flags: int
    flags_lost: int

    def to_row(self) -> dict:
        """As the command line answers it in JSON."""
        return asdict(self)


@dataclass(frozen=True)
class FloodReport:
    """The seconds that an honest shopper waits for an answer, alone and beside clients that flood; what these came to;
    faults that the honest one met."""

    device: str
    floods: int
    median_alone: float
    median_beside: float
    ratio: float
    flood_answers: int
    flood_refused: int
    faults: dict[str, int]

    def to_row(self) -> dict:
        """As the command line answers it in JSON."""
        return asdict(self)


@dataclass(frozen=True)
class MemoryReport:
    """The server's memory after the first of so many calls, and after all; calls that went wrong."""

    calls: int
    memory_start_mib: int | None
    memory_end_mib: int | None
    faults: int

    def to_row(self) -> dict:
        """As the command line answers it in JSON."""
        return asdict(self)


def run_load_test(recommender: Recommender, count: int, seconds: float) -> LoadReport:
    """Serve the chat with a database of its own on a free port, to so many shoppers at once.

    Raises LavicError where their process cannot run.
    """
    with serving(recommender, NO_LIMITS) as (engine, annotations, crew):
        replies, memory, busy, start = [], [memory_mib()], engine.busy, time.monotonic()
        for reply in collect_replies(replace(crew, shoppers=count, seconds=seconds)):
            replies.append(reply)
            if time.monotonic() - start >= MINUTE * len(memory):
                memory.append(memory_mib())
        duration = time.monotonic() - start
        served = Served(duration, (engine.busy - busy) / duration, (*memory, memory_mib()))
        stored = Counter(flag.reason for flag in annotations.list())
    return summarize(recommender.device, count, replies, served, stored)


@contextmanager
def serving(recommender: Recommender, limits: ClientLimits) -> Generator[tuple[Engine, AnnotationStore, Crew]]:
    """The chat served with a database of its own on a free port, where each shopper has an address; with a crew for it
    that has nobody yet."""
    with tempfile.TemporaryDirectory() as folder, Engine(recommender) as engine:
        annotations = AnnotationStore(Path(folder) / "flags.sqlite")
        app = build_app(engine, annotations, clients=Clients(limits, ADDRESS_HEADER, Presence()))
        _, address, _ = launch(app, recommender.catalog, port=None, prevent_thread_lock=True, quiet=True)
        try:
            kinds = common_kinds(recommender.catalog.products)
            engine.recommend(Dialogue().say(f"A {kinds[0]}"))  # what is loaded at the first turn is no leak
            yield engine, annotations, Crew(address, 0, 0.0, kinds)
        finally:
            app.close(verbose=False)


def run_flood(recommender: Recommender, seconds: float) -> FloodReport:
    """Serve the chat within its limits to one shopper who looks at each answer, first alone, then beside FLOODS clients
    that ask as much as they can; so many seconds each. Raises LavicError where their process cannot run."""
    with serving(recommender, ClientLimits()) as (_, _, crew):
        honest = replace(crew, shoppers=1, seconds=seconds, pause=PAUSE)
        alone = list(collect_replies(honest))
        beside = list(collect_replies(replace(honest, floods=FLOODS)))
    return compare_floods(recommender.device, alone, beside)


def run_calls(recommender: Recommender, count: int) -> MemoryReport:
    """Serve the chat, and call its API so many times without a session, one call after the other."""
    with serving(recommender, NO_LIMITS) as (_, _, crew):
        faults: list[str] = []
        caller = Caller(0, crew, lambda reply: faults.append(reply.fault) if reply.fault else None)
        start: int | None = None
        for number in tqdm(range(count), "Calls", unit="call"):
            text = f"A {COLOURS[number % len(COLOURS)]} {crew.kinds[number % len(crew.kinds)]}, {caller.mark}"
            caller.request(ASK, "ask", text, None, [], "", "")
            if number == min(count, WARM_CALLS) - 1:
                start = memory_mib()
        return MemoryReport(count, start, memory_mib(), len(faults))


def compare_floods(device: str, alone: Sequence[Reply], beside: Sequence[Reply]) -> FloodReport:
    """What the honest shopper met without and with floods; raises LavicError where there is nothing to compare."""
    medians = [[one.seconds for one in replies if one.kind == ASK and not one.fault] for replies in (alone, beside)]
    if not all(medians):
        raise LavicError("The honest shopper had no answer to compare; give --seconds more.")
    without, with_floods = (float(np.median(times)) for times in medians)
    floods = [one for one in beside if one.kind == FLOOD]
    return FloodReport(
        device=device,
        floods=FLOODS,
        median_alone=round(without, 3),
        median_beside=round(with_floods, 3),
        ratio=round(with_floods / without, 2),
        flood_answers=sum(not one.fault for one in floods),
        flood_refused=sum(bool(one.fault) for one in floods),
        faults=dict(Counter(one.fault for one in (*alone, *beside) if one.fault and one.kind != FLOOD)),
    )


def common_kinds(products: Iterable[Product]) -> tuple[str, ...]:
    """What most products are called by their type, or else their category."""
    counts = Counter(called[-1] for product in products if (called := kind_texts(product)))
    return tuple(kind for kind, _ in counts.most_common(KINDS))


def collect_replies(crew: Crew) -> Iterator[Reply]:
    """What the shoppers' process tells, as it comes; raises LavicError where it fails."""
    command = [sys.executable, "-m", SHOPPERS, json.dumps(asdict(crew))]
    folders = [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, folders))}
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process,
        tqdm(desc="Load test", unit="answer") as bar,
    ):
        for line in process.stdout or ():
            bar.update()
            yield Reply(**json.loads(line))
    if process.returncode:
        raise LavicError(f"The shoppers' process ended with status {process.returncode}; see above.")


def memory_mib() -> int | None:
    """Of this process, None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def summarize(device: str, shoppers: int, replies: Sequence[Reply], served: Served, stored: Counter) -> LoadReport:
    """What so many shoppers met; stored: how often the database holds each flag's reason."""
    by_kind = {kind: [reply.seconds for reply in replies if reply.kind == kind] for kind in (ASK, REFINE, FLAG)}
    flagged = [reply.flagged for reply in replies if reply.flagged]
    return LoadReport(
        device=device,
        shoppers=shoppers,
        seconds=round(served.seconds, 1),
        answers_a_minute=round(60 * (len(by_kind[ASK]) + len(by_kind[REFINE])) / served.seconds, 1),
        model_busy=round(served.model_busy, 3),
        memory_mib=served.memory_mib,
        latency={
            kind: Latency(len(times), *(round(float(np.percentile(times, p)), 3) for p in PERCENTILES))
            for kind, times in by_kind.items()
            if times
        },
        faults=dict(Counter(reply.fault for reply in replies if reply.fault)),
        flags=len(flagged),
        flags_lost=sum(stored[reason] != 1 for reason in flagged),
    )
