"""Running a recipe: each stage a process of its own, skipped where nothing has changed; a stopped run goes on."""

import glob
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from lavic_chat.errors import LavicError
from lavic_chat.storage.files import could_not_write
from lavic_chat.training.recipe.plan import PlannedStage, overlap, plan_recipe
from lavic_chat.training.recipe.recipe import read_recipe
from lavic_chat.training.recipe.record import Record

LOCK = ".recipe.lock"
STANDARD_ERROR = 2


@dataclass(frozen=True)
class RecipeRequest:
    """recipe: its file. out: the folder to run it into. variables: by name. start_from: a stage that is run anew with
    all behind it. dry_run: print the commands alone. check: raises an error for words that the command line would
    refuse, before anything runs."""

    recipe: str | Path
    out: str | Path
    variables: Mapping[str, str] = field(default_factory=dict)
    start_from: str | None = None
    dry_run: bool = False
    check: Callable[[Sequence[str]], object] = lambda words: None


@dataclass(frozen=True)
class RecipeResult:
    """The names of the stages that were run (or would be), that were done already, and that were skipped."""

    ran: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


def run_recipe(request: RecipeRequest) -> RecipeResult:
    """Run the stages in order. Raises LavicError for a recipe that cannot be run, and where a stage ends badly."""
    stages = plan_recipe(read_recipe(request.recipe), request.out, request.variables)
    names = [stage.name for stage in stages]
    if request.start_from and request.start_from not in names:
        raise LavicError(f"The recipe has no stage {request.start_from}; it has {', '.join(names)}.")
    for stage in stages:
        if stage.command[:1] == ("lavic_chat",):
            request.check(stage.command[1:])
    first = names.index(request.start_from) if request.start_from else len(names)
    if request.dry_run:
        return print_commands(stages, request, first)
    with lock_folder(Path(request.out)), stop_on_termination():
        return run_stages(stages, request, first)


def run_stages(stages: Sequence[PlannedStage], request: RecipeRequest, first: int) -> RecipeResult:
    """Run what is not done, and everything from stage number `first` on."""
    record = Record(request.out, stages)
    record.forget(stages[first:])
    for stage in stages[first:]:
        clear_progress(stage)
    result: dict[str, list[str]] = {"ran": [], "done": [], "skipped": []}
    for number, stage in enumerate(stages, 1):
        where = f"Stage {number} of {len(stages)}, {stage.name}"
        if stage.skipped:
            print_progress(f"{where}: skipped, for {stage.skipped}.")
            result["skipped"].append(stage.name)
        elif record.is_done(stage, key := record.key_of(stage)):
            print_progress(f"{where}: done already.")
            result["done"].append(stage.name)
        else:
            print_progress(where + (f": about {stage.minutes:g} minutes on two cores." if stage.minutes else "."))
            if record.begin(stage, key):
                clear_progress(stage)
            started = time.time()
            run_stage(stage)
            record.end(stage, time.time() - started)
            result["ran"].append(stage.name)
    return RecipeResult(**{name: tuple(names) for name, names in result.items()})


def print_commands(stages: Sequence[PlannedStage], request: RecipeRequest, first: int) -> RecipeResult:
    """What would be run, as lines for a shell; what would not is said in its comments."""
    record = Record(request.out, stages)
    record.forget(stages[first:])
    due: list[PlannedStage] = []
    done: list[PlannedStage] = []
    for stage in stages:
        follows = any(overlap((*stage.reads, *stage.makes), one.makes) for one in due)
        if stage.skipped:
            print(f"# {stage.name}: skipped, for {stage.skipped}.")
        elif not follows and record.is_done(stage, record.key_of(stage)):
            print(f"# {stage.name}: done already.")
            done.append(stage)
        else:
            print(shlex.join([sys.executable, "-m", *stage.command]))
            due.append(stage)
    skipped = [stage for stage in stages if stage.skipped]
    return RecipeResult(*(tuple(stage.name for stage in some) for some in (due, done, skipped)))


def run_stage(stage: PlannedStage) -> None:
    """One stage as a process; what it prints goes to standard error. Raises LavicError where it ends badly."""
    try:
        ended = subprocess.run([sys.executable, "-m", *stage.command], stdout=STANDARD_ERROR, check=False)
    except (OSError, ValueError) as error:  # a letter that no command line can hold, no memory
        raise LavicError(f"Stage {stage.name} could not be started: {error}.") from error
    if ended.returncode:
        raise LavicError(
            f"Stage {stage.name} ended with code {ended.returncode}; mend what it says above. The same command, "
            "without --from, goes on there."
        )
    if missing := next((path for path in stage.makes if not path.exists()), None):
        raise LavicError(f"Stage {stage.name} ended well but has not made {missing}; mend `makes` in the recipe.")


def clear_progress(stage: PlannedStage) -> None:
    """Remove what a stopped run has left to go on with, beside or in what the stage makes."""
    for path in stage.makes:
        beside = path.parent.glob(f"{glob.escape(path.name)}.*progress")
        for file in (*beside, *path.glob("*.progress")):
            file.unlink(missing_ok=True)


def print_progress(sentence: str) -> None:
    """A line for people; standard output belongs to the answer."""
    print(sentence, file=sys.stderr, flush=True)


@contextmanager
def lock_folder(out: Path) -> Generator[None]:
    """Raises LavicError where another run writes into the folder, or none can."""
    lock = FileLock(out / LOCK)
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise LavicError(f"Another recipe is being run into {out}; wait for it, or choose another folder.") from error
    except OSError as error:
        raise could_not_write(out, error) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def stop_on_termination() -> Generator[None]:
    """Within, a request to terminate ends the stage that runs as well."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
