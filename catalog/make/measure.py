"""What a picture really shows: the plain colours of the object's pixels, and how much two pictures differ."""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from .colour import NAMED, nearest_shades, to_lab
from .palette import SHADES

SIDE = 192  # pixels of a picture that are measured
CELLS = 24  # a side of the colour cube that names are looked up in
CLEARLY_CHANGED = 12.0  # CIE76 of a pixel


def picture(path: Path) -> np.ndarray:
    """[SIDE, SIDE, 3] sRGB in 0..1, small: names of colours and shares of the frame need no more."""
    with Image.open(path) as image:
        image.draft("RGB", (SIDE, SIDE))
        return np.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX), np.float32) / 255


def mask(path: Path, size: int, part: int) -> np.ndarray:
    """[size, size] True where the object shows (part 1) or the part that takes the finishes (part 2)."""
    with Image.open(path) as image:
        levels = np.asarray(image)
    inside = levels >= part
    # one cell of the coarse mask off each edge, so that no backdrop is measured
    core = inside.copy()
    for axis in (0, 1):
        for step in (-1, 1):
            core &= np.roll(inside, step, axis)
    core = core if core.sum() > 40 else inside
    return np.asarray(Image.fromarray(core).resize((size, size), Image.Resampling.NEAREST))


def colours(pixels: np.ndarray) -> list[tuple[str, float]]:
    """(shade, share) of the pixels [n, 3], largest plain colour first: each pixel is named, the names counted."""
    counts = np.bincount(_name_of_cell()[_cells(pixels)], minlength=len(NAMED)) / len(pixels)
    shares: dict[str, dict[str, float]] = {}
    for shade, share in zip(NAMED, counts, strict=True):
        if share:
            shares.setdefault(SHADES[shade][0], {})[shade] = float(share)
    ranked = sorted(shares.values(), key=lambda plain: -sum(plain.values()))
    return [(max(plain, key=plain.get), sum(plain.values())) for plain in ranked]


def changed(first: np.ndarray, second: np.ndarray) -> float:
    """Share of the frame in which two pictures differ plainly."""
    return float((np.linalg.norm(to_lab(first) - to_lab(second), axis=-1) > CLEARLY_CHANGED).mean())


def spread(texture: Path) -> float:
    """How far the colours of a texture lie from their mean, CIE76, fine weave averaged away."""
    with Image.open(texture) as image:
        pixels = np.asarray(image.convert("RGB").resize((24, 24), Image.Resampling.BOX), float).reshape(-1, 3) / 255
    lab = to_lab(pixels)
    return float(np.linalg.norm(lab - lab.mean(0), axis=-1).mean())


def coverage(path: Path) -> float:
    """Share of the frame that the object covers."""
    with Image.open(path) as image:
        return float((np.asarray(image) > 0).mean())


def _cells(rgb: np.ndarray) -> np.ndarray:
    """Index of the colour cube's cell of each sRGB colour."""
    return (np.minimum(rgb, 0.9999) * CELLS).astype(int) @ [CELLS * CELLS, CELLS, 1]


@cache
def _name_of_cell() -> np.ndarray:
    """Index into NAMED for every cell of the colour cube."""
    axis = (np.arange(CELLS) + 0.5) / CELLS
    return nearest_shades(np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1)).ravel()
