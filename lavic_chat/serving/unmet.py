"""What shoppers asked for that was not there: counted in memory, as a few words of a condition, never as a message.

Who asked is not known here, nothing is written anywhere, and the counts end with the process.
"""

import re
import threading
from collections import Counter
from collections.abc import Iterator

from lavic_chat.catalog.text import singular
from lavic_chat.nlu.intent import COMPARATIVES, Intent
from lavic_chat.recommendation import (
    GAVE_WAY,
    LIKENESS,
    NOT_SOLD,
    OUT_OF_STOCK,
    GivenWay,
    Recommendation,
    UnmetRequest,
)

LONGEST, MOST_WORDS = 40, 5  # characters and words of a thing, or of one thing said of it: neither has more
MOST_SAID = 3  # things that are said of one
MOST_KEPT = 500  # different ones; of more, those that came once go first
PERSONAL = re.compile(r"[@/\\]|\d{5,}|www\.")  # addresses and long numbers are no thing that is sold
BEFORE = {word for pair in COMPARATIVES.values() for word in pair}  # "cheaper sofa"
AMOUNT = re.compile(r"\d")


class UnmetRequests:
    """Counts for one process; any thread may note and read."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def note(self, found: Recommendation) -> None:
        """Count what an answer says was not there."""
        with self._lock:
            self._counts.update((words, why) for words, why in unmet_in(found) if words)
            if len(self._counts) > MOST_KEPT:
                self._counts = Counter(dict(self._counts.most_common(MOST_KEPT * 9 // 10)))

    def most(self, count: int) -> tuple[UnmetRequest, ...]:
        """The most frequent, at most so many; "red sofas" and "red sofa" are one, as they were said most often."""
        with self._lock:
            counts = self._counts.most_common()
        names: dict[tuple[str, str], str] = {}
        total: Counter[tuple[str, str]] = Counter()
        for (words, why), times in counts:
            same = (" ".join(map(singular, words.split())), why)
            names.setdefault(same, words)
            total[same] += times
        return tuple(UnmetRequest(names[same], same[1], times) for same, times in total.most_common(count))


def unmet_in(found: Recommendation) -> Iterator[tuple[str, str]]:
    """(words, why) of what an answer could not give; no words where these may be about somebody."""
    yield from ((shortened(name), NOT_SOLD) for name in found.intent.missing)
    yield (not_met(found), GAVE_WAY)
    yield from ((shortened(title), OUT_OF_STOCK) for title in found.out_of_stock)


def not_met(found: Recommendation) -> str:
    """What the pick does not meet, said of the thing that was asked for: "red sofa", "sofa of 240 to 360 cm"; "" where
    nothing was missing. There is always a cheapest one, so that this is none."""
    broken = [one for one in found.gave_way if one.said != f"the {found.intent.asks}"]
    if not broken:
        return ""
    thing = shortened(thing_of(found.intent))
    if thing and any(one.name in ("kind", "title") for one in broken):
        return thing
    words = [(where_of(one), shortened(one.said)) for one in broken[:MOST_SAID]]
    if not all(said for _, said in words) or bool(thing) != bool(thing_of(found.intent)):
        return ""
    before = [said for where, said in words if not where]
    behind = [f"{where} {said}".removeprefix("- ") for where, said in words if where]
    return " ".join((*before, thing, *behind) if thing else ("something", *before, *behind))


def thing_of(intent: Intent) -> str:
    """What the thing is called; "" where nobody has said so."""
    return intent.title or " or ".join(intent.kinds)


def where_of(one: GivenWay) -> str:
    """The word between a thing and what is said of it; "" where that goes before it, "-" where it needs none."""
    first = one.said.partition(" ")[0]
    if one.name == LIKENESS or first in ("priced", "for", "with", "in"):
        return "-"
    if first == "not":
        return "that is"
    if first in ("another", "the"):
        return "in" if first == "another" or one.said.startswith("the same") else ""
    if AMOUNT.search(one.said):
        return "of"
    several = one.name == "part" and one.said.endswith("s") and not one.said.endswith("less")
    return "with" if several else ""  # "sofa with wheels", but "sleeveless dress" and "high back chair"


def shortened(words: str) -> str:
    """The words as they are counted; "" for what may be no thing but something about somebody."""
    plain = " ".join(words.lower().split())
    return "" if PERSONAL.search(plain) else " ".join(plain.split()[:MOST_WORDS])[:LONGEST]
