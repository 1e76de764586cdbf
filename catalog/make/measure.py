"""What a picture really shows: the plain colours of the object's pixels, and how much two pictures differ."""

from pathlib import Path

import numpy as np
from PIL import Image

from .colour import nearest_shade, to_lab
from .palette import SHADES

CLEARLY_CHANGED = 12.0  # CIE76 of a pixel


def picture(path: Path) -> np.ndarray:
    """[height, width, 3] sRGB in 0..1."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), float) / 255


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
    """(shade, share) of the pixels [n, 3], largest plain colour first: each pixel bin is named, the names counted."""
    bins, counts = np.unique((pixels * 15.999).astype(int), axis=0, return_counts=True)
    shares: dict[str, dict[str, float]] = {}
    for cell, count in zip(bins, counts, strict=True):
        shade = nearest_shade((cell + 0.5) / 16)
        plain = shares.setdefault(SHADES[shade][0], {})
        plain[shade] = plain.get(shade, 0) + count / len(pixels)
    ranked = sorted(shares.values(), key=lambda plain: -sum(plain.values()))
    return [(max(plain, key=plain.get), sum(plain.values())) for plain in ranked]


def mean_lab(pixels: np.ndarray) -> np.ndarray:
    """Median Lab of pixels [n, 3]: highlights and shadows have no say."""
    return np.median(to_lab(pixels), 0)


def changed(first: np.ndarray, second: np.ndarray) -> float:
    """Share of the frame in which two pictures differ plainly."""
    return float((np.linalg.norm(to_lab(first) - to_lab(second), axis=-1) > CLEARLY_CHANGED).mean())


def coverage(path: Path) -> float:
    """Share of the frame that the object covers."""
    with Image.open(path) as image:
        return float((np.asarray(image) > 0).mean())


