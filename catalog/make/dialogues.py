"""Make the generated dialogues: `python -m catalog.make.dialogues` writes catalog/dialogues/{train,valid,test}.jsonl.

Each conversation has one wanted product, ten candidates and words that only this candidate fulfils. A split's
products are of its shapes alone. The same catalogue and seed give the same files; a split of 0 is left as it is.
"""

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click

from lavic_chat.dialogue import Dialogue
from lavic_chat.errors import CatalogError, LavicError
from lavic_chat.files import read_jsonl, write_jsonl

from .talk.banks import bank
from .talk.candidates import choose_mixed, choose_visual, combined, mixed_scope
from .talk.kinds import broad_noun, type_noun
from .talk.looks import Look, look_of
from .talk.scenes import Asked, Story, answer, tell
from .talk.stories import SCENES, Shop, draw_story, weighted
from .talk.voice import Teller, Voice

SPLITS = ("train", "valid", "test")
TRIES = 60  # products tried before a set counts as impossible
NEGATION = re.compile(
    r"\b(not?|nothing|without|anything but|none|never|neither|(?:do|is|are|ca|wo|must|should)n['’]?t)\b", re.IGNORECASE
)
Ranker = Callable[[Sequence[str], Sequence[Look], random.Random], list[list[Look]]]


@dataclass(frozen=True)
class Draft:
    """A conversation in words; `chosen` are the other candidates, which a mixed set gets only after ranking."""

    set: str
    story: Story
    dialogue: Dialogue
    gt: str
    scope: str  # what the noun names: the wanted thing's type, group or field, or "any" thing
    chosen: tuple[Look, ...] = ()


def read_looks(catalog: Path) -> dict[str, list[Look]]:
    """The looks of each split; raises LavicError where products.jsonl or splits.json do not fit together."""
    rows = {str(row.get("id")): row for _, row in read_jsonl(catalog / "products.jsonl")}
    try:
        splits = json.loads((catalog / "splits.json").read_text("utf-8"))
        looks = {
            split: [
                look_of(rows[item], shape) for shape, items in sorted(splits.get(split, {}).items()) for item in items
            ]
            for split in SPLITS
        }
    except OSError as error:
        raise CatalogError(f"There is no file {catalog / 'splits.json'}; make the catalogue first.") from error
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise CatalogError(
            f"{catalog / 'splits.json'} does not fit products.jsonl ({error}); make the catalogue again."
        ) from error
    return {split: [look for look in some if look is not None] for split, some in looks.items()}


def rank_by_chance(texts: Sequence[str], looks: Sequence[Look], rng: random.Random) -> list[list[Look]]:
    """Instead of retrieval: products in chance order; the caller's own rules bring the types together."""
    return [rng.sample(list(looks), len(looks)) for _ in texts]


@cache
def load_encoder():
    """The retriever's own text encoder; raises LavicError where it cannot be had."""
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    from lavic_chat.model.assemble import ensure_text_encoder
    from lavic_chat.settings import lavic_home

    logging.disable_progress_bar()
    return SentenceTransformer(str(ensure_text_encoder(lavic_home())), device="cpu")


def rank_by_text(texts: Sequence[str], looks: Sequence[Look], rng: random.Random) -> list[list[Look]]:
    """Looks by the similarity of their words to each text, as retrieval does it; equal texts in chance order."""
    encoder = load_encoder()
    words = sorted({look.words for look in looks})
    rows = encoder.encode(words, batch_size=64, normalize_embeddings=True, show_progress_bar=False)
    queries = encoder.encode(list(texts), batch_size=64, normalize_embeddings=True, show_progress_bar=False)
    place = {text: number for number, text in enumerate(words)}
    ranked = []
    for similarities in (queries @ rows.T).round(3).tolist():
        keys = {look.id: (-similarities[place[look.words]], rng.random()) for look in looks}
        ranked.append(sorted(looks, key=lambda look: keys[look.id]))
    return ranked


def make_split(looks: Sequence[Look], count: int, seed: str, ranker: Ranker) -> tuple[list[dict], list[Draft]]:
    """`count` conversations over these looks, and the drafts behind them.

    Raises LavicError when the looks are too few for lists of ten that one request tells apart.
    """
    shop = Shop.of(sorted(looks, key=lambda look: look.id))
    order = random.Random(f"{seed}/order").sample(shop.looks, len(shop.looks))
    drafts = [draft(f"{seed}/{number}", number, order, shop) for number in range(count)]
    mixed = [number for number, item in enumerate(drafts) if item.set == "mixed"]
    texts = [drafts[number].dialogue.to_context().replace("<", " ").replace(">", " ") for number in mixed]
    ranked = dict(zip(mixed, ranker(texts, shop.looks, random.Random(f"{seed}/ties")), strict=True)) if mixed else {}
    rows = []
    for number, item in enumerate(drafts):
        rng = random.Random(f"{seed}/{number}/candidates")
        chosen = item.chosen or choose_mixed(rng, item.story, item.scope, shop, ranked[number])
        if chosen is None:
            raise LavicError(f"A split of {len(looks)} products is too small for lists of ten; add products.")
        rows.append(to_row(item, chosen, rng))
    return rows, drafts


def draft(seed: str, number: int, order: Sequence[Look], shop: Shop) -> Draft:
    """One conversation; three in five are visual. Products come up in turn, the next where one does not work."""
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
        picked = choose_visual(rng, story, shop) if name == "visual" else ([], mixed_scope(story, shop))
        if picked is not None:
            return write_draft(rng, name, story, *picked)
    raise LavicError(f"No {name} list of ten could be made around {order[number % len(order)].title}; add products.")


def write_draft(rng: random.Random, name: str, story: Story, chosen: list[Look], scope: str) -> Draft:
    teller = Teller(rng, Voice.draw(rng))
    target = story.target
    group = {"any": "any", "field": target.field}.get(scope, target.group)
    noun = type_noun(teller, target.type) if scope == "type" else broad_noun(teller, group)
    places = bank(f"place {target.type}", f"place {group}") if scope == "type" else bank(f"place {group}")
    place = teller.pick(places or bank("place any")) if teller.chance(0.6) else ""
    asked = Asked(noun, place)
    shown = {look.title: look.id for look in story.seen}
    dialogue = Dialogue()
    for role, text in tell(teller, story, asked):
        ids = [item for title, item in shown.items() if title in text]
        dialogue = dialogue.say(text) if role == "seeker" else dialogue.answer(text, ids)
    return Draft(name, story, dialogue, answer(teller, target, asked), scope, tuple(chosen))


def to_row(item: Draft, chosen: Iterable[Look], rng: random.Random) -> dict:
    """One line of the file; the candidates are shuffled."""
    candidates = [item.story.target.id, *(look.id for look in chosen)]
    rng.shuffle(candidates)
    return {
        "context": item.dialogue.to_context(),
        "context_items": [shown for turn in item.dialogue.turns for shown in turn.shown],
        "gt": item.gt,
        "gt_items": [item.story.target.id],
        "candidates": candidates,
        "set": item.set,
    }


def measure(rows: Sequence[dict], looks: Iterable[Look], drafts: Sequence[Draft]) -> dict:
    """What the dialogues are like: counts, shares, variety (distinct-n of the contexts), and what titles give away.

    `title_guess` is the hit rate of picking among the most frequent titles, `kind_guess` of picking any; in mixed sets
    both stay with the kind that the request names. Titles tell nothing more than the kind when the two are alike.
    """
    by_id = {look.id: look for look in looks}
    words = [re.findall(r"[\w'’-]+", re.sub(r"</?(submission|comment)>", " ", row["context"]).lower()) for row in rows]
    turns = Counter(row["context"].count("<submission>") for row in rows)
    share = len(rows) or 1
    result = {
        "dialogues": len(rows),
        "sets": dict(sorted(Counter(row["set"] for row in rows).items())),
        "seeker turns": {str(count): turns[count] for count in sorted(turns)},
        "mean words": round(sum(map(len, words)) / share, 1),
        "distinct-1": round(distinct(words, 1), 3),
        "distinct-2": round(distinct(words, 2), 3),
        "distinct-2 of the first 400": round(distinct(words[:400], 2), 3),
        "different contexts": round(len({row["context"].lower() for row in rows}) / share, 3),
        "with negation": round(sum(bool(NEGATION.search(row["context"])) for row in rows) / share, 3),
    }
    for name in result["sets"]:
        some = [(row, item) for row, item in zip(rows, drafts, strict=True) if row["set"] == name]
        guesses = [guess(row, item, by_id) for row, item in some]
        result[f"{name}: title_guess, kind_guess"] = [
            round(sum(part) / len(some), 3) for part in zip(*guesses, strict=True)
        ]
        result[f"{name}: what the noun names"] = dict(Counter(item.scope for _, item in some).most_common())
    ten = [[by_id[item] for item in row["candidates"] if item not in row["gt_items"]] for row in rows]
    needed = [combined(item.story, others) for item, others in zip(drafts, ten, strict=True)]
    negated = [any(wish.negated for wish in item.story.wishes) for item in drafts]
    return result | {
        "with a negated wish": round(sum(negated) / share, 3),
        "several attributes needed": round(sum(needed) / share, 3),
        "scenes": dict(Counter(item.story.scene for item in drafts).most_common()),
        "products wanted": len({item.story.target.id for item in drafts}),
    }


def distinct(texts: Iterable[Sequence[str]], n: int) -> float:
    """Different n-grams over all n-grams."""
    grams = [tuple(text[at : at + n]) for text in texts for at in range(len(text) - n + 1)]
    return len(set(grams)) / (len(grams) or 1)


def guess(row: dict, item: Draft, by_id: dict[str, Look]) -> tuple[float, float]:
    """Hit rates without looking: among the most frequent titles of the named kind, and among that whole kind."""
    target, ten = item.story.target, [by_id[candidate] for candidate in row["candidates"]]
    if item.set == "mixed":
        key = "title" if item.story.scene == "same shape" else item.scope
        ten = [look for look in ten if getattr(look, key) == getattr(target, key)]
    titles = Counter(look.title for look in ten)
    most = max(titles.values())
    among = sum(count for count in titles.values() if count == most)
    return (1 / among if titles[target.title] == most else 0.0), 1 / len(ten)


@click.command(help=__doc__)
@click.option("--catalog", type=click.Path(path_type=Path), default=Path("catalog"), show_default=True)
@click.option("--train", type=click.IntRange(0), default=6000, show_default=True)
@click.option("--valid", type=click.IntRange(0), default=300, show_default=True)
@click.option("--test", type=click.IntRange(0), default=400, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--encoder/--no-encoder", default=True, help="Choose the mixed sets by text similarity.")
def main(catalog: Path, train: int, valid: int, test: int, seed: int, encoder: bool) -> None:
    try:
        looks = read_looks(catalog)
        for split, count in zip(SPLITS, (train, valid, test), strict=True):
            if not count:
                continue
            ranker = rank_by_text if encoder else rank_by_chance
            rows, drafts = make_split(looks[split], count, f"{seed}/{split}", ranker)
            write_jsonl(catalog / "dialogues" / f"{split}.jsonl", rows)
            print(split, json.dumps(measure(rows, looks[split], drafts), indent=1, ensure_ascii=False))
    except LavicError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
