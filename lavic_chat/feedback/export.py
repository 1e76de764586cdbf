"""From feedback to training dialogues: flags and judgements written as a Reddit-Amazon dialogue file."""

from pathlib import Path

from lavic_chat.feedback.annotation import RANKING, RETRIEVAL, AnnotationStore
from lavic_chat.feedback.flags import Flag
from lavic_chat.storage.files import write_jsonl


def export_dialogues(annotations: AnnotationStore, path: str | Path) -> int:
    """Write every turn whose right product is known as a Reddit-Amazon line, oldest first; return how many.

    Turns without a right product, or of a photo without words, make no dialogue. `failed` says of what annotators
    judged whether ranking or retrieval failed. Raises LavicError where `path` cannot be written, FlagError where the
    database cannot be read.
    """
    rows = [
        dialogue_row(turn) | ({"failed": verdict} if verdict in (RANKING, RETRIEVAL) else {})
        for turn, verdict in annotations.corrected()
        if turn.makes_example
    ]
    write_jsonl(path, rows)
    return len(rows)


def dialogue_row(flag: Flag) -> dict:
    """A line of a dialogue file: what the turn should have picked; its keys are those of Reddit-Amazon."""
    return {
        "context": flag.context,
        "context_items": [],
        "gt": "",
        "gt_items": [flag.correct],
        "candidates": [name for name, _ in flag.candidates],
        "set": "flags",
    }
