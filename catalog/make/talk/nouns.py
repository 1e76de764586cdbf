"""Nouns: what the wanted thing is called, by its own name, its type's, or a word for the whole group."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from .banks import bank
from .kinds import is_noun, misnamed
from .voice import Teller, article, plural

if TYPE_CHECKING:
    from .looks import Look

VERBS = {"comes": "come", "has": "have", "isn't": "aren't", "is|'s": "are", "doesn't": "don't"}


@dataclass(frozen=True)
class Noun:
    """How the wanted thing is called: "armchair", or with `vague` "something {word}" ("to sit on").

    `part` is what looks are said of where it is not the thing itself ("pot" for a plant). `mark` puts signs around it.
    """

    word: str
    vague: bool = False
    part: str = ""
    mark: Callable[[str], str] = str

    def phrase(self, before: str = "", after: str = "") -> str:
        """ "a green armchair in leather", "something green to sit on"; `before` and `after` may be empty."""
        if not self.vague:
            words = (article(f"{before} {self.mark(self.word)}".strip()),)
        elif before:
            words = ("something", before, self.mark(self.word))
        else:
            words = (self.mark(f"something {self.word}"),)
        return " ".join(filter(None, (*words, after)))

    def bare(self, before: str = "", after: str = "") -> str:
        """The phrase without its article."""
        words = (before, self.mark(self.word), after)
        return self.phrase(before, after) if self.vague else " ".join(filter(None, words))

    def many(self, before: str = "", after: str = "") -> str:
        """The plural, or "things to sit on"."""
        things = self.mark(f"things {self.word}" if self.vague else plural(self.word))
        return " ".join(filter(None, (before, things, many_verbs(after))))

    @property
    def room(self) -> int:
        """How many adjectives it takes: "something green to sit on", not "something green soft for the floor"."""
        if not self.vague:
            return 2
        return int(self.word.split()[0] in ("to", "for", "with"))

    @property
    def short(self) -> str:
        """How the thing is named on its own: "armchair", or "thing"."""
        return "thing" if self.vague else self.mark(self.word)


def many_verbs(after: str) -> str:
    """A relative clause put into the plural: "that comes in red" becomes "that come in red"."""
    for one, many in VERBS.items():
        after = re.sub(rf"^(,? ?(?:that|which))(?: | ?(?='))(?:{one})\b", rf"\1 {many}", after)
    return after


def singular(kind: str) -> str:
    """A type as a countable noun: "curtains" become "pair of curtains"."""
    if kind.endswith("s") and not kind.endswith("ss"):
        return f"pair of {kind}"
    return kind


def noun_for(teller: Teller, target: "Look", scope: str) -> Noun:
    """The noun that names the target as its "thing", "type", "group" or "field", or as "any" thing."""
    if scope == "type" and misnamed(target.type, target.thing):
        scope = "group"
    if scope == "type" and not is_noun(target.type):
        return broad_noun(teller, target.type, target.group)
    if scope in ("thing", "type"):
        return own_noun(teller, target.thing if scope == "thing" else target.type, target.part)
    return broad_noun(teller, target.at(scope))


def own_noun(teller: Teller, kind: str, part: str = "") -> Noun:
    """A kind by its own name or another that means the same, in the speaker's region."""
    other = bank(f"call {kind}")
    word = teller.pick(other) if other and teller.chance(0.4) else ""
    return Noun(word or singular(kind), part=part, mark=partial(teller.mark, "kind"))


def broad_noun(teller: Teller, *names: str) -> Noun:
    """A word for a whole group, by the first name that the banks know; used where the type would give the answer."""
    word = teller.pick(bank(*(f"broad {name}" for name in names), "broad any"))
    return Noun(word.removeprefix("~"), word.startswith("~"), mark=partial(teller.mark, "kind"))
