"""Pictures as other shops would have taken them: another crop, another light, mirrored, squeezed into a JPEG.

Colours must stay what they are called, so hue and saturation are left alone.
"""

import io
import random

from PIL import Image, ImageEnhance, ImageOps

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
