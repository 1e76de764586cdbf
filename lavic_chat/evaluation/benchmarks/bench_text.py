"""What `lavic-chat bench` prints for people."""

from collections.abc import Iterator

from lavic_chat.evaluation.benchmarks.bench import BenchReport
from lavic_chat.evaluation.benchmarks.busy import name_busy
from lavic_chat.evaluation.benchmarks.ratios import Latency, Ratio
from lavic_chat.evaluation.benchmarks.turns import TurnFigures

WIDTH = 34  # of the names
SEARCHED = {"sda": "by SDA", "both": "by both", "history": "by the fusion, with a history"}


def format_report(report: BenchReport) -> str:
    """A line a figure, those that belong to another below it."""
    return "\n".join(f"{name:<{WIDTH}} {figure}" for name, figure in lines_of(report))


def lines_of(report: BenchReport) -> Iterator[tuple[str, str]]:
    """Names and figures of what was measured."""
    yield "running in", f"{report.runtime} on {report.device}, {report.threads} threads"
    if turns := report.turns:
        yield from turn_lines(turns, "a turn")
        yield from ((f"  {name}", f"{value:,.1f} ms") for name, value in turns.steps_ms.items())
    if report.beside:
        yield from turn_lines(report.beside, f"a turn beside {name_busy(report.busy)}")
    if found := report.candidates:
        yield "ten candidates", milliseconds(found.ten)
        yield "fifty candidates", f"{milliseconds(found.fifty)}; {times(found.ratio)} the ten"
    if authors := report.authors:
        yield "a turn the authors' way", f"{milliseconds(authors.theirs)}; {times(authors.ratio)} ours"
        yield "  encoding ten pictures", f"{authors.encode_ms:,.0f} ms"
        yield "  writing ten tokens", f"{authors.decode_ms:,.0f} ms, after {authors.prompt_tokens} of the prompt"
        yield "  ours, just before or after", milliseconds(authors.ours)
    if pictures := report.pictures:
        yield "pictures looked at", f"{pictures.a_second:.1f} a second; one photo alone {pictures.photo_ms:,.0f} ms"
    yield "loading", f"{report.load_seconds:.1f} s; first answer {report.first_answer_seconds:.1f} s after the start"
    if ask := report.ask:
        inside = f"the turn inside {ask.answer_ms:,.0f} ms"
        yield "lavic-chat ask, whole process", f"best {ask.best:.1f} s, median {ask.median:.1f} of {ask.runs}; {inside}"
    if searches := report.searches:
        yield "a turn by the fusion", milliseconds(searches.turns["fusion"])
        for name, ratio in searches.ratios.items():
            yield f"  {SEARCHED.get(name, name)}", f"{milliseconds(searches.turns[name])}; {times(ratio)} the fusion"
    if items := report.items:
        yield "items embedded by SDA", f"{items.a_second:.1f} a second, text and picture"
    yield "peak memory", f"{report.peak_memory_mib:,} MiB"


def turn_lines(turns: TurnFigures, name: str) -> Iterator[tuple[str, str]]:
    """First and second turns."""
    tokens = f"{turns.prompt_tokens} prompt tokens, {turns.visual_tokens} of them visual"
    yield name, f"{milliseconds(turns.first)}; {turns.first.runs} conversations, {tokens}"
    yield "  the second of the conversation", f"{milliseconds(turns.second)}; {times(turns.ratio)} the first"


def milliseconds(latency: Latency) -> str:
    """Median and 95th percentile."""
    return f"p50 {latency.p50:,.0f} ms, p95 {latency.p95:,.0f} ms"


def times(ratio: Ratio) -> str:
    """A ratio and how far its pairs lie apart."""
    return f"{ratio.median:.2f} ({ratio.least:.2f} to {ratio.most:.2f}) times"
