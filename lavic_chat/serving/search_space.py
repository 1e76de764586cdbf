"""In which space items are searched: the fused one, that of words alone, the LLM's own as SDA has adapted it, or that
beside the fused one."""

from collections.abc import Sequence
from pathlib import Path

from lavic_chat.catalog import Catalog
from lavic_chat.errors import LavicError
from lavic_chat.features.adapted import open_item_embedder
from lavic_chat.features.item import ItemFeatures, item_text, main_pictures
from lavic_chat.features.item_embedder import cache_keys
from lavic_chat.features.query_embedder import ensure_query, open_query_embedder, query_folder
from lavic_chat.model.card import EMBEDDED, MODA, read_card
from lavic_chat.model.runtimes import ensure_exports, is_exported, is_there
from lavic_chat.ranking.visual_ranker import source_of
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
    name, _, folder = search_of(settings).partition("=")
    if name == FUSION and not folder:
        return None
    if name == TEXT and not folder:
        return space_of(Embedder(embedder.encoder), catalog, item_features)
    if name not in (SDA, BOTH):
        raise LavicError(
            f"There is no search {search_of(settings)!r}; choose fusion, text, sda, both, sda=ADAPTER, or both=ADAPTER."
        )
    adapted = adapted_of(settings) or settings.adapter_folder
    items = open_item_embedder(settings.model, settings.adapter_folder, settings.home, adapted)
    items.adopt(adapted / MODA / EMBEDDED)
    states = main_pictures(features.states for features in item_features)
    queries = open_query_embedder(source_of(settings), adapted, items)
    space = ItemSpace(queries, items.embed_items(catalog.products, states, progress=True))
    return space if name == SDA else JoinedSpace(space_of(embedder, catalog, item_features), space)


def space_of(embedder: Embedder, catalog: Catalog, item_features: Sequence[ItemFeatures]) -> SearchSpace:
    """An embedder's own, of a catalogue's items."""
    return EmbeddedSpace(embedder.embed_items(catalog.products, item_features), embedder.embed_query)


def ship_embedded(settings: Settings, catalog: Catalog, item_features: Sequence[ItemFeatures]) -> None:
    """Write the items as the MoDA embeds them into its folder, where a search by it is what the settings name."""
    adapted = adapted_of(settings)
    if adapted is None:
        return
    items = open_item_embedder(settings.model, settings.adapter_folder, settings.home, adapted)
    states = main_pictures(features.states for features in item_features)
    items.embed_items(catalog.products, states, progress=True)
    items.ship(cache_keys([item_text(product) for product in catalog.products], states), adapted / MODA / EMBEDDED)


def search_of(settings: Settings) -> str:
    """The search that the settings name, else the one that the adapter is best with. Raises ModelError where its card
    cannot be read."""
    return settings.search or (read_card(settings.adapter).search if settings.adapter else FUSION)


def is_prepared(settings: Settings) -> bool:
    """Whether nothing is left to be made for the model, the sentence encoder, the tagger and the search."""
    source, adapted = source_of(settings), adapted_of(settings)
    folder = query_folder(source, adapted) if adapted else None
    return is_exported(source) and (folder is None or is_there(folder))


def prepare_runtimes(settings: Settings) -> bool:
    """Make what is missing of these; whether the model has one afterwards. Raises LavicError where it fails."""
    source, adapted = source_of(settings), adapted_of(settings)
    made = ensure_exports(source)
    if adapted:
        ensure_query(source, adapted)
    return made


def adapted_of(settings: Settings) -> Path | None:
    """The folder whose MoDA embeds what is searched; None where none does."""
    name, _, folder = search_of(settings).partition("=")
    return Path(folder or settings.adapter_folder) if name in (SDA, BOTH) else None
