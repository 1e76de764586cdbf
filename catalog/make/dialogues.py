"""Make the generated dialogues: `python -m catalog.make.dialogues` writes catalog/dialogues/{train,valid,test}.jsonl.

Each conversation has one wanted product, ten candidates and words that only this candidate fulfils. A split's
products are of its shapes alone. The same catalogue and seed give the same files; a split of 0 is left as it is.
Conversations written by hand (catalog/make/handwritten.jsonl) follow the generated ones in test.jsonl.
"""

import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from lavic_chat.catalog.splits import Splits, read_splits
from lavic_chat.dialogue import to_context
from lavic_chat.dialogue.reddit_amazon import conversation_from
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.errors import CatalogError, DialogueError, LavicError
from lavic_chat.storage.files import read_jsonl, write_atomic, write_jsonl

from .talk.banks import bank
from .talk.candidates import choose_mixed, choose_visual, mixed_scope
from .talk.looks import Look, look_of
from .talk.measures import measure, write_report
from .talk.nouns import noun_for
from .talk.retrieval import Ranker, rank_by_chance, rank_by_text
from .talk.scenes import tell
from .talk.stories import SCENES, draw_story
from .talk.story import Asked, Draft, Shop, Story
from .talk.voice import Teller, Voice
from .talk.wanting import weighted
from .talk.wording import answer

SPLITS = ("train", "valid", "test")
TRIES = 60  # products tried before a set counts as impossible


def read_looks(catalog: Path) -> dict[str, list[Look]]:
    """The looks of each split; raises LavicError where products.jsonl or splits.json do not fit together."""
    rows = {str(row.get("id")): row for _, row in read_jsonl(catalog / "products.jsonl")}
    shapes = recorded_splits(catalog).shapes
    try:
        looks = {
            split: [
                look_of(rows[item], shape) for shape, items in sorted(shapes.get(split, {}).items()) for item in items
            ]
            for split in SPLITS
        }
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise CatalogError(
            f"{catalog / 'splits.json'} does not fit products.jsonl ({error}); make the catalogue again."
        ) from error
    return {split: [look for look in some if look is not None] for split, some in looks.items()}


def recorded_splits(catalog: Path) -> Splits:
    """The splits of the catalogue; raises CatalogError where there are none or they cannot be read."""
    splits = read_splits(catalog)
    if splits is None:
        raise CatalogError(f"There is no file {catalog / 'splits.json'}; make the catalogue first.")
    return splits


def make_split(looks: Sequence[Look], count: int, seed: str, ranker: Ranker) -> tuple[list[dict], list[Draft]]:
    """`count` conversations over these looks, and the drafts behind them.

    Raises LavicError when the looks are too few for lists of ten that one request tells apart.
    """
    shop = Shop.of(sorted(looks, key=lambda look: look.id))
    order = random.Random(f"{seed}/order").sample(shop.looks, len(shop.looks))
    drafts = [draft(f"{seed}/{number}", number, order, shop) for number in range(count)]
    texts = [bare_text(item.dialogue) for item in drafts if item.set == "mixed"]
    ranked = ranker(texts, shop.looks, random.Random(f"{seed}/ties")) if texts else iter(())
    rows = []
    for number, item in enumerate(drafts):
        rng = random.Random(f"{seed}/{number}/candidates")
        chosen = item.chosen or choose_mixed(rng, item.story, item.scope, shop, next(ranked))
        if chosen is None:
            raise LavicError(f"A split of {len(looks)} products is too small for lists of ten; add products.")
        rows.append(to_row(item, chosen, rng))
    return rows, drafts


def bare_text(dialogue: Dialogue) -> str:
    """The context as retrieval reads it."""
    return to_context(dialogue).replace("<", " ").replace(">", " ")


def draft(seed: str, number: int, order: Sequence[Look], shop: Shop, telling: type[Teller] = Teller) -> Draft:
    """One conversation; three in five are visual. Products come up in turn, the next where one does not work. telling:
    who tells it."""
    name = "visual" if number % 5 < 3 else "mixed"
    rng = random.Random(seed)
    if len(order) < 10:
        raise LavicError(f"A split of {len(order)} products is too small for lists of ten; add products.")
    scene = weighted(rng, SCENES[name])
    for attempt in range(TRIES):
        target = order[(number + attempt // 5 * 7) % len(order)]
        story = draw_story(rng, scene if attempt < TRIES // 2 else "single", target, shop)
        if story is None:
            continue
        picked = choose_visual(rng, story, shop) if name == "visual" else ([], mixed_scope(rng, story, shop))
        if picked is not None:
            return write_draft(telling(rng, Voice.draw(rng)), name, story, *picked)
    raise LavicError(f"No {name} list of ten could be made around {order[number % len(order)].title}; add products.")


def write_draft(teller: Teller, name: str, story: Story, chosen: list[Look], scope: str) -> Draft:
    """The story told in words; `scope` is what its noun may name."""
    target = story.target
    group = {"any": "any", "field": target.field}.get(scope, target.group)
    kinds = (target.thing, target.sort) if scope == "thing" else (target.sort,) if scope == "type" else ()
    places = bank(*(f"place {kind}" for kind in (*kinds, group)), "place any")
    place = teller.pick(places) if teller.chance(0.6) else ""
    asked = Asked(noun_for(teller, target, scope), place, story.mood, story.budget, target.field == "furniture")
    shown = {look.title: look.id for look in story.seen}
    dialogue = Dialogue()
    for role, text in tell(teller, story, asked):
        ids = [item for title, item in shown.items() if title in text]
        dialogue = dialogue.say(text) if role == "seeker" else dialogue.answer(text, ids)
    said = place if place.lower() in bare_text(dialogue).lower() else ""
    return Draft(name, story, dialogue, answer(teller, target, said), scope, tuple(chosen))


def to_row(item: Draft, chosen: Iterable[Look], rng: random.Random) -> dict:
    """One line of the file; the candidates are shuffled."""
    candidates = [item.story.target.id, *(look.id for look in chosen)]
    rng.shuffle(candidates)
    return {
        "context": to_context(item.dialogue),
        "context_items": [shown for turn in item.dialogue.turns for shown in turn.shown],
        "gt": item.gt,
        "gt_items": [item.story.target.id],
        "candidates": candidates,
        "set": item.set,
    }


def read_handwritten(catalog: Path) -> list[dict]:
    """The conversations written by hand, as they are; none where there is no such file.

    Raises DialogueError for a line that is no conversation with candidates, is not of the set "handwritten", or has a
    product that is not in the catalogue or not in its test split.
    """
    path = catalog / "make" / "handwritten.jsonl"
    if not path.is_file():
        return []
    known = {str(row.get("id")) for _, row in read_jsonl(catalog / "products.jsonl")}
    splits = recorded_splits(catalog)
    rows = []
    for number, row in read_jsonl(path, DialogueError):
        where = f"{path.name}, line {number}"
        spoken = conversation_from(row, where)
        lists = [*spoken.candidates.values(), spoken.gt_items, row.get("context_items") or ()]
        if spoken.set != "handwritten" or not spoken.candidates or not spoken.gt_items:
            raise DialogueError(f"{where}: `set` must be handwritten, with candidates and a wanted product; mend it.")
        for item in (item for some in lists for item in some):
            if item not in known:
                raise DialogueError(f"{where}: product {item} is not in the catalogue; mend or remove that line.")
            if splits.split_of.get(item) != "test":
                raise DialogueError(f"{where}: product {item} is not in the test split; mend or remove that line.")
        rows.append(row)
    return rows


@click.command(help=__doc__)
@click.option("--catalog", type=click.Path(path_type=Path), default=Path("catalog"), show_default=True)
@click.option("--train", type=click.IntRange(0), default=20_000, show_default=True)
@click.option("--valid", type=click.IntRange(0), default=600, show_default=True)
@click.option("--test", type=click.IntRange(0), default=800, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--encoder/--no-encoder", default=True, help="Choose the mixed sets by text similarity.")
@click.option("--report", type=click.Path(path_type=Path), help="Write the measures and samples to this Markdown file.")
def main(catalog: Path, train: int, valid: int, test: int, seed: int, encoder: bool, report: Path | None) -> None:
    try:
        looks, by_hand = read_looks(catalog), read_handwritten(catalog) if test else []
        measured, samples = {}, []
        for split, count in zip(SPLITS, (train, valid, test), strict=True):
            if not count:
                continue
            rows, drafts = make_split(
                looks[split], count, f"{seed}/{split}", rank_by_text if encoder else rank_by_chance
            )
            further = by_hand if split == "test" else []
            write_jsonl(catalog / "dialogues" / f"{split}.jsonl", [*rows, *further])
            measured[split] = measure(rows, looks[split], drafts) | ({"handwritten": len(further)} if further else {})
            samples = samples or rows
            print(split, json.dumps(measured[split], indent=1, ensure_ascii=False))
        if report:
            write_atomic(report, write_report(measured, samples, [look for some in looks.values() for look in some]))
    except LavicError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
