"""From what was measured of both sides to the figures of a report: before, after, and how many times better."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lavic_chat.evaluation.benchmarks.busy import name_busy
from lavic_chat.evaluation.benchmarks.ratios import Ratio, paired_ratio, percentile
from lavic_chat.evaluation.benchmarks.sides import AFTER, BEFORE

MS, SECONDS, A_MINUTE, A_SECOND, MIB, PERCENT = "ms", "s", "a minute", "a second", "MiB", "% of a core"
MORE_IS_BETTER = (A_MINUTE, A_SECOND)


@dataclass(frozen=True)
class Figure:
    """One row. key: its name for --bar. gain: how many times better the later side is, above 1 where it is; None where
    a figure is zero or missing."""

    key: str
    name: str
    unit: str
    before: float
    after: float
    gain: Ratio | None


@dataclass(frozen=True)
class Label:
    """How a figure is called: its key, its name for readers, its unit."""

    key: str
    name: str
    unit: str


def figures_of(parts: Mapping[str, dict]) -> list[Figure]:
    """The rows of all parts that were measured, in the report's order."""
    readers = {
        "turn": turn_rows, "beside": beside_rows, "ask": ask_rows, "pictures": picture_rows,
        "shoppers": shopper_rows, "idle": idle_rows, "bench": bench_rows,
    }  # fmt: skip
    return [row for name, read in readers.items() if name in parts for row in read(parts[name])]


def turn_rows(part: dict) -> Iterator[Figure]:
    """Turns of both sides, asked the same."""
    yield from latency_rows(part, "turn", "a turn")
    yield compare(Label("second", "the second turn of a conversation, p50", MS), *times_of(part, "second"))
    if part[BEFORE].get("photo"):
        yield compare(Label("photo", "a turn with a new photo, p50", MS), *times_of(part, "photo"))
        seen = [photo_times(part[side]["photo"]) for side in (BEFORE, AFTER)]
        yield compare(Label("look", "looking at that photo, p50", MS), *seen)


def beside_rows(part: dict) -> Iterator[Figure]:
    """The same beside busy processes."""
    yield from latency_rows(part, "beside", f"a turn beside {name_busy(part[BEFORE]['busy'])}")


def latency_rows(part: dict, key: str, name: str) -> Iterator[Figure]:
    """Median and 95th percentile of first turns; of the latter there is one a side, so no pairs."""
    times = times_of(part, "first")
    yield compare(Label(key, f"{name}, p50", MS), *times)
    slow = [[percentile(sorted(one), 0.95)] for one in times]
    yield compare(Label(f"{key}-p95", f"{name}, p95", MS), *slow)


def ask_rows(part: dict) -> Iterator[Figure]:
    """Whole processes."""
    times = [part[side]["seconds"] for side in (BEFORE, AFTER)]
    yield compare(Label("ask", "`lavic-chat ask`, whole process, median", SECONDS), *times)
    best = [[min(one)] for one in times]
    yield compare(Label("ask-best", "`lavic-chat ask`, whole process, best", SECONDS), *best)


def picture_rows(part: dict) -> Iterator[Figure]:
    """Pictures indexed: looked at, described, embedded."""
    rates = [[part[side]["pictures"] / part[side]["seconds"]] for side in (BEFORE, AFTER) if part[side]["seconds"] > 0]
    if len(rates) == 2:
        yield compare(Label("pictures", "pictures indexed", A_SECOND), *rates)


def shopper_rows(part: dict) -> Iterator[Figure]:
    """The load test, of whose latencies both sides tell those of a question."""
    sides = [part[side] for side in (BEFORE, AFTER)]
    name = f"{sides[0]['shoppers']} shoppers at once"
    rates = [[side["answers_a_minute"]] for side in sides]
    yield compare(Label("shoppers", f"answers to {name}", A_MINUTE), *rates)
    waits = [[side["latency"]["ask"]["p50"]] for side in sides if "ask" in side.get("latency", {})]
    if len(waits) == 2:
        yield compare(Label("wait", f"wait for an answer among {name}, p50", SECONDS), *waits)


def idle_rows(part: dict) -> Iterator[Figure]:
    """The served chat."""
    for key, name, unit, field, scale in (
        ("serve", "`lavic-chat app`, until the page comes", SECONDS, "start_seconds", 1),
        ("idle", "`lavic-chat app`, idle", PERCENT, "idle_cpu", 100),
        ("memory", "`lavic-chat app`, peak memory after a question", MIB, "peak_memory_mib", 1),
    ):
        yield compare(Label(key, name, unit), *([scale * part[side][field]] for side in (BEFORE, AFTER)))


def bench_rows(part: dict) -> Iterator[Figure]:
    """Of each side's own bench, the memory."""
    memory = [[part[side]["peak_memory_mib"]] for side in (BEFORE, AFTER)]
    yield compare(Label("bench-memory", "`lavic-chat bench`, peak memory of turns", MIB), *memory)


def times_of(part: dict, kind: str) -> list[list[float]]:
    """Milliseconds of a kind of turn, of either side."""
    return [[turn["ms"] for turn in part[side][kind]] for side in (BEFORE, AFTER)]


def photo_times(turns: Sequence[dict]) -> list[float]:
    """Milliseconds of looking at the photo, in each turn that tells them, under whatever name it has for it."""
    return [value for turn in turns for step, value in turn["steps"].items() if "photo" in step]


def same_picks(part: dict) -> tuple[int, int]:
    """In how many first turns both sides picked the same product, and of how many."""
    pairs = list(zip(part[BEFORE]["first"], part[AFTER]["first"], strict=True))
    return sum(one["pick"] == other["pick"] for one, other in pairs), len(pairs)


def compare(label: Label, before: Sequence[float], after: Sequence[float]) -> Figure:
    """A row of both sides' runs: the median of each, and the gain of the pairs."""
    over, under = (after, before) if label.unit in MORE_IS_BETTER else (before, after)
    is_positive = bool(over) and len(over) == len(under) and min(*over, *under) > 0
    gain = paired_ratio(over, under) if is_positive else None
    values = [statistics.median(runs) if runs else 0.0 for runs in (before, after)]
    return Figure(label.key, label.name, label.unit, *(round(value, 3) for value in values), gain)
