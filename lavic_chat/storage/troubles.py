"""What storage cannot do at present: told once in the log, and kept for the page of those who run the app.

A trouble belongs to a place, a file or a folder; it ends when something works there again.
"""

import logging
import threading
from pathlib import Path

MOST = 50  # places; beyond that a trouble is in the log alone
log = logging.getLogger("lavic_chat.storage")
_lock = threading.Lock()
_troubles: dict[str, str] = {}


def note_trouble(place: str | Path, sentence: str) -> None:
    """Say it in the log, unless that place has a trouble already."""
    with _lock:
        if str(place) in _troubles:
            return
        if len(_troubles) < MOST:
            _troubles[str(place)] = sentence
    log.warning("%s", sentence)


def end_trouble(place: str | Path) -> None:
    """What failed there works again; nothing happens where nothing had failed."""
    with _lock:
        ended = _troubles.pop(str(place), None)
    if ended:
        log.warning("%s works again.", place)


def current_troubles(below: str | Path = "") -> tuple[str, ...]:
    """A sentence for each place that has one, the oldest first. below: only of files in this folder."""
    with _lock:
        return tuple(said for place, said in _troubles.items() if not below or Path(place).is_relative_to(below))
