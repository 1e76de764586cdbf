"""The formats of interactions, each by the names of its fields; a file may be packed (.gz).

    Amazon Reviews 2014, 2018   JSON lines   reviewerID asin overall unixReviewTime     (seconds)
                                CSV          no header: the user, the item, the rating, seconds; 2018 has the item first
    Amazon Reviews 2023         JSON lines   user_id parent_asin rating timestamp       (milliseconds)
                                CSV          the same, with a header
    MovieLens                   CSV          userId movieId rating timestamp            (seconds)
                                .dat         the same four, parted by "::"; u.data: by tabs
    H&M                         CSV          t_dat customer_id article_id ...           (days; one row a piece)
    plain                       CSV          user item timestamp [rating] [order]       (seconds, milliseconds or days)

Nothing is kept of a review but who, what, when and how many stars.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path

from lavic_chat.errors import LavicError
from lavic_chat.storage.files import parse_line

LONGEST = 4_000_000  # bytes of a line: reviews are long
MILLISECONDS = 1e11  # from which on a number of seconds would be in the year 5138
PROBED = 200  # rows without a header by which users and items are told apart
SUFFIXES = (".csv", ".dat", ".data", ".json", ".jsonl", ".inter", ".txt")


class InteractionError(LavicError):
    """A file of interactions, or a line of one, that cannot be used."""


@dataclass(frozen=True)
class Interaction:
    """One user, one item, and when, in seconds since 1970; order: among those of one time, 0 where nobody says.
    rating: of 1 to 5 stars, None where there is none."""

    user: str
    item: str
    time: float
    rating: float | None = None
    order: float = 0.0


@dataclass(frozen=True)
class Format:
    """The names of the fields that hold an interaction, "" where a format has none of them."""

    name: str
    user: str
    item: str
    time: str
    rating: str = ""
    order: str = ""

    @property
    def needed(self) -> set[str]:
        """Without which a file is of another format."""
        return {self.user, self.item, self.time}

    def parse(self, row: dict, where: str) -> Interaction:
        """Raises InteractionError for a row that lacks something, or holds no number where one must be."""
        user, item = (str(row.get(name) or "").strip() for name in (self.user, self.item))
        if not user or not item:
            raise InteractionError(f"{where}: the {self.user if not user else self.item} is missing; mend that line.")
        rating = row.get(self.rating) if self.rating else None
        order = row.get(self.order) if self.order else None
        return Interaction(
            user, item, parse_time(row.get(self.time), where),
            None if rating in (None, "") else parse_number(rating, self.rating, where),
            0.0 if order in (None, "") else parse_number(order, self.order, where),
        )  # fmt: skip


AMAZON_REVIEWS = Format("Amazon Reviews 2014 or 2018", "reviewerID", "asin", "unixReviewTime", "overall")
AMAZON_2023 = Format("Amazon Reviews 2023", "user_id", "parent_asin", "timestamp", "rating")
MOVIELENS = Format("MovieLens", "userId", "movieId", "timestamp", "rating")
HM = Format("H&M", "customer_id", "article_id", "t_dat")
PLAIN = Format("plain", "user", "item", "timestamp", "rating", "order")
FORMATS = (AMAZON_REVIEWS, AMAZON_2023, MOVIELENS, HM, PLAIN)
USER_FIRST = Format("Amazon Reviews 2014, ratings only", "0", "1", "3", "2")
ITEM_FIRST = Format("Amazon Reviews 2018, ratings only", "1", "0", "3", "2")


def read_interactions(source: str | Path, items: Collection[str]) -> tuple[Format, Iterator[Interaction]]:
    """The format of a file, and its interactions, line by line. items: of the catalogue; they tell users from items
    where a file has no header. Raises InteractionError naming the file, and the line where there is one."""
    source = Path(source)
    if not source.is_file():
        raise InteractionError(f"There is no file {source}; check the name.")
    suffixes = [suffix.lower() for suffix in source.suffixes]
    kind = next((suffix for suffix in reversed(suffixes) if suffix in SUFFIXES), "")
    if not kind:
        raise InteractionError(
            f"{source}: interactions are read from CSV, JSON lines, .dat and u.data, also packed (.gz)."
        )
    if kind in (".json", ".jsonl"):
        named, rows = peek(json_rows(source), source)
        form = found_format(set(named), source)
        return form, parsed(form, rows)
    separator = "::" if kind == ".dat" else "\t" if kind in (".data", ".inter") else ","
    return table(source, separator, items)


def table(source: Path, separator: str, items: Collection[str]) -> tuple[Format, Iterator[Interaction]]:
    """Rows of a table with or without a header."""
    cells = table_rows(source, separator)
    first = next(cells, None)
    if first is None:
        raise InteractionError(f"{source} is empty.")
    names = [name.strip().partition(":")[0] for name in first[1]]
    if form := next((one for one in FORMATS if one.needed <= set(names)), None):
        return form, parsed(form, ((where, dict(zip(names, row, strict=False))) for where, row in cells))
    if len(first[1]) != 4 or not is_number(first[1][3]):
        raise unknown_format(source, names)
    probe = [first, *islice(cells, PROBED)]
    if separator == ",":
        sides = [sum(row[side].strip() in items for _, row in probe if len(row) == 4) for side in (0, 1)]
        form = ITEM_FIRST if sides[0] > sides[1] else USER_FIRST
    else:
        form = Format("MovieLens", "0", "1", "3", "2")
    numbered = ((where, {str(place): cell for place, cell in enumerate(row)}) for where, row in chain(probe, cells))
    return form, parsed(form, numbered)


def parsed(form: Format, rows: Iterator[tuple[str, dict]]) -> Iterator[Interaction]:
    """Each row's interaction."""
    for where, row in rows:
        yield form.parse(row, where)


def found_format(names: set[str], source: Path) -> Format:
    """The format with these fields."""
    form = next((one for one in FORMATS if one.needed <= names), None)
    if form is None:
        raise unknown_format(source, sorted(names))
    return form


def unknown_format(source: Path, names: Sequence[str]) -> InteractionError:
    """What is said of a file of another format."""
    held = ", ".join(name[:20] for name in names[:6])
    return InteractionError(
        f"{source} holds {held}, which is no known format of interactions; name the columns user, item and timestamp."
    )


def lines_of(source: Path) -> Iterator[tuple[str, bytes]]:
    """Where each line of a file stands, and the line."""
    try:
        with gzip.open(source, "rb") if source.suffix.lower() == ".gz" else source.open("rb") as file:
            number = 0
            while line := file.readline(LONGEST + 1):
                number += 1
                where = f"{source}, line {number}"
                if len(line) > LONGEST:
                    raise InteractionError(f"{where}: longer than {LONGEST:,} bytes; shorten or remove that line.")
                yield where, line
    except (OSError, EOFError, zlib.error) as problem:
        raise InteractionError(f"{source} cannot be read ({problem}); fetch it again.") from problem


def json_rows(source: Path) -> Iterator[tuple[str, dict]]:
    """Of JSON lines."""
    for where, line in lines_of(source):
        row = parse_line(line, where, InteractionError)
        if row is not None:
            yield where, row


def table_rows(source: Path, separator: str) -> Iterator[tuple[str, list[str]]]:
    """Where each row of a table stands, and its cells."""
    for where, line in lines_of(source):
        text = line.decode("utf-8-sig", errors="replace").rstrip("\r\n")
        if not text.strip():
            continue
        try:
            yield (
                where,
                text.split(separator)
                if separator == "::"
                else next(csv.reader(io.StringIO(text), delimiter=separator)),
            )
        except csv.Error as problem:
            raise InteractionError(f"{where}: no row of a table ({problem}); mend or remove that line.") from problem


def peek(rows: Iterator[tuple[str, dict]], source: Path) -> tuple[dict, Iterator[tuple[str, dict]]]:
    """The first row, and all of them."""
    first = next(rows, None)
    if first is None:
        raise InteractionError(f"{source} is empty.")
    return first[1], chain([first], rows)


def is_number(text: str) -> bool:
    """Whether a cell holds one."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def parse_number(value: object, name: str, where: str) -> float:
    """Raises InteractionError for anything else."""
    try:
        number = float(str(value))
    except ValueError:
        number = float("nan")
    if not abs(number) < 1e15:  # nor is a number that is none, or without end
        raise InteractionError(f"{where}: the {name} {str(value)[:40]!r} is no number; mend or remove that line.")
    return number


def parse_time(value: object, where: str) -> float:
    """Seconds since 1970 of seconds, milliseconds, or a date as 2020-09-18."""
    text = str("" if value is None else value).strip()
    if "-" in text[1:]:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as problem:
            raise InteractionError(f"{where}: {text[:40]!r} is no date; write it as 2020-09-18.") from problem
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    seconds = parse_number(text, "time", where)
    return seconds / 1000 if seconds >= MILLISECONDS else seconds
