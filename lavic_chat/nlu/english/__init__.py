"""English for shops: names of things, and words for how they look, hand-written, of no catalogue."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from lavic_chat.nlu.lexicon import Lexicon, entry_from
from lavic_chat.nlu.thesaurus import Thesaurus, thing_from

FOLDER = Path(__file__).parent


def rows(name: str) -> Iterator[dict]:
    """The objects of a file beside this one."""
    with (FOLDER / f"{name}.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


@cache
def load_lexicon() -> Lexicon:
    """Words for how things look."""
    return Lexicon(map(entry_from, rows("appearance")))


@cache
def load_thesaurus() -> Thesaurus:
    """Names of things."""
    return Thesaurus(map(thing_from, rows("things")))
