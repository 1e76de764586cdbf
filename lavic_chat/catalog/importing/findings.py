"""What an import notices: rows that had to be left out, each with its place and reason, and other remarks."""

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lavic_chat.catalog.text import printable
from lavic_chat.errors import CatalogError, LavicError
from lavic_chat.storage.files import write_atomic

REJECTED = "rejected.csv"
MOST_LISTED = 100_000  # rows of rejected.csv
ONE_OR_MANY = re.compile(r"\{([^{|}]*)\|([^{|}]*)\}")
CASE = re.compile(r"'[^']*'|\"[^\"]*\"|\d+(?:,\d{3})*")  # what differs from row to row in one and the same reason


@dataclass(frozen=True)
class Rejection:
    """A row that was left out. place: "line 3", or what the file has instead of lines; id: of the product, as far as
    it is known."""

    place: str
    id: str
    reason: str

    @property
    def kind(self) -> str:
        """The reason without what is this row's own, to count by."""
        return CASE.sub("…", self.reason).rstrip(".")


@dataclass
class Findings:
    """Collected while a source is read. strict: the first row that would be left out ends the import. file: which of
    several files is being read."""

    source: str
    strict: bool = False
    notes: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    rejected: list[Rejection] = field(default_factory=list)
    refused: list[Rejection] = field(default_factory=list)  # pictures, whose products were kept
    file: str = ""

    def note(self, notice: str, case: str) -> None:
        """Something worth telling that is no row's loss, with the case at hand. What a notice says of one case and of
        several is told apart in braces: "{picture is|pictures are} missing"."""
        self.notes[notice].append(case)

    def reject(self, place: str, reason: str, product_id: str = "") -> None:
        """Leave a row out. Raises CatalogError where the import is strict."""
        self.object(place, reason)
        self.rejected.append(Rejection(self.within(place), product_id, reason))

    def refuse(self, place: str, reason: str, product_id: str) -> None:
        """Leave a picture out, and keep its product. Raises CatalogError where the import is strict."""
        self.object(place, reason)
        self.refused.append(Rejection(self.within(place), product_id, reason))

    def object(self, place: str, reason: str) -> None:
        """A fault that costs the row only a field, so that a strict import alone ends with it."""
        if self.strict:
            raise CatalogError(f"{self.where(self.within(place))}: {reason}")

    def within(self, place: str) -> str:
        """A place with the file that it is in, where there are several."""
        return f"{self.file}, {place}" if self.file else place

    def where(self, place: str) -> str:
        """The place with its file, to begin a sentence with."""
        return f"{self.source}, {place}" if place else self.source


def count_reasons(rejected: Sequence[Rejection]) -> tuple[tuple[str, int], ...]:
    """Why rows or pictures were left out, the most frequent first."""
    return tuple(Counter(rejection.kind for rejection in rejected).most_common())


def reason_of(error: LavicError, where: str = "") -> str:
    """An error's sentence without the place that it begins with, if it names any."""
    return str(error).removeprefix(where).removeprefix(": ")


def write_rejected(folder: Path, rejected: Sequence[Rejection]) -> None:
    """List the rows in `folder/rejected.csv`; no file where there are none."""
    if not rejected:
        return
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(("line", "id", "reason"))
    for one in rejected[:MOST_LISTED]:
        writer.writerow(map(cell, (one.place.removeprefix("line "), one.id, one.reason)))
    if len(rejected) > MOST_LISTED:
        writer.writerow(("", "", f"and {len(rejected) - MOST_LISTED:,} more"))
    write_atomic(folder / REJECTED, text.getvalue())


def cell(text: str) -> str:
    """A text as it may stand in a spreadsheet, where a cell that begins like a formula would be run."""
    plain = printable(text, " ")
    return f"'{plain}" if plain[:1] in ("=", "+", "-", "@") else plain


def note_sentences(notes: dict[str, list[str]]) -> Iterator[str]:
    """The notes as sentences with the first three cases each."""
    for notice, cases in notes.items():
        more = ", ..." if len(cases) > 3 else ""
        said = ONE_OR_MANY.sub(r"\1" if len(cases) == 1 else r"\2", notice)
        yield f"{len(cases):,} {said} ({', '.join(cases[:3])}{more})."
