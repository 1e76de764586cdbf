"""A circuit breaker: what fails is left alone for a while, a little longer each time, then tried once."""

import threading
import time
from collections.abc import Callable

FIRST, LONGEST = 30.0, 300.0  # seconds of the first pause, doubled with every failure that follows, and of the longest


class CircuitBreaker:
    """Closed: every call may go. Open: none, until the pause is over. Half open: one call tries, the others wait for
    what becomes of it. Several threads may share one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        """clock: seconds that only grow."""
        self._clock, self._lock = clock, threading.Lock()
        self._failures, self._until, self._trying = 0, 0.0, False

    @property
    def is_closed(self) -> bool:
        """Whether the last call went well, or none was made."""
        return not self._failures

    @property
    def pause(self) -> float:
        """Seconds that the newest failure costs."""
        return min(FIRST * 2 ** min(self._failures - 1, 30), LONGEST) if self._failures else 0.0

    def allow(self) -> bool:
        """Whether a call may be made now; whoever is allowed to tells `succeed` or `fail`."""
        with self._lock:
            if not self._failures:
                return True
            if self._trying or self._clock() < self._until:
                return False
            self._trying = True
            return True

    def succeed(self) -> None:
        """The call went well: closed."""
        with self._lock:
            self._failures, self._trying = 0, False

    def fail(self) -> None:
        """The call failed: open. A call that was under way when another failed makes the pause no longer."""
        with self._lock:
            if self._trying or not self._failures:
                self._failures += 1
                self._until = self._clock() + self.pause
            self._trying = False
