"""Conversations with the candidates to rank: as the file lists them, or as our own retrieval finds them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tqdm import tqdm

from lavic_chat.catalog import Catalog
from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.errors import DialogueError

IMPORT = "import their metadata with `lavic-chat catalog import META.json --to DIR` and pass --catalog DIR"


@dataclass(frozen=True)
class Case:
    """A conversation with the candidates to rank."""

    conversation: Conversation
    ids: tuple[str, ...]


def cases_by_key(conversations: Sequence[Conversation], key: str) -> list[Case]:
    """Candidates as the file lists them; raises DialogueError when the key is missing."""
    if not any(key in conversation.candidates for conversation in conversations):
        keys = sorted({name for conversation in conversations for name in conversation.candidates}) or ["none"]
        raise DialogueError(
            f"The dialogues have no candidates under {key!r} (there: {', '.join(keys)}); choose one of those."
        )
    return [Case(c, c.candidates[key]) for c in conversations if c.candidates.get(key)]


def check_products(cases: Sequence[Case], catalog: Catalog) -> None:
    """Raises DialogueError when a candidate is not in the catalogue."""
    wanted = {item for case in cases for item in case.ids}
    missing = sorted(wanted - set(catalog.by_id))
    if missing:
        raise DialogueError(
            f"{len(missing)} of the {len(wanted)} candidate products, {missing[0]} for one, are not in the "
            f"catalogue {catalog.folder}; {IMPORT}, or use --ranker first or random, which need no catalogue."
        )


def check_answers(conversations: Sequence[Conversation], catalog: Catalog) -> None:
    """Raises DialogueError when not one ground truth is in the catalogue, so that retrieval could only miss."""
    if not any(item in catalog for conversation in conversations for item in conversation.gt_items):
        raise DialogueError(
            f"None of the products that the {len(conversations)} conversations ended with are in the catalogue "
            f"{catalog.folder}; {IMPORT}."
        )


def cases_by_retrieval(
    conversations: Sequence[Conversation], search: Callable[[Conversation], Sequence[str]]
) -> list[Case]:
    """Candidates from our own retrieval; a ground truth that it misses stays missed."""
    return [Case(c, tuple(search(c))) for c in tqdm(conversations, desc="Retrieving", unit="dialogue")]
