"""In which space items are searched: the fused one, that of words alone, the LLM's own as SDA has adapted it, or that
beside the fused one."""

from collections.abc import Sequence

from lavic_chat.catalog import Catalog
from lavic_chat.errors import LavicError
from lavic_chat.features.adapted import open_item_embedder
from lavic_chat.features.item import ItemFeatures, main_pictures
from lavic_chat.retrieval.embedder import Embedder
from lavic_chat.retrieval.item_space import EmbeddedSpace, ItemSpace, JoinedSpace, SearchSpace
from lavic_chat.settings import Settings

FUSION, TEXT, SDA, BOTH = "fusion", "text", "sda", "both"


def open_search_space(
    settings: Settings, catalog: Catalog, item_features: Sequence[ItemFeatures], embedder: Embedder
) -> SearchSpace | None:
    """The space that `--search` names; None for the embedder's own. "sda" takes the MoDA of the adapter's folder,
    "sda=FOLDER" that of another one; "both" that and the fused one. Raises LavicError for another name, and where there
    is no MoDA."""
    name, _, folder = settings.search.partition("=")
    if name == FUSION and not folder:
        return None
    if name == TEXT and not folder:
        return space_of(Embedder(embedder.encoder), catalog, item_features)
    if name not in (SDA, BOTH):
        raise LavicError(
            f"There is no search {settings.search!r}; choose fusion, text, sda, both, sda=ADAPTER, or both=ADAPTER."
        )
    adapter = settings.adapter_folder
    items = open_item_embedder(settings.model, adapter, settings.home, folder or adapter)
    states = main_pictures(features.states for features in item_features)
    space = ItemSpace(items, items.embed_items(catalog.products, states, progress=True))
    return space if name == SDA else JoinedSpace(space_of(embedder, catalog, item_features), space)


def space_of(embedder: Embedder, catalog: Catalog, item_features: Sequence[ItemFeatures]) -> SearchSpace:
    """An embedder's own, of a catalogue's items."""
    return EmbeddedSpace(embedder.embed_items(catalog.products, item_features), embedder.embed_query)
