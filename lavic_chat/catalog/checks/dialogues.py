"""The dialogue files of a catalogue: whether they fit its products and splits, and what they hold in numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lavic_chat.catalog.product import Catalog, Problem
from lavic_chat.catalog.splits import Splits
from lavic_chat.catalog.text import listed
from lavic_chat.dialogue.reddit_amazon import Conversation, conversation_from
from lavic_chat.errors import DialogueError, LavicError
from lavic_chat.storage.files import read_jsonl

DIALOGUES = "dialogues"  # a folder beside products.jsonl, of Reddit-Amazon JSONL files
CANDIDATES = "candidates"  # the list that a choice is made from; `candidates_…` are what some retriever found


@dataclass(frozen=True)
class DialogueStats:
    """Conversations of one set of one file, and their mean number of turns and of words."""

    file: str
    set: str
    conversations: int
    turns: float
    words: float


def dialogue_files(folder: str | Path) -> list[Path]:
    """All dialogue files, those of the splits in the order of training."""
    order = ["train", "valid", "test"]
    paths = sorted((Path(folder) / DIALOGUES).glob("*.jsonl"))
    return sorted(paths, key=lambda path: order.index(first_word(path)) if first_word(path) in order else 3)


def first_word(path: Path) -> str:
    """ "test" of test.jsonl and of test-handwritten.jsonl: the split that a file's name promises."""
    return re.split(r"[\W_]", path.stem)[0]


def rows_of(path: Path, problems: list[Problem]) -> Iterator[tuple[dict, Conversation]]:
    """Each readable line as it stands and as a conversation; what cannot be read is added to `problems`."""
    name = f"{DIALOGUES}/{path.name}"

    def add(error: LavicError) -> None:
        line = re.match(r"(line \d+): ", str(error).removeprefix(f"{path}, ").removeprefix(f"{name}, "))
        where, sentence = (f"{name}, {line[1]}", str(error).partition(line[0])[2]) if line else (name, str(error))
        problems.append(Problem("bad line", where, sentence))

    try:
        for number, row in read_jsonl(path, DialogueError, add):
            try:
                yield row, conversation_from(row, f"{name}, line {number}")
            except DialogueError as error:
                add(error)
    except DialogueError as error:
        add(error)


def check_dialogues(catalog: Catalog, splits: Splits | None) -> Iterator[Problem]:
    """What is amiss with each line of each dialogue file."""
    for path in dialogue_files(catalog.folder):
        bad_lines: list[Problem] = []
        split = first_word(path) if splits and first_word(path) in splits.shapes else ""
        for row, conversation in rows_of(path, bad_lines):
            yield from check_answers(row, conversation)
            yield from check_products(conversation, catalog)
            if splits and split:
                yield from check_split(row, conversation, splits.split_of, split)
        yield from bad_lines


def check_answers(row: dict, conversation: Conversation) -> Iterator[Problem]:
    """An answer there must be, among the candidates where these are listed, and each candidate once."""
    where = conversation.where
    if not conversation.gt_items:
        yield Problem("no answer", where, "`gt_items` is empty; say which product is the right one.")
    for key, ids in conversation.candidates.items():
        if conversation.gt_items and not set(ids) & set(conversation.gt_items):
            sentence = f"`{key}` holds none of the right answers ({listed(list(conversation.gt_items))})."
            yield Problem("answer not offered", where, sentence, is_warning=key != CANDIDATES)
        if len(ids) < len(row[key]):
            yield Problem("repeated candidate", where, f"`{key}` lists a product more than once.")


def check_products(conversation: Conversation, catalog: Catalog) -> Iterator[Problem]:
    """Right products and candidates that the catalogue does not have."""
    wanted = [*conversation.gt_items, *(item for ids in conversation.candidates.values() for item in ids)]
    unknown = [item for item in dict.fromkeys(wanted) if item not in catalog]
    if unknown:
        are = "is no product" if len(unknown) == 1 else "are no products"
        yield Problem("unknown product", conversation.where, f"{listed(unknown)} {are} of the catalogue.")


def check_split(row: dict, conversation: Conversation, split_of: dict[str, str], split: str) -> Iterator[Problem]:
    """Products that the dialogue names, those mentioned earlier included, must be of the file's own split."""
    context = row.get("context_items")
    mentioned = [item for item in context if isinstance(item, str)] if isinstance(context, list) else []
    named = dict.fromkeys([*conversation.gt_items, *sum(conversation.candidates.values(), ()), *mentioned])
    foreign = [f"{item} ({split_of[item]})" for item in named if split_of.get(item, split) != split]
    if foreign:
        are = "belongs" if len(foreign) == 1 else "belong"
        yield Problem("wrong split", conversation.where, f"{listed(foreign)} {are} to another split than {split}.")


def dialogue_stats(folder: str | Path) -> tuple[DialogueStats, ...]:
    """Counts by file and set, in the files' order; lines that cannot be read are left out."""
    counts: dict[tuple[str, str], list[int]] = {}
    for path in dialogue_files(folder):
        for _, conversation in rows_of(path, []):
            turns = conversation.dialogue.turns
            count = counts.setdefault((path.name, conversation.set), [0, 0, 0])
            count[0] += 1
            count[1] += len(turns)
            count[2] += sum(len(turn.text.split()) for turn in turns)
    return tuple(DialogueStats(*key, n, turns / n, words / n) for key, (n, turns, words) in counts.items())
