"""Start-up: `lavic-chat ask` as a person meets it, from the key press to the end of the process."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import lavic_chat
from lavic_chat.errors import LavicError
from lavic_chat.settings import Settings

RUNS = 3
MESSAGE = "a green velvet sofa"
LONGEST = 900  # seconds until a command is given up


@dataclass(frozen=True)
class StartFigures:
    """Seconds of whole processes, of which one before was not counted; answer_ms: the median of the turn inside."""

    best: float
    median: float
    runs: int
    answer_ms: float


def measure_start(settings: Settings, runs: int = RUNS) -> StartFigures:
    """Ask one question in as many processes, one after the other; raises LavicError where one fails."""
    command = [*own_command(), "ask", MESSAGE, "--json", *options_of(settings)]
    environment = {**own_environment(), "LAVIC_HOME": str(settings.home), "LAVIC_LLM": settings.llm}
    timed = [run_json(command, environment) for _ in range(runs + 1)][1:]  # after the first, files are in memory
    seconds = [one for one, _ in timed]
    answers = [answer["timings_ms"]["total"] for _, answer in timed]
    best, median = round(min(seconds), 2), round(statistics.median(seconds), 2)
    return StartFigures(best, median, runs, round(statistics.median(answers), 1))


def own_command() -> list[str]:
    """What starts the very package that is running."""
    return [sys.executable, "-m", "lavic_chat"]


def own_environment() -> dict[str, str]:
    """With this package found first, wherever the command is run."""
    paths = [str(Path(lavic_chat.__file__).resolve().parent.parent), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def options_of(settings: Settings) -> list[str]:
    """The options that lead to the same settings; an LLM server goes by the environment, for it may hold a login."""
    chosen = {"catalog": settings.catalog, "model": settings.model, "adapter": settings.adapter}
    chosen |= {name: getattr(settings, name) for name in ("decode", "runtime")}
    return [part for name, value in chosen.items() if value for part in (f"--{name}", str(value))]


def run_json(
    command: Sequence[str], environment: Mapping[str, str], folder: str | Path | None = None, longest: float = LONGEST
) -> tuple[float, dict]:
    """Seconds that a command took, and the JSON that it printed. Raises LavicError, with its last line, where it fails
    or prints something else."""
    shown = " ".join([Path(command[0]).name, *(part for part in command[1:4] if "\n" not in part)])
    start = time.perf_counter()
    try:
        done = subprocess.run(
            command, env=environment, cwd=folder, capture_output=True, text=True, timeout=longest, check=False
        )
    except OSError as error:
        raise LavicError(f"`{command[0]}` cannot be started ({error.strerror}); check the path.") from error
    except subprocess.TimeoutExpired:
        raise LavicError(f"`{shown}` took more than {longest:.0f} s; run it alone to see why.") from None
    seconds = time.perf_counter() - start
    if done.returncode:
        raise LavicError(f"`{shown}` failed: {last_line(done.stderr) or f'exit code {done.returncode}'}")
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise LavicError(f"`{shown}` printed no JSON object; it may be too old to be compared.")
    return seconds, answer


def last_line(text: str) -> str:
    """The last line that says something, without click's "Error: "."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].removeprefix("Error: ")[:400] if lines else ""
