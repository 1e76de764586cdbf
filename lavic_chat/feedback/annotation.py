"""Annotation: turns that shoppers flagged or that the model was unsure of, and what annotators say of them.

Judgements are kept in the flags' database, append-only like them: who changes their mind adds a row, and of each
annotator the newest one about a turn stands. An annotator is a name chosen for the purpose, or that of a login.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from statistics import fmean
from typing import Any

from sqlite_utils import Database

from lavic_chat.dialogue.turns import CONTROL
from lavic_chat.errors import FlagError
from lavic_chat.feedback.database import now, open_database, transaction
from lavic_chat.feedback.flags import (
    Flag,
    FlagStore,
    checked,
    checked_time,
    flag_from,
    readable,
    row_from,
)

RIGHT, RANKING, RETRIEVAL = "right", "ranking", "retrieval"  # the pick is right, or what failed
SKIPPED, WITHDRAWN = "skipped", "withdrawn"
FLAGGED, UNSURE = "flagged", "unsure"
LONGEST_NAME = 80  # characters
BACKED_UP = ("flags", "unsure", "judgements")  # tables whose rows a backup holds
VERDICTS = (RIGHT, RANKING, RETRIEVAL, SKIPPED, WITHDRAWN)
JUDGEMENT_COLUMNS = ("turn_id", "annotator", "verdict", "correct", "time")
UNSURE_COLUMNS = ("turn_id", "context", "candidates", "pick", "model_hash", "catalog_hash", "time")


@dataclass(frozen=True)
class Task:
    """A turn to be judged, and why: FLAGGED or UNSURE."""

    turn: Flag
    why: str


@dataclass(frozen=True)
class Judgement:
    """What an annotator says of a turn. correct: id of the right product, None where none of those shown is right."""

    turn_id: str
    annotator: str
    verdict: str
    correct: str | None = None
    time: str = field(default_factory=now)
    id: int | None = None


@dataclass(frozen=True)
class Progress:
    """Of one annotator: judged, skipped, still to do. agreement: share of the pairs of judgements about the same turn
    that say the same, over all annotators; None where no turn was judged twice."""

    scored: int
    skipped: int
    left: int
    agreement: float | None
    compared: int


class AnnotationStore(FlagStore):
    """The queue, and the judgements about it."""

    def add_unsure(self, turn: Flag) -> None:
        """Keep a turn that the model was unsure of; one that is there already stays as it is."""
        row = row_from(checked(turn))
        self._insert("unsure", {name: row[name] for name in UNSURE_COLUMNS}, ignore=True)

    def tasks(self) -> tuple[Task, ...]:
        """All turns there are to judge: flagged ones, then unsure ones, the oldest first."""
        flagged = [Task(flag, FLAGGED) for flag in reversed(self.latest())]
        known = {task.turn.turn_id for task in flagged}
        unsure = self._read("unsure", unsure_from, oldest_first=True)
        return (*flagged, *(Task(turn, UNSURE) for turn in unsure if turn.turn_id not in known))

    def queue(self, annotator: str) -> tuple[Task, ...]:
        """What this annotator has neither judged nor skipped."""
        done = {judgement.turn_id for judgement in self.standing_judgements() if judgement.annotator == annotator}
        return tuple(task for task in self.tasks() if task.turn.turn_id not in done)

    def judge(self, turn_id: str, annotator: str, choice: str | None) -> Judgement:
        """Say which product is right: the pick, another candidate, one that was not found, or None of them.

        Raises FlagError for a turn that is not there, or a name or id that cannot be.
        """
        turn = self.task(turn_id).turn
        if choice is None or choice not in dict(turn.candidates):
            verdict = RETRIEVAL
        else:
            verdict = RIGHT if choice == turn.pick else RANKING
        return self._append(Judgement(turn_id, annotator, verdict, choice))

    def skip(self, turn_id: str, annotator: str) -> Judgement:
        """Leave a turn to others."""
        return self._append(Judgement(self.task(turn_id).turn.turn_id, annotator, SKIPPED))

    def undo(self, annotator: str) -> str | None:
        """Take this annotator's newest judgement back; the turn's id, or None where there is none."""
        own = [judgement for judgement in self.standing_judgements() if judgement.annotator == annotator]
        if not own:
            return None
        newest = max(own, key=lambda judgement: judgement.id)
        return self._append(Judgement(newest.turn_id, annotator, WITHDRAWN)).turn_id

    def task(self, turn_id: str) -> Task:
        """The turn of that id; raises FlagError where it is not there any more."""
        for task in self.tasks():
            if task.turn.turn_id == turn_id:
                return task
        raise FlagError("That turn is not on the desk any more; load the page again.")

    def standing_judgements(self) -> tuple[Judgement, ...]:
        """Of each annotator the newest judgement about each turn, without those taken back, oldest first."""
        newest = {(one.turn_id, one.annotator): one for one in self._read("judgements", judgement_from, True)}
        standing = [one for one in newest.values() if one.verdict != WITHDRAWN]
        return tuple(sorted(standing, key=lambda one: one.id or 0))

    def progress(self, annotator: str) -> Progress:
        """How far this annotator is, and how far annotators agree."""
        standing = self.standing_judgements()
        own = [judgement.verdict for judgement in standing if judgement.annotator == annotator]
        same = [same_answer(*pair) for group in by_turn(standing).values() for pair in combinations(group, 2)]
        return Progress(
            scored=len(own) - own.count(SKIPPED),
            skipped=own.count(SKIPPED),
            left=len(self.queue(annotator)),
            agreement=round(fmean(same), 4) if same else None,
            compared=len(same),
        )

    def corrected(self) -> tuple[tuple[Flag, str | None], ...]:
        """Every turn with what would have been right, and the verdict where annotators gave one: the most of them, and
        of equally many the latest."""
        about, turns = by_turn(self.standing_judgements()), []
        for task in self.tasks():
            judgements = about.get(task.turn.turn_id)
            if not judgements:
                turns.append((task.turn, None))
                continue
            counts = Counter(judgement.correct for judgement in judgements)
            best = max(judgements, key=lambda judgement: (counts[judgement.correct], judgement.id))
            turns.append((replace(task.turn, correct=best.correct), best.verdict))
        return tuple(turns)

    def _append(self, judgement: Judgement) -> Judgement:
        name, correct = CONTROL.sub(" ", judgement.annotator).strip(), judgement.correct
        if not name or len(name) > LONGEST_NAME:
            raise FlagError(f"An annotator needs a name of at most {LONGEST_NAME} characters.")
        if correct is not None and not 0 < len(correct) <= 200:
            raise FlagError("A product's id has 1 to 200 characters.")
        judgement = replace(judgement, annotator=name)
        row = {key: value for key, value in vars(judgement).items() if key != "id"}
        return replace(judgement, id=self._insert("judgements", row))

    def is_empty(self) -> bool:
        """Whether nothing was ever stored, or a kill came between making the database and reading a backup back."""
        if not self.path.exists():
            return True
        with open_database(self.path, self.patience) as database:
            return holds_nothing(database)

    def restore(self, rows: Iterable[Mapping[str, Any]]) -> int:
        """Take a backup's rows, in the order in which they were written, into an empty database, all of them or none;
        returns how many. Rows that are none are left out, and told; nothing is taken where others were quicker."""
        count = 0
        with open_database(self.path, self.patience) as database, transaction(database):
            if not holds_nothing(database):
                return 0
            for table, row in readable(rows, checked_row, "the backup"):
                database.table(table).insert(row, ignore=True)
                count += 1
        return count


def holds_nothing(database: Database) -> bool:
    """Whether no table that a backup holds has a row."""
    return not any(database.table(table).count for table in BACKED_UP)


def unsure_from(row: Mapping[str, Any]) -> Flag:
    """A row of the turns that the model was unsure of; raises FlagError for a damaged one."""
    return flag_from({**row, "reason": "", "correct": None})


def judgement_from(row: Mapping[str, Any]) -> Judgement:
    """A row as a judgement; raises FlagError for one that was not written as one."""
    try:
        found = Judgement(**{name: row[name] for name in JUDGEMENT_COLUMNS}, id=row.get("id"))
    except KeyError as error:
        raise FlagError("The row is no judgement.") from error
    texts = (found.turn_id, found.annotator, found.correct or "")
    if not all(isinstance(text, str) for text in texts) or found.verdict not in VERDICTS or not found.turn_id:
        raise FlagError("The row is no judgement.")
    turn_id, annotator, correct = (CONTROL.sub(" ", text) for text in texts)
    time = checked_time(found.time)
    return replace(found, turn_id=turn_id, annotator=annotator, correct=correct or None, time=time)


def checked_row(row: Mapping[str, Any]) -> tuple[str, dict]:
    """A backup's row -> its table, and what is stored there; raises FlagError for what was not written as one."""
    if row.get("table") == "judgements":
        found = vars(judgement_from(row))
        clean = {name: found[name] for name in JUDGEMENT_COLUMNS}
    elif row.get("table") == "unsure":
        found = row_from(unsure_from(row))
        clean = {name: found[name] for name in UNSURE_COLUMNS}
    elif row.get("table") == "flags":
        clean = row_from(flag_from(row))
    else:
        raise FlagError("The row is of no table that there is.")
    if set(row) != {"table", *clean}:
        raise FlagError("The row has other columns.")
    return row["table"], clean


def by_turn(judgements: Iterable[Judgement]) -> dict[str, list[Judgement]]:
    """The judgements about each turn, skipped ones left out."""
    about: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        if judgement.verdict != SKIPPED:
            about.setdefault(judgement.turn_id, []).append(judgement)
    return about


def same_answer(one: Judgement, other: Judgement) -> bool:
    """Whether two judgements say the same of a turn."""
    return (one.verdict, one.correct) == (other.verdict, other.correct)
