"""A picture's five views (LaViC, section 4.2): the whole, and its 2x2 crops, letterboxed to twice the tower's size."""

import copy
from typing import Any

from PIL import Image

VIEWS = 5


def make_five_views(image_processor: Any, size: int) -> Any:
    """A copy of the processor with one grid only, twice the tower's size: whole + 2x2 crops, whatever the picture's
    shape. Stock grids give three to five views."""
    own = copy.deepcopy(image_processor)
    own.image_grid_pinpoints = [[2 * size, 2 * size]]
    own.size = {"shortest_edge": size}
    own.crop_size = {"height": size, "width": size}
    return own


def letterbox(picture: Image.Image, side: int, colour: tuple[int, ...]) -> Image.Image:
    """The picture in the middle of a square, as large as fits; a sliver keeps at least one pixel of width."""
    scale = side / max(picture.size)
    width, height = (max(1, round(length * scale)) for length in picture.size)
    square = Image.new("RGB", (side, side), colour)
    resized = picture.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
    square.paste(resized, ((side - width) // 2, (side - height) // 2))
    return square
