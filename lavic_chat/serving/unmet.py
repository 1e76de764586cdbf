"""What shoppers asked for that was not there: counted in memory, as a few words of a condition, never as a message.

Who asked is not known here, nothing is written anywhere, and the counts end with the process.
"""

import re
import threading
from collections import Counter
from collections.abc import Iterator

from lavic_chat.recommendation import GAVE_WAY, NOT_SOLD, OUT_OF_STOCK, Recommendation, UnmetRequest

LONGEST, MOST_WORDS = 40, 4  # characters and words of what is kept: a thing or a look has no more
MOST_KEPT = 500  # different ones; of more, those that came once go first
PERSONAL = re.compile(r"[@/\\]|\d{5,}|www\.")  # addresses and long numbers are no thing that is sold


class UnmetRequests:
    """Counts for one process; any thread may note and read."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def note(self, found: Recommendation) -> None:
        """Count what an answer says was not there."""
        with self._lock:
            self._counts.update((words, why) for said, why in unmet_in(found) if (words := shortened(said)))
            if len(self._counts) > MOST_KEPT:
                self._counts = Counter(dict(self._counts.most_common(MOST_KEPT * 9 // 10)))

    def most(self, count: int) -> tuple[UnmetRequest, ...]:
        """The most frequent, at most so many."""
        with self._lock:
            return tuple(UnmetRequest(words, why, times) for (words, why), times in self._counts.most_common(count))


def unmet_in(found: Recommendation) -> Iterator[tuple[str, str]]:
    """(words, why) of what an answer could not give."""
    yield from ((name, NOT_SOLD) for name in found.intent.missing)
    yield from ((one.said, GAVE_WAY) for one in found.gave_way)
    yield from ((title, OUT_OF_STOCK) for title in found.out_of_stock)


def shortened(words: str) -> str:
    """The words as they are counted; "" for what may be no thing but something about somebody."""
    plain = " ".join(words.lower().split())
    return "" if PERSONAL.search(plain) else " ".join(plain.split()[:MOST_WORDS])[:LONGEST]
