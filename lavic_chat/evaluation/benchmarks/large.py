"""What many products cost: the home catalogue and one of so many made-up products, side by side in one run.

Both are asked the same turns in pairs, by turns this or that one first, so that both meet the same machine; each in a
home of its own with models by links and caches filled, as at every start but the first.
"""

import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lavic_chat.evaluation.benchmarks import catalog_probe
from lavic_chat.evaluation.benchmarks.conversations import new_conversations
from lavic_chat.evaluation.benchmarks.large_catalog import make_large_catalog
from lavic_chat.evaluation.benchmarks.probe import Probe, open_probe
from lavic_chat.evaluation.benchmarks.processes import memory_kib
from lavic_chat.evaluation.benchmarks.sides import Side, make_home, this_side
from lavic_chat.serving.recommender import load_recommender
from lavic_chat.settings import Settings, shipped

HOME, LARGE = "home", "large"


@dataclass(frozen=True)
class CatalogFigures:
    """start_seconds: what the catalogue took of the start, after the model. memory_mib: after the turns, private and
    shared; private_mib: what no other process and no file holds. Medians of milliseconds: of a search (and its 95th
    percentile), of all before the model's pass, of a whole turn."""

    products: int
    start_seconds: float
    memory_mib: int
    private_mib: int
    search_ms: float
    search_p95_ms: float
    before_pass_ms: float
    turn_ms: float


@dataclass(frozen=True)
class LargeReport:
    """growth: how many times as long a turn takes, the median of pairs; growth_before_pass: of that what comes before
    the model's pass, in milliseconds a turn."""

    home: CatalogFigures
    large: CatalogFigures
    growth: float
    growth_before_pass_ms: float

    def to_row(self) -> dict:
        """As the command line answers it in JSON."""
        return asdict(self)

    def to_text(self) -> str:
        """A line a figure, of both catalogues."""
        names = {
            "products": "products", "start_seconds": "start after the model, s", "memory_mib": "memory, MiB",
            "private_mib": "  of it private, MiB", "search_ms": "a search, ms", "search_p95_ms": "  its p95, ms",
            "before_pass_ms": "before the model's pass, ms", "turn_ms": "a turn, ms",
        }  # fmt: skip
        both = asdict(self.home), asdict(self.large)
        lines = [f"{title:<28} {both[0][name]:>12,} {both[1][name]:>12,}" for name, title in names.items()]
        more = f"{self.growth_before_pass_ms:,} ms of it before the model's pass"
        return "\n".join([*lines, f"{'a turn grows':<28} {self.growth:>12} times; {more}"])


def measure_large(settings: Settings, count: int, turns: int) -> LargeReport:
    """Make a catalogue of so many products, and ask both catalogues so many conversations of two turns each."""
    with tempfile.TemporaryDirectory(dir=settings.home, prefix="large-") as name:
        folder = Path(name)
        homes = {one: make_home(settings.home, folder / one) for one in (HOME, LARGE)}
        catalogs = {HOME: shipped("catalog"), LARGE: folder / "catalog"}
        model = load_recommender(replace(settings, catalog=catalogs[HOME], index=""), progress=False)
        make_large_catalog(catalogs[LARGE], homes[LARGE], model, count)
        sides = {one: replace(this_side(homes[one]), name=one, catalog=catalogs[one]) for one in (HOME, LARGE)}
        for side in sides.values():  # the first start makes the tables
            with open_probe(side, catalog_probe.__file__):
                pass
        counts = {HOME: len(model.catalog), LARGE: count}
        del model
        return ask_both(sides, counts, turns)


def ask_both(sides: Mapping[str, Side], counts: Mapping[str, int], turns: int) -> LargeReport:
    """Two turns of each conversation, of both."""
    rows: dict[str, list[dict]] = {HOME: [], LARGE: []}
    program = catalog_probe.__file__
    with open_probe(sides[HOME], program) as home, open_probe(sides[LARGE], program) as large:
        probes = {HOME: home, LARGE: large}
        scripts = islice(new_conversations(), turns + 1)
        for number, script in enumerate(tqdm(scripts, desc="Conversations", total=turns + 1)):
            order = (HOME, LARGE) if number % 2 else (LARGE, HOME)
            for message, new in ((script.message, True), (script.follow_up, False)):
                for one in order:
                    row = probes[one].ask(message, new)
                    rows[one] += [row] if number else []  # after the first, files are in memory
        figures = {one: figures_of(probes[one], counts[one], rows[one]) for one in (HOME, LARGE)}
    pairs = list(zip(rows[HOME], rows[LARGE], strict=True))
    growth = statistics.median(many["ms"] / few["ms"] for few, many in pairs)
    more = statistics.median(before_pass(many) - before_pass(few) for few, many in pairs)
    return LargeReport(figures[HOME], figures[LARGE], round(growth, 3), round(more, 1))


def before_pass(row: Mapping) -> float:
    """Milliseconds of a turn before the model's pass."""
    return sum(row["steps"].get(step, 0.0) for step in ("understand", "retrieve", "look"))


def figures_of(probe: Probe, count: int, rows: Sequence[dict]) -> CatalogFigures:
    """Of one catalogue."""
    searches = sorted(row["search_ms"] for row in rows if row["search_ms"])
    held = memory_of(probe.ready["pid"])
    return CatalogFigures(
        products=count,
        start_seconds=round(probe.ready["start_seconds"], 2),
        memory_mib=held["VmRSS"],
        private_mib=held["RssAnon"],
        search_ms=round(statistics.median(searches), 2),
        search_p95_ms=round(float(np.percentile(searches, 95)), 2),
        before_pass_ms=round(statistics.median(map(before_pass, rows)), 1),
        turn_ms=round(statistics.median(row["ms"] for row in rows), 1),
    )


def memory_of(pid: int) -> dict[str, int]:
    """MiB that a process holds now, in all and apart from files; zeros where the system does not say."""
    held = memory_kib(pid)
    return {name: held.get(name, 0) // 1024 for name in ("VmRSS", "RssAnon")}
