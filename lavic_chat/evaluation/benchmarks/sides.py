"""The two installations that are compared, an older one and this one: their commands, their folders, what they are.

Each runs in a `$LAVIC_HOME` of its own, whose models are links to the user's and whose caches are copies, so
that neither computes what it has long known and neither changes what the user has.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import lavic_chat
from lavic_chat.errors import LavicError
from lavic_chat.evaluation.benchmarks.startup import last_line, own_command, run_json

LINKED = "models", "runtimes"  # of a home: models, and what was exported of them
BEFORE, AFTER = "before", "after"
PACKAGES = ("torch", "transformers", "onnxruntime", "gradio")
ASK_VERSIONS = f"""
import importlib.metadata as metadata, json, platform, lavic_chat
def version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
packages = {{name: version(name) for name in {PACKAGES!r}}}
print(json.dumps({{"file": lavic_chat.__file__, "python": platform.python_version(), **packages}}))
"""


@dataclass(frozen=True)
class Side:
    """One installation. command: what a person types; python: its interpreter; home: its `$LAVIC_HOME`; packages: a
    folder that its interpreter looks into first, "" for none; catalog: None for its own home catalogue."""

    name: str
    command: tuple[str, ...]
    python: str
    home: Path
    packages: str = ""
    catalog: Path | None = None

    @property
    def environment(self) -> dict[str, str]:
        """Of its processes: the user's, without what would make the two sides differ by more than their code."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("LAVIC_", "PYTHONPATH"))}
        more = {"PYTHONPATH": self.packages} if self.packages else {}
        more |= {"LAVIC_CATALOG": str(self.catalog)} if self.catalog else {}
        return {**kept, **more, "LAVIC_HOME": str(self.home), "PYTHONUNBUFFERED": "1"}

    def run(self, *arguments: str | Path, home: Path | None = None) -> tuple[float, dict]:
        """Seconds of one command with `--json`, and its answer. Raises LavicError, which names the side, where it
        fails."""
        environment = {**self.environment, "LAVIC_HOME": str(home or self.home)}
        try:
            return run_json([*self.command, *map(str, arguments), "--json"], environment, self.home)
        except LavicError as error:
            raise LavicError(f"The {self.name} side: {error}") from error

    def prepare(self) -> None:
        """Make what its engine is fastest with, where it knows how to; in daily use that was done once. Raises
        LavicError, which names the side, where it fails."""
        if self._call("prepare", "--help").returncode:
            return  # too old to have anything to prepare
        done = self._call("prepare")
        if done.returncode:
            raise LavicError(f"The {self.name} side could not be prepared: {last_line(done.stderr)}")

    def _call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*self.command, *arguments]
        return subprocess.run(command, env=self.environment, cwd=self.home, capture_output=True, text=True, check=False)

    def describe(self) -> dict:
        """Its versions, and its commit where it lies in a git repository. Raises LavicError where it cannot say."""
        try:
            _, about = run_json([self.python, "-c", ASK_VERSIONS], self.environment, self.home)
        except LavicError as error:
            raise LavicError(f"The {self.name} side holds no lavic_chat that can be imported: {error}") from error
        return {"commit": commit_of(Path(about.pop("file")).parent), **about}


def older_side(command: str | Path, home: Path) -> Side:
    """The installation whose `lavic-chat` this is. Raises LavicError where it is none that can be run."""
    command = Path(command)
    if not command.is_file() or not os.access(command, os.X_OK):
        raise LavicError(f"There is no command {command}; give --before the lavic-chat of the older installation.")
    python = command.absolute().parent / "python"
    if not python.exists():
        raise LavicError(f"There is no python beside {command}; give --before a lavic-chat in its environment's bin.")
    return Side(BEFORE, (str(command.absolute()),), str(python), home)


def this_side(home: Path) -> Side:
    """What is running now."""
    packages = str(Path(lavic_chat.__file__).resolve().parent.parent)
    return Side(AFTER, tuple(own_command()), sys.executable, home, packages)


def make_home(source: str | Path, home: Path) -> Path:
    """A `$LAVIC_HOME` with the models of another, by links, and a copy of its caches; once made it stays. Raises
    LavicError where the other is not there."""
    source = Path(source)
    if not (source / "models").is_dir():
        raise LavicError(f"{source} holds no models yet; run `lavic-chat index` once, or name another --home.")
    link_models(source, home)
    if not (home / "cache").exists() and (source / "cache").is_dir():
        shutil.copytree(source / "cache", home / "cache")
    return home


def link_models(source: Path, home: Path) -> None:
    """The models alone, and what was exported of them, without caches. File by file, so that they stay while they are
    measured, whatever becomes of the other home; what is compiled beside an export is compiled anew."""
    for kind in LINKED:
        for model in (source / kind).glob("*/"):
            if not (home / kind / model.name).exists():
                ignored = shutil.ignore_patterns("compiled")
                shutil.copytree(model, home / kind / model.name, copy_function=link_or_copy, ignore=ignored)


def link_or_copy(source: str, target: str) -> str:
    """A hard link, or a copy where the two lie on different disks."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def commit_of(folder: Path) -> str | None:
    """The commit that a folder's files are of, with "-dirty" where they were changed since; None outside of git."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=7", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
