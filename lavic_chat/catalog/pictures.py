"""Opening pictures that nobody vouches for: uploads, downloads, other people's catalogues.

Where a product's picture is missing or broken, a blank stands in: a square of BLANK_SIZE pixels in one
mid-light grey. It is what the recommender then sees, and `missing_pictures` counts the cases.
"""

import contextlib
import importlib
import io
import stat
import warnings
from collections.abc import Generator
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from lavic_chat.catalog.product import Catalog, Problem, Product
from lavic_chat.catalog.text import printable
from lavic_chat.errors import PictureError

MAX_BYTES = 25_000_000
MAX_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
TAKEN = ("AVIF", "TIFF", "HEIF")  # also read when a catalogue is made, where the installed libraries can
JPEG_QUALITY = 92
BLANK_COLOUR, BLANK_SIZE = (200, 200, 200), 384

# Pillow's own bomb check raises only at twice its limit and warns below that: here a warning is an error.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


def open_picture(path: str | Path) -> Image.Image:
    """A picture file, upright, in RGB, transparency on white; of an animation the first frame.

    Raises PictureError with one sentence that names the file, not its folder: missing, empty, broken,
    another format than FORMATS, over MAX_BYTES or MAX_PIXELS (judged before decoding).
    """
    with opened(Path(path), shown_name(Path(path))) as image:
        return decode(image)


def read_picture(data: bytes, name: str = "The picture") -> Image.Image:
    """As `open_picture`, of a file's bytes."""
    with opened(io.BytesIO(data), name) as image:
        return decode(image)


def picture_format(path: str | Path) -> str:
    """One of FORMATS, from the file's header without decoding; raises PictureError as `open_picture`."""
    with opened(Path(path), shown_name(Path(path))) as image:
        return "JPEG" if image.format == "MPO" else str(image.format)  # MPO: a phone's JPEG with a preview


def catalog_picture(source: str | Path | bytes) -> bytes | None:
    """A picture that is to be kept in a catalogue, as a JPEG where it is in one of TAKEN; None where it is in one of
    FORMATS and so can stay as it is, which its header tells. Raises PictureError as `open_picture`."""
    given = io.BytesIO(source) if isinstance(source, bytes) else Path(source)
    with opened(given, shown_name(given) if isinstance(given, Path) else "The picture", taken_formats()) as image:
        if image.format not in TAKEN:
            return None
        buffer = io.BytesIO()
        decode(image).save(buffer, "JPEG", quality=JPEG_QUALITY)
    return buffer.getvalue()


@cache
def taken_formats() -> tuple[str, ...]:
    """FORMATS, and those of TAKEN that can be read here."""
    with contextlib.suppress(ImportError):
        importlib.import_module("pillow_heif").register_heif_opener()
    Image.init()
    return (*FORMATS, *(name for name in TAKEN if name in Image.OPEN))


@contextlib.contextmanager
def opened(source: Path | io.BytesIO, name: str, formats: tuple[str, ...] = FORMATS) -> Generator[Image.Image]:
    """The undecoded picture within the limits; whatever goes wrong in the block becomes a PictureError."""
    try:
        if isinstance(source, Path):
            check_file(source, name)
        with Image.open(source, formats=formats) as image:
            if image.width * image.height > MAX_PIXELS:
                raise too_many_pixels(name)
            yield image
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise too_many_pixels(name) from None
    except MemoryError:
        raise PictureError(f"{name} needs more memory than there is; make the picture smaller.") from None
    except Exception as error:  # on hostile bytes Pillow's decoders raise nearly anything
        raise unreadable(name) from error


def check_file(path: Path, name: str) -> None:
    """Raises PictureError unless `path` is an ordinary file of a size we read."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        raise PictureError(f"{name} is missing or cannot be opened.") from None
    if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
        raise PictureError(f"{name} is not a file.")
    if status.st_size == 0:
        raise PictureError(f"{name} is empty; choose another one.")
    if status.st_size > MAX_BYTES:
        raise PictureError(f"{name} has {status.st_size / 1e6:.0f} MB; at most {MAX_BYTES / 1e6:.0f} MB are read.")


def unreadable(name: str) -> PictureError:
    """The error for what is none of FORMATS, or broken."""
    return PictureError(f"{name} is not a readable picture; use a whole JPEG, PNG, WebP, GIF or BMP file.")


def too_many_pixels(name: str) -> PictureError:
    """The error for a picture over MAX_PIXELS."""
    return PictureError(f"{name} has over {MAX_PIXELS // 1_000_000} million pixels; make the picture smaller.")


def shown_name(path: Path) -> str:
    """A file's name fit for a sentence: printable, at most 80 characters, no folder."""
    name = printable(path.name) or "The picture"
    return name if len(name) <= 80 else f"{name[:60]}…{name[-16:]}"


def decode(image: Image.Image) -> Image.Image:
    """An opened picture, upright, in RGB."""
    image.load()
    return to_rgb(turn_upright(image))


def turn_upright(image: Image.Image) -> Image.Image:
    """As the camera was held, by its EXIF note; a broken note is ignored, the picture is still good."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # EXIF is parsed by hand in many places and fails in as many ways
        return image


def to_rgb(image: Image.Image) -> Image.Image:
    """RGB on white, from any mode Pillow decodes."""
    if image.mode.startswith("I"):  # 16 bits a pixel: Pillow would clip at 255, not scale
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")


def blank_picture() -> Image.Image:
    """The stand-in for a picture that cannot be seen."""
    return Image.new("RGB", (BLANK_SIZE, BLANK_SIZE), BLANK_COLOUR)


def missing_pictures(catalog: Catalog) -> list[Problem]:
    """One problem for each product without a main picture and each listed file that is not there.

    Only looks whether the files exist; `check_catalog` opens them all.
    """
    return [
        Problem("missing picture", product.id, why_missing(product, index))
        for product in catalog
        for index in range(max(1, len(product.images)))
        if catalog.picture_path(product, index) is None
    ]


def why_missing(product: Product, index: int = 0) -> str:
    """A sentence for a picture that is not there."""
    if index < len(product.images):
        return f"The picture {product.images[index]} is missing."
    return "No picture is listed."
