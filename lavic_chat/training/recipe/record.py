"""What a recipe has done already: `recipe.json` in its folder, written after every stage.

It holds for each stage that is done a key of what it was run with (its command, the files that it reads, what the
stages before had made by then) and a hash of what it has made. Stages may write into what others have made, as `fuse`
does into the adapter of `tune`; so what a stage had made counts as it was when the stage ended, once another has
written there.
"""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from lavic_chat.errors import LavicError
from lavic_chat.storage.files import hash_bytes, hash_file, write_json
from lavic_chat.training.recipe.plan import PlannedStage, overlap

RECORD = "recipe.json"
NOT_READ = ("recipe.toml", "files.json", "__pycache__")  # of a folder that a stage reads, beside
NOT_READ_ENDS = (".py", ".md", ".progress")  # these, and hidden files


class Record:
    """The stages of a recipe that are done, by name, and those that were begun."""

    def __init__(self, out: str | Path, stages: Sequence[PlannedStage]):
        """Raises LavicError where the folder's record is damaged."""
        self.path, self.stages = Path(out) / RECORD, stages
        self.done: dict[str, dict] = {}
        self.begun: dict[str, str] = {}
        self._hashes: dict[Path, str] = {}  # of what no stage makes
        if self.path.is_file():
            try:
                rows = json.loads(self.path.read_bytes())
                self.done = {str(name): {**row, "made": str(row["made"])} for name, row in rows["done"].items()}
                self.begun = {str(name): str(key) for name, key in rows["begun"].items()}
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                raise LavicError(f"{self.path} is damaged; delete it to run every stage anew.") from error

    def key_of(self, stage: PlannedStage) -> str:
        """What decides whether a stage has to run again."""
        parts = list(stage.template)
        for path in stage.reads:
            writers = [one for one in self._before(stage) if not one.skipped and overlap([path], one.makes)]
            parts += [self._version(one, stage) for one in writers] or [self._hash(path)]
        return hash_bytes(*parts)

    def is_done(self, stage: PlannedStage, key: str) -> bool:
        """Whether it was run with that key and what it made is there."""
        return self.done.get(stage.name, {}).get("key") == key and all(path.exists() for path in stage.makes)

    def begin(self, stage: PlannedStage, key: str) -> bool:
        """Before a stage runs: it, and later ones that wrote where it will write, are not done any more. Returns
        whether it was begun with another key, which it cannot go on with."""
        differs = self.begun.get(stage.name, key) != key
        later = self.stages[self.stages.index(stage) + 1 :]
        for one in (stage, *(one for one in later if overlap(one.makes, stage.makes))):
            self.done.pop(one.name, None)
            self.begun.pop(one.name, None)
        self.begun[stage.name] = key
        self.write()
        return differs

    def end(self, stage: PlannedStage, seconds: float) -> None:
        """After a stage has run."""
        made = hash_bytes(*map(hash_tree, stage.makes))
        self.done[stage.name] = {"key": self.begun.pop(stage.name), "made": made, "seconds": round(seconds)}
        self.write()

    def forget(self, stages: Iterable[PlannedStage]) -> None:
        """They are to run anew."""
        for stage in stages:
            self.done.pop(stage.name, None)
            self.begun.pop(stage.name, None)

    def write(self) -> None:
        """Atomically."""
        write_json(self.path, {"done": self.done, "begun": self.begun})

    def _before(self, stage: PlannedStage) -> Sequence[PlannedStage]:
        return self.stages[: self.stages.index(stage)]

    def _version(self, writer: PlannedStage, reader: PlannedStage) -> str:
        """What a stage has made, for another to read."""
        later = self.stages[self.stages.index(writer) + 1 :]
        written = [one for one in later if one is reader or one.name in self.done or one.name in self.begun]
        if any(overlap(one.makes, writer.makes) for one in written):
            return self.done.get(writer.name, {}).get("made", "")
        return hash_bytes(*map(hash_tree, writer.makes))

    def _hash(self, path: Path) -> str:
        if path not in self._hashes:
            self._hashes[path] = hash_tree(path)
        return self._hashes[path]


def hash_tree(path: Path) -> str:
    """Of a file's bytes, or of all files in a folder but those that no stage reads; "" where there is nothing."""
    try:
        if path.is_file():
            return hash_file(path)
        parts: list[str] = []
        for file in files_read(path):
            parts += [file.relative_to(path).as_posix(), hash_file(file)]
    except OSError as error:
        raise LavicError(f"{error.filename or path} cannot be read: {error.strerror or error}.") from error
    return hash_bytes(*parts) if parts else ""


def files_read(folder: Path) -> Iterator[Path]:
    """The files in a folder that matter to a stage that reads it, always in the same order."""
    for inner, folders, files in os.walk(folder):
        folders[:] = sorted(filter(is_read, folders))
        yield from (path for name in sorted(filter(is_read, files)) if (path := Path(inner) / name).is_file())


def is_read(name: str) -> bool:
    """Whether a file or folder of this name matters to a stage that reads the folder that it is in."""
    return not name.startswith(".") and name not in NOT_READ and not name.endswith(NOT_READ_ENDS)
