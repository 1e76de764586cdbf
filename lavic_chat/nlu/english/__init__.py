"""English for shops: names of things, and words for how they look, hand-written, of no catalogue."""

import json
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from lavic_chat.nlu.lexicon import Lexicon, entry_from, likeness_from
from lavic_chat.nlu.thesaurus import Thesaurus, thing_from, with_groups

FOLDER = Path(__file__).parent
COMMON = 20_000  # words


def rows(name: str) -> Iterator[dict]:
    """The objects of a file beside this one."""
    with (FOLDER / f"{name}.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


@cache
def load_lexicon() -> Lexicon:
    """Words for how things look."""
    return Lexicon(map(entry_from, rows("appearance")), map(likeness_from, rows("likenesses")))


@cache
def english_hash() -> str:
    """SHA-256 of all names and words here."""
    digest = sha256()
    for path in sorted(FOLDER.glob("*.jsonl")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def words_by_use() -> tuple[str, ...]:
    """English words as they are spelled, of SymSpell's list of 83,000, the commonest first."""
    lines = (files("symspellpy") / "frequency_dictionary_en_82_765.txt").read_text("utf-8-sig").splitlines()
    return tuple(line.partition(" ")[0] for line in lines)


@cache
def load_words() -> frozenset[str]:
    """All of them."""
    return frozenset(words_by_use())


def common_words() -> tuple[str, ...]:
    """The commonest ones."""
    return words_by_use()[:COMMON]


def is_spelled(word: str) -> bool:
    """Whether a word in lower case is spelled so in English. The list is read when first asked."""
    return word in load_words()


@cache
def load_thesaurus() -> Thesaurus:
    """Names of things, and of groups of them."""
    return Thesaurus(with_groups(map(thing_from, rows("things")), rows("groups")))
