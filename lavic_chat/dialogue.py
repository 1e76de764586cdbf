"""A conversation between a shopper (the seeker) and the recommender, and its Reddit-Amazon text form."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from lavic_chat.errors import DialogueError
from lavic_chat.files import read_jsonl

SEEKER, OTHER = "seeker", "recommender"
MORE_LIKE = "Show me more like the"  # how the message begins that a button says in the shopper's name
MAX_MESSAGE = 4_000  # characters of one message

TAGS = {SEEKER: "submission", OTHER: "comment"}
BLOCK = re.compile(r"<(submission|comment)>(.*?)(?:</\1>|\Z)", re.DOTALL)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")  # keeps tab and newline

# What turns the last pick down. The words need an end or a noun after them, for "not that one" and "I don't
# want it" do, while "not that dark" and "I don't want it too dark" only add a wish.
NOUN = r"(?:one|pick|product|item|thing|option|suggestion|colou?r|style|shape|design|look)s?\b"
MORE = r"(?:please|thanks|thank|either|again|at all|any ?more|because|since|but|though|and)\b"
END = rf"(?![’']?\w)(?!\s+(?!{MORE})\w)"
OBJECT = rf"(?:it|that|this|these|those|them)(?:\s+{NOUN}|{END})"
REJECTION = re.compile(
    r"(?<!\bfor )(?<!n['’]t need )(?<!n['’]t want )\b(?:something|anything)\s+(?:else|other|different)\b"
    r"|\bany\s+(?:other|different)\b"
    r"|\bwhat\s+else\b|\bshow\s+me\s+(?:another|others?|(?:an?|some)\s+(?:other|different))\b"
    rf"|(?<!why )\bnot\s+(?:the\s+(?:first|last|previous)\s+{NOUN}|{OBJECT})"
    rf"|\b(?:another|a\s+different)\s+{NOUN}|\bnone\s+of\s+(?:these|those|them)\b"
    rf"|\b(?:do|did)(?:\s*not|n['’]?t)\s+(?:really\s+)?(?:like|love|want)\s+{OBJECT}"
    rf"|(?<!n['’]t )\b(?:hate|dislike|can['’]?t\s+stand)\s+{OBJECT}"
    r"|\A\W*(?:no|nope|nah)(?:\W+(?:thanks|thank\s+you))?\W*\Z",
    re.IGNORECASE,
)


ALL_REJECTED = re.compile(r"\bnone\s+of\s+(?:these|those|them)\b|\bnot\s+(?:these|those)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Turn:
    """One message. `shown` are the ids that a recommender's turn put before the shopper, the pick first."""

    role: str
    text: str
    photo: Path | None = None
    shown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dialogue:
    """Turns, oldest first, and what the shopper has turned down. Every method returns a new dialogue."""

    turns: tuple[Turn, ...] = ()
    rejected: frozenset[str] = field(default_factory=frozenset)

    @property
    def last_pick(self) -> str | None:
        """Id of the latest product recommended, or None."""
        return next((turn.shown[0] for turn in reversed(self.turns) if turn.shown), None)

    @property
    def photo(self) -> Path | None:
        """The newest photo that the shopper sent, or None."""
        return next((turn.photo for turn in reversed(self.turns) if turn.photo), None)

    def say(self, text: str, photo: Path | None = None) -> "Dialogue":
        """Add a shopper's message; words such as "not that one" turn the last pick down.

        Raises DialogueError for an empty message without a photo, or one over MAX_MESSAGE characters.
        """
        text = clean_message(text, may_be_empty=photo is not None)
        said = replace(self, turns=(*self.turns, Turn(SEEKER, text, photo)))
        for product_id in self.turned_down_by(text):
            said = said.reject(product_id)
        return said

    def turned_down_by(self, text: str) -> tuple[str, ...]:
        """Ids that a message turns down: the last pick, or with "none of these" all that were shown with it."""
        shown = next((turn.shown for turn in reversed(self.turns) if turn.shown), ())
        if ALL_REJECTED.search(text):
            return shown
        return shown[:1] if REJECTION.search(text) else ()

    def answer(self, text: str, shown: Iterable[str] = ()) -> "Dialogue":
        """Add the recommender's message with the product ids it showed, the pick first."""
        text = CONTROL.sub(" ", text).strip()
        return replace(self, turns=(*self.turns, Turn(OTHER, text, None, tuple(shown))))

    def reject(self, product_id: str) -> "Dialogue":
        """Turn a product down: it does not come back in this conversation."""
        return replace(self, rejected=self.rejected | {product_id})

    def to_context(self) -> str:
        """The Reddit-Amazon `context` text, tags inside messages defused so that text cannot fake a turn."""
        blocks = ((TAGS[turn.role], defuse_tags(turn.text)) for turn in self.turns)
        return "".join(f"<{tag}>{text}</{tag}>\n" for tag, text in blocks)


def parse_context(context: str) -> Dialogue:
    """Read a Reddit-Amazon `context`; text outside any tag counts as one message of the seeker."""
    turns = [
        Turn(SEEKER if match[1] == "submission" else OTHER, CONTROL.sub(" ", match[2]).strip())
        for match in BLOCK.finditer(context)
    ]
    if not turns and context.strip():
        turns = [Turn(SEEKER, CONTROL.sub(" ", context).strip())]
    return Dialogue(tuple(turn for turn in turns if turn.text))


def clean_message(text: str, may_be_empty: bool = False) -> str:
    """Strip a message and its control characters; raises DialogueError when it is empty or too long."""
    if len(text) > MAX_MESSAGE:
        raise DialogueError(
            f"That message has {len(text):,} characters; please shorten it to {MAX_MESSAGE:,} or fewer."
        )
    text = CONTROL.sub(" ", text).strip()
    if not text and not may_be_empty:
        raise DialogueError("The message is empty; say what you are looking for, or send a photo.")
    return text


def defuse_tags(text: str) -> str:
    return re.sub(r"<(/?)(submission|comment)>", r"(\1\2)", text)


@dataclass(frozen=True)
class Conversation:
    """One line of a dialogue file: a dialogue with its known answer and its candidate lists.

    `candidates` maps a key such as "candidates_st" to product ids; `gt_items` holds each id once.
    """

    dialogue: Dialogue
    gt_items: tuple[str, ...]
    candidates: dict[str, tuple[str, ...]] = field(default_factory=dict)
    set: str = "all"
    where: str = ""  # "file, line n", for messages


def read_conversations(path: Path) -> list[Conversation]:
    """Read a Reddit-Amazon JSONL file; raises DialogueError naming file and line of the first bad one."""
    return [conversation_from(row, f"{path.name}, line {number}") for number, row in read_jsonl(path, DialogueError)]


def unique(ids: Iterable[str]) -> tuple[str, ...]:
    """Each id once, in order, without what no file could hold."""
    return tuple(dict.fromkeys(CONTROL.sub(" ", item) for item in ids))


def conversation_from(row: dict, where: str) -> Conversation:
    context, gt_items = row.get("context"), row.get("gt_items")
    if not isinstance(context, str) or not context.strip():
        raise DialogueError(f"{where}: `context` must be a text; mend or remove that line.")
    lists = {key: value for key, value in row.items() if key.startswith("candidates")}
    for key, ids in {"gt_items": gt_items, **lists}.items():
        if not isinstance(ids, list) or not all(isinstance(item, str) for item in ids):
            raise DialogueError(f"{where}: `{key}` must be a list of product ids; mend or remove that line.")
    dialogue = parse_context(context)
    if not dialogue.turns:
        raise DialogueError(f"{where}: `context` holds no message; mend or remove that line.")
    return Conversation(
        dialogue=dialogue,
        gt_items=unique(gt_items),  # the data lists some ground truths twice
        candidates={key: unique(ids) for key, ids in lists.items()},
        set=CONTROL.sub(" ", str(row.get("set") or "all")),
        where=where,
    )
