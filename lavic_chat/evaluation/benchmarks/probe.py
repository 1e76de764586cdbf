"""A side that is loaded and answers one turn after the other: `turn_probe.py`, run by that side's own interpreter."""

import json
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from lavic_chat.errors import LavicError
from lavic_chat.evaluation.benchmarks import turn_probe
from lavic_chat.evaluation.benchmarks.sides import Side
from lavic_chat.evaluation.benchmarks.startup import last_line


@dataclass
class Probe:
    """The pipes to a side's process, the file that it complains into, and what it said of itself when it was ready."""

    name: str
    requests: IO[str]
    answers: IO[str]
    log: IO[str]
    ready: dict = field(default_factory=dict)

    def ask(self, message: str, new: bool = True, photo: Path | None = None) -> dict:
        """One turn, of a new conversation or of the last one: {"ms", "steps", "prompt_tokens", "pick"}. Raises
        LavicError where there is no answer."""
        with suppress(OSError):  # it has ended: what it said last tells more
            self.requests.write(json.dumps({"message": message, "new": new, "photo": photo and str(photo)}) + "\n")
            self.requests.flush()
        return self.read()

    def read(self) -> dict:
        """Its next line. Raises LavicError, with what it said last, where it has ended instead."""
        line = self.answers.readline()
        if line:
            return json.loads(line)
        self.log.seek(0)
        said = last_line(self.log.read()) or "it said nothing"
        raise LavicError(f"The {self.name} side stopped answering turns: {said}")


@contextmanager
def open_probe(side: Side, program: str = turn_probe.__file__) -> Generator[Probe]:
    """A side's probe, loaded, for the length of the block; program: what it runs. Raises LavicError where it does not
    come up."""
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        process = subprocess.Popen(
            [side.python, "-P", program], env=side.environment, cwd=side.home, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
        try:
            if process.stdin is None or process.stdout is None:
                raise AssertionError("both are pipes")
            probe = Probe(side.name, process.stdin, process.stdout, log)
            probe.ready = probe.read()
            yield probe
        finally:
            process.kill()
            with suppress(OSError):  # what was not read any more
                process.communicate()
