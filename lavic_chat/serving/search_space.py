"""In which space items are searched: the fused one, that of words alone, or the LLM's own as SDA has adapted it."""

from collections.abc import Sequence

from lavic_chat.catalog import Catalog
from lavic_chat.errors import LavicError
from lavic_chat.features.adapted import open_item_embedder
from lavic_chat.features.item import ItemFeatures, main_pictures
from lavic_chat.retrieval.embedder import Embedder
from lavic_chat.retrieval.item_space import EmbeddedSpace, ItemSpace, SearchSpace
from lavic_chat.settings import Settings

FUSION, TEXT, SDA = "fusion", "text", "sda"


def open_search_space(
    settings: Settings, catalog: Catalog, item_features: Sequence[ItemFeatures], embedder: Embedder
) -> SearchSpace | None:
    """The space that `--search` names; None for the embedder's own. "sda" takes the MoDA of the adapter's folder,
    "sda=FOLDER" that of another one. Raises LavicError for another name, and where there is no MoDA."""
    name, _, folder = settings.search.partition("=")
    if name == FUSION and not folder:
        return None
    if name == TEXT and not folder:
        words = Embedder(embedder.encoder)
        return EmbeddedSpace(words.embed_items(catalog.products, item_features), words.embed_query)
    if name != SDA:
        raise LavicError(f"There is no search {settings.search!r}; choose fusion, text, sda, or sda=ADAPTER.")
    adapter = settings.adapter_folder
    items = open_item_embedder(settings.model, adapter, settings.home, folder or adapter)
    states = main_pictures(features.states for features in item_features)
    return ItemSpace(items, items.embed_items(catalog.products, states, progress=True))
