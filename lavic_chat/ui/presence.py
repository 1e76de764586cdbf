"""Which visitors' connections stand open, so that nothing is computed for those who never came for their answer.

An answer comes over a stream of events that the page, or a client of the API, opens itself: a question may be there a
moment before it, and without it nobody reads what is answered.
"""

import asyncio
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

PATIENCE = 20.0  # seconds that a question waits for whoever asked it to come for the answer
LOOK = 0.05  # seconds between two looks


class Presence:
    """Streams that stand open, by visitor. Used in the server's event loop alone."""

    def __init__(self, patience: float = PATIENCE):
        self.patience = patience
        self._open: Counter[str] = Counter()

    @contextmanager
    def stream(self, visitor: str) -> Generator[None]:
        """A stream of a visitor's events, as long as it is open."""
        self._open[visitor] += 1
        try:
            yield
        finally:
            self._open[visitor] -= 1
            if self._open[visitor] <= 0:
                del self._open[visitor]

    def is_open(self, visitor: str) -> bool:
        """Whether a stream of the visitor's stands open."""
        return visitor in self._open

    def is_here(self, visitor: str) -> bool:
        """Whether somebody would read an answer now."""
        return self.is_open(visitor)

    async def wait_for(self, visitor: str) -> bool:
        """Whether somebody came for the answer, within the patience; returns as soon as that is so."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self.patience
        while not self.is_here(visitor) and loop.time() < until:
            await asyncio.sleep(LOOK)
        return self.is_here(visitor)


class Everybody(Presence):
    """Where connections are not seen, everybody counts as here."""

    def is_here(self, visitor: str) -> bool:
        """Whether somebody would read an answer now."""
        return True
