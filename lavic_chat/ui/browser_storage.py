"""What the shopper's own browser keeps of a session, so that loading the page again goes on with it.

It comes back from outside, so that nothing in it is trusted: ids must be of this catalogue, photos must be uploads of
this server, and whatever does not read as we wrote it is as if nothing had been kept. Nothing stays on the server.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from gradio.utils import get_upload_folder

from lavic_chat.catalog.filters import Filters, check_categories
from lavic_chat.catalog.pictures import picture_format
from lavic_chat.catalog.product import Catalog
from lavic_chat.dialogue.turns import OTHER, SEEKER, Dialogue, Turn, clean_message
from lavic_chat.errors import LavicError
from lavic_chat.recommendation import Recommendation, ScoredProduct
from lavic_chat.ui.session import MOST_ANSWERS, MOST_TURNS, Session

FORMAT = 2
MOST_CANDIDATES, MOST_CHIPS, MOST_DROPPED = 100, 100, 400
LONGEST = 4_000  # characters of an id, a name, a path or what is seen
A_PHOTO = "(a photo)"  # stands for one that is gone


def to_storage(session: Session) -> dict:
    """What a browser should keep: the turns once, and of each answer what the page shows of it."""
    answers, each = [], session
    while each and each.dialogue.turns and len(answers) < MOST_ANSWERS:
        row = answer_row(each, session.dialogue.turns)
        answers.append(row)
        if each.recommendation and keeps_pick(each) and len(answers) < MOST_ANSWERS:
            row["candidates"] = []  # they stand in the one before
        each = each.previous
    return {
        "format": FORMAT,
        "turns": [turn_row(turn) for turn in session.dialogue.turns],
        "answers": answers[::-1],
        "filters": filters_row(session.filters),
        "unsent": [session.pending.text, str(session.pending.photo or "")] if session.pending else ["", ""],
    }


def keeps_pick(session: Session) -> bool:
    """Whether the newest answer has left the pick of the one before as it was."""
    return session.previous is not None and session.recommendation is session.previous.recommendation


def answer_row(session: Session, turns: tuple[Turn, ...]) -> dict:
    """What the page shows of the session's newest answer. turns: those that are stored, in which another answer may
    have taken the place of this one."""
    dialogue, found = session.dialogue, session.recommendation or Recommendation(())
    newest = dialogue.turns[-1]
    return {
        "turns": len(dialogue.turns),
        "asked": len(session.asked.turns),
        "reply": None if newest == turns[len(dialogue.turns) - 1] else turn_row(newest),
        "rejected": sorted(dialogue.rejected),
        "dropped": sorted([place, key] for place, key in dialogue.dropped),
        "chips": dict(session.chips),
        "candidates": [candidate_row(item) for item in found.candidates],
        "timings": dict(found.timings_ms),
        "tokens": [found.visual_tokens, found.prompt_tokens],
        "answered_by": [found.model_hash, found.catalog_hash],
        "filters": filters_row(session.filters),
        "like": session.like,
    }


def candidate_row(item: ScoredProduct) -> list:
    """[id, score, similarity, caption], and behind these what the shop says where it contradicts the caption, and what
    that leaves of it."""
    row = [item.product.id, item.score, item.similarity, item.caption]
    return [*row, item.stated, item.seen] if item.stated else row


def turn_row(turn: Turn) -> list:
    """[role, text, photo, ids of what it showed], and the id of what the shopper had on the card where that was no
    pick."""
    about = [turn.about] if turn.about else []
    return [turn.role, turn.text, str(turn.photo or ""), list(turn.shown), *about]


def filters_row(filters: Filters) -> list:
    """[categories in order, lowest price, highest price]."""
    return [sorted(filters.categories), filters.lowest, filters.highest]


def from_storage(stored: Any, catalog: Catalog) -> tuple[Session, str, Path | None]:
    """The session that a browser stored, and the message that was on its way with its photo; a new session where that
    cannot be read."""
    try:
        text, photo = stored["unsent"]
        return read_session(stored, catalog), text_of(text), uploaded(text_of(photo)) if photo else None
    except (LavicError, LookupError, TypeError, ValueError, AttributeError, OverflowError):
        return Session(), "", None


def read_session(stored: dict, catalog: Catalog) -> Session:
    """Raises LavicError, LookupError, TypeError or ValueError for what we did not write."""
    if stored["format"] != FORMAT or len(stored["turns"]) > MOST_TURNS or len(stored["answers"]) > MOST_ANSWERS:
        raise ValueError("written by another version")
    turns = tuple(read_turn(row, catalog) for row in stored["turns"])
    session = Session()
    for row in stored["answers"]:
        session = read_answer(row, turns, session, catalog)
    if len(session.dialogue.turns) != len(turns):
        raise ValueError("turns without an answer")
    return replace(session, filters=read_filters(stored["filters"], catalog))


def read_answer(row: dict, turns: tuple[Turn, ...], previous: Session, catalog: Catalog) -> Session:
    """The session after an answer; `previous`: the one that an undo goes back to."""
    dialogue = read_dialogue(row, turns, catalog)
    if len(dialogue.turns) < len(previous.dialogue.turns):
        raise ValueError("an answer without its question")
    filters = read_filters(row["filters"], catalog)
    candidates = tuple(read_candidate(item, catalog) for item in row["candidates"][:MOST_CANDIDATES])
    if not candidates and dialogue.turns[-1].shown:
        raise ValueError("an answer without its pick")
    if not candidates:
        return replace(previous, dialogue=dialogue, filters=filters, previous=previous)
    asked = row.get("asked", len(dialogue.turns) - 1)
    if not 0 < asked < len(dialogue.turns) or turns[asked - 1].role != SEEKER:
        raise ValueError("a pick without its question")
    timings = {text_of(step): number_of(ms) for step, ms in row["timings"].items()}
    visual_tokens, prompt_tokens = (int(number_of(number)) for number in row["tokens"])
    model_hash, catalog_hash = (hash_of(value) for value in row.get("answered_by", ("", "")))
    return Session(
        dialogue=dialogue,
        asked=replace(dialogue, turns=turns[:asked]),
        recommendation=Recommendation(
            candidates, timings, visual_tokens, prompt_tokens, model_hash=model_hash, catalog_hash=catalog_hash
        ),
        turn_id=uuid4().hex,  # nobody may name another's turn
        filters=filters,
        like=None if row["like"] is None else known_id(row["like"], catalog),
        chips={text_of(key): text_of(label) for key, label in list(row.get("chips", {}).items())[:MOST_CHIPS]},
        previous=previous,
    )


def read_dialogue(row: dict, turns: tuple[Turn, ...], catalog: Catalog) -> Dialogue:
    """The dialogue after an answer of `answer_row`. What a version before this one wrote knows nothing of replies that
    were taken the place of, nor of conditions that were taken back."""
    count = row["turns"]
    if not 1 < count <= len(turns):
        raise ValueError("an answer without its question")
    newest = read_turn(row["reply"], catalog) if row.get("reply") else turns[count - 1]
    if newest.role != OTHER:
        raise ValueError("a question without its answer")
    rejected = frozenset(known_id(name, catalog) for name in row["rejected"])
    dropped = frozenset((place_of(at), text_of(key)) for at, key in row.get("dropped", [])[:MOST_DROPPED])
    return Dialogue((*turns[: count - 1], newest), rejected, dropped)


def read_candidate(row: list, catalog: Catalog) -> ScoredProduct:
    """A candidate of `answer_row`; raises ValueError for what we did not write."""
    name, score, similarity, caption, *settled = row
    if not 0 <= score <= 1:
        raise ValueError("a score that is no probability")
    product, (stated, seen) = catalog[known_id(name, catalog)], settled or ("", "")
    found = ScoredProduct(product, number_of(score), number_of(similarity), text_of(caption))
    return replace(found, stated=text_of(stated), seen=text_of(seen))


def read_turn(row: list, catalog: Catalog) -> Turn:
    """A turn of `to_storage`; raises ValueError, or DialogueError for a message that cannot be."""
    role, text, photo, shown, *about = row
    if role not in (SEEKER, OTHER):
        raise ValueError("a turn of nobody")
    here = uploaded(text_of(photo)) if photo else None
    text = clean_message(text, may_be_empty=here is not None) if text or here or not photo else A_PHOTO
    about = known_id(about[0], catalog) if about else None
    return Turn(role, text, here, tuple(known_id(name, catalog) for name in shown), about)


def read_filters(row: list, catalog: Catalog) -> Filters:
    """The filters of `filters_row`; raises CatalogError for limits or categories that cannot be."""
    names, *prices = row
    lowest, highest = (None if price is None else number_of(price) for price in prices)
    filters = Filters(frozenset(text_of(name) for name in names), lowest, highest)
    if filters.categories:
        check_categories(filters.categories, catalog)
    return filters


def uploaded(name: str) -> Path | None:
    """A photo among the uploads of this server, if it is still there."""
    path = Path(name).resolve()
    if not path.is_relative_to(Path(get_upload_folder()).resolve()):
        return None
    try:
        picture_format(path)
    except LavicError:
        return None
    return path


def known_id(name: object, catalog: Catalog) -> str:
    """A product's id; raises ValueError for any other value."""
    if not isinstance(name, str) or name not in catalog:
        raise ValueError("a product that this shop does not have")
    return name


def number_of(value: object) -> float:
    """A number as a float; raises ValueError for what is none or is beyond 1e12."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        raise ValueError("a number was expected")
    return float(value)


def hash_of(value: object) -> str:
    """A SHA-256 in hex, or "" of what is not known; raises ValueError for any other value."""
    if not isinstance(value, str) or len(value) > 64 or not set(value) <= set("0123456789abcdef"):
        raise ValueError("a hash was expected")
    return value


def place_of(value: object) -> int:
    """The place of a turn; raises ValueError for any other value."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < MOST_TURNS:
        raise ValueError("a place was expected")
    return value


def text_of(value: object) -> str:
    """A text of at most LONGEST characters; raises ValueError for any other value."""
    if not isinstance(value, str) or len(value) > LONGEST:
        raise ValueError("a text was expected")
    return value
