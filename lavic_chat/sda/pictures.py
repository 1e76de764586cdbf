"""The states of a catalogue's main pictures, by whichever runtime is asked for: an export looks twice as fast."""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from lavic_chat.catalog import Catalog, Product
from lavic_chat.features.image_encoder import ImageEncoder, WholeImageEncoder
from lavic_chat.model.base import VisionLanguageModel
from lavic_chat.model.runtimes import ModelSource, open_model
from lavic_chat.settings import Settings


def look_at(settings: Settings, catalog: Catalog, products: Sequence[Product], adapter: Path | None) -> Tensor:
    """[n, 5, h] by the tower of the base with an adapter, or as it comes; cached. Raises LavicError."""
    encoder = ImageEncoder(open_tower(settings, adapter), settings.home)
    return encoder.encode_products(catalog, products, progress=True)


def look_at_whole(settings: Settings, catalog: Catalog, products: Sequence[Product], adapter: Path | None) -> Tensor:
    """[n, h] of whole pictures alone, for a fifth of the work; see `look_at`."""
    encoder = WholeImageEncoder(open_tower(settings, adapter), settings.home)
    return encoder.encode_products(catalog, products, progress=True)[:, 0]


def open_tower(settings: Settings, adapter: Path | None) -> VisionLanguageModel:
    """What looks."""
    return open_model(ModelSource(settings.model, adapter, settings.home, settings.runtime))
