"""Busy processes beside what is measured: pure loops on the same cores, which never outlive who started them.

Each has a pipe from its parent for standard input and ends when that closes. The system closes it however the parent
ends, by an error, Ctrl-C or a kill, so that none is left over to disturb the machine.
"""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

from lavic_chat.catalog.text import count
from lavic_chat.errors import LavicError

LOOP = """
import os, sys, threading
def watch():
    sys.stdin.buffer.read()
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
print("busy", flush=True)
number = 0
while True:
    number = (number * 31 + 7) % 1000003
"""


@contextmanager
def busy_processes(number: int) -> Generator[list[int]]:
    """As many busy processes for the length of the block, each known to run; gives their process ids.

    Raises LavicError where one cannot be started.
    """
    started: list[subprocess.Popen] = []
    try:
        for _ in range(number):
            started.append(start_one())
        yield [process.pid for process in started]
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.communicate()  # waits for its end, and closes its pipes


def start_one() -> subprocess.Popen:
    """A busy process; returns when its loop is about to begin. Raises LavicError where it cannot be started."""
    process = subprocess.Popen(
        [sys.executable, "-c", LOOP], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    if process.stdout and process.stdout.readline():
        return process
    process.kill()
    process.communicate()
    raise LavicError("A busy process could not be started; free some memory, or measure without --beside.")


def name_busy(number: int) -> str:
    """As reports call them."""
    return count(number, "busy process", "busy processes")
