"""The running chat notices that its catalogue was imported anew, and takes it up without a restart.

A process of its own looks at what is new, with what processor time shoppers leave, and puts it into the tables at
home; then the chat opens them and answers from the new catalogue. Until then, and where that fails, the old one stays.
"""

import logging
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lavic_chat.catalog.live import CatalogChange, LiveCatalog, LookedAgain
from lavic_chat.catalog.product import PRODUCTS
from lavic_chat.catalog.terms import TERMS, read_terms
from lavic_chat.catalog.text import count
from lavic_chat.errors import LavicError
from lavic_chat.serving.engine import Engine
from lavic_chat.serving.preparation import run_in_background
from lavic_chat.serving.recommender import load_recommender
from lavic_chat.settings import Settings
from lavic_chat.storage.files import hash_file

PAUSE = 5.0  # seconds between two looks
NO_FILE = (0, 0, 0)
log = logging.getLogger("lavic_chat.serving")


@dataclass(frozen=True)
class WatchConfig:
    """pause: seconds between two looks at the file; say: where its one line a change goes, the log without it."""

    pause: float = PAUSE
    say: Callable[[str], None] = log.info


class CatalogWatch:
    """Of one engine, whose catalogue becomes a live one."""

    def __init__(self, engine: Engine, settings: Settings, config: WatchConfig = WatchConfig()):
        self.engine, self.settings, self.config = engine, settings, config
        self.catalog, self.shown = LiveCatalog(engine.catalog), engine.catalog.fingerprint
        engine.catalog = self.catalog
        self.stop, self.asked = threading.Event(), threading.Event()
        self.seen: tuple[tuple[int, int, int], ...] = self.state()
        self.thread = threading.Thread(target=self.run, name="catalogue watch", daemon=True)

    def start(self) -> "CatalogWatch":
        """Begin to look."""
        self.thread.start()
        return self

    def close(self) -> None:
        """Look no more; what is being made goes on and serves the next start."""
        self.stop.set()
        self.asked.set()

    def state(self) -> tuple[tuple[int, int, int], ...]:
        """What tells a file from the one that lay in its place before, of the products and of the terms."""
        return tuple(file_state(Path(self.settings.catalog) / name) for name in (PRODUCTS, TERMS))

    def run(self) -> None:
        """Until it is closed."""
        while not self.stop.is_set():
            self.asked.wait(self.config.pause)
            self.asked.clear()
            if not self.stop.is_set():
                self.look()

    def look_again(self) -> LookedAgain:
        """Have a catalogue that is another taken up now, also one that could not be before. Raises LavicError where its
        terms cannot be read."""
        if self.state()[0] == NO_FILE or not self.is_another():
            return LookedAgain.UNCHANGED
        self.seen = ()
        self.asked.set()
        return LookedAgain.CHANGED

    def look(self) -> CatalogChange | None:
        """Take up the catalogue where it is another and no longer being written; what changed, None for nothing."""
        state = self.state()
        if state == self.seen or state[0] == NO_FILE:  # it is being moved, or was taken away: the old one stays
            return None
        threading.Event().wait(min(1.0, self.config.pause))
        if self.state() != state:  # still being written: next time
            return None
        self.seen = state
        try:
            if not self.is_another():
                return None
            change = self.take_up()
        except Exception as error:  # whatever is wrong with it, the old one stays
            reason = str(error) if isinstance(error, LavicError) else f"a fault on our side, {type(error).__name__}"
            self.config.say(f"The catalogue {self.settings.catalog} changed, and cannot be taken up: {reason}")
            return None
        self.config.say(
            f"The catalogue {self.settings.catalog} changed: {count(change.new, 'product is', 'products are')} new, "
            f"{change.changed:,} changed, {change.gone:,} gone; {len(self.catalog):,} in all."
        )
        return change

    def is_another(self) -> bool:
        """Whether the products, or what may be done with them, are others than those that are shown."""
        if hash_file(Path(self.settings.catalog) / PRODUCTS) != self.shown:
            return True
        return read_terms(self.settings.catalog) != self.catalog.terms

    def take_up(self) -> CatalogChange:
        """Have what is new looked at, open it, and answer from it; raises LavicError where it cannot be used."""
        process = self.prepare()
        if process is not None and process.wait():
            log.warning("What is new in the catalogue could not be looked at apart; it is looked at here.")
        with self.engine.renewing:
            recommender: Any = load_recommender(self.settings, progress=False)
            self.shown = recommender.catalog.fingerprint
            change = self.catalog.take(recommender.catalog)  # first, so that pages know what the answers show
            self.engine.replace(recommender)
            return change

    def prepare(self) -> subprocess.Popen | None:
        """Begin to look at what is new in a process of its own; None where none can be begun."""
        catalog = str(self.settings.catalog)
        return run_in_background(self.settings, "index", "--catalog", catalog, "--no-read-ahead")


def file_state(path: Path) -> tuple[int, int, int]:
    """Size, time of change and place on disk of a file; zeros where there is none."""
    try:
        state = path.stat()
    except OSError:
        return NO_FILE
    return state.st_size, state.st_mtime_ns, state.st_ino
