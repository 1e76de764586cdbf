"""In which space items are searched: the fused one, that of words alone, the LLM's own as SDA has adapted it, or that
beside the fused one.

What SDA needs brings transformers and peft along, seconds of a start, and is imported where it is searched by.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lavic_chat.catalog import Catalog
from lavic_chat.errors import LavicError
from lavic_chat.features.item import ItemFeatures, main_pictures
from lavic_chat.model.card import EMBEDDED, MODA, read_card
from lavic_chat.model.runtimes import ensure_exports, is_exported, is_there
from lavic_chat.ranking.visual_ranker import source_of
from lavic_chat.retrieval.embedder import Embedder
from lavic_chat.retrieval.item_space import EmbeddedSpace, ItemSpace, JoinedSpace, SearchSpace
from lavic_chat.settings import Settings

if TYPE_CHECKING:
    from lavic_chat.features.item_embedder import ItemEmbedder
    from lavic_chat.features.item_pictures import ItemPictures

FUSION, TEXT, SDA, BOTH = "fusion", "text", "sda", "both"


def open_search_space(
    settings: Settings, catalog: Catalog, item_features: Sequence[ItemFeatures], embedder: Embedder
) -> SearchSpace | None:
    """The space that `--search` names; None for the embedder's own. "sda" takes the MoDA of the adapter's folder,
    "sda=FOLDER" that of another one; "both" that and the fused one. Raises LavicError for another name, and where there
    is no MoDA."""
    search = search_of(settings)
    if search == FUSION:
        return None
    if search == TEXT:
        return space_of(Embedder(embedder.encoder), catalog, item_features)
    adapted = adapted_of(settings)
    if adapted is None:
        raise LavicError(
            f"There is no search {search!r}; choose fusion, text, sda, both, sda=ADAPTER, or both=ADAPTER."
        )
    space = open_item_space(settings, adapted, catalog, item_features)
    is_alone = search.partition("=")[0] == SDA
    return space if is_alone else JoinedSpace(space_of(embedder, catalog, item_features), space)


def open_item_space(
    settings: Settings, adapted: Path, catalog: Catalog, item_features: Sequence[ItemFeatures]
) -> ItemSpace:
    """By the MoDA of a folder; what was shipped with it is not embedded again."""
    from lavic_chat.features.query_embedder import open_query_embedder

    items, pictures = open_items(settings, adapted, catalog, item_features)
    items.adopt(adapted / MODA / EMBEDDED)
    queries = open_query_embedder(source_of(settings), adapted, items)
    return ItemSpace(queries, items.embed_items(catalog.products, pictures, progress=True))


def open_items(
    settings: Settings, adapted: Path, catalog: Catalog, item_features: Sequence[ItemFeatures]
) -> tuple["ItemEmbedder", "ItemPictures"]:
    """What embeds items by the MoDA of a folder, and their main pictures."""
    from lavic_chat.features.adapted import open_item_embedder
    from lavic_chat.features.item_pictures import pictures_of

    items = open_item_embedder(settings.model, settings.adapter_folder, settings.home, adapted)
    states = partial(main_pictures, (features.states for features in item_features))
    return items, pictures_of(items.config.tokens, catalog, catalog.products, states)


def space_of(embedder: Embedder, catalog: Catalog, item_features: Sequence[ItemFeatures]) -> SearchSpace:
    """An embedder's own, of a catalogue's items."""
    return EmbeddedSpace(embedder.embed_items(catalog.products, item_features), embedder.embed_query)


def ship_embedded(settings: Settings, catalog: Catalog, item_features: Sequence[ItemFeatures]) -> None:
    """Write the items as the MoDA embeds them into its folder, where a search by it is what the settings name."""
    if adapted := adapted_of(settings):
        items, pictures = open_items(settings, adapted, catalog, item_features)
        items.ship(catalog.products, pictures, adapted / MODA / EMBEDDED)


def search_of(settings: Settings) -> str:
    """The search that the settings name, else the one that the adapter is best with. Raises ModelError where its card
    cannot be read."""
    return settings.search or (read_card(settings.adapter).search if settings.adapter else FUSION)


def is_prepared(settings: Settings) -> bool:
    """Whether nothing is left to be made for the model, the sentence encoder, the tagger and the search."""
    source, folder = source_of(settings), None
    if adapted := adapted_of(settings):
        from lavic_chat.features.query_embedder import query_folder

        folder = query_folder(source, adapted)
    return is_exported(source) and (folder is None or is_there(folder))


def prepare_runtimes(settings: Settings) -> bool:
    """Make what is missing of these; whether the model has one afterwards. Raises LavicError where it fails."""
    source = source_of(settings)
    made = ensure_exports(source)
    if adapted := adapted_of(settings):
        from lavic_chat.features.query_embedder import ensure_query

        ensure_query(source, adapted)
    return made


def adapted_of(settings: Settings) -> Path | None:
    """The folder whose MoDA embeds what is searched; None where none does."""
    name, _, folder = search_of(settings).partition("=")
    return Path(folder or settings.adapter_folder) if name in (SDA, BOTH) else None
