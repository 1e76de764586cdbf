"""A side's `lavic-chat app`, served for as long as it is measured: when it answers, what it takes while nobody asks."""

import contextlib
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Generator
from dataclasses import dataclass

from lavic_chat.errors import LavicError
from lavic_chat.evaluation.benchmarks.processes import cpu_seconds, peak_memory_mib
from lavic_chat.evaluation.benchmarks.sides import Side
from lavic_chat.evaluation.benchmarks.startup import LONGEST, MESSAGE, last_line

SETTLE, IDLE = 5.0, 20.0  # seconds after the last answer; of the measurement


@dataclass(frozen=True)
class ServedFigures:
    """start_seconds: from the start until the page comes. idle_cpu: share of one core, after a question was answered.
    peak_memory_mib: with that question."""

    start_seconds: float
    idle_cpu: float
    peak_memory_mib: int


def measure_served(side: Side, idle: float = IDLE, settle: float = SETTLE) -> ServedFigures:
    """Serve, ask one question, and watch so many seconds in which nobody asks. Raises LavicError where the side does
    not serve."""
    start = time.monotonic()
    with served(side) as (pid, address):
        seconds = time.monotonic() - start
        ask(address)
        time.sleep(settle)
        before, began = cpu_seconds(pid), time.monotonic()
        time.sleep(idle)
        taken = (cpu_seconds(pid) - before) / (time.monotonic() - began)
        return ServedFigures(round(seconds, 1), round(taken, 4), peak_memory_mib(pid))


@contextlib.contextmanager
def served(side: Side) -> Generator[tuple[int, str]]:
    """The process id and the address of a served chat, which ends with the block."""
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [*side.command, "app", "--port", str(port)], env=side.environment, cwd=side.home, stdin=subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            wait_for(process, address)
            yield process.pid, address
        except LavicError as error:
            log.seek(0)
            said = last_line(log.read())
            raise LavicError(f"The {side.name} side: {error}{f' ({said})' if said else ''}") from error
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(process: subprocess.Popen, address: str, longest: float = LONGEST) -> None:
    """Return when the page is there. Raises LavicError where the process ends instead, or takes too long."""
    until = time.monotonic() + longest
    while time.monotonic() < until:
        if process.poll() is not None:
            raise LavicError("`lavic-chat app` ended before it served the page.")
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5) as page:
            if page.status == 200:
                return
        time.sleep(0.1)
    raise LavicError(f"`lavic-chat app` did not serve the page within {longest:.0f} s.")


def ask(address: str) -> None:
    """One question through the API, as the page asks it. Raises LavicError where there is no answer."""
    from gradio_client import Client

    try:
        Client(address, verbose=False, httpx_kwargs={"timeout": LONGEST}).predict(
            MESSAGE, None, [], "", "", api_name="/ask"
        )
    except Exception as error:  # a server's faults come in as many kinds as there are
        raise LavicError(f"The served chat gave no answer ({type(error).__name__}: {error}).") from error


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
