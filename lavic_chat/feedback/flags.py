"""Flags: "this pick was wrong", kept in SQLite so that they can become training examples.

A row holds what was asked, what was offered and picked, what would have been right, and which model and
catalogue answered; never who asked. The table is append-only: a corrected flag is a new row with the same
turn id, and the newest row of a turn is the one that counts.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from numbers import Real
from pathlib import Path
from typing import Any, TypeVar

from lavic_chat.dialogue.reddit_amazon import parse_context
from lavic_chat.dialogue.turns import CONTROL
from lavic_chat.errors import FlagError, FlagStoreError
from lavic_chat.feedback.database import PATIENCE, now, open_database, transaction
from lavic_chat.storage.troubles import current_troubles, end_trouble, note_trouble

Backup = Callable[[str, dict], None]  # called with a table and the row that was stored in it
BACKUP = "The backup of flags"  # as a place of troubles

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
MOST_NAMED = 5  # damaged rows
Row = TypeVar("Row")


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

    @property
    def makes_example(self) -> bool:
        """Whether a training dialogue can be made of it: a right product is known, and there are words."""
        return bool(self.correct and parse_context(self.context).turns)


@dataclass(frozen=True)
class FlagStats:
    """Counts: all rows; the turns they are about; of those, by what the newest row of each turn says."""

    flags: int = 0
    turns: int = 0
    with_correct: int = 0
    without_correct: int = 0
    examples: int = 0  # what `export_dialogues` writes
    retrieval_misses: int = 0  # the right product was not among the candidates
    models: dict[str, int] = field(default_factory=dict)
    first: str | None = None
    last: str | None = None


class FlagStore:
    """The flags in one SQLite file. A connection is opened for every call, so any thread may call.

    patience: seconds to wait for another writer. backup: called with the table and the row of whatever was stored.
    """

    def __init__(self, path: str | Path, patience: float = PATIENCE, backup: Backup | None = None):
        self.path, self.patience, self.backup = Path(path), patience, backup

    def add(self, flag: Flag) -> int:
        """Store a flag, return its row number; raises FlagError when it is malformed or cannot be stored."""
        return self._insert("flags", row_from(checked(flag)))

    def _insert(self, table: str, row: dict, **more) -> int:
        """Store a row, then hand it to the backup; what is stored stays, whatever becomes of the backup."""
        try:
            with open_database(self.path, self.patience) as database, transaction(database):
                before = database.conn.total_changes
                number: Any = database.table(table).insert(row, **more).last_pk
                is_new = database.conn.total_changes > before
        except FlagStoreError as error:
            note_trouble(self.path, str(error))
            error.is_noted = True
            raise
        end_trouble(self.path)
        if self.backup and is_new:
            self._back_up(self.backup, table, row)
        return number

    def _back_up(self, backup: Backup, table: str, row: dict) -> None:
        try:
            backup(table, row)
        except OSError as error:
            note_trouble(BACKUP, f"The backup could not be written ({error.strerror}); flags are stored here only.")
        else:
            end_trouble(BACKUP)

    def troubles(self) -> tuple[str, ...]:
        """What those who run the app should know of disk and database at present, a sentence each."""
        return current_troubles()

    def list(self, limit: int | None = None) -> tuple[Flag, ...]:
        """The newest flags first, each marked whether it is the latest of its turn."""
        seen: set[str] = set()
        flags = []
        for flag in self._read("flags", flag_from):
            flags.append(replace(flag, latest=flag.turn_id not in seen))
            seen.add(flag.turn_id)
        return tuple(flags if limit is None else flags[: max(0, limit)])

    def latest(self) -> tuple[Flag, ...]:
        """The newest flag of each turn, newest first."""
        return tuple(flag for flag in self.list() if flag.latest)

    def stats(self) -> FlagStats:
        """Counts over all flags."""
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
            examples=sum(flag.makes_example for flag in latest),
            retrieval_misses=sum(flag.correct not in dict(flag.candidates) for flag in known),
            models=models,
            first=min((flag.time for flag in flags), default=None),
            last=max((flag.time for flag in flags), default=None),
        )

    def _read(self, table: str, read: Callable[[dict], Row], oldest_first: bool = False) -> tuple[Row, ...]:
        """A table's rows; those that cannot be read are set aside: they stay where they are, and are told."""
        if not self.path.exists():
            return ()  # nothing flagged yet; looking must not make a file
        order = "" if oldest_first else "desc"
        with open_database(self.path, self.patience) as database:
            rows = list(database.query(f"select rowid as number, * from {table} order by rowid {order}"))
        return tuple(readable(rows, read, f"{table} in {self.path}"))


def checked(flag: Flag) -> Flag:
    """The flag with clean texts; raises FlagError for a wrong type, an empty need, or too long a text."""
    clean: dict[str, Any] = {}
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
    """Candidates as (id, score) pairs; raises FlagError for anything else."""
    if not isinstance(candidates, tuple | list) or not 0 < len(candidates) <= MAX_CANDIDATES:
        raise FlagError(f"A flag needs 1 to {MAX_CANDIDATES:,} candidates.")
    pairs = []
    for pair in candidates:
        good = isinstance(pair, tuple | list) and len(pair) == 2
        if not good or not isinstance(pair[0], str) or not 0 < len(pair[0]) <= LIMITS["pick"]:
            raise FlagError("Every candidate of a flag must be a product id with its score.")
        pairs.append((CONTROL.sub(" ", pair[0]), checked_score(pair[1])))
    return tuple(pairs)


def checked_score(score: object) -> float:
    """A finite number; raises FlagError for anything else, such as one of a thousand digits."""
    try:
        number = float(score) if isinstance(score, Real) and not isinstance(score, bool) else math.nan
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise FlagError("Every candidate's score must be a finite number.")
    return number


def checked_time(time: Any) -> str:
    """The time in UTC; a time without a zone is taken as UTC."""
    try:
        moment = datetime.fromisoformat(time)
    except (TypeError, ValueError):
        raise FlagError("The flag's time must be written as ISO 8601.") from None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")


def row_from(flag: Flag) -> dict:
    """A flag as its row in the database."""
    row = {name: getattr(flag, name) for name in (*LIMITS, "time")}
    return row | {"candidates": json.dumps(flag.candidates, ensure_ascii=False)}


def flag_from(row: Mapping[str, Any]) -> Flag:
    """A row as a flag; raises FlagError for one that no flag was written as."""
    try:
        fields = {name: row[name] for name in (*LIMITS, "time") if name in row}
        return replace(checked(Flag(**fields, candidates=json.loads(row["candidates"]))), id=row.get("id"))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise FlagError("The row is no flag.") from error


def readable(rows: Iterable[Mapping[str, Any]], read: Callable[[Any], Row], where: str) -> Iterator[Row]:
    """What is read of rows, without those that cannot be; when all are through, how many these are is told."""
    bad: list[str] = []
    for place, row in enumerate(rows, 1):
        try:
            yield read(row)
        except FlagError:
            bad.append(str(row.get("number", place)))
    if bad:
        named = ", ".join(bad[:MOST_NAMED]) + (", ..." if len(bad) > MOST_NAMED else "")
        note_trouble(where, f"{len(bad):,} of the rows of {where} cannot be read and are left out: number {named}.")
    else:
        end_trouble(where)
