"""An older installation and this one, side by side on one machine in one run: what `evaluation/speed.py` measures.

Whatever can be is measured in pairs, one side right after the other, by turns this or that one first: so both meet the
same machine, whatever else it does. Each part is written down when it is done; a later run goes on with the others.
"""

import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from lavic_chat.evaluation.benchmarks.busy import busy_processes
from lavic_chat.evaluation.benchmarks.conversations import WARM_UP, conversation
from lavic_chat.evaluation.benchmarks.probe import Probe, open_probe
from lavic_chat.evaluation.benchmarks.served import measure_served
from lavic_chat.evaluation.benchmarks.sides import AFTER, BEFORE, Side, link_models
from lavic_chat.evaluation.benchmarks.startup import MESSAGE
from lavic_chat.evaluation.benchmarks.unseen import make_catalog, make_photos

PAUSE = 0.3  # seconds between two turns, in which the other side's threads fall asleep
PHOTOS = 4


@dataclass(frozen=True)
class SpeedConfig:
    """turns: conversations of two turns each; beside: busy processes; runs: whole processes of `ask`; products: of the
    small catalogue that is indexed; shoppers: at once, for so many seconds."""

    turns: int = 12
    beside: int = 2
    runs: int = 3
    products: int = 24
    shoppers: int = 20
    seconds: int = 60


@dataclass(frozen=True)
class Pair:
    """The two sides."""

    before: Side
    after: Side

    def in_turn(self, number: int) -> tuple[Side, Side]:
        """Both, by turns this or that one first."""
        return (self.before, self.after) if number % 2 == 0 else (self.after, self.before)


Say = Callable[[str], None]
Figures = dict[str, dict]  # side -> what was measured of it


def measure_turns(pair: Pair, config: SpeedConfig, say: Say) -> Figures:
    """Both sides loaded at once; each conversation asked of one and then of the other. Then some turns with a photo."""
    with open_both(pair, say) as both, tempfile.TemporaryDirectory() as folder:
        figures = ask_both(pair, both, range(config.turns), say)
        for number, photo in enumerate(make_photos(Path(folder), PHOTOS)):
            for side in pair.in_turn(number):
                time.sleep(PAUSE)
                answer = both[side.name].ask("Do you have something like this?", photo=photo)
                figures[side.name].setdefault("photo", []).append(answer)
        return figures


def measure_beside(pair: Pair, config: SpeedConfig, say: Say) -> Figures:
    """The same, without photos, beside busy processes, and with half as many conversations."""
    with open_both(pair, say) as both, busy_processes(config.beside):
        numbers = range(config.turns, config.turns + max(1, config.turns // 2))
        figures = ask_both(pair, both, numbers, say)
    return {name: {**found, "busy": config.beside} for name, found in figures.items()}


def measure_ask(pair: Pair, config: SpeedConfig, say: Say) -> Figures:
    """Whole processes of `lavic-chat ask`, of which each side's first is not counted."""
    figures: Figures = {BEFORE: {"seconds": [], "answer_ms": []}, AFTER: {"seconds": [], "answer_ms": []}}
    for number in range(config.runs + 1):
        for side in pair.in_turn(number):
            seconds, answer = side.run("ask", MESSAGE)
            say(f"ask, {side.name}: {seconds:.1f} s{'' if number else ', not counted'}")
            if number:
                figures[side.name]["seconds"].append(round(seconds, 2))
                figures[side.name]["answer_ms"].append(answer["timings_ms"]["total"])
    return figures


def measure_pictures(pair: Pair, config: SpeedConfig, say: Say) -> Figures:
    """A small catalogue of pictures that nobody has seen is indexed, and once more, when all is known; the difference
    is what looking at them, describing them and embedding the products took."""
    figures: Figures = {}
    for side in pair.in_turn(0):
        with tempfile.TemporaryDirectory(prefix="lavic-speed-") as folder:
            catalog, home = make_catalog(Path(folder) / "catalog", config.products), Path(folder) / "home"
            link_models(side.home, home)
            first, again = (side.run("index", "--catalog", catalog, home=home)[1] for _ in range(2))
        pictures = first["visual_tokens"] // 5
        seconds = first["seconds"] - again["seconds"]
        figures[side.name] = {"pictures": pictures, "seconds": round(seconds, 1), "known_seconds": again["seconds"]}
        say(f"index, {side.name}: {pictures} pictures in {seconds:.1f} s")
    return figures


def measure_shoppers(pair: Pair, config: SpeedConfig, say: Say) -> Figures:
    """Many shoppers at once, each side's own load test."""
    figures: Figures = {}
    for side in pair.in_turn(0):
        _, figures[side.name] = side.run("bench", "--shoppers", str(config.shoppers), "--seconds", str(config.seconds))
        say(f"{config.shoppers} shoppers, {side.name}: {figures[side.name]['answers_a_minute']} answers a minute")
    return figures


def measure_idle(pair: Pair, config: SpeedConfig, say: Say) -> Figures:
    """The served chat: when it comes, and what it takes while nobody asks."""
    figures: Figures = {}
    for side in pair.in_turn(0):
        figures[side.name] = asdict(measure_served(side))
        say(f"app, {side.name}: {figures[side.name]}")
    return figures


def measure_bench(pair: Pair, config: SpeedConfig, say: Say) -> Figures:
    """Each side's own `bench`: what only this one measures, and the memory of both."""
    _, before = pair.before.run("bench", "--turns", "2")
    say("bench, before: done")
    only = [part for name in ("turns", "candidates", "authors", "pictures") for part in ("--only", name)]
    _, after = pair.after.run("bench", "--turns", str(config.turns), *only)
    say("bench, after: done")
    return {BEFORE: before, AFTER: after}


@contextmanager
def open_both(pair: Pair, say: Say) -> Generator[dict[str, Probe]]:
    """Both sides loaded, each with two turns behind it that nobody counts."""
    with open_probe(pair.before) as before, open_probe(pair.after) as after:
        both = {BEFORE: before, AFTER: after}
        for name, probe in both.items():
            probe.ask(WARM_UP.message)
            probe.ask(WARM_UP.follow_up, new=False)
            say(f"{name}: loaded in {probe.ready['load_seconds']:.1f} s, runs in {probe.ready['runtime']}")
        yield both


def ask_both(pair: Pair, both: Mapping[str, Probe], numbers: Sequence[int], say: Say) -> Figures:
    """Two turns of each conversation, of both sides."""
    figures: Figures = {name: {"first": [], "second": [], "ready": probe.ready} for name, probe in both.items()}
    for place, number in enumerate(numbers, 1):
        script = conversation(number)
        for side in pair.in_turn(number):
            for turn, message in (("first", script.message), ("second", script.follow_up)):
                time.sleep(PAUSE)
                figures[side.name][turn].append(both[side.name].ask(message, new=turn == "first"))
        last = [figures[name]["first"][-1]["ms"] for name in (BEFORE, AFTER)]
        say(f"turn {place} of {len(numbers)}: {last[0]:,.0f} ms before, {last[1]:,.0f} ms after")
    return figures


MEASURES: Mapping[str, Callable[[Pair, SpeedConfig, Say], Figures]] = {
    "turn": measure_turns, "beside": measure_beside, "ask": measure_ask, "pictures": measure_pictures,
    "shoppers": measure_shoppers, "idle": measure_idle, "bench": measure_bench,
}  # fmt: skip
