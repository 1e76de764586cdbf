"""A catalogue's vectors for the shop: text and picture by a MoDA, reduced, one behind the other."""

from dataclasses import dataclass
from pathlib import Path

from lavic_chat.catalog import load_catalog
from lavic_chat.errors import ModelError
from lavic_chat.features.item_vectors import item_keys, save_item_vectors
from lavic_chat.sda.features import BOTH, FeatureMaker
from lavic_chat.settings import Settings


@dataclass(frozen=True)
class EmbedRequest:
    """settings: base, catalogue, and the adapter into whose folder the vectors go. adapted: another folder whose MoDA
    is used. size: principal components of each modality."""

    settings: Settings
    adapted: Path | None = None
    size: int = 128


def embed_items(request: EmbedRequest) -> str:
    """Write the vectors; returns a sentence about them. Raises LavicError where there is no such MoDA."""
    settings = request.settings
    catalog = load_catalog(settings.catalog)
    maker = FeatureMaker(settings, catalog)
    made = maker.make(f"sda={request.adapted or settings.adapter_folder}")
    vectors = made.reduced(request.size).joined(BOTH)
    if vectors is None:
        raise ModelError(f"{catalog.folder} has no products to embed; import some first.")
    keys = item_keys(catalog.products, maker.look(settings.adapter_folder))
    path = save_item_vectors(settings.adapter_folder, keys, vectors)
    return f"{len(keys):,} vectors of {vectors.shape[1]} numbers ({path.stat().st_size / 1e6:.1f} MB) are in {path}."
