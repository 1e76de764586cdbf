"""The conversations written one by one while looking at the pictures: `python -m catalog.make.handwriting STEP`.

    draw      choose wanted products of the test split, ten candidates each, and draw a sheet for each case
    collect   put the written conversations and their cases into catalog/make/handwritten.jsonl

`draw` fills work/handwriting with case-NNN.png and cases.jsonl. The texts go into work/handwriting/*.txt:

    # 017
    S: looking for something soft to sit on, not another grey one
    A: The Mira sofa, or the Dalo armchair? [1 2]
    S: the second, only in wood

S is the seeker, A the other side; numbers in brackets name the products of the sheet's lower row that A shows.
"""

import random
import re
from collections import defaultdict
from pathlib import Path

import click
from PIL import Image, ImageDraw

from lavic_chat.catalog import Catalog, Product, load_catalog
from lavic_chat.catalog.splits import Splits, read_splits
from lavic_chat.dialogue import to_context
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.errors import DialogueError, LavicError
from lavic_chat.storage.files import read_jsonl, write_jsonl

HERE = Path(__file__).parent
PLACE = HERE / "work" / "handwriting"
COUNT, RIVALS, SHOWN = 10, 6, 3
SIDE, COLUMNS = 230, 5


@click.group(help=__doc__)
def main() -> None:
    pass


@main.command()
@click.option("--catalog", type=click.Path(path_type=Path), default=HERE.parent, show_default=True)
@click.option("--count", type=click.IntRange(1), default=220, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
def draw(catalog: Path, count: int, seed: int) -> None:
    """Choose the cases and draw their sheets."""
    products = load_catalog(catalog)
    cases = choose_cases(products, read_splits(catalog), count, random.Random(seed))
    PLACE.mkdir(parents=True, exist_ok=True)
    for case in cases:
        _draw_sheet(case, products).save(PLACE / f"case-{case['case']}.png")
    write_jsonl(PLACE / "cases.jsonl", cases)
    click.echo(f"{len(cases)} cases are in {PLACE}.")


@main.command()
@click.option("--catalog", type=click.Path(path_type=Path), default=HERE.parent, show_default=True)
def collect(catalog: Path) -> None:
    """Write catalog/make/handwritten.jsonl."""
    cases = {row["case"]: row for _, row in read_jsonl(PLACE / "cases.jsonl")}
    products, splits = load_catalog(catalog), read_splits(catalog)
    try:
        rows = [row for path in sorted(PLACE.glob("*.txt")) for row in read_texts(path.read_text("utf-8"), cases)]
    except LavicError as error:
        raise click.ClickException(str(error)) from error
    kept = list(filter(None, (mend(row, products, splits) for row in rows)))
    write_jsonl(catalog / "make" / "handwritten.jsonl", kept)
    click.echo(f"{len(kept)} of {len(cases)} cases are written; {len(rows) - len(kept)} want what is gone.")


def mend(row: dict, products: Catalog, splits: Splits) -> dict | None:
    """The line without products that were turned down since it was written: candidates of other categories stand in
    for them. None where the wanted one, or one that was shown, is gone."""
    if any(item not in products for item in row["gt_items"] + row["context_items"]):
        return None
    near = {products[item].category for item in row["candidates"] if item in products}
    taken = {*row["candidates"], *row["context_items"]}
    spare = [
        item
        for item, split in sorted(splits.split_of.items())
        if split == "test" and item not in taken and products[item].category not in near
    ]
    spare = iter(random.Random(row["context"]).sample(spare, len(spare)))
    return row | {"candidates": [item if item in products else next(spare) for item in row["candidates"]]}


def choose_cases(products: Catalog, splits: Splits, count: int, rng: random.Random) -> list[dict]:
    """Cases over as many shapes of the test split as there are: the wanted product, ten candidates in chance order,
    and a few further products that the conversation may have shown before."""
    shapes = splits.shapes["test"]
    shape_of = {item: shape for shape, items in shapes.items() for item in items}
    queue = [rng.sample(items, len(items)) for items in rng.sample(list(shapes.values()), len(shapes))]
    wanted = [items[turn] for turn in range(max(map(len, queue))) for items in queue if turn < len(items)]
    return [_case(f"{n:03}", products[item], products, shape_of, rng) for n, item in enumerate(wanted[:count])]


def _case(name: str, target: Product, products: Catalog, shape_of: dict, rng: random.Random) -> dict:
    near = defaultdict(list)
    for item in rng.sample(sorted(shape_of), len(shape_of)):
        if item != target.id:
            product = products[item]
            same_type = product.attributes["type"] == target.attributes["type"]
            near["type" if same_type else "category" if product.category == target.category else "any"] += [item]
    siblings = [item for item in near["type"] if shape_of[item] == shape_of[target.id]]
    shown = siblings[:1] + [item for item in near["type"] if item not in siblings][: SHOWN - 1]
    rivals = siblings[1:3] + [item for item in near["type"] if item not in siblings + shown]
    others = near["category"][:3] + near["any"]
    chosen = [target.id, *rivals[:RIVALS]]
    chosen += [item for item in others if item not in chosen][: COUNT - len(chosen)]
    return {"case": name, "wanted": target.id, "candidates": rng.sample(chosen, COUNT), "shown": shown}


def _draw_sheet(case: dict, products: Catalog) -> Image.Image:
    """Ten candidates, the wanted one framed in red, and below them what the conversation may have shown before."""
    height = SIDE + 34
    sheet = Image.new("RGB", (COLUMNS * SIDE, 3 * height), "white")
    pen = ImageDraw.Draw(sheet)
    cells = [*case["candidates"], *case["shown"]]
    for place, item in enumerate(cells):
        product, x, y = products[item], place % COLUMNS * SIDE, place // COLUMNS * height
        with Image.open(products.picture_path(product)) as image:
            sheet.paste(image.resize((SIDE - 6, SIDE - 6)), (x + 3, y + 3))
        if item == case["wanted"]:
            pen.rectangle((x, y, x + SIDE - 1, y + SIDE - 1), outline="red", width=5)
        number = f"[{place - COUNT + 1}] " if place >= COUNT else ""
        pen.text((x + 4, y + SIDE), f"{number}{product.title}", fill="black")
        pen.text((x + 4, y + SIDE + 12), f"{product.attributes['size']}   {product.price:.0f}", fill="#777777")
    return sheet


def read_texts(text: str, cases: dict[str, dict]) -> list[dict]:
    """The conversations of one file as lines of the dialogue format; raises DialogueError for what cannot be read."""
    rows = []
    for block in re.split(r"^# *(?=\d{3}\s*$)", text, flags=re.M)[1:]:
        name, *lines = block.strip().splitlines()
        case, dialogue = cases.get(name.strip()), Dialogue()
        if case is None:
            raise DialogueError(f"There is no case {name}; the number after # must be one of cases.jsonl.")
        for line in filter(None, map(str.strip, lines)):
            role, _, words = line.partition(":")
            if role == "S" and words.strip():
                dialogue = dialogue.say(words.strip())
            elif role == "A" and words.strip():
                words, marks = re.subn(r"\s*\[([\d ]+)\]\s*$", "", words.strip())
                numbers = re.findall(r"\d+", line[line.rfind("[") :]) if marks else []
                if any(not 1 <= int(number) <= len(case["shown"]) for number in numbers):
                    raise DialogueError(f"Case {name}: {line!r} shows a product that its sheet does not have.")
                dialogue = dialogue.answer(words, [case["shown"][int(number) - 1] for number in numbers])
            else:
                raise DialogueError(f"Case {name}: {line!r} must begin with S: or A: and say something.")
        if not dialogue.turns or dialogue.turns[-1].role != "seeker":
            raise DialogueError(f"Case {name}: the last word must be the seeker's.")
        rows.append(
            {
                "context": to_context(dialogue),
                "context_items": [item for turn in dialogue.turns for item in turn.shown],
                "gt": "",
                "gt_items": [case["wanted"]],
                "candidates": case["candidates"],
                "set": "handwritten",
            }
        )
    return rows


if __name__ == "__main__":
    main()
