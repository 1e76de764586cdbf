"""The feedback database: one SQLite file in WAL mode, its migrations, and its errors as sentences."""

import contextlib
import sqlite3
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database

from lavic_chat.errors import FlagError, FlagStoreError
from lavic_chat.storage.sqlite_errors import SQLITE_ERRORS, code_of, is_broken

PATIENCE = 5.0  # seconds to wait for another writer


def now() -> str:
    """The time in ISO 8601, UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@contextlib.contextmanager
def open_database(path: str | Path, patience: float = PATIENCE) -> Generator[Database]:
    """The database at `path`, migrated, for the length of a `with` block; patience: seconds to wait for another writer.

    Raises FlagError, with a sentence for whatever SQLite says.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # isolation_level None: transactions begin and end where `transaction` says, nowhere else
        connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
        with contextlib.closing(connection):
            connection.text_factory = lambda text: text.decode("utf-8", "replace")  # no row is too damaged to be read
            database = Database(connection)
            database.enable_wal()
            migrate(database, path)
            yield database
    except SQLITE_ERRORS as error:
        raise sentence_for(error, path) from error
    except OSError as error:
        raise FlagStoreError(f"The flag database {path} cannot be opened: {error.strerror}.") from error


@contextlib.contextmanager
def transaction(database: Database) -> Generator[None]:
    """A transaction that takes the write lock at once, so that it waits its turn and cannot fail late."""
    database.conn.execute("begin immediate")
    try:
        yield
        database.conn.execute("commit")
    except BaseException:
        if database.conn.in_transaction:
            database.conn.execute("rollback")
        raise


def sentence_for(error: Exception, path: Path) -> FlagError:
    """What an SQLite error means to the person at the screen."""
    code = code_of(error)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return FlagError("The flag database is busy; try again in a moment.")
    sentences = {
        sqlite3.SQLITE_FULL: "The disk is full, so the flag was not stored; free some space and flag again.",
        sqlite3.SQLITE_READONLY: f"The flag database {path} may not be written; check its permissions.",
        sqlite3.SQLITE_CANTOPEN: f"The flag database {path} cannot be opened; check the folder.",
        sqlite3.SQLITE_NOTADB: f"{path} is not a flag database; move it away and flag again.",
        sqlite3.SQLITE_CORRUPT: f"The flag database {path} is damaged; move it away and flag again.",
    }
    return FlagStoreError(sentences.get(code, f"The flag database {path} failed: {error}."))


def is_sound(path: str | Path) -> bool:
    """Whether a database can be opened and its pages hang together; True where there is none yet. Raises FlagError
    where that cannot be said."""
    if not Path(path).exists():
        return True
    try:
        with open_database(path) as database:
            return database.conn.execute("pragma quick_check(1)").fetchone() == ("ok",)
    except FlagError as error:
        if not is_broken(error.__cause__):
            raise
        return False


def set_aside(path: str | Path) -> Path:
    """Move a damaged database away with all that belongs to it, and return its new name; raises FlagStoreError."""
    path = Path(path)
    aside = path.with_name(f"{path.name}.damaged-{now()[:19].replace(':', '')}")
    try:
        for end in ("-wal", "-shm", ""):  # the database last: as long as it is there, nothing is read back
            part = path.with_name(path.name + end)
            if part.exists():
                part.replace(aside.with_name(aside.name + end))
    except OSError as error:
        raise FlagStoreError(f"The flag database {path} is damaged and cannot be moved: {error.strerror}.") from error
    return aside


def create_flags(database: Database) -> None:
    """Flagged turns, and what would have been right."""
    columns = {"id": int, "turn_id": str, "context": str, "candidates": str, "pick": str, "correct": str}
    columns |= {"reason": str, "model_hash": str, "catalog_hash": str, "time": str}
    needed = set(columns) - {"correct", "id"}
    database.table("flags").create(columns, pk="id", not_null=needed)


def index_turns(database: Database) -> None:
    """For the newest flag of a turn."""
    database.table("flags").create_index(["turn_id", "id"])


def create_unsure(database: Database) -> None:
    """Turns that nobody flagged and the model was unsure of, for annotators to judge."""
    columns = dict.fromkeys(("turn_id", "context", "candidates", "pick", "model_hash", "catalog_hash", "time"), str)
    database.table("unsure").create(columns, pk="turn_id", not_null=set(columns))


def create_judgements(database: Database) -> None:
    """What annotators say of a turn."""
    columns = {"id": int, "turn_id": str, "annotator": str, "verdict": str, "correct": str, "time": str}
    database.table("judgements").create(columns, pk="id", not_null=set(columns) - {"id", "correct"})
    database.table("judgements").create_index(["turn_id", "annotator", "id"])


MIGRATIONS = (create_flags, index_turns, create_unsure, create_judgements)


def migrate(database: Database, path: Path) -> None:
    """Bring the tables up to date; raises FlagError for a database from a newer version."""
    if not pending_migrations(database, path):
        return
    with transaction(database):
        for migration in pending_migrations(database, path):  # asked again: another process may have been quicker
            migration(database)
            database.table("migrations").insert({"name": migration.__name__, "time": now()}, pk="name")


def pending_migrations(database: Database, path: Path) -> list:
    """Those that this database lacks, in order; raises FlagError for a database from a newer version."""
    done = {row["name"] for row in database["migrations"].rows} if "migrations" in database.table_names() else set()
    if done - {migration.__name__ for migration in MIGRATIONS}:
        raise FlagStoreError(f"{path} was written by a newer version; update lavic-chat.")
    return [migration for migration in MIGRATIONS if migration.__name__ not in done]
