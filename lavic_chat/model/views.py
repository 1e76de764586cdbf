"""A picture as five views: letterboxed to a square of twice the tower's size, whole and 2x2 crops (LaViC, section 4.2).

LLaVA-NeXT's stock grids would give three to five views, by the picture's shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from lavic_chat.model.base import VIEWS


@dataclass(frozen=True)
class ViewFormat:
    """size: s, of a view in pixels; mean, std: of each channel, by which pixels are normalised."""

    size: int
    mean: Sequence[float]
    std: Sequence[float]

    def square(self, picture: Image.Image) -> Image.Image:
        """The picture letterboxed to twice the view's size, on the channels' mean."""
        return letterbox(picture, 2 * self.size, tuple(round(255 * channel) for channel in self.mean))

    def cut(self, square: Image.Image, place: int) -> Tensor:
        """[3, s, s]: one view of a square: 0 is the whole, 1 to 4 the crops."""
        if place:
            top, left = self.size * ((place - 1) // 2), self.size * ((place - 1) % 2)
            view = square.crop((left, top, left + self.size, top + self.size))
        else:
            view = square.resize((self.size, self.size), Image.Resampling.BICUBIC)
        pixels = torch.tensor(np.asarray(view, np.float32) / 255).permute(2, 0, 1)
        mean, std = (torch.tensor(values)[:, None, None] for values in (self.mean, self.std))
        return (pixels - mean) / std

    def cut_all(self, pictures: Sequence[Image.Image]) -> Tensor:
        """[n, 5, 3, s, s]: the five views of each picture."""
        squares = [self.square(picture) for picture in pictures]
        return torch.stack([torch.stack([self.cut(one, place) for place in range(VIEWS)]) for one in squares])


def letterbox(picture: Image.Image, side: int, colour: tuple[int, ...]) -> Image.Image:
    """The picture in the middle of a square, as large as fits; a sliver keeps at least one pixel of width."""
    scale = side / max(picture.size)
    width, height = (max(1, round(length * scale)) for length in picture.size)
    square = Image.new("RGB", (side, side), colour)
    resized = picture.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
    square.paste(resized, ((side - width) // 2, (side - height) // 2))
    return square
