"""A model with all that it needs to look at products and to choose among them."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from lavic_chat.catalog import Catalog, Product
from lavic_chat.errors import ModelError
from lavic_chat.features.captions import Captioner, kinds_of, without_kind
from lavic_chat.features.image_encoder import ImageEncoder
from lavic_chat.features.item import ItemFeatures, main_pictures
from lavic_chat.model import VisionLanguageModel
from lavic_chat.model.card import AdapterCard, damaged_parts, seal_adapter
from lavic_chat.model.runtimes import ModelSource, open_model
from lavic_chat.ranking.branch_cache import BranchCache
from lavic_chat.ranking.ranker import Ranker, RankerConfig
from lavic_chat.settings import Settings
from lavic_chat.storage.cache import TextCache
from lavic_chat.storage.files import hash_bytes
from lavic_chat.storage.troubles import note_trouble

BATCH = 8  # products that are read at once
# In an adapter folder: the home catalogue's pictures, already encoded and captioned.
SHIPPED_STATES, SHIPPED_CAPTIONS = "states.safetensors", "descriptions.jsonl"


@dataclass(frozen=True)
class VisualRanker:
    """A model with its adapter, ready to look at products, at so many pictures of each, and to choose among them."""

    model: VisionLanguageModel
    image_encoder: ImageEncoder
    captioner: Captioner
    ranker: Ranker
    pictures: int = 1
    known_kinds: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)  # of the last catalogue

    def look_at(self, catalog: Catalog, products: Sequence[Product], progress: bool = True) -> list[ItemFeatures]:
        """The features of each product: its pictures' states [k, 5, h], and the main one's caption without the kind of
        thing, which titles know better, none where there is no picture; what the caches lack is computed."""
        states = self.image_encoder.encode_pictures(catalog, products, self.pictures, progress)
        captions = self.captioner.caption_states(main_pictures(states), progress) if states else []
        kinds = self.kinds_of(catalog)
        there = (catalog.picture_path(product) is not None for product in products)
        rows = zip(states, captions, there, strict=True)
        return [
            ItemFeatures(seen, without_kind(caption, kinds) if is_there else "") for seen, caption, is_there in rows
        ]

    @property
    def runtimes(self) -> tuple[str, str]:
        """Of the model, and of its tower."""
        return self.model.runtime, self.model.tower_runtime

    @property
    def name(self) -> str:
        """Of all weights that items are looked at and described with."""
        kinds = self.model.card.kinds if self.model.card else ()
        return hash_bytes(self.model.vision_hash, self.model.weights_hash, *self.runtimes, *kinds)

    def kinds_of(self, catalog: Catalog) -> Set[str]:
        """What kinds of things captions may name; found out once of each catalogue."""
        if catalog.products is not self.known_kinds.get("products"):
            kinds = kinds_of(catalog) | set(self.model.card.kinds if self.model.card else ())
            self.known_kinds.update(products=catalog.products, kinds=kinds)
        return self.known_kinds["kinds"]

    def features_by_id(self, catalog: Catalog, products: Sequence[Product]) -> dict[str, ItemFeatures]:
        """The same by product id."""
        return dict(zip((product.id for product in products), self.look_at(catalog, products), strict=True))

    def read_ahead(self, products: Sequence[Product], item_features: Sequence[ItemFeatures]) -> None:
        """Read all that the LLM can read of products before they are talked of, where that is of use; what was read
        before costs nothing."""
        if not self.ranker.reads_ahead:
            return
        for start in tqdm(range(0, len(products), BATCH), desc="Reading ahead", unit=f"{BATCH} products"):
            self.ranker.read_ahead(products[start : start + BATCH], item_features[start : start + BATCH])

    def ship(self, catalog: Catalog, item_features: Sequence[ItemFeatures], adapter: str | Path) -> None:
        """Write what was seen of a catalogue, and the captions of it, into an adapter folder."""
        folder = Path(adapter)
        self.image_encoder.save_states(catalog, folder / SHIPPED_STATES, self.pictures)
        if any(features.caption for features in item_features):
            self.captioner.save(main_pictures(one.states for one in item_features), folder / SHIPPED_CAPTIONS)
        seal_adapter(folder)


def check_adapter(folder: Path | None) -> bool:
    """Whether the states or captions that an adapter brings are damaged, so that both are made anew, which is told.
    Raises ModelError where its weights are."""
    damaged = damaged_parts(folder) if folder else []
    for path in damaged:
        if path.name not in (SHIPPED_STATES, SHIPPED_CAPTIONS):
            raise ModelError(f"{path} is not what was written there: it is damaged; fetch the adapter again.")
        note_trouble(path, f"{path} is damaged, so that pictures are looked at anew; fetch the adapter again.")
    return bool(damaged)


def source_of(settings: Settings) -> ModelSource:
    """What the settings say of the model."""
    return ModelSource(settings.model, settings.adapter, settings.home, settings.runtime)


def load_visual_ranker(settings: Settings, keep_scores: bool = False) -> VisualRanker:
    """Open the model, of which nothing is trained from here on, in the settings' runtime. keep_scores: what it makes of
    every prompt, for measuring again; a shopper's words leave no trace. Where the settings name an LLM server, that
    scores, and nothing is kept: its scores are not quite this machine's. Raises ModelError as `open_model` and
    `connect_llm`."""
    damaged = check_adapter(settings.adapter)
    model = open_model(source_of(settings))
    image_encoder, captioner = ImageEncoder(model, settings.home), Captioner(model, settings.home)
    if settings.adapter and not damaged:
        image_encoder.adopt_states(settings.adapter / SHIPPED_STATES)
        captioner.adopt(settings.adapter / SHIPPED_CAPTIONS)
    card = model.card or AdapterCard(model.name, model.fingerprint)
    config = RankerConfig(settings.decode or card.decode, card.temperature, card.labeling, card.retrieval_weight)
    scorer = None
    if settings.llm:
        from lavic_chat.ranking.remote_llm import connect_llm  # brings httpx, which nobody else needs

        scorer = connect_llm(settings, model, config.decode)
    score_cache = TextCache(settings.home / "cache" / "scores.sqlite") if keep_scores and not scorer else None
    on_gpu = model.device.type != "cpu"  # which reads a branch faster than a disk does
    branches = BranchCache(model, None if on_gpu else settings.home / "cache")
    ranker = Ranker(model, config, score_cache, scorer, branches)
    return VisualRanker(model, image_encoder, captioner, ranker, card.pictures)
