"""What a visitor is told of an error, and what is logged of it: where it arose, never what a visitor wrote."""

import logging
import traceback
from pathlib import Path

from lavic_chat.errors import CacheError, FlagStoreError, LavicError

FOR_OPERATORS = (FlagStoreError, CacheError)  # their sentences name files, and are for those who run the app
OURS, READER = Path(__file__).parents[1], "refusals.py"  # the package, and where Gradio's errors are caught in it
SORRY = "Something went wrong on our side; please try again."
log = logging.getLogger("lavic_chat.ui")


def sentence(error: Exception, sorry: str) -> str:
    """What to tell of an error: its own sentence where that is for visitors; else `sorry`, and the log is told, unless
    whoever raised it has done so."""
    if isinstance(error, LavicError) and not isinstance(error, FOR_OPERATORS):
        return str(error)
    if not (isinstance(error, FlagStoreError) and error.is_noted):
        note_failure(error)
    return sorry


def note_unread(error: Exception) -> None:
    """Log an error that Gradio made of a request before any of our code was asked: a bad client's, and no fault. One
    that came out of our own is noted as any other."""
    files = {Path(frame.filename) for frame in traceback.extract_tb(error.__traceback__)}
    if any(file.is_relative_to(OURS) and file.name != READER for file in files):
        note_failure(error)
    else:
        log.warning("A request that cannot be read was refused: %s", type(error).__name__)


def note_failure(error: Exception) -> None:
    """Log where an unexpected error arose; its message only where that cannot quote what a visitor wrote."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    detail = f" ({error})" if isinstance(error, FOR_OPERATORS) else ""
    log.error("Unexpected %s%s at %s", type(error).__name__, detail, where)
