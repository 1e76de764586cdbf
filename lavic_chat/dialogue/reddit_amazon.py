"""The Reddit-Amazon text form of a dialogue, and files of dialogues with their known answers."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lavic_chat.dialogue.entities import read_entities
from lavic_chat.dialogue.turns import CONTROL, OTHER, SEEKER, Dialogue, Turn
from lavic_chat.errors import DialogueError
from lavic_chat.storage.files import read_jsonl

TAGS = {SEEKER: "submission", OTHER: "comment"}
BLOCK = re.compile(r"<(submission|comment)>(.*?)(?:</\1>|\Z)", re.DOTALL)


def parse_context(context: str) -> Dialogue:
    """Read a Reddit-Amazon `context`; text outside any tag counts as one message of the seeker."""
    turns = [
        Turn(SEEKER if match[1] == "submission" else OTHER, CONTROL.sub(" ", match[2]).strip())
        for match in BLOCK.finditer(context)
    ]
    if not turns and context.strip():
        turns = [Turn(SEEKER, CONTROL.sub(" ", context).strip())]
    return Dialogue(tuple(turn for turn in turns if turn.text))


def without_entities(dialogue: Dialogue) -> Dialogue:
    """The dialogue with the HTML entities of its messages read; what they stand for begins no turn."""
    read = ((turn, CONTROL.sub(" ", read_entities(turn.text)).strip()) for turn in dialogue.turns)
    return Dialogue(tuple(replace(turn, text=text) for turn, text in read if text))


def to_context(dialogue: Dialogue) -> str:
    """The Reddit-Amazon `context` text, tags inside messages defused so that text cannot fake a turn."""
    blocks = ((TAGS[turn.role], defuse_tags(turn.text)) for turn in dialogue.turns)
    return "".join(f"<{tag}>{text}</{tag}>\n" for tag, text in blocks)


def defuse_tags(text: str) -> str:
    """Tags inside a message in round brackets, so that it stays one message."""
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


def read_conversations(path: str | Path) -> list[Conversation]:
    """Read a Reddit-Amazon JSONL file; raises DialogueError naming file and line of the first bad one."""
    path = Path(path)
    return [conversation_from(row, f"{path.name}, line {number}") for number, row in read_jsonl(path, DialogueError)]


def unique(ids: Iterable[str]) -> tuple[str, ...]:
    """Each id once, in order, without what no file could hold."""
    return tuple(dict.fromkeys(CONTROL.sub(" ", item) for item in ids))


def conversation_from(row: dict, where: str) -> Conversation:
    """Of one line's object; raises DialogueError that begins with `where`."""
    context: Any = row.get("context")
    gt_items: Any = row.get("gt_items")
    if not isinstance(context, str) or not context.strip():
        raise DialogueError(f"{where}: `context` must be a text; mend or remove that line.")
    lists = {key: value for key, value in row.items() if key.startswith("candidates")}
    for key, ids in {"gt_items": gt_items, **lists}.items():
        if not isinstance(ids, list) or not all(isinstance(item, str) for item in ids):
            raise DialogueError(f"{where}: `{key}` must be a list of product ids; mend or remove that line.")
    dialogue = without_entities(parse_context(context))
    if not dialogue.turns:
        raise DialogueError(f"{where}: `context` holds no message; mend or remove that line.")
    return Conversation(
        dialogue=dialogue,
        gt_items=unique(gt_items),  # the data lists some ground truths twice
        candidates={key: unique(ids) for key, ids in lists.items()},
        set=CONTROL.sub(" ", str(row.get("set") or "all")),
        where=where,
    )
