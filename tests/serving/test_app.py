"""The served chat as a process: stopped, it finishes what it is at, tells who waits, and ends."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

PATIENCE = 60  # seconds; only a fault waits that long
# Each answer takes long enough for another question to wait for it; who is asked says so on standard output.
SERVE = """
import sys, time
from pathlib import Path
from helpers.fakes import FakeRecommender, make_catalog
from lavic_chat.serving import app
from lavic_chat.settings import Settings

class Slow(FakeRecommender):
    def recommend(self, dialogue, *values, **named):
        print("asked", flush=True)
        time.sleep(3)
        return super().recommend(dialogue, *values, **named)

home, port = Path(sys.argv[1]), int(sys.argv[2])
app.load_recommender = lambda settings, lend: Slow(make_catalog(home / "catalog"))
app.serve_chat(Settings(home=home, catalog=home, port=port, runtime="torch"))
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen, str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", SERVE, str(tmp_path), str(port)], stdout=subprocess.PIPE, text=True, cwd=root,
        env={"PATH": "", "HOME": str(tmp_path), "PYTHONPATH": f"{root}:{root / 'tests'}"},
    )  # fmt: skip
    try:
        read_until(process, "Running on local URL")
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def read_until(process: subprocess.Popen, words: str) -> None:
    until = time.monotonic() + PATIENCE
    for line in process.stdout:
        if words in line:
            return
        assert time.monotonic() < until
    raise AssertionError(f"it ended before it said {words!r}")


@pytest.mark.skipif(sys.platform == "win32", reason="there a process is stopped otherwise")
def test_stopped_it_finishes_what_runs_and_tells_who_waits(served):
    process, address = served
    first, second = (Client(address, verbose=False) for _ in range(2))
    running = first.submit("a red lamp", None, [], "", "", api_name="/ask")
    read_until(process, "asked")
    waiting = second.submit("a blue lamp", None, [], "", "", api_name="/ask")
    time.sleep(0.5)  # until it is in line
    process.send_signal(signal.SIGTERM)
    with pytest.raises(AppError, match="closing for a moment"):
        waiting.result(PATIENCE)
    assert running.result(PATIENCE)["pick"]["id"] == "red-lamp"
    assert process.wait(PATIENCE) == 0
