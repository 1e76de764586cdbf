"""Flags: "this pick was wrong", kept in SQLite so that they can become training examples.

A row holds what was asked, what was offered and picked, what would have been right, and which model and
catalogue answered; never who asked. The table is append-only: a corrected flag is a new row with the same
turn id, and the newest row of a turn is the one that counts.
"""

import contextlib
import json
import logging
import math
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from numbers import Real
from pathlib import Path

from sqlite_utils import Database

from lavic_chat.dialogue import CONTROL, parse_context
from lavic_chat.errors import FlagError, FlagStoreError

Journal = Callable[[str, dict], None]
log = logging.getLogger(__name__)
PATIENCE = 5.0  # seconds to wait for another writer
LIMITS = {  # characters
    "turn_id": 200,
    "context": 500_000,
    "pick": 200,
    "correct": 200,
    "reason": 2_000,
    "model_hash": 200,
    "catalog_hash": 200,
}
NEEDED = ("turn_id", "context", "pick")
MAX_CANDIDATES = 1_000


def now() -> str:
    """The time in ISO 8601, UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True)
class Flag:
    """One flagged turn. `candidates` are (product id, score) as shown; `context` is as in dialogue files.

    `correct` is the id that would have been right, if the annotator knows it: any product of the catalogue,
    for retrieval may have missed it. `id` and `latest` are the store's: row number, newest row of its turn.
    """

    turn_id: str
    context: str
    candidates: tuple[tuple[str, float], ...]
    pick: str
    correct: str | None = None
    reason: str = ""
    model_hash: str = ""
    catalog_hash: str = ""
    time: str = field(default_factory=now)
    id: int | None = None
    latest: bool = True


@dataclass(frozen=True)
class FlagStats:
    """Counts: all rows; the turns they are about; of those, by what the newest row of each turn says."""

    flags: int = 0
    turns: int = 0
    with_correct: int = 0
    without_correct: int = 0
    examples: int = 0  # what `export` writes
    retrieval_misses: int = 0  # the right product was not among the candidates
    models: dict[str, int] = field(default_factory=dict)
    first: str | None = None
    last: str | None = None


class FlagStore:
    """The flags in one SQLite file. A connection is opened for every call, so any thread may call.

    journal: is told every row that was stored, with its table.
    """

    def __init__(self, path: Path, patience: float = PATIENCE, journal: Journal | None = None):
        self.path, self.patience, self.journal = Path(path), patience, journal

    def add(self, flag: Flag) -> int:
        """Store a flag, return its row number; raises FlagError when it is malformed or cannot be stored."""
        return self._insert("flags", row_from(checked(flag)))

    def _insert(self, table: str, row: dict, **more) -> int:
        """Store a row, then tell the journal; what is stored stays, whatever becomes of the journal."""
        with self._open() as database, writing(database):
            before = database.conn.total_changes
            number = database[table].insert(row, **more).last_pk
            is_new = database.conn.total_changes > before
        if self.journal and is_new:
            try:
                self.journal(table, row)
            except OSError as error:
                log.error("The journal could not be written (%s); the flag is stored here only.", error.strerror)
        return number

    def list(self, limit: int | None = None) -> tuple[Flag, ...]:
        """The newest flags first, each marked whether it is the latest of its turn."""
        return self._read(limit, "")

    def latest(self) -> tuple[Flag, ...]:
        """The newest flag of each turn, newest first."""
        return self._read(None, "where id in (select max(id) from flags group by turn_id)")

    def stats(self) -> FlagStats:
        flags = self.list()
        latest = [flag for flag in flags if flag.latest]
        known = [flag for flag in latest if flag.correct]
        models: dict[str, int] = {}
        for flag in latest:
            models[flag.model_hash] = models.get(flag.model_hash, 0) + 1
        return FlagStats(
            flags=len(flags),
            turns=len(latest),
            with_correct=len(known),
            without_correct=len(latest) - len(known),
            examples=sum(map(makes_example, latest)),
            retrieval_misses=sum(flag.correct not in dict(flag.candidates) for flag in known),
            models=models,
            first=min((flag.time for flag in flags), default=None),
            last=max((flag.time for flag in flags), default=None),
        )

    def _read(self, limit: int | None, where: str) -> tuple[Flag, ...]:
        if not self.path.exists():
            return ()  # nothing flagged yet; looking must not make a file
        query = (
            "select *, id in (select max(id) from flags group by turn_id) as latest"
            f" from flags {where} order by id desc limit ?"
        )
        with self._open() as database:
            return tuple(map(flag_from, database.query(query, [-1 if limit is None else max(0, limit)])))

    @contextlib.contextmanager
    def _open(self) -> Iterator[Database]:
        """The database, migrated; SQLite's errors become FlagErrors."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # isolation_level None: transactions begin and end where `writing` says, nowhere else
            connection = sqlite3.connect(self.path, timeout=self.patience, isolation_level=None)
            with contextlib.closing(connection):
                database = Database(connection)
                if database.journal_mode != "wal":
                    database.enable_wal()
                migrate(database, self.path)
                yield database
        except sqlite3.Error as error:
            raise explained(error, self.path) from error
        except OSError as error:
            raise FlagStoreError(f"The flag database {self.path} cannot be opened: {error.strerror}.") from error


@contextlib.contextmanager
def writing(database: Database) -> Iterator[None]:
    """A transaction that takes the write lock at once, so that it waits its turn and cannot fail late."""
    database.conn.execute("begin immediate")
    try:
        yield
        database.conn.execute("commit")
    except BaseException:
        if database.conn.in_transaction:
            database.conn.execute("rollback")
        raise


def explained(error: sqlite3.Error, path: Path) -> FlagError:
    """What an SQLite error means to the person at the screen."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest of the code is detail
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


# Migrations, in order; each runs once per database, inside one transaction, and is never edited afterwards.


def create_flags(database: Database) -> None:
    columns = {"id": int, "turn_id": str, "context": str, "candidates": str, "pick": str, "correct": str}
    columns |= {"reason": str, "model_hash": str, "catalog_hash": str, "time": str}
    needed = set(columns) - {"correct", "id"}
    database["flags"].create(columns, pk="id", not_null=needed)


def index_turns(database: Database) -> None:
    database["flags"].create_index(["turn_id", "id"])


def create_unsure(database: Database) -> None:
    """Turns that nobody flagged and the model was unsure of, for the annotators' desk."""
    columns = dict.fromkeys(("turn_id", "context", "candidates", "pick", "model_hash", "catalog_hash", "time"), str)
    database["unsure"].create(columns, pk="turn_id", not_null=set(columns))


def create_judgements(database: Database) -> None:
    columns = {"id": int, "turn_id": str, "annotator": str, "verdict": str, "correct": str, "time": str}
    database["judgements"].create(columns, pk="id", not_null=set(columns) - {"id", "correct"})
    database["judgements"].create_index(["turn_id", "annotator", "id"])


MIGRATIONS = (create_flags, index_turns, create_unsure, create_judgements)


def migrate(database: Database, path: Path) -> None:
    """Bring the tables up to date; raises FlagError for a database from a newer version."""
    if not pending(database, path):
        return
    with writing(database):
        for migration in pending(database, path):  # asked again: another process may have been quicker
            migration(database)
            database["migrations"].insert({"name": migration.__name__, "time": now()}, pk="name")


def pending(database: Database, path: Path) -> list:
    done = {row["name"] for row in database["migrations"].rows} if "migrations" in database.table_names() else set()
    if done - {migration.__name__ for migration in MIGRATIONS}:
        raise FlagStoreError(f"{path} was written by a newer version; update lavic-chat.")
    return [migration for migration in MIGRATIONS if migration.__name__ not in done]


def checked(flag: Flag) -> Flag:
    """The flag with clean texts; raises FlagError for a wrong type, an empty need, or too long a text."""
    clean = {}
    for name, limit in LIMITS.items():
        value = getattr(flag, name)
        if name == "correct" and value in (None, ""):
            clean[name] = None
            continue
        if not isinstance(value, str):
            raise FlagError(f"The flag's {name} must be a text.")
        if len(value) > limit:
            raise FlagError(f"The flag's {name} has {len(value):,} characters; shorten it to {limit:,}.")
        clean[name] = CONTROL.sub(" ", value)
        if name in NEEDED and not clean[name].strip():
            raise FlagError(f"The flag has no {name}.")
    return replace(flag, **clean, candidates=checked_candidates(flag.candidates), time=checked_time(flag.time))


def checked_candidates(candidates: object) -> tuple[tuple[str, float], ...]:
    if not isinstance(candidates, tuple | list) or not 0 < len(candidates) <= MAX_CANDIDATES:
        raise FlagError(f"A flag needs 1 to {MAX_CANDIDATES:,} candidates.")
    pairs = []
    for pair in candidates:
        good = isinstance(pair, tuple | list) and len(pair) == 2
        if not good or not isinstance(pair[0], str) or not 0 < len(pair[0]) <= LIMITS["pick"]:
            raise FlagError("Every candidate of a flag must be a product id with its score.")
        if not isinstance(pair[1], Real) or not math.isfinite(pair[1]):
            raise FlagError("Every candidate's score must be a finite number.")
        pairs.append((CONTROL.sub(" ", pair[0]), float(pair[1])))
    return tuple(pairs)


def checked_time(time: object) -> str:
    """The time in UTC; a time without a zone is taken as UTC."""
    try:
        moment = datetime.fromisoformat(time)
    except (TypeError, ValueError):
        raise FlagError("The flag's time must be written as ISO 8601.") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")


def row_from(flag: Flag) -> dict:
    row = {name: getattr(flag, name) for name in (*LIMITS, "time")}
    return row | {"candidates": json.dumps(flag.candidates, ensure_ascii=False)}


def flag_from(row: dict) -> Flag:
    candidates = tuple((name, score) for name, score in json.loads(row.pop("candidates")))
    return Flag(**row | {"candidates": candidates, "latest": bool(row["latest"])})


def makes_example(flag: Flag) -> bool:
    return bool(flag.correct and parse_context(flag.context).turns)


def example_from(flag: Flag) -> dict:
    """A line of a dialogue file: what the turn should have picked."""
    return {
        "context": flag.context,
        "context_items": [],
        "gt": "",
        "gt_items": [flag.correct],
        "candidates": [name for name, _ in flag.candidates],
        "set": "flags",
    }
