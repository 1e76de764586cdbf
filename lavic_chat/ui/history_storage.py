"""What the visitor's own browser keeps of their history, where they have agreed; nothing of it stays on the server.

It comes back from outside and is trusted as little as the session that `browser_storage.py` keeps.
"""

from typing import Any

from lavic_chat.catalog.product import Catalog
from lavic_chat.dialogue.history import MOST_EVENTS, NO_HISTORY, SIGNS, History
from lavic_chat.ui.browser_storage import LONGEST

STORAGE_KEY = "lavic-chat-history"  # in the browser's localStorage
FORMAT = 1


def to_kept(history: History) -> dict:
    """What a browser should keep, whose visitor has agreed."""
    return {"format": FORMAT, "events": [[event.product_id, event.sign] for event in history.events]}


def from_kept(kept: Any, catalog: Catalog) -> History | None:
    """The history that a browser kept, without products that are not in the catalogue; None where its visitor has not
    agreed, or it is not as we wrote it."""
    if not isinstance(kept, dict) or kept.get("format") != FORMAT or not isinstance(kept.get("events"), list):
        return None
    if len(kept["events"]) > MOST_EVENTS or not all(map(is_event, kept["events"])):
        return None
    history = NO_HISTORY
    for product_id, sign in kept["events"]:
        history = history.add(product_id, sign) if product_id in catalog else history
    return history


def is_event(row: object) -> bool:
    """Whether it is an id and a sign."""
    if not isinstance(row, list) or len(row) != 2 or not all(isinstance(part, str) for part in row):
        return False
    return len(row[0]) <= LONGEST and row[1] in SIGNS
