"""Which of the products that were shown a message points at, and whether it is wanted back or only its like."""

import re
from collections.abc import Sequence
from dataclasses import replace

from lavic_chat.catalog.text import singular, words_of
from lavic_chat.dialogue.turns import Turn
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.catalog_words import SMALL_WORDS, stems
from lavic_chat.nlu.grounding import Grounding
from lavic_chat.nlu.intent import Intent, Relation
from lavic_chat.nlu.kinds import NAMED_SO
from lavic_chat.nlu.pointing import DEFINITE, POINTING, Pointing
from lavic_chat.nlu.reading import Reading
from lavic_chat.nlu.shown import Shown
from lavic_chat.nlu.thesaurus import JOINTS

CALLED_SO = 1.0  # similarity of a kind that something here is called by
MATCHES = 0.5  # probability from which on a shown product looks as said
ALL_SHOWN = re.compile(r"\b(?:none|neither|any|all)\s+of\s+(?:these|those|them)\b", re.IGNORECASE)
THOSE = re.compile(  # all that were shown, or one that is spoken of so: "ankle boots"
    r"\bnot\s+(?:these|those)\b|\b(?:these|those|others)(?=\W*\Z|\s+(?:are|do|don|look|all|ones?)\b)", re.IGNORECASE
)
TAKES = re.compile(
    r"\b(?:i|we)(?:['’]?ll|\s+will|\s+would|['’]?d)?\s+(?:like\s+to\s+)?(?:take|buy|have|choose|go\s+(?:for|with))\s+"
    r"(?:it|this|that)(?:\s+one)?(?:\W+(?:then|please|thanks))?\W*\Z", re.IGNORECASE,
)  # fmt: skip
OF_ITSELF = re.compile(r"\b(?:it|this(?:\s+one)?)\s+(?:\w+\s+)?in\b", re.IGNORECASE)  # "this one in black"
HAVE_IT_IN = re.compile(rf"\b(?:have|get|got|sell|make|order|buy)\s+{OF_ITSELF.pattern}", re.IGNORECASE)


class References:
    """Finds them in the words of one catalogue."""

    def __init__(self, grounding: Grounding):
        self.grounding, self.row = grounding, grounding.row
        self.pointing = Pointing(grounding)

    def named_in(self, turn: Turn) -> tuple[str, ...]:
        """Products by the title that a message of the shop holds, where it shows none by id: all that are called so; of
        several titles the first that is called by each, in their order."""
        listed, columns = () if turn.shown else self.grounding.titles.listed_in(turn.text), self.grounding.columns
        if len(listed) > 1:
            return tuple(columns.ids[columns.titles.index(title)] for title in listed)
        return tuple(columns.ids[row] for row, title in enumerate(columns.titles) if title in listed)

    def taken(self, read: Reading, text: str, shown: Shown) -> Reading:
        """A message as a recall where it takes what the talk has come to, and that is not the pick: "ok, I buy it"."""
        is_taken = read.act not in (r.QUESTION, r.RECALL) and TAKES.search(text)
        return replace(read, act=r.RECALL) if is_taken and shown.current != shown.pick else read

    def find(self, read: Reading, text: str, shown: Shown) -> str | None:
        """Id of the shown product that a message points at, the pick where it does not say which."""
        if not shown.lists:
            return shown.current
        if read.act == r.RECALL and not read.place and read.words(r.WANTED) and OF_ITSELF.search(text):
            return shown.current
        names_it = read.act in (r.RECALL, r.QUESTION) or read.which == r.NAMED
        kinds = self.kinds_in(read, text) if names_it else ()
        spans = read.spans if names_it else tuple(one for one in read.spans if one.slot == r.REFERENCE)
        return self.pointing.find(replace(read, spans=spans), text, shown, kinds)

    def kinds_in(self, read: Reading, text: str) -> tuple[str, ...]:
        """The kind of thing by which a message names what was shown, "go back to the scarf"; in a question also one
        behind an article, where the network has overlooked it."""
        pointing = (name for words in read.words(r.REFERENCE) for name in self.things_in(words)[:1])
        kinds = tuple(pointing) or read.words(r.KIND)
        if kinds or read.act != r.QUESTION:
            return kinds
        definite = (name for match in DEFINITE.finditer(text) for name in (match[1], match[1].split()[0]))
        known = (name for name in definite if not POINTING.issuperset(words_of(name)))
        named = (name for name in known if self.grounding.things_in(name) == (name.lower(),) or self.is_sold_so(name))
        return tuple(named)[:1]

    def is_sold_so(self, name: str) -> bool:
        """Whether anything here is called so, "the teapot"; the name of a part, "the sides", is within other names."""
        best = int(self.grounding.kind(name).argmax()) if len(self.row) else -1
        last = words_of(self.grounding.columns.titles[best])[-1:] if best >= 0 else []
        return stems(name) == stems(" ".join(last)) and self.grounding.nearest_of(name) >= NAMED_SO

    def things_in(self, words: str) -> tuple[str, ...]:
        """Things that words point at, or the broad name of such, "the top"."""
        bare = " ".join(word for word in words_of(words) if word not in SMALL_WORDS)
        is_broad = bool(bare) and self.grounding.nearest_of(bare) >= CALLED_SO
        return self.grounding.things_in(words) or ((bare,) if is_broad else ())

    def is_called(self, item: str | None, title: str) -> bool:
        """Whether a product's title has all words of a name, "back to the Bella"."""
        titles = self.grounding.columns.titles
        return item is not None and stems(title) <= stems(titles[self.row[item]])

    def appears_so(self, item: str, words: Sequence[str]) -> bool:
        """Whether a product looks as each of the words says."""
        return all(self.grounding.appearance(word)[self.row[item]] >= MATCHES for word in words)

    def resolve(self, intent: Intent, read: Reading, text: str, shown: Shown) -> Intent:
        """A recall either brings back a product that was shown, or asks for its like: in another look, cheaper. So does
        who asks to have it in another look."""
        if intent.act in (r.ASK, r.REFINE) and shown.current and read.words(r.WANTED) and HAVE_IT_IN.search(text):
            same = Relation("shape", "=", shown.current)
            return replace(intent, relations=(*intent.relations, same))
        if intent.act != r.RECALL:
            return intent
        if intent.title and not self.is_called(intent.reference, intent.title):
            return replace(intent, reference=None)
        if not intent.reference:
            return replace(intent, act=r.REFINE)
        wanted = tuple(filter(self.grounding.is_known, read.words(r.WANTED)))
        is_named = read.which == r.NAMED or intent.reference != shown.on_card  # else the same in that look is wanted
        is_called_so = is_named and shown.was_asked_for(intent.reference, wanted)
        if wanted and not is_called_so and not self.appears_so(intent.reference, wanted):
            like = (*intent.relations, Relation("shape", "=", intent.reference))
            return replace(intent, act=r.REFINE, relations=like, reference=None)
        if read.compared or read.same or read.other:
            return replace(intent, act=r.REFINE, reference=None)
        return replace(intent, excluded=intent.excluded - {intent.reference})

    def turned_down(self, read: Reading, text: str, reference: str | None, shown: Shown) -> tuple[str, ...]:
        """Ids of the products that a refusal is about: the one pointed at, all of the newest list, or the pick."""
        items = shown.lists[-1]
        if read.place and reference:
            return (reference,)
        title = self.grounding.columns.titles[self.row[items[0]]]
        every = ALL_SHOWN.search(text) or (THOSE.search(text) and not is_plural(title))
        one = tuple(dict.fromkeys((items[0], shown.current or items[0])))
        return items if every or items in shown.by_title else one


def is_plural(title: str) -> bool:
    """Whether a single product is spoken of in the plural, "ankle boots", "tulips in a vase"."""
    words = words_of(title)
    named = words[: next((place for place, word in enumerate(words) if word in JOINTS), len(words))]
    return bool(named) and singular(named[-1]) != named[-1]
