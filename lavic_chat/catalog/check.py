"""What is amiss with a catalogue: bad lines, missing and broken pictures, look-alikes, titles that tell."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from lavic_chat.catalog.load import read_products
from lavic_chat.catalog.pictures import missing_pictures, open_picture
from lavic_chat.catalog.product import PRODUCTS, Catalog, Problem, Product
from lavic_chat.errors import LavicError, PictureError
from lavic_chat.files import hash_file

COLOUR_KEYS = ("colour", "color", "shade")
TELLING_KEYS = (*COLOUR_KEYS, "accent", "material", "fabric", "finish", "pattern")
COLOUR_WORDS = re.compile(
    r"\b(?:beige|black|blue|brown|burgundy|charcoal|cream|crimson|cyan|gold|golden|gray|green|grey|indigo|ivory"
    r"|khaki|lavender|lilac|magenta|maroon|mustard|navy|ochre|olive|orange|pink|purple|red|silver|tan|teal"
    r"|terracotta|turquoise|violet|white|yellow)\b"
)
NOT_TELLING = frozenset({"and", "bright", "dark", "deep", "light", "mixed", "pale", "plain", "the", "with"})
LIKE_BITS = 4  # of a dHash's 64 that may differ between look-alikes
LIKE_LEVELS = 6  # of 255 by which no cell of their 8x8 thumbnails may differ: other colours are other products
MAX_COMPARED = 20_000  # pictures; every one is compared with every other
MAX_ALIKE = 200  # warnings of one kind


@dataclass(frozen=True)
class Look:
    """A picture that opens: whose it is, and what it is compared by."""

    product: Product
    image: str
    digest: str
    gradient: int  # dHash, 64 bits
    thumbnail: np.ndarray  # [192] uint8, 8x8 cells in RGB


def check_catalog(folder: Path, progress: bool = False) -> list[Problem]:
    """All problems, then warnings, of a catalogue folder; opens every picture.

    Raises CatalogError only where there is no catalogue to check.
    """
    folder, bad_lines = Path(folder), []
    catalog = Catalog(folder, tuple(read_products(folder, bad_lines.append)))
    problems = [bad_line(error) for error in bad_lines]
    if not catalog.products and not problems:
        problems.append(Problem("empty", PRODUCTS, "The catalogue has no products."))
    problems += missing_pictures(catalog)
    looks = []
    for look in tqdm(
        look_at_all(catalog), desc="Checking pictures", unit="picture", disable=None if progress else True
    ):
        (problems if isinstance(look, Problem) else looks).append(look)
    problems += [*same_files(looks), *look_alikes(looks), *telling_titles(catalog), *unlicensed(catalog)]
    return sorted(problems, key=lambda problem: problem.is_warning)


def bad_line(error: LavicError) -> Problem:
    where, _, sentence = str(error).partition(": ")
    return Problem("bad line", where, sentence)


def look_at_all(catalog: Catalog) -> Iterator[Look | Problem]:
    """Every picture that is there, or the reason why it cannot be seen."""
    for product in catalog:
        for index, image in enumerate(product.images):
            path = catalog.picture_path(product, index)
            if path is None:
                continue  # already counted as missing
            try:
                picture = open_picture(path)
                yield Look(product, image, hash_file(path), gradient_hash(picture), thumbnail(picture))
            except (PictureError, OSError) as error:
                yield Problem("unreadable picture", product.id, str(error))


def gradient_hash(picture: Image.Image) -> int:
    """dHash: for 8x8 cells whether each is darker than its right neighbour, by more than a flat area's noise."""
    cells = np.asarray(picture.convert("L").resize((9, 8), Image.Resampling.BOX), np.int16)
    return int.from_bytes(np.packbits(cells[:, :-1] + 2 < cells[:, 1:]).tobytes(), "big")


def thumbnail(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.resize((8, 8), Image.Resampling.BOX), np.uint8).ravel()


def same_files(looks: list[Look]) -> Iterator[Problem]:
    """The same bytes under two products: a problem under two titles, else a warning."""
    first: dict[str, Look] = {}
    for look in looks:
        other = first.setdefault(look.digest, look)
        if other.product.id != look.product.id:
            yield Problem(
                "same picture",
                look.product.id,
                f"{look.image} is the very picture of {other.product.id} ({other.product.title}).",
                is_warning=look.product.title == other.product.title,
            )


def look_alikes(looks: list[Look]) -> Iterator[Problem]:
    """A warning for each picture that nearly equals an earlier one of another product."""
    looks = list({look.digest: look for look in reversed(looks)}.values())[::-1]  # equal files are told already
    if not looks:
        return
    if len(looks) > MAX_COMPARED:
        sentence = f"{len(looks):,} pictures are too many to look for look-alikes."
        yield Problem("not compared", PRODUCTS, sentence, is_warning=True)
        return
    gradients = np.array([look.gradient for look in looks], np.uint64)
    thumbnails = np.array([look.thumbnail for look in looks], np.int16)
    told = 0
    for row, look in enumerate(looks):
        near = np.flatnonzero(np.bitwise_count(gradients[:row] ^ gradients[row]) <= LIKE_BITS)
        near = near[np.abs(thumbnails[near] - thumbnails[row]).max(axis=1, initial=0) <= LIKE_LEVELS]
        other = next((looks[n] for n in near if looks[n].product.id != look.product.id), None)
        if other is not None and (told := told + 1) <= MAX_ALIKE:
            sentence = f"{look.image} looks the same as {other.image} of {other.product.id}."
            yield Problem("look-alike", look.product.id, sentence, is_warning=True)
    if told > MAX_ALIKE:
        sentence = f"{told - MAX_ALIKE:,} more pictures look like others."
        yield Problem("look-alike", PRODUCTS, sentence, is_warning=True)


def telling_titles(catalog: Catalog) -> Iterator[Problem]:
    """Titles that give away what only the picture should show.

    Only products that list such an attribute are judged: a shop's own titles are its own affair.
    """
    for product in catalog:
        values = {key.lower(): value for key, value in product.attributes.items()}
        telling = {word for key in TELLING_KEYS for word in words_of(values.get(key, ""))} - NOT_TELLING
        title = product.title.casefold()
        given = {word for word in telling & set(words_of(title)) if len(word) > 2}
        if any(key in values for key in COLOUR_KEYS):
            given |= set(COLOUR_WORDS.findall(title))
        if given:
            sentence = f"The title {product.title!r} gives away {', '.join(sorted(given))}."
            yield Problem("telling title", product.id, sentence)


def words_of(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.casefold())


def unlicensed(catalog: Catalog) -> Iterator[Problem]:
    for product in catalog:
        if product.source and not product.license:
            sentence = "It names its source but no license; say what allows its use."
            yield Problem("no license", product.id, sentence)
