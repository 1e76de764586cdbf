"""Why a search has found no product."""

from collections.abc import Collection

from lavic_chat.catalog import Catalog
from lavic_chat.catalog.filters import NO_FILTERS, Filters
from lavic_chat.errors import DialogueError, LavicError
from lavic_chat.retrieval.index import admitted_rows
from lavic_chat.storage.troubles import note_trouble

RESTART = "start it again, and its damaged tables are made anew."


def nothing_found(catalog: Catalog, filters: Filters, excluded: Collection[str]) -> LavicError:
    """A DialogueError where no product may be found. Where some may, their vectors are of no use: another LavicError,
    and those who run the shop read of it in the log."""
    if len(admitted_rows(catalog.columns, filters, excluded)):
        note_trouble(catalog.root, f"Nothing in {catalog.root} can be compared with a message; {RESTART}")
        return LavicError(f"No product can be compared with your message; if you run this shop, {RESTART}")
    if filters:
        return DialogueError("Nothing that is left fits the filters; widen them, or start over.")
    if not len(admitted_rows(catalog.columns, NO_FILTERS, ())):
        return DialogueError("Everything here is out of stock at the moment; come back another day.")
    return DialogueError("Every product has been turned down; start over to see them again.")
