"""What pictures are compared by: a perceptual hash and a small colour thumbnail, taken of each picture once."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from lavic_chat.catalog.pictures import decode, opened, shown_name
from lavic_chat.catalog.product import Catalog, Problem, Product
from lavic_chat.errors import PictureError
from lavic_chat.storage.files import hash_file

WORKERS = min(8, os.cpu_count() or 1)  # Pillow decodes outside the interpreter's lock
ENOUGH = 192  # pixels a side that a JPEG's decoder may stop at: all that the fingerprint needs

ListedPicture = tuple[Product, int, Path]  # a product, which of its pictures, and the file


@dataclass(frozen=True)
class Fingerprint:
    """A picture that opens: whose it is, and what it is compared by."""

    product: Product
    image: str
    is_main: bool
    digest: str  # SHA-256 of the file
    gradient: int  # dHash, 64 bits
    thumbnail: np.ndarray  # [192] uint8, 8x8 cells in RGB


def listed_pictures(catalog: Catalog) -> list[ListedPicture]:
    """Every listed picture that has a file."""
    listed = ((product, index) for product in catalog for index in range(len(product.images)))
    found = ((product, index, catalog.picture_path(product, index)) for product, index in listed)
    return [(product, index, path) for product, index, path in found if path is not None]


def fingerprint_all(listed: list[ListedPicture]) -> Iterator[Fingerprint | Problem]:
    """Every picture's fingerprint, or the reason why it cannot be seen, in the order of the list."""
    with ThreadPoolExecutor(WORKERS) as pool:
        yield from pool.map(fingerprint_picture, *zip(*listed, strict=True)) if listed else ()


def fingerprint_picture(product: Product, index: int, path: Path) -> Fingerprint | Problem:
    """A picture's fingerprint, or why it cannot be opened."""
    try:
        picture = open_small(path, ENOUGH).resize((72, 72), Image.Resampling.BOX)
        return Fingerprint(
            product, product.images[index], index == 0, hash_file(path), gradient_hash(picture), thumbnail(picture)
        )
    except (PictureError, OSError) as error:
        return Problem("unreadable picture", product.id, str(error))


def open_small(path: Path, side: int) -> Image.Image:
    """As `open_picture`, but a large JPEG is decoded at a half, quarter or eighth of its size, never under `side`.

    All of the file's data is read all the same, so what is broken is found. Raises PictureError.
    """
    with opened(path, shown_name(path)) as image:
        image.draft("RGB", (side, side))
        return decode(image)


def gradient_hash(picture: Image.Image) -> int:
    """dHash: for 8x8 cells whether each is darker than its right neighbour, by more than a flat area's noise."""
    cells = np.asarray(picture.convert("L").resize((9, 8), Image.Resampling.BOX), np.int16)
    return int.from_bytes(np.packbits(cells[:, :-1] + 2 < cells[:, 1:]).tobytes(), "big")


def thumbnail(picture: Image.Image) -> np.ndarray:
    """[192] uint8, 8x8 cells in RGB."""
    return np.asarray(picture.resize((8, 8), Image.Resampling.BOX), np.uint8).ravel()
