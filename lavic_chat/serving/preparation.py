"""In the background, while the engine answers: the processor's runtime is made by a process of its own, and damaged
files are found and made anew."""

import contextlib
import logging
import os
import subprocess
import sys
import threading

from lavic_chat.catalog import Catalog
from lavic_chat.catalog.live import LiveCatalog
from lavic_chat.errors import LavicError
from lavic_chat.model.healing import heal
from lavic_chat.ranking.visual_ranker import source_of
from lavic_chat.serving.engine import Engine
from lavic_chat.serving.recommender import Recommender, load_recommender
from lavic_chat.serving.search_space import is_prepared
from lavic_chat.settings import AUTO, Settings
from lavic_chat.storage.troubles import note_trouble

log = logging.getLogger("lavic_chat.serving")


def prepare_in_background(settings: Settings) -> subprocess.Popen | None:
    """Begin `lavic-chat prepare` where something is left to be made; None where nothing is, or torch was asked for.

    It takes what processor time others leave, survives this process, and of two only one works.
    """
    if settings.runtime != AUTO or is_prepared(settings):
        return None
    return run_in_background(settings, "prepare")


def run_in_background(settings: Settings, *command: str) -> subprocess.Popen | None:
    """A command of `lavic-chat` about the settings' model, in a process of its own; None where none can be begun."""
    words = [sys.executable, "-m", "lavic_chat", *command, "--model", settings.model]
    if settings.adapter:
        words += ["--adapter", str(settings.adapter)]
    environment = {**os.environ, "LAVIC_HOME": str(settings.home), "LAVIC_SEARCH": settings.search}
    with contextlib.suppress(OSError):  # without it the chat goes on as it is
        return subprocess.Popen(
            words, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, preexec_fn=give_way if hasattr(os, "nice") else None,
        )  # fmt: skip
    return None


def replace_when_ready(engine: Engine, settings: Settings) -> threading.Thread | None:
    """Have the processor's runtime made while the engine answers in torch, let it answer with that then, and where
    that is of use have the catalogue read ahead for it."""
    process = prepare_in_background(settings)
    if process is None:
        return None

    def replace() -> None:
        if process.wait() == 0 and is_prepared(settings):
            recommender = renew(engine, settings)
            log.info("From now on %s answers.", recommender.visual_ranker.model.runtime)
            if recommender.visual_ranker.ranker.reads_ahead:
                run_in_background(settings, "index", "--catalog", str(settings.catalog))

    thread = threading.Thread(target=replace, name="preparation", daemon=True)
    thread.start()
    return thread


def heal_in_background(engine: Engine, settings: Settings) -> threading.Thread:
    """Compare the model's files with what was written, byte by byte, while the engine answers; where one is damaged,
    have it made anew, and let what comes of it answer."""

    def check() -> None:
        place = settings.home / "models"
        try:
            if not heal(source_of(settings)):
                return
            renew(engine, settings)
        except LavicError as error:
            note_trouble(place, str(error))
            return
        log.warning("What was damaged has been made anew, and answers from now on.")
        replace_when_ready(engine, settings)

    thread = threading.Thread(target=check, name="healing", daemon=True)
    thread.start()
    return thread


def renew(engine: Engine, settings: Settings) -> Recommender:
    """Load the recommender again, of the catalogue that is shown then, and let it answer; raises LavicError where it
    cannot be loaded."""
    with engine.renewing:
        recommender = load_recommender(settings, progress=False, catalog=newest(engine.catalog))
        engine.replace(recommender)
        return recommender


def newest(catalog: Catalog) -> Catalog:
    """The catalogue that is shown now, whatever lies on disk by then."""
    return catalog.current if isinstance(catalog, LiveCatalog) else catalog


def give_way() -> None:
    """The lowest priority: shoppers come first."""
    os.nice(19)
