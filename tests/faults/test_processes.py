"""Processes that are killed, and several at once: what was confirmed is there once, and whoever waits is told."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from helpers.feedback import TURN

from lavic_chat.errors import FlagError
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.storage.cache import VectorCache
from lavic_chat.storage.runtime_cache import RuntimeCache

ROOT = Path(__file__).parents[2]
# A process that forks writers, so that what they need is loaded once; each names what it has confirmed in a file of its
# own, and the first line of all tells their numbers.
FORKING = """
import os, sys, time
from dataclasses import replace
import numpy as np
from helpers.feedback import TURN
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.storage.cache import VectorCache
kind, path, out, writers, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
children = []
for writer in range(writers):
    child = os.fork()
    if child:
        children.append(child)
        continue
    store = AnnotationStore(path) if kind == "flags" else VectorCache(path, (50_000,))
    with open(f"{out}/{writer}", "w") as file:
        for number in range(count):
            name = f"{writer} {number}"
            store.add(replace(TURN, turn_id=name)) if kind == "flags" else store.put({name: np.full(50_000, number)})
            file.write(name + "\\n")
            file.flush()
    os._exit(0)
print(*children, flush=True)
for child in children:
    os.waitpid(child, 0)
"""


class Writers:
    """So many processes that write flags, or rows of a cache, into one file."""

    def __init__(self, kind: str, path: Path, writers: int, count: int):
        self.out = path.parent / f"confirmed {time.monotonic_ns()}"
        self.out.mkdir()
        search = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
        self.process = subprocess.Popen(
            [sys.executable, "-c", FORKING, kind, path, self.out, str(writers), str(count)], stdout=subprocess.PIPE,
            text=True, env={**os.environ, "PYTHONPATH": search},
        )  # fmt: skip
        self.children = [int(number) for number in self.process.stdout.readline().split()]

    def kill(self, writer: int, lines: int, seconds: float) -> None:
        """So long after it has confirmed that many."""
        file, until = self.out / str(writer), time.monotonic() + 60
        while (not file.exists() or file.read_text().count("\n") < lines) and time.monotonic() < until:
            time.sleep(0.002)
        time.sleep(seconds)
        os.kill(self.children[writer], signal.SIGKILL)

    def confirmed(self) -> list[str]:
        """When all have ended."""
        self.process.communicate(timeout=120)
        return [line for file in self.out.iterdir() for line in file.read_text().split("\n")[:-1]]


@pytest.mark.timeout(300)
def test_no_confirmed_flag_is_lost_over_many_kills(tmp_path):
    """Twenty kills in writing; at most the click that was under way is not there."""
    path, rng = tmp_path / "flags.sqlite", random.Random(0)
    writers = Writers("flags", path, 20, 10_000)
    for writer in range(20):
        writers.kill(writer, 3, rng.random() / 50)
    counts, confirmed = Counter(flag.turn_id for flag in AnnotationStore(path).list()), writers.confirmed()
    assert len(confirmed) >= 60 and set(counts.values()) == {1}
    assert set(confirmed) <= set(counts) and len(counts) <= len(confirmed) + 20  # stored, and killed before it said so
    assert AnnotationStore(path).troubles() == ()


def test_several_processes_write_into_one_database(tmp_path):
    path = tmp_path / "flags.sqlite"
    said = Writers("flags", path, 4, 15).confirmed()  # all of them make it, or wait for who does
    assert len(said) == 60 and {flag.turn_id for flag in AnnotationStore(path).list()} == set(said)


def test_a_cache_outlives_kills_in_writing(tmp_path):
    path = tmp_path / "vectors.sqlite"
    writers = Writers("vectors", path, 2, 10_000)
    for writer in range(2):
        writers.kill(writer, 5, 0.02)
    confirmed = writers.confirmed()
    found = RuntimeCache(VectorCache(path, (50_000,))).get(confirmed)
    assert found.keys() == set(confirmed) and len(confirmed) >= 10
    assert all(np.all(row == int(key.split()[1])) for key, row in found.items())


def test_a_database_that_another_holds_is_told_soon(tmp_path):
    store = AnnotationStore(tmp_path / "flags.sqlite", patience=0.2)
    store.add(TURN)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as holder:
        holder.execute("begin immediate")
        start = time.monotonic()
        with pytest.raises(FlagError, match="is busy; try again in a moment"):
            store.add(TURN)
        assert time.monotonic() - start < 5 and len(store.list()) == 1  # reading goes on
        holder.execute("rollback")
    store.add(TURN)


def test_a_cache_that_another_holds_costs_one_wait(tmp_path, monkeypatch):
    monkeypatch.setattr("lavic_chat.storage.cache.PATIENCE", 0.2)
    cache = RuntimeCache(VectorCache(tmp_path / "vectors.sqlite", (2,)))
    cache.put({"a": np.ones(2)})
    with closing(sqlite3.connect(cache.store.path, isolation_level=None)) as holder:
        holder.execute("begin exclusive")
        start = time.monotonic()
        for number in range(50):
            cache.put({str(number): np.full(2, number)})
        assert time.monotonic() - start < 5
        holder.execute("rollback")
    assert cache.get(map(str, range(50))).keys() == set(map(str, range(50)))


def test_threads_that_meet_a_broken_cache_all_go_on(tmp_path):
    path = tmp_path / "vectors.sqlite"
    path.write_bytes(b"no database " * 5_000)
    caches, problems = [RuntimeCache(VectorCache(path, (3,))) for _ in range(4)], []

    def work(place: int) -> None:
        try:
            for number in range(10):
                caches[place].get([f"{place} {number}"])
                caches[place].put({f"{place} {number}": np.full(3, number)})
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    for place, cache in enumerate(caches):
        keys = [f"{place} {number}" for number in range(10)]
        missing = set(keys) - set(cache.get(keys))
        assert len(missing) <= 2  # one was written into the broken file while another set it aside
