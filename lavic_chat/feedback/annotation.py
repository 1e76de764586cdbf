"""Annotation: turns that shoppers flagged or that the model was unsure of, and what annotators say of them.

Judgements are kept in the flags' database, append-only like them: who changes their mind adds a row, and of each
annotator the newest one about a turn stands. An annotator is a name chosen for the purpose, or that of a login.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import combinations
from statistics import fmean

from lavic_chat.errors import FlagError
from lavic_chat.feedback.database import now, open_database, transaction
from lavic_chat.feedback.flags import Flag, FlagStore, checked, flag_from, row_from

RIGHT, RANKING, RETRIEVAL = "right", "ranking", "retrieval"  # the pick is right, or what failed
SKIPPED, WITHDRAWN = "skipped", "withdrawn"
FLAGGED, UNSURE = "flagged", "unsure"
LONGEST_NAME = 80  # characters
BACKED_UP = ("flags", "unsure", "judgements")  # tables whose rows a backup holds
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
        if not self.path.exists():
            return ()
        flagged = [Task(flag, FLAGGED) for flag in reversed(self.latest())]
        known = {task.turn.turn_id for task in flagged}
        with open_database(self.path, self.patience) as database:
            rows = [{**row, "reason": "", "correct": None, "latest": True} for row in database["unsure"].rows]
        unsure = [Task(flag_from(row), UNSURE) for row in rows if row["turn_id"] not in known]
        return (*flagged, *unsure)

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
        if not self.path.exists():
            return ()
        query = (
            "select * from judgements where id in (select max(id) from judgements group by turn_id, annotator)"
            " and verdict != ? order by id"
        )
        with open_database(self.path, self.patience) as database:
            return tuple(Judgement(**row) for row in database.query(query, [WITHDRAWN]))

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
        name, correct = judgement.annotator.strip(), judgement.correct
        if not name or len(name) > LONGEST_NAME:
            raise FlagError(f"An annotator needs a name of at most {LONGEST_NAME} characters.")
        if correct is not None and not 0 < len(correct) <= 200:
            raise FlagError("A product's id has 1 to 200 characters.")
        judgement = replace(judgement, annotator=name)
        row = {key: value for key, value in vars(judgement).items() if key != "id"}
        return replace(judgement, id=self._insert("judgements", row))

    def restore(self, rows: Iterable[dict]) -> int:
        """Take a backup's rows into an empty database; returns how many were of a table that is known here."""
        known = 0
        with open_database(self.path, self.patience) as database, transaction(database):
            columns = {table: set(database[table].columns_dict) - {"id"} for table in BACKED_UP}
            for row in rows:
                table = row.get("table")
                if table in BACKED_UP and set(row) - {"table"} == columns[table]:
                    database.table(table).insert({name: row[name] for name in columns[table]}, ignore=True)
                    known += 1
        return known


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
