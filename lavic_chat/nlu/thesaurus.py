"""English names of things that shops sell: which names mean one thing, whatever a catalogue calls it.

One JSON object a line (english/things.jsonl): `thing`, `also` (other names of it), `broader` (kinds that it is of),
`by_use` (what describes it to whoever lacks its name). And english/groups.jsonl, what is wished for where no thing is
named, "some storage", "something for the kitchen": `group`, `also`, `by_use`, and the `things`, and other `groups`,
that will do. It knows no catalogue; names that it lacks are found by their meaning.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from hashlib import sha256
from itertools import chain

import numpy as np

from lavic_chat.catalog.text import singular, words_of

# A thing is named before these.
JOINTS = frozenset(["with", "in", "for", "of", "on", "from", "and", "or", "without", "to", "by", "at"])
CONTAINING = frozenset(("of",))  # the joint before which a thing is named whole, "a chest of drawers"
OF_USE = frozenset(("for", "of"))  # joints behind which stands what makes a name with the words before: "box for bread"
CONTAINERS = frozenset(("box", "bottle", "book", "bunch", "tin", "pad", "pack", "deck", "string", "end"))
MEASURES = frozenset(("piece", "item", "bit", "kind", "sort", "type", "pair", "set", "article"))  # "of" something
WORD = re.compile(r"(?P<word>(?P<joined>(?<=[^\W\d_]-))?[^\W\d_]+(?P<joins>(?=-[^\W\d_]))?)")  # as words_of has them
LONGEST_NAME = 4  # words of a thing's name
GLUE = frozenset(["a", "an", "the", "my", "our", "some", "any", "new", "one", "pair", "set"])


@dataclass(frozen=True)
class Thing:
    """A kind of thing, by all its names. broader: names of kinds that it is of; by_use: phrases that describe it.
    is_group: whether it is none of its own, "some storage"."""

    names: tuple[str, ...]
    broader: tuple[str, ...] = ()
    by_use: tuple[str, ...] = ()
    is_group: bool = False


class Thesaurus:
    """Things by their names; a name may be of several."""

    def __init__(self, things: Iterable[Thing]):
        self.things = tuple(things)
        self.find = lru_cache(8192)(self._find)

    @cached_property
    def by_name(self) -> Mapping[tuple[str, ...], frozenset[int]]:
        """Things by the words of each name that does not go on, and of "a chest of drawers" by the first ones."""
        found: dict[tuple[str, ...], set[int]] = {}
        for place, thing in enumerate(self.things):
            for name in thing.names:
                if not goes_on(name) or has_hyphens(name) or (not thing.is_group and is_known_by_head(name)):
                    found.setdefault(name_words(name), set()).add(place)
        return {words: frozenset(places) for words, places in found.items()}

    @cached_property
    def by_phrase(self) -> Mapping[tuple[str, ...], frozenset[int]]:
        """Things by all the words of names that go on, "something for the kitchen", "table and chairs"."""
        found: dict[tuple[str, ...], set[int]] = {}
        for place, thing in enumerate(self.things):
            for name in filter(goes_on, thing.names):
                found.setdefault(phrase_words(name), set()).add(place)
        return {words: frozenset(places) for words, places in found.items()}

    @cached_property
    def words(self) -> frozenset[str]:
        """All words of all names, as they are written."""
        return frozenset(word for thing in self.things for name in thing.names for word in words_of(name))

    @cached_property
    def kinds(self) -> tuple[frozenset[int], ...]:
        """Of each thing, the things that it is: itself and those that its broader names mean; groups are no things."""
        found = []
        for place, thing in enumerate(self.things):
            wider = (self.by_name.get(name_words(name), frozenset()) for name in thing.broader)
            found.append(frozenset({place}).union(*wider) - (self.groups - {place}))
        return tuple(found)

    @cached_property
    def groups(self) -> frozenset[int]:
        """Those that are groups."""
        return frozenset(place for place, thing in enumerate(self.things) if thing.is_group)

    @cached_property
    def group_names(self) -> Mapping[str, int]:
        """Groups by the name that their members know them by, the first one."""
        return {self.things[place].names[0]: place for place in self.groups}

    @cached_property
    def members(self) -> tuple[frozenset[int], ...]:
        """Of each thing, or group, all the things that are such a thing, itself too."""
        found: list[set[int]] = [set() for _ in self.things]
        for place, thing in enumerate(self.things):
            of = (self.group_names[name] for name in thing.broader if name in self.group_names)
            for kind in (*self.kinds[place], *of):
                found[kind].add(place)
        return tuple(map(frozenset, found))

    @cached_property
    def wider(self) -> tuple[frozenset[tuple[str, ...]], ...]:
        """Of each thing, the words of its broader names, but for groups that are named by a phrase."""
        phrases = set(filter(goes_on, self.group_names))
        return tuple(frozenset(name_words(name) for name in {*thing.broader} - phrases) for thing in self.things)

    @cached_property
    def phrases(self) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
        """All that names or describes a thing, the thing [n] of each, and whether [n] it describes it."""
        rows = [
            (text, place, described)
            for place, thing in enumerate(self.things)
            for described, texts in ((False, thing.names), (True, thing.by_use)) for text in texts
        ]  # fmt: skip
        texts, places, described = zip(*rows, strict=True) if rows else ((), (), ())
        return texts, np.array(places, np.int64), np.array(described, bool)

    @cached_property
    def key(self) -> str:
        """A hash of all that is said of the things."""
        return sha256(repr(self.things).encode()).hexdigest()

    def named_in(self, text: str) -> frozenset[int]:
        """All things that are named anywhere in a text, and those that they are of."""
        words = [singular(word) for word in words_of(text)]
        spans = ((start, start + size) for size in range(1, LONGEST_NAME + 1) for start in range(len(words) - size + 1))
        named = frozenset().union(*(self.by_name.get(tuple(words[start:end]), ()) for start, end in spans))
        return named.union(*(self.kinds[place] for place in named))

    def names_in(self, words: Sequence[str], small: Collection[str]) -> Iterator[str]:
        """Names of things wherever they stand in a text, by its words, the longest first; none begins or ends with a
        small word."""
        for size in range(min(LONGEST_NAME, len(words)), 0, -1):
            for start in range(len(words) - size + 1):
                name, last = " ".join(words[start : start + size]), words[start + size - 1]
                if words[start] in small or last in small or not {last, singular(last)} & self.words:
                    continue
                if self.is_name(name):
                    yield name

    def no_things(self, names: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
        """Those names, by their words, that are of no thing: "kitchen appliance"."""
        return [name for name in names if self.by_name.get(name, frozenset()) <= self.groups]

    def is_group(self, said: str) -> bool:
        """Whether words name groups of things alone."""
        return self.is_name(said) and self.find(said)[0] <= self.groups

    def is_name(self, said: str) -> bool:
        """Whether words are the name of a thing, or of a group."""
        places, left = self.find(said)
        return bool(places) and not left

    def is_phrase(self, said: str) -> bool:
        """Whether words are a name that goes on behind a joint, "something for the kitchen"."""
        return phrase_words(said) in self.by_phrase

    def head_words(self, said: str) -> tuple[str, ...]:
        """The words of a name up to a joint; none where those name another thing, "a box of chocolates"."""
        return () if self.is_phrase(said) and not is_known_by_head(said) else name_words(said)

    def measured(self, said: str) -> str:
        """What words name of which they say but how much: "pieces of kitchenware" are kitchenware."""
        words = words_of(said)
        place = next((place for place, word in enumerate(words[:-1]) if place and word in CONTAINING), 0)
        is_measured = place and singular(words[place - 1]) in MEASURES and not self.is_phrase(said)
        return " ".join((*words[: place - 1], *words[place + 1 :])) if is_measured else said

    def unfold(self, said: str, sold: np.ndarray) -> str:
        """A name without joints where one is known of a thing that is sold: a "box for bread" is a bread box. As it is
        where none is. sold: of each thing, whether it is."""
        words = words_of(said)
        place = next((place for place, word in enumerate(words) if place and word in OF_USE), len(words) - 1)
        head, tail = words[:place], [word for word in words[place + 1 :] if word not in GLUE]
        if not tail or self.is_phrase(said) or JOINTS.intersection(tail):
            return said
        name = " ".join((*tail, *(word for word in head if word not in GLUE)))
        return name if sold[list(self.by_name.get(name_words(name), ()))].any() else said

    def goes_on(self, said: str) -> bool:
        """Whether words say more of a thing behind its name, "case for papers", and are no name as a whole."""
        words = words_of(said)
        return (
            bool(JOINTS.intersection(words[1:-1]))
            and not self.is_phrase(said)
            and (not is_known_by_head(said) or name_words(said) not in self.by_name)
        )

    def _find(self, said: str) -> tuple[frozenset[int], int]:
        """The things that words name, by as many of the last words before a joint as make a name, and how many words
        were left over before that."""
        if places := self.by_phrase.get(phrase_words(said)):
            return places, 0
        words = name_words(self.measured(said))
        if words and words[0] in JOINTS:  # "to hide the shoes" is what a thing is for, and none by its name
            return frozenset(), len(words)
        for start in range(len(words)):
            if places := self.by_name.get(words[start:]):
                return places, start
        return frozenset(), len(words)


@lru_cache(maxsize=65536)
def name_words(text: str) -> tuple[str, ...]:
    """The words of a name up to a joint, without endings: "two bar stools with backs" -> (two, bar, stool)."""
    words = []
    for found in WORD.finditer(text.casefold()):
        word = found["word"]
        is_free = found["joined"] is None and found["joins"] is None  # "slip-on shoes" are named as a whole
        if word in JOINTS and words and is_free:
            break
        if word not in GLUE:
            words.append(singular(word))
    return tuple(words)


def phrase_words(text: str) -> tuple[str, ...]:
    """All words of a name, without endings and articles."""
    return tuple(singular(word) for word in words_of(text) if word not in GLUE)


def goes_on(name: str) -> bool:
    """Whether a name goes on behind a joint, "something for the kitchen"."""
    return bool(JOINTS.intersection(phrase_words(name)))


def has_hyphens(name: str) -> bool:
    """Whether hyphens join what would else be joints, "slip-on shoes"."""
    return goes_on(name) and len(name_words(name)) == len(phrase_words(name))


def is_known_by_head(name: str) -> bool:
    """Whether its first words are a name, too: a "chest" of drawers, but no "box" of chocolates."""
    return bool(CONTAINING.intersection(words_of(name))) and not CONTAINERS.intersection(name_words(name))


def with_groups(things: Iterable[Thing], rows: Iterable[Mapping]) -> list[Thing]:
    """Things, and groups of them as broader things behind; raises KeyError for another object than a group's."""
    groups = list(rows)
    members = {row["group"]: row["things"] for row in groups}
    names: dict[str, list[str]] = {}
    for row in groups:
        wholes = row.get("groups", ())
        for name in dict.fromkeys(chain(row["things"], *(members[whole] for whole in wholes), wholes)):
            names.setdefault(name, []).append(row["group"])
    found = [replace(thing, broader=(*thing.broader, *names.get(thing.names[0], ()))) for thing in things]
    return found + [
        Thing((row["group"], *row["also"]), tuple(names.get(row["group"], ())), tuple(row["by_use"]), is_group=True)
        for row in groups
    ]


def thing_from(row: Mapping) -> Thing:
    """Of one line's object; raises KeyError for another one."""
    return Thing((row["thing"], *row.get("also", ())), tuple(row.get("broader", ())), tuple(row.get("by_use", ())))
