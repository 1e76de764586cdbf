"""Whether the shop listens: conversations that are played, and what must hold of the answer to the last message.

The format is that of catalog/conversations/README.md. Conditions are facts of the catalogue, attributes of looks
included, whether or not the recommender may read them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lavic_chat.catalog import Catalog, Product
from lavic_chat.catalog.measures import facts_of
from lavic_chat.dialogue import Dialogue
from lavic_chat.errors import DialogueError
from lavic_chat.nlu.reading import EXTREMES
from lavic_chat.recommendation import Recommendation
from lavic_chat.storage.files import read_jsonl

PICK, FACTS, REPLY = "pick", "facts", "reply"
APPEARANCE = ("type", "colour", "shade", "material", "pattern", "style")
LIMITS = ("price", "width", "depth", "height")
Recommend = Callable[[Dialogue], Recommendation]


@dataclass(frozen=True)
class PlayedConversation:
    """One line of a file. turns: the shopper's messages; expect: what must hold of the last answer."""

    id: str
    kind: str
    catalog: str
    turns: tuple[str, ...]
    act: str
    expect: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """A conversation as it went: the last answer, what was wrong with it ("" for nothing), and whether one of the ten
    would have been right (None where no pick was asked for)."""

    conversation: PlayedConversation
    answers: tuple[Recommendation, ...]
    fault: str
    in_list: bool | None = None

    @property
    def last(self) -> Recommendation:
        """The answer to the last message."""
        return self.answers[-1]


def read_played(path: str | Path) -> list[PlayedConversation]:
    """All conversations of a file; raises DialogueError naming file and line of the first bad one."""
    found = []
    for number, row in read_jsonl(Path(path), DialogueError):
        try:
            known: dict[str, Any] = {**row, "turns": tuple(row["turns"])}
            one = PlayedConversation(**known)
            if not one.turns or not all(isinstance(text, str) for text in one.turns):
                raise ValueError("turns")
            if not isinstance(one.expect.get("tells", ""), str):
                raise ValueError("`tells` must be one word")
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise DialogueError(
                f"{Path(path).name}, line {number}: that is no conversation ({error}); see the README beside it."
            ) from error
        found.append(one)
    return found


def play(
    conversation: PlayedConversation, recommend: Recommend, write: Callable[..., str]
) -> tuple[Recommendation, ...]:
    """Send every message and take the answers. write: an answer and its dialogue as the page would say it."""
    dialogue, answers = Dialogue(), []
    for text in conversation.turns:
        asked = dialogue.say(text)
        found = recommend(asked)
        answers.append(found)
        dialogue = asked.answer(write(found, asked), [item.product.id for item in found.candidates])
    return tuple(answers)


class Judge:
    """Judges answers by the facts of a catalogue. lightness: CIE L* of a shade's name, None where unknown."""

    def __init__(self, catalog: Catalog, lightness: Callable[[str], float | None]):
        self.catalog, self.lightness = catalog, lightness
        self.facts = {product.id: self.facts_of(product) for product in catalog}

    def facts_of(self, product: Product) -> dict[str, Any]:
        """All that is known, looks included."""
        shade, colour = (str(product.attributes.get(name, "")) for name in ("shade", "colour"))
        named = (f"{shade} {colour}", shade, colour)  # "denim" alone is a fabric
        light = next((found for name in named if (found := self.lightness(name.strip())) is not None), None)
        return {**product.attributes, **facts_of(product), "lightness": light, "title": product.title}

    def judge(self, conversation: PlayedConversation, answers: Sequence[Recommendation]) -> Outcome:
        """What was wrong with the last answer, the first thing that was."""
        expect, last = conversation.expect, answers[-1]
        asked = expect.get("answer", PICK)
        if asked == REPLY:
            fault = "a pick, where words were asked for" if last.candidates else ""
            return Outcome(conversation, tuple(answers), fault)
        if asked == FACTS:
            return Outcome(conversation, tuple(answers), self.judge_words(expect, answers))
        if not last.candidates:
            return Outcome(conversation, tuple(answers), "words, where a pick was asked for", False)
        faults = [self.judge_pick(expect, item.product, answers) for item in last.candidates]
        fault = faults[0]
        if not fault and (name := expect.get("gives_way")) and name not in {one.name for one in last.gave_way}:
            fault = f"nothing was said of the {name}, which gave way"
        return Outcome(conversation, tuple(answers), fault, "" in faults)

    def judge_pick(self, expect: Mapping[str, Any], product: Product, answers: Sequence[Recommendation]) -> str:
        """What is wrong with a product, "" for nothing."""
        facts, given_way = self.facts[product.id], expect.get("gives_way")
        for name in APPEARANCE:
            value = facts.get(name)
            if name != given_way and name in expect and value not in expect[name]:
                return f"{name} {value}"
            if name != given_way and value in expect.get(f"not_{name}", ()):
                return f"{name} {value}"
        if "title" in expect and not any(part.lower() in product.title.lower() for part in expect["title"]):
            return f"title {product.title}"
        for name in LIMITS:
            if name in expect and name != given_way:
                value = facts.get(name)
                if value is None or not expect[name].get("least", 0) <= value <= expect[name].get("most", 1e12):
                    return f"{name} {value}"
        relations = (self.judge_relation(one, facts, product, answers) for one in expect.get("versus", ()))
        return next(filter(None, relations), "")

    def judge_relation(
        self, relation: Mapping[str, Any], facts: Mapping[str, Any], product: Product, answers: Sequence[Recommendation]
    ) -> str:
        """What is wrong between a product and one that was shown before."""
        anchor = shown_at(relation, answers)
        if anchor is None:
            return "nothing was shown to compare with"
        theirs = self.facts[anchor.id]
        for name, wanted in relation.items():
            if name in ("turn", "place"):
                continue
            mine, other = (product.id, anchor.id) if name == "product" else (facts.get(name), theirs.get(name))
            if wanted in ("same", "other"):
                good = (mine == other) == (wanted == "same")
            else:
                good = mine is not None and other is not None and (mine < other if wanted == "less" else mine > other)
            if not good:
                return f"{name} {mine} against {other}, not {wanted}"
        return ""

    def judge_words(self, expect: Mapping[str, Any], answers: Sequence[Recommendation]) -> str:
        """What is wrong with an answer in words."""
        last, tells = answers[-1], expect["tells"]
        if last.candidates:
            return "a pick, where a question was asked"
        if tells == "count":
            return "" if any(mark.isdigit() for mark in last.reply) else "no number"
        place = expect.get("of", {"turn": max((n for n, one in enumerate(answers, 1) if one.candidates), default=0)})
        product = shown_at(place, answers)
        if product is None:
            return "nothing had been shown"
        if tells in EXTREMES:
            name, highest = EXTREMES[tells]
            shown = answers[place["turn"] - 1].candidates
            best = max if highest else min
            product = best((item.product for item in shown), key=lambda one: self.facts[one.id].get(name, 0))
            return "" if product.title in last.reply else f"the {tells} is {product.title}"
        if self.is_in(tells, product, last.reply.lower()):
            return ""
        return f"{tells} of {product.title} is not in the answer"

    def is_in(self, tells: str, product: Product, reply: str) -> bool:
        """Whether a reply holds a fact of a product."""
        facts = self.facts[product.id]
        if tells == "size":
            return all(f"{facts[name]:g}" in reply for name in ("width", "depth", "height") if name in facts)
        if tells == "other_colours":
            others = {self.facts[one.id].get("colour") for one in self.catalog if one.title == product.title}
            return any(str(colour) in reply for colour in others - {facts.get("colour")}) or len(others) < 2
        if tells in LIMITS:
            return tells in facts and f"{facts[tells]:,g}" in reply
        if tells == "pattern" and facts.get("pattern") == "plain":
            return "plain" in reply
        return str(facts.get(tells, "?")).lower() in reply


def shown_at(place: Mapping[str, Any], answers: Sequence[Recommendation]) -> Product | None:
    """The product that stood at a place of an answer's list."""
    if not 1 <= place.get("turn", 0) <= len(answers):
        return None
    shown = answers[place["turn"] - 1].candidates
    at = place.get("place", 1) - 1
    return shown[at].product if 0 <= at < len(shown) else None
