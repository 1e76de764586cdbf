"""What many products cost: so many made-up products, beside a few of the same kind and the home catalogue, in one run.

The few are the first ones of the many, as many as the home catalogue has: between these two it is the number alone that
differs. The home catalogue's own titles and captions are of other lengths, and so are the prompts made of them.

All are asked the same turns, one after the other, by turns this or that one first, so that they meet the same machine;
each in a home of its own with models by links and caches filled, as at every start but the first.
"""

import statistics
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
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

HOME, FEW, MANY = "home", "few", "many"


@dataclass(frozen=True)
class CatalogFigures:
    """start_seconds: what the catalogue took of the start, after the model. memory_mib: after the turns, private and
    shared; private_mib: what no other process and no file holds. Medians: milliseconds of a search (and its 95th
    percentile), of all before the model's pass, of that pass and of a whole turn; of a turn's processor time; tokens of
    its prompt."""

    products: int
    start_seconds: float
    memory_mib: int
    private_mib: int
    search_ms: float
    search_p95_ms: float
    before_pass_ms: float
    pass_ms: float
    turn_ms: float
    processor_ms: float
    prompt_tokens: float


@dataclass(frozen=True)
class Growth:
    """From one catalogue to another, medians of pairs of turns: how many times as long a turn takes, how many times as
    much processor time, and how many milliseconds more come before the model's pass."""

    turn: float
    processor: float
    before_pass_ms: float


@dataclass(frozen=True)
class LargeReport:
    """growth: from few to many products of one kind; growth_from_home: from the home catalogue to the many."""

    home: CatalogFigures
    few: CatalogFigures
    many: CatalogFigures
    growth: Growth
    growth_from_home: Growth

    def to_row(self) -> dict:
        """As the command line answers it in JSON."""
        return asdict(self)

    def to_text(self) -> str:
        """A line a figure, of all catalogues, and a line a growth."""
        names = {
            "products": "products", "start_seconds": "start after the model, s", "memory_mib": "memory, MiB",
            "private_mib": "  of it private, MiB", "search_ms": "a search, ms", "search_p95_ms": "  its p95, ms",
            "before_pass_ms": "before the model's pass, ms", "pass_ms": "the model's pass, ms", "turn_ms": "a turn, ms",
            "processor_ms": "  its processor time, ms", "prompt_tokens": "tokens of a prompt",
        }  # fmt: skip
        columns = [asdict(one) for one in (self.home, self.few, self.many)]
        lines = [f"{'':<28} {'at home':>12} {'made up':>12} {'made up':>12}"]
        lines += [f"{title:<28} " + " ".join(f"{one[name]:>12,}" for one in columns) for name, title in names.items()]
        for said, grown in (("a turn grows", self.growth), ("  from the home catalogue", self.growth_from_home)):
            more = f"processor time {grown.processor} times; {grown.before_pass_ms:,} ms more before the model's pass"
            lines.append(f"{said:<28} {grown.turn:>12} times; {more}")
        return "\n".join(lines)


def measure_large(settings: Settings, count: int, turns: int) -> LargeReport:
    """Make a catalogue of so many products, and ask all catalogues so many conversations of two turns each."""
    with tempfile.TemporaryDirectory(dir=settings.home, prefix="large-") as name:
        folder = Path(name)
        homes = {one: make_home(settings.home, folder / one) for one in (HOME, FEW, MANY)}
        catalogs = {HOME: shipped("catalog"), FEW: folder / "catalog-few", MANY: folder / "catalog-many"}
        model = load_recommender(replace(settings, catalog=catalogs[HOME], index=""), progress=False)
        counts = {HOME: len(model.catalog), FEW: min(len(model.catalog), count), MANY: count}
        for one in (FEW, MANY):
            make_large_catalog(catalogs[one], homes[one], model, counts[one])
        del model
        sides = {one: replace(this_side(homes[one]), name=one, catalog=catalogs[one]) for one in catalogs}
        for side in sides.values():  # the first start makes the tables
            with open_probe(side, catalog_probe.__file__):
                pass
        return ask_all(sides, counts, turns)


def ask_all(sides: Mapping[str, Side], counts: Mapping[str, int], turns: int) -> LargeReport:
    """Two turns of each conversation, of every side."""
    rows: dict[str, list[dict]] = {one: [] for one in sides}
    with ExitStack() as stack:
        probes = {one: stack.enter_context(open_probe(side, catalog_probe.__file__)) for one, side in sides.items()}
        scripts = islice(new_conversations(), turns + 1)
        for number, script in enumerate(tqdm(scripts, desc="Conversations", total=turns + 1)):
            order = [*sides][number % len(sides) :] + [*sides][: number % len(sides)]
            for message, new in ((script.message, True), (script.follow_up, False)):
                for one in order:
                    row = probes[one].ask(message, new)
                    rows[one] += [row] if number else []  # after the first, files are in memory
        figures = {one: figures_of(probes[one], counts[one], rows[one]) for one in sides}
    grown, from_home = (growth_of(rows[one], rows[MANY]) for one in (FEW, HOME))
    return LargeReport(figures[HOME], figures[FEW], figures[MANY], grown, from_home)


def growth_of(before: Sequence[dict], after: Sequence[dict]) -> Growth:
    """Over the same turns."""
    pairs = list(zip(before, after, strict=True))
    return Growth(
        turn=round(statistics.median(many["ms"] / few["ms"] for few, many in pairs), 3),
        processor=round(statistics.median(many["processor_ms"] / few["processor_ms"] for few, many in pairs), 3),
        before_pass_ms=round(statistics.median(before_pass(many) - before_pass(few) for few, many in pairs), 1),
    )


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
        pass_ms=round(statistics.median(row["steps"].get("choose", 0.0) for row in rows), 1),
        turn_ms=round(statistics.median(row["ms"] for row in rows), 1),
        processor_ms=round(statistics.median(row["processor_ms"] for row in rows), 1),
        prompt_tokens=statistics.median(row["prompt_tokens"] for row in rows),
    )


def memory_of(pid: int) -> dict[str, int]:
    """MiB that a process holds now, in all and apart from files; zeros where the system does not say."""
    held = memory_kib(pid)
    return {name: held.get(name, 0) // 1024 for name in ("VmRSS", "RssAnon")}
