"""Pictures looked at: how many of a catalogue a second, and how long one photo of a shopper's takes.

The catalogue's are long known, so for the time of the measurement the encoder has no cache; the user's is neither read
nor written.
"""

import statistics
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lavic_chat.catalog import Catalog, Product
from lavic_chat.errors import LavicError
from lavic_chat.features.image_encoder import ImageEncoder
from lavic_chat.serving.recommender import Recommender
from lavic_chat.storage.runtime_cache import RuntimeCache

PICTURES, PHOTOS = 16, 4


@dataclass(frozen=True)
class PictureFigures:
    """pictures: how many were looked at, at a_second in batches as when indexing. photo_ms: the median of one alone, as
    in a turn with a photo."""

    pictures: int
    a_second: float
    photo_ms: float


def measure_pictures(recommender: Recommender, count: int = PICTURES) -> PictureFigures:
    """Look at so many of the catalogue's main pictures as if for the first time. Raises LavicError where the catalogue
    has no pictures."""
    products = with_pictures(recommender.catalog, count + PHOTOS)
    photos, products = products[:PHOTOS], products[PHOTOS:] or products
    encoder = recommender.visual_ranker.image_encoder
    with without_cache(encoder):
        times = [time_photo(encoder, recommender.catalog.picture_path(product)) for product in photos]
        start = time.perf_counter()
        encoder.encode_products(recommender.catalog, products)
        seconds = time.perf_counter() - start
    return PictureFigures(len(products), round(len(products) / seconds, 2), round(1000 * statistics.median(times), 1))


def with_pictures(catalog: Catalog, most: int) -> list[Product]:
    """The first products whose main picture is there, no two of the same picture; raises LavicError without any."""
    found = {catalog.picture_path(product): product for product in catalog}
    found.pop(None, None)
    if not found:
        raise LavicError(f"The catalogue {catalog.folder} has no pictures to look at; fetch them, or name another.")
    return list(found.values())[:most]


def time_photo(encoder: ImageEncoder, path: Path | None) -> float:
    """Seconds to open and encode one picture."""
    start = time.perf_counter()
    encoder.encode_photo(path or "")
    return time.perf_counter() - start


class NoStore:
    """In the place of a cache's store: nothing is there, and nothing is kept."""

    path = "nowhere"

    def get(self, keys: Iterable[str]) -> dict[str, Any]:
        """Nothing."""
        return {}

    def put(self, values: Mapping[str, Any]) -> None:
        """Forget them."""


@contextmanager
def without_cache(encoder: ImageEncoder) -> Generator[None]:
    """For the length of the block the encoder looks at every picture as if for the first time, and keeps nothing."""
    own = encoder.cache
    encoder.cache = RuntimeCache(NoStore())
    try:
        yield
    finally:
        encoder.cache = own
