"""What is logged of an unexpected error: where it arose, never what a visitor wrote."""

import logging
import traceback
from pathlib import Path

from lavic_chat.errors import FlagStoreError

log = logging.getLogger("lavic_chat.ui")


def note_failure(error: Exception) -> None:
    """Log where an unexpected error arose; its message only where that cannot quote what a visitor wrote."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    told = f" ({error})" if isinstance(error, FlagStoreError) else ""
    log.error("Unexpected %s%s at %s", type(error).__name__, told, where)
