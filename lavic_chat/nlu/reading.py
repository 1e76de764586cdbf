"""What is read of one message alone, before any catalogue is asked: its act, its marked words, and how it relates to
what was shown. The names here are those of the training data (assets/language/turns.jsonl) and of the tagger's outputs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lavic_chat.catalog.measures import DEPTH, HEIGHT, LENGTH, SEATS, WIDTH

ASK, REFINE, REJECT, RECALL, QUESTION = "ask", "refine", "reject", "recall", "question"
CHATTER, SERVICE, OTHER_LANGUAGE = "small_talk", "service", "other_language"
ACTS = (ASK, REFINE, REJECT, RECALL, QUESTION, CHATTER, SERVICE, OTHER_LANGUAGE)

KIND, WANTED, UNWANTED, REFERENCE, TITLE = "kind", "wanted", "unwanted", "ref", "title"
PRICE, SIZE = "price", "size"
MEASURES = (WIDTH, DEPTH, HEIGHT, LENGTH, SIZE)
AMOUNTS = (PRICE, *MEASURES, SEATS)
APPEARANCES = (WANTED, UNWANTED)  # slots of how a thing looks
SLOTS = (KIND, *APPEARANCES, *AMOUNTS, REFERENCE, TITLE)

MOST, LEAST, ABOUT = "<", ">", "~"
BOUNDS = (MOST, LEAST, ABOUT)

NOTHING = ""
ASKS = (
    NOTHING, "price", "width", "depth", "height", "size", "material", "colour", "type", "pattern", "title", "cheapest",
    "dearest", "widest", "narrowest", "tallest", "smallest", "biggest", "other_colours", "count", "goes_with", "other",
)  # fmt: skip
EXTREMES: Mapping[str, tuple[str, bool]] = {  # what may be asked for -> the fact, and whether the highest of it
    "cheapest": ("price", False), "dearest": ("price", True), "widest": (WIDTH, True), "narrowest": (WIDTH, False),
    "tallest": (HEIGHT, True), "smallest": (SIZE, False), "biggest": (SIZE, True),
}  # fmt: skip
COMPARE = "compare"  # asked for beside a wish: another product to compare the pick with
SIZES = "sizes"  # asked for, too, though the network has no name for it: those that a thing comes in
CAPACITY, WEIGHT = "capacity", "weight"  # nor for what a thing holds, and weighs
# Nor for these: the shop's own choice, what tells two apart, whether they are alike in a facet, the order by lightness,
# which of those shown are so, what is sold here, and what else, what can be had, a sum of prices, and who is speaking.
FAVOURITE, DIFFERENCE, SAME, LIGHTEST, DARKEST = "favourite", "difference", "same", "lightest", "darkest"
OF_THOSE, ASSORTMENT, ELSE, STOCK, TOTAL, SPEAKER = "of_those", "assortment", "else", "stock", "total", "speaker"
OF_SEVERAL = (FAVOURITE, SAME, DIFFERENCE, LIGHTEST, DARKEST, OF_THOSE)  # is asked of what was shown
COMPARED = ("price", "width", "depth", "height", "size", "light", "pattern")
COMPARISONS = tuple(f"{name}{sign}" for name in COMPARED for sign in "+-")
LAST, PREVIOUS, FIRST, NAMED = "last", "previous", "first", "named"
ANSWERS = (LAST, PREVIOUS, FIRST, NAMED)  # of the shop, that a message may point at
PLACES = (0, *range(1, 11), -1)  # in a list that was shown; 0: none is said, -1: the last
FACETS = ("colour", "material", "pattern", "style", "shape", "brand")
LIFTED = ("price", "size", "colour", "material", "all")


@dataclass(frozen=True)
class Span:
    """Words of a message, from `start` to `end`. bound: of an amount, else "". sure: probability that they are of the
    slot; against: that they are of the opposite one."""

    slot: str
    text: str
    start: int
    end: int
    bound: str = ""
    sure: float = field(default=1.0, compare=False)
    against: float = field(default=0.0, compare=False)

    def overlaps(self, start: int, end: int) -> bool:
        """Whether it has any of the text from `start` to `end`."""
        return self.start < end and start < self.end


@dataclass(frozen=True)
class Reading:
    """A message as it was read.

    asks: what a question is about. compared: relations to what was shown, "price-" is cheaper. place: in the list that
    `which` answer showed. same, other: facets that shall be as, or unlike, those of what was shown. lifted: limits and
    wishes that hold no more. possible: words that may be a kind of thing, likely or not. which_shares, place_shares:
    probabilities of ANSWERS and of PLACES, as the network gave them; empty where it was not asked.
    """

    act: str = ASK
    spans: tuple[Span, ...] = ()
    asks: str = NOTHING
    compared: frozenset[str] = frozenset()
    place: int = 0
    which: str = LAST
    same: frozenset[str] = frozenset()
    other: frozenset[str] = frozenset()
    lifted: frozenset[str] = frozenset()
    possible: tuple[Span, ...] = field(default=(), compare=False)
    which_shares: tuple[float, ...] = field(default=(), compare=False)
    place_shares: tuple[float, ...] = field(default=(), compare=False)

    def words(self, slot: str) -> tuple[str, ...]:
        """The texts of a slot's spans, in order."""
        return tuple(span.text for span in self.spans if span.slot == slot)


@dataclass(frozen=True)
class MarkedTurn:
    """A message with its true reading, after the shopper's earlier ones, oldest first."""

    before: tuple[str, ...]
    text: str
    reading: Reading


def newest_before(before: Sequence[str], most: int = 2) -> str:
    """The shopper's latest messages before one, as one text."""
    return " / ".join(before[-most:])
