"""A training catalogue of real photos whose colours nobody wrote down: they are measured where they are plain.

    python -m catalog.make.photos ../photos out/photos --tints 1

The source holds photos.csv (id, category, split, image) and the pictures. A photo stays whose object, in the middle
of the frame and unlike its border, is mostly of one plain colour; category, colour and shade become its attributes.
Each photo is a shape of its own; what the source calls validation is the test split here, and a part of its training
photos validates. dialogues/{train,valid,test}.jsonl ask for one among ten of its kind and split, all titled alike, that
no other's colour fits. For training and measuring only.

People wear black, white, navy and grey: `--tints` adds copies of the training photos in other colours, kept where
what is then measured is what was meant.
"""

import csv
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
from PIL import Image
from tqdm import tqdm

from lavic_chat.catalog import open_picture
from lavic_chat.catalog.load import picture_guard
from lavic_chat.catalog.terms import TERMS
from lavic_chat.errors import LavicError
from lavic_chat.storage.files import fresh_folder, write_atomic, write_json, write_jsonl

from .colour import NAMED, to_lab
from .measure import colours
from .palette import SHADES
from .tint import LEAST_CHANGE, Parts, likeness, target_of, tint

SIDE, EDGE = 96, 6  # pixels a photo is measured at, and of its border
MIDDLE = 0.31  # radius of the measured ellipse, of the frame
UNLIKE = 16.0  # CIE76 to every border colour, from which a pixel is the object's
LEAST_OBJECT, LEAST_PLAIN = 0.25, 0.6  # of the ellipse, of the object
BACKDROPS = 6  # border colours that count
CANDIDATES = 10
ASKED = 500  # training photos that the questions are about and offer; all the others teach seeing alone
PLURAL = ("pants", "shoes", "shorts")
WORDINGS = (
    "I'm looking for {a} {colour} {kind}.",
    "{kind} in {shade}, please",
    "do you have {a} {kind} in {colour}?",
    "My {kind} wore out and I want another one, {shade} this time.",
    "something {colour} to wear: {a} {kind}",
)
TRAIN, VALID, TEST = "train", "valid", "test"
VALIDATING = 10  # of the training photos every tenth


def plain_colour(rgb: np.ndarray) -> str:
    """The shade of the object of a photo [S, S, 3] in 0..1; "" where it has several colours or none stands out."""
    pixels = object_pixels(rgb)
    if not len(pixels):
        return ""
    shade, share = colours(pixels)[0]
    return shade if share >= LEAST_PLAIN else ""


def object_pixels(rgb: np.ndarray) -> np.ndarray:
    """[n, 3] of a photo [S, S, 3]: what in its middle is unlike its border; none where that is too little."""
    side = len(rgb)
    lab, edge = to_lab(rgb), np.ones((side, side), bool)
    edge[EDGE:-EDGE, EDGE:-EDGE] = False
    y, x = np.mgrid[:side, :side] / side - 0.5
    middle = np.hypot(x, y) < MIDDLE
    distance = np.linalg.norm(lab[middle][:, None] - border_colours(lab[edge]), axis=-1).min(1)
    own = distance > UNLIKE
    return rgb[middle][own if own.mean() >= LEAST_OBJECT else np.zeros_like(own)]


def border_colours(lab: np.ndarray) -> np.ndarray:
    """[k, 3] means of the commonest cells of Lab colours [n, 3]."""
    cells = np.round(lab / 12).astype(int)
    _, owner, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    common = counts.argsort()[::-1][:BACKDROPS]
    return np.stack(
        [lab[owner.ravel() == cell].mean(0) for cell in common if counts[cell] >= 0.03 * len(lab)] or [lab.mean(0)]
    )


def read_rows(source: Path) -> list[dict]:
    """The lines of photos.csv; raises LavicError where there is none, or it lacks a column."""
    path = source / "photos.csv"
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, ValueError) as error:
        raise LavicError(f"{path} cannot be read ({error}); name a folder with photos.csv and its pictures.") from error
    missing = {"id", "category", "split", "image"} - set(rows[0] if rows else ())
    if missing:
        raise LavicError(f"{path} has no column {', '.join(sorted(missing))}; it needs id, category, split and image.")
    return rows


def shrink(picture: Image.Image) -> np.ndarray:
    """[SIDE, SIDE, 3] in 0..1, as it is measured."""
    return np.asarray(picture.convert("RGB").resize((SIDE, SIDE)), np.float32) / 255


def tint_photo(picture: Image.Image, count: int, rng: random.Random) -> list[tuple[Image.Image, str]]:
    """Up to `count` copies with the object's colour moved to others, each with the shade that is measured then."""
    rgb = np.asarray(picture.convert("RGB"), np.float32) / 255
    lab, main = to_lab(rgb), np.median(to_lab(object_pixels(shrink(picture))), axis=0)
    parts = Parts(lab, likeness(lab, main), main)
    far = [shade for shade in NAMED if np.linalg.norm(target_of(shade) - main) >= LEAST_CHANGE]
    made = []
    for meant in rng.sample(far, min(count, len(far))):
        copy = tint(parts, target_of(meant))
        seen = plain_colour(shrink(copy))
        if seen and SHADES[seen][0] == SHADES[meant][0]:
            made.append((copy, seen))
    return made


def read_photos(source: Path) -> Iterator[tuple[dict, Image.Image]]:
    """Rows of photos.csv with their pictures; raises LavicError where a picture lies elsewhere."""
    rows, lies_inside = read_rows(source), picture_guard(source)
    for row in tqdm(rows, desc="Measuring photos", unit="photo"):
        if not lies_inside(row["image"]):
            raise LavicError(f"The picture {row['image']} lies outside {source}; move it there, or remove that line.")
        yield row, open_picture(source / row["image"])


def record(row: dict, suffix: str, name: str, shade: str) -> dict:
    """A line of products.jsonl."""
    kind = row["category"].replace("longsleeve", "long-sleeved top").replace("outwear", "jacket")
    looks = {"type": kind, "colour": SHADES[shade][0], "shade": shade}
    title, category = kind.capitalize(), "Clothing"
    return {"id": row["id"] + suffix, "title": title, "category": category, "images": [name], "attributes": looks}


def split_of(row: dict, number: int) -> str:
    """The split of the source's so many-th photo that is kept."""
    if row["split"] != TRAIN:
        return TEST
    return VALID if number % VALIDATING == 0 else TRAIN


def make_photos(source: Path, out: Path, tints: int = 0) -> Counter:
    """Write the catalogue; returns how many photos of each split were kept, how many were "left out", and how many
    tinted copies stand beside those of the training split."""
    counts, kept = Counter(), []
    splits: dict[str, dict[str, list[str]]] = {TRAIN: {}, VALID: {}, TEST: {}}
    with fresh_folder(out) as folder:
        (folder / "images").mkdir()
        for row, picture in read_photos(source):
            shade = plain_colour(shrink(picture))
            if not shade:
                counts["left out"] += 1
                continue
            split = split_of(row, sum(map(len, splits.values())))
            copies = tint_photo(picture, tints, random.Random(row["id"])) if split == TRAIN and tints else []
            mine = splits[split].setdefault(row["id"], [])
            for number, (shown, seen) in enumerate([(picture, shade), *copies]):
                name = f"images/{len(kept):05}.jpg"
                shown.convert("RGB").save(folder / name, quality=92)
                kept.append(record(row, f"-t{number}" if number else "", name, seen))
                mine.append(kept[-1]["id"])
                counts["tinted" if number else split] += 1
        write_jsonl(folder / "products.jsonl", kept)
        write_json(folder / "splits.json", splits)
        write_atomic(folder / TERMS, b"appearance = false\n")  # it is there to test looking
        for split, shapes in splits.items():
            named = {item for members in shapes.values() for item in members}
            rows, rng = [row for row in kept if row["id"] in named], random.Random(split)
            rows = rng.sample(rows, ASKED) if len(rows) > ASKED else rows
            write_jsonl(folder / "dialogues" / f"{split}.jsonl", ask_for_each(rows, rng))
    return counts


def ask_for_each(rows: list[dict], rng: random.Random) -> list[dict]:
    """A question for every photo that has nine of its kind in other plain colours beside it."""
    asked = []
    for row in rows:
        looks = row["attributes"]
        others = [
            other["id"]
            for other in rows
            if other["attributes"]["type"] == looks["type"] and other["attributes"]["colour"] != looks["colour"]
        ]
        if len(others) < CANDIDATES - 1:
            continue
        kind = looks["type"]
        words = {"a": "some" if kind in PLURAL else "a", "kind": kind, **looks}
        text = rng.choice(WORDINGS).format(**words)
        chosen = [*rng.sample(others, CANDIDATES - 1), row["id"]]
        asked.append(
            {
                "context": f"<submission>{text}</submission>",
                "context_items": [],
                "gt": "",
                "gt_items": [row["id"]],
                "candidates": rng.sample(chosen, CANDIDATES),
                "set": "photos",
            }
        )
    return asked


@click.command(help=__doc__)
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--tints", default=0, type=click.IntRange(0), help="Copies of a training photo in other colours.")
def main(source: Path, out: Path, tints: int) -> None:
    try:
        counts = make_photos(source, out, tints)
    except LavicError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{', '.join(f'{count} {name}' for name, count in sorted(counts.items()))}; in {out}.")


if __name__ == "__main__":
    main()
