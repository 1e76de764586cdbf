"""Training examples made different, so that few are not learned by heart.

Pictures as others would have taken them: another crop, another light, mirrored, squeezed into a JPEG. Colours must stay
what they are called, so hue and saturation are left alone. Tower states: with noise, parts hidden.
"""

import io
import random

import torch
from PIL import Image, ImageEnhance, ImageOps
from torch import Tensor

from lavic_chat.training.configs import AlignConfig

LEAST_CROP = 0.7  # of each side
LIGHT, CONTRAST = (0.8, 1.2), (0.85, 1.15)
QUALITY = (40, 95)


def augment(picture: Image.Image, rng: random.Random) -> Image.Image:
    """A new picture; the given one stays as it is."""
    picture = crop(picture.convert("RGB"), rng)
    if rng.random() < 0.5:
        picture = ImageOps.mirror(picture)
    picture = ImageEnhance.Brightness(picture).enhance(rng.uniform(*LIGHT))
    picture = ImageEnhance.Contrast(picture).enhance(rng.uniform(*CONTRAST))
    return squeeze(picture, rng.randint(*QUALITY)) if rng.random() < 0.5 else picture


def crop(picture: Image.Image, rng: random.Random) -> Image.Image:
    """A part of the picture, at least LEAST_CROP of each side."""
    width, height = (max(1, round(side * rng.uniform(LEAST_CROP, 1))) for side in picture.size)
    left, top = rng.randint(0, picture.width - width), rng.randint(0, picture.height - height)
    return picture.crop((left, top, left + width, top + height))


def squeeze(picture: Image.Image, quality: int) -> Image.Image:
    """As a JPEG of this quality shows it."""
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=quality)
    with Image.open(data) as squeezed:
        return squeezed.convert("RGB")


def jitter(states: Tensor, std: Tensor, amount: float) -> Tensor:
    """States [..., h] with normal noise of so many standard deviations std [h]."""
    return states + amount * std * torch.randn_like(states)


def hide(states: Tensor, mean: Tensor, config: AlignConfig) -> Tensor:
    """The states [B, 5, h], what is hidden of them replaced by the mean state [5, h]: whole views, single values."""
    hidden = torch.zeros_like(states, dtype=torch.bool)
    if config.hidden_values:
        hidden |= torch.rand_like(states) < config.hidden_values
    if config.hidden_views:
        hidden |= torch.rand_like(states[..., :1]) < config.hidden_views
    return torch.where(hidden, mean, states)
