"""Make messages with marks to learn to read from: `python -m catalog.make.marked catalog out/marked.jsonl`.

They are the seekers' of generated conversations about products of the training split, as `assets/language/turns.jsonl`
has such that were written by hand. The same catalogue and seed give the same file; none is of a conversation in
catalog/dialogues. A message of which it is not known what every word of a wish means is left out.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import click

from lavic_chat.errors import LavicError
from lavic_chat.storage.files import write_jsonl

from .dialogues import draft, read_looks
from .talk.marking import ALL_SIGNS, MarkingTeller, to_marks, without_signs
from .talk.story import Draft, Shop

UNKNOWN = ("compare", "accent")  # kinds of wishes whose words have no marks here
ANSWERED = ("drip", "rejected", "changed", "corrected", "long")  # scenes whose later messages are known, too
COMPARED = {"dark": ["light+"], "light": ["light-"]}  # what turning down for a reason asks for


def marked_turns(item: Draft) -> Iterator[dict]:
    """Of a conversation told with signs: its messages with marks, the first one an `ask`."""
    story = item.story
    before: list[str] = []
    answered = False  # a product was shown last
    for turn in item.dialogue.turns:
        if turn.role != "seeker":
            answered = bool(turn.shown)
            continue
        is_marked = any(sign in turn.text for sign in ALL_SIGNS)
        if is_marked if not before else story.scene in ANSWERED and (answered or is_marked):
            yield row_of(item, before, turn.text, answered)
        before.append(without_signs(turn.text))


def row_of(item: Draft, before: list[str], text: str, answered: bool) -> dict:
    """A line of the file."""
    act = "ask" if not before else "reject" if answered else "refine"
    row = {"before": list(before), "text": to_marks(text), "act": act}
    reason = item.story.reason if answered else ""
    if reason in COMPARED and any(word in text.lower() for word in ("dark", "light", "pale", "gloomy", "washed")):
        row["compare"] = COMPARED[reason]
    if reason == "colour" and "unwanted" not in row["text"] and "colo" in text.lower():
        row["other"] = ["colour"]
    return row


def make_turns(catalog: Path, count: int, seed: int) -> list[dict]:
    """So many messages; raises LavicError where the catalogue cannot be read."""
    shop = Shop.of(sorted(read_looks(catalog)["train"], key=lambda look: look.id))
    order = random.Random(f"{seed}/marked/order").sample(shop.looks, len(shop.looks))
    rows: list[dict] = []
    number = 0
    while len(rows) < count:
        item = draft(f"{seed}/marked/{number}", number, order, shop, MarkingTeller)
        number += 1
        if not {wish.kind for wish in item.story.wishes} & set(UNKNOWN):
            rows += marked_turns(item)
    return rows[:count]


@click.command(help=__doc__)
@click.argument("catalog", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--count", type=click.IntRange(1), default=8_000, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
def main(catalog: Path, out: Path, count: int, seed: int) -> None:
    try:
        rows = make_turns(catalog, count, seed)
        write_jsonl(out, rows)
        print(f"{len(rows)} messages are in {out}.")
    except LavicError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
