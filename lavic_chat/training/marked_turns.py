"""Messages marked by hand, to learn from: `... a [kind:sofa], no [unwanted:leather], [price<:500] at most`.

One JSON object a line: `before` (the shopper's earlier messages), `text` (with marks), `act`, and where they apply
`asks`, `compare`, `place`, `which`, `same`, `other`, `lifts`; see assets/language/README.md.
"""

import re
from pathlib import Path
from typing import Any

from lavic_chat.errors import DialogueError
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.reading import MarkedTurn, Reading, Span
from lavic_chat.storage.files import read_jsonl

MARK = re.compile(r"\[([a-z]+)([<>~]?):([^\[\]]+)\]")


def read_marked_turns(path: str | Path) -> list[MarkedTurn]:
    """All turns of a file; raises DialogueError naming file and line of the first bad one."""
    path = Path(path)
    return [turn_from(row, f"{path.name}, line {number}") for number, row in read_jsonl(path, DialogueError)]


def turn_from(row: dict, where: str) -> MarkedTurn:
    """Of one line's object; raises DialogueError that begins with `where`."""
    try:
        text, spans = unmark(row["text"])
        known = Reading(
            act=one_of(row["act"], r.ACTS),
            spans=spans,
            asks=one_of(row.get("asks", r.NOTHING), r.ASKS),
            compared=all_of(row.get("compare", ()), r.COMPARISONS),
            place=one_of(row.get("place", 0), r.PLACES),
            which=one_of(row.get("which", r.LAST), r.ANSWERS),
            same=all_of(row.get("same", ()), r.FACETS),
            other=all_of(row.get("other", ()), r.FACETS),
            lifted=all_of(row.get("lifts", ()), r.LIFTED),
        )
        return MarkedTurn(tuple(map(str, row.get("before", ()))), text, known)
    except (KeyError, ValueError, TypeError) as error:
        raise DialogueError(f"{where}: {error} is not as it should be; mend or remove that line.") from error


def unmark(marked: str) -> tuple[str, tuple[Span, ...]]:
    """A marked text -> the plain one, and its spans. Raises ValueError for a slot or bound that is not known."""
    parts: list[str] = []
    spans: list[Span] = []
    length = last = 0
    for match in MARK.finditer(marked):
        slot, bound, words = one_of(match[1], r.SLOTS), match[2], match[3]
        if bool(bound) != (slot in r.AMOUNTS and slot != r.SEATS):
            raise ValueError(match[0])
        parts += [marked[last : match.start()], words]
        start = length + match.start() - last
        spans.append(Span(slot, words, start, start + len(words), bound))
        length, last = start + len(words), match.end()
    return "".join([*parts, marked[last:]]), tuple(spans)


def one_of(value: Any, names: tuple) -> Any:
    """The value; raises ValueError unless it is one of the names."""
    if value not in names:
        raise ValueError(repr(value))
    return value


def all_of(values: object, names: tuple) -> frozenset:
    """The values as a set; raises ValueError unless each is one of the names."""
    if not isinstance(values, list | tuple):
        raise ValueError(repr(values))
    return frozenset(one_of(value, names) for value in values)
