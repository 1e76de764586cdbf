"""More colours to learn from, without rendering: copies of the training pictures with their main part recoloured.

    python -m catalog.make.tint catalog out/tinted --copies 3

The new catalogue holds the training shapes of the old one and their tinted copies (ids end in -t1, -t2, ...), with
the attributes that the tint makes true. It is for training only: shop and tests use rendered pictures alone.
"""

import argparse
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from tqdm import tqdm

from catalog.make.colour import TO_XYZ, WHITE, to_lab, to_srgb
from catalog.make.palette import SHADES, hex_to_rgb
from lavic_chat.catalog.splits import read_splits
from lavic_chat.storage.files import fresh_folder, read_jsonl, write_json, write_jsonl

BACKDROP_DISTANCE = 9.0  # Lab distance from the backdrop at which a pixel belongs to the piece
MAIN_WIDTH = 22.0  # Lab distance within which a pixel belongs to the main colour
LEAST_CHANGE = 25.0  # Lab distance between the old main colour and the new
LEAST_SHARE = 0.04  # of the frame that must change
NATURAL = {"wood", "oak", "walnut", "maple", "mahogany", "ebony", "teak", "stone", "rattan", "metal", "glass"}


@dataclass(frozen=True)
class Parts:
    """A picture in Lab [H, W, 3], the weight of its main colour [H, W] in 0..1, and that colour [3]."""

    lab: np.ndarray
    weight: np.ndarray
    main: np.ndarray


def find_main_part(picture: Image.Image) -> Parts:
    """The piece stands before a plain backdrop: what differs from the border of its row is the piece, and the
    colour that most of the piece has is its main colour."""
    lab = to_lab(np.asarray(picture.convert("RGB"), np.float32) / 255)
    border = np.concatenate([lab[:, :8], lab[:, -8:]], axis=1)
    backdrop = np.median(border, axis=1)[:, None]
    piece = np.linalg.norm((lab - backdrop) * (0.5, 1, 1), axis=-1) > BACKDROP_DISTANCE
    if piece.sum() < 50:
        return Parts(lab, np.zeros(piece.shape, np.float32), np.zeros(3))
    pixels = lab[piece]
    cells = np.round(pixels / (20, 12, 12)).astype(int)
    values, counts = np.unique(cells, axis=0, return_counts=True)
    near = np.linalg.norm((pixels - values[counts.argmax()] * (20, 12, 12)) * (0.5, 1, 1), axis=-1) < MAIN_WIDTH
    main = np.median(pixels[near], axis=0)
    return Parts(lab, likeness(lab, main) * piece, main)


def likeness(lab: np.ndarray, main: np.ndarray) -> np.ndarray:
    """How much each pixel of a picture [H, W, 3] has of a colour [3], in 0..1 with soft edges; all in Lab."""
    distance = np.linalg.norm((lab - main) * (0.35, 1, 1), axis=-1)
    weight = np.clip(2 - distance / MAIN_WIDTH, 0, 1)
    soft = Image.fromarray((255 * weight).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.7))
    return np.asarray(soft, np.float32) / 255


def tint(parts: Parts, target: np.ndarray) -> Image.Image:
    """The main colour moved to `target` (Lab); light and shade stay, as differences of lightness."""
    moved = parts.lab.copy()
    shade = parts.lab[..., 0] - parts.main[0]
    moved[..., 0] = target[0] + shade * (0.6 + 0.4 * min(1.0, target[0] / 50))
    moved[..., 1:] = target[1:] * np.clip(1 + shade[..., None] / 150, 0.5, 1.3)
    moved[..., 1:] += 0.25 * (parts.lab[..., 1:] - parts.main[1:])
    mixed = parts.weight[..., None] * moved + (1 - parts.weight[..., None]) * parts.lab
    return Image.fromarray((255 * np.clip(from_lab(mixed), 0, 1)).round().astype(np.uint8))


def tinted_row(row: dict, number: int, shade: str) -> dict:
    """The record of a copy: same piece, new looks; a natural material under paint is no longer what is seen."""
    looks = {**row["attributes"], "colour": SHADES[shade][0], "shade": shade}
    if set(looks.get("material", "").split()) & NATURAL:
        looks["material"] = "painted wood" if "wood" in row["attributes"].get("material", "") else ""
    looks = {key: value for key, value in looks.items() if value}
    name = f"{row['id']}-t{number}"
    return {**row, "id": name, "images": [f"images/{name}.jpg"], "attributes": looks}


def target_of(shade: str) -> np.ndarray:
    """A shade in Lab [3]."""
    return to_lab(hex_to_rgb(SHADES[shade][1]))


def from_lab(lab: np.ndarray) -> np.ndarray:
    """sRGB in 0..1 of Lab, any shape; colours outside sRGB are clipped."""
    height = (lab[..., 0] + 16) / 116
    f = np.stack([height + lab[..., 1] / 500, height, height - lab[..., 2] / 200], -1)
    xyz = np.where(f > 0.206893, f**3, (f - 16 / 116) / 7.787) * WHITE
    return to_srgb(xyz @ np.linalg.inv(TO_XYZ).T)


def make_tinted(source: Path, out: Path, copies: int, seed: int) -> int:
    """Write the training catalogue; returns the number of its products."""
    rows = {row["id"]: row for _, row in read_jsonl(source / "products.jsonl")}
    splits = read_splits(source)
    shapes = splits.shapes["train"] if splits else {}
    kept, split = [], {}
    with fresh_folder(out) as folder:
        (folder / "images").mkdir()
        for shape, members in tqdm(sorted(shapes.items()), desc="Tinting", unit="shape"):
            made = []
            for row in (rows[item] for item in members if item in rows):
                (folder / row["images"][0]).write_bytes((source / row["images"][0]).read_bytes())
                made += [{**row, "images": row["images"][:1]}]
                made += tint_copies(source, folder, row, copies, random.Random(f"{seed} {row['id']}"))
            kept += made
            split[shape] = [row["id"] for row in made]
        write_jsonl(folder / "products.jsonl", kept)
        write_json(folder / "splits.json", {"train": split, "valid": {}, "test": {}})
    return len(kept)


def tint_copies(source: Path, folder: Path, row: dict, copies: int, rng: random.Random) -> list[dict]:
    with Image.open(source / row["images"][0]) as picture:
        parts = find_main_part(picture)
    if (parts.weight > 0.5).mean() < LEAST_SHARE:
        return []
    far = [s for s in SHADES if np.linalg.norm(target_of(s) - parts.main) >= LEAST_CHANGE]
    made = []
    for number, shade in enumerate(rng.sample(sorted(far), min(copies, len(far))), 1):
        copy = tinted_row(row, number, shade)
        tint(parts, target_of(shade)).save(folder / copy["images"][0], quality=88)
        made.append(copy)
    return made


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Tinted copies of the training pictures.")
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--copies", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print(make_tinted(given.source, given.out, given.copies, given.seed), "products in", given.out)
