"""The frozen features that recommenders are compared on, each by a name:

ids       none: what is known of an item is who had it
noise     random numbers of the same size as `lvlm`'s: whether features are used at all (arXiv 2508.04571)
plain     MiniLM of the text, DINOv2's [CLS] of the whole picture, as they come
tower     the same, but the picture by the adapter's own tower, which has learned to tell colours
clip:NAME a CLIP's, by folder or hub name: the paper's column
raw       the LLM's, of the base's own LLM
lvlm      the LLM's, with the adapter's LoRA: what SDA begins with
lvlm-all  the same of every token of a picture instead of five; slow
NAME=DIR  the LLM's with the MoDA of an adapter folder: SDA, LoRA with InfoNCE, ...
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from lavic_chat.catalog import Catalog
from lavic_chat.errors import ModelError
from lavic_chat.features.adapted import open_item_embedder, open_plain, record_of
from lavic_chat.features.image_encoder import chunks
from lavic_chat.features.item import ItemVectors, item_text
from lavic_chat.features.item_embedder import EmbedderConfig, ItemEmbedder, cache_keys
from lavic_chat.features.item_pictures import ALL, FIVE, FiveTokens, main_picture, pictures_of
from lavic_chat.features.text_encoder import TextEncoder
from lavic_chat.model.card import LLM
from lavic_chat.model.clip import Clip
from lavic_chat.model.load import load_model
from lavic_chat.model.moda import IMAGE, MODALITIES, TEXT
from lavic_chat.sda.items import begin_items
from lavic_chat.sda.pictures import look_at, look_at_whole
from lavic_chat.sda.recommenders.task import join_features
from lavic_chat.sda.reduction import reduce_features
from lavic_chat.settings import Settings
from lavic_chat.storage.files import hash_bytes

IDS, NOISE, PLAIN, TOWER, RAW, LVLM, LVLM_ALL, CLIP = (
    "ids", "noise", "plain", "tower", "raw", "lvlm", "lvlm-all", "clip:",
)  # fmt: skip
BOTH = "both"  # modalities
BATCH = 16  # items that CLIP looks at together


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """Of all items of a catalogue: texts [n, d], images [n, d']; none of either for ids. made_of: names what they were
    reduced from, for the last bits of a reduction differ with the number of threads."""

    name: str
    texts: Tensor | None = None
    images: Tensor | None = None
    made_of: str = ""

    def of(self, modality: str) -> Mapping[str, Tensor]:
        """Those of a modality, or of both, by name; empty for ids."""
        found = {TEXT: self.texts, IMAGE: self.images}
        names = MODALITIES if modality == BOTH else (modality,)
        return {name: rows for name in names if (rows := found[name]) is not None}

    def reduced(self, size: int) -> "FeatureSet":
        """Those of each modality on so many of their principal components."""
        rows = {f"{name}s": reduce_features(rows, size) for name, rows in self.of(BOTH).items()}
        return FeatureSet(self.name, **rows, made_of=hash_bytes(self.fingerprint, str(size)))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all of it, or of what it was reduced from."""
        if self.made_of:
            return self.made_of
        parts = []
        for name, rows in self.of(BOTH).items():
            parts += [f"{name} {tuple(rows.shape)}", rows.float().contiguous().numpy().tobytes()]
        return hash_bytes(*parts)

    def joined(self, modality: str) -> Tensor | None:
        """[n, d + d'] one behind the other, each of length one; None for ids."""
        return join_features(self.of(modality))

    def check(self, count: int) -> "FeatureSet":
        """Raises ModelError unless every item has a row, and every number is one."""
        for rows in self.of(BOTH).values():
            if len(rows) != count or not torch.isfinite(rows).all():
                raise ModelError(f"The features {self.name} are not numbers for all of {count} items; make them anew.")
        return self


class FeatureMaker:
    """Makes features of one catalogue with one adapter; models are opened when they are asked for."""

    def __init__(
        self, settings: Settings, catalog: Catalog, zero_shot: EmbedderConfig | None = None, modality: str = BOTH
    ):
        """zero_shot: how an LLM that was not adapted embeds items; the paper's way without it. modality: that will be
        asked for; of texts alone no picture is looked at."""
        self.settings, self.catalog, self.modality = settings, catalog, modality
        self.zero_shot = zero_shot or EmbedderConfig()
        self.look = cache(self._look)
        self.texts = [item_text(product) for product in catalog.products]

    def make(self, name: str) -> FeatureSet:
        """By name; raises LavicError for one that is none, or that cannot be had."""
        label, _, folder = name.partition("=")
        makers = {IDS: lambda: FeatureSet(IDS), NOISE: self.make_noise, PLAIN: self.make_plain, TOWER: self.make_tower,
                  RAW: lambda: self.embed_zero_shot(RAW, without=(LLM,)), LVLM: lambda: self.embed_zero_shot(LVLM),
                  LVLM_ALL: lambda: self.embed_zero_shot(LVLM_ALL, tokens=ALL)}  # fmt: skip
        if folder:
            found = self.embed_adapted(label, Path(folder))
        elif name.startswith(CLIP):
            found = self.make_clip(name.removeprefix(CLIP))
        elif name in makers:
            found = makers[name]()
        else:
            raise ModelError(f"There are no features {name!r}; choose {', '.join(makers)}, clip:NAME or NAME=ADAPTER.")
        return (FeatureSet(found.name, found.texts) if self.modality == TEXT else found).check(len(self.texts))

    def make_noise(self) -> FeatureSet:
        """Of the size of the LLM's."""
        size = load_model(self.settings.model, None, self.settings.home).token_size
        rng = np.random.default_rng(0)
        texts, images = (torch.tensor(rng.normal(size=(len(self.texts), size)), dtype=torch.float32) for _ in range(2))
        return FeatureSet(NOISE, texts, images)

    def make_plain(self) -> FeatureSet:
        """The sentence encoder and the tower, neither of which has learned anything here."""
        return FeatureSet(PLAIN, self.encode_texts(), self.see(None))

    def make_tower(self) -> FeatureSet:
        """The sentence encoder as it comes, and the adapter's tower."""
        return FeatureSet(TOWER, self.encode_texts(), self.see(self.settings.adapter_folder))

    def see(self, adapter: Path | None) -> Tensor | None:
        """[n, h] what the tower has of whole pictures; None where no picture is asked for."""
        if self.modality == TEXT:
            return None
        return look_at_whole(self.settings, self.catalog, self.catalog.products, adapter)

    def make_clip(self, name: str) -> FeatureSet:
        """Raises ModelError where there is no such CLIP."""
        clip = Clip(name)
        texts, images = [], []
        pairs = list(zip(self.texts, self.catalog.products, strict=True))
        with tqdm(total=len(pairs), desc="Looking with CLIP", unit="item") as bar:
            for part in chunks(pairs, BATCH):
                texts.append(clip.encode_texts([text for text, _ in part]))
                images.append(clip.encode_pictures([main_picture(self.catalog, product) for _, product in part]))
                bar.update(len(part))
        return FeatureSet(CLIP + name, torch.cat(texts), torch.cat(images))

    def embed_adapted(self, name: str, adapted: Path) -> FeatureSet:
        """By the LLM with the MoDA of an adapter's folder, whose record says how its items were embedded."""
        settings = self.settings
        embedder = open_item_embedder(settings.model, settings.adapter_folder, settings.home, adapted)
        return self.embed(name, embedder)

    def embed_zero_shot(self, name: str, without: tuple[str, ...] = (), tokens: str = FIVE) -> FeatureSet:
        """By the LLM as it is; without: the adapter's LoRAs that are left out. tokens: of a picture."""
        model = open_plain(self.settings.model, self.settings.adapter_folder, self.settings.home, without)
        config = replace(self.zero_shot, tokens=tokens)
        return self.embed(name, ItemEmbedder(model, self.settings.home, hash_bytes(model.weights_hash, ""), config))

    def embed(self, name: str, embedder: ItemEmbedder) -> FeatureSet:
        """All items by an embedder."""
        vectors = self.embed_all(embedder)
        return FeatureSet(name, torch.from_numpy(vectors.texts), torch.from_numpy(vectors.images))

    def embed_all(self, embedder: ItemEmbedder) -> ItemVectors:
        """All items; where layers do not learn, from what is kept of these, which is read only for what is not embedded
        yet."""
        products, config = self.catalog.products, embedder.config
        if self.modality == TEXT:  # every picture is the same nothing, which is read once
            nothing = FiveTokens(torch.zeros(len(products), 5, embedder.model.state_size))
            return embedder.embed_items(products, nothing, True)
        look = partial(self.look, self.settings.adapter_folder)
        pictures = pictures_of(config.tokens, self.catalog, products, look)
        if not config.first_layer or config.tokens == ALL:
            return embedder.embed_items(products, pictures, progress=True)
        begun = cache(lambda: begin_items(embedder, products, pictures))
        begin = (lambda rows: list(begun().take(rows).texts), lambda rows: list(begun().take(rows).images))
        return embedder.embed_begun(cache_keys(self.texts, pictures), begin, progress=True)

    def encode_texts(self) -> Tensor:
        """[n, 384] by the sentence encoder as it comes."""
        return torch.from_numpy(TextEncoder(self.settings.home).encode_cached(self.texts, progress=True))

    def _look(self, adapter: Path | None) -> Tensor:
        """[n, 5, h] the states of the base's tower, with an adapter's LoRA or without."""
        return look_at(self.settings, self.catalog, self.catalog.products, adapter)


def config_of_any(names: Sequence[str]) -> EmbedderConfig:
    """How the first of the adapted ones among sets of features embeds items, by which those that are not adapted do as
    well; the paper's way where there is none."""
    folders = (name.partition("=")[2] for name in names)
    return next((config_of(folder) for folder in folders if folder), EmbedderConfig())


def config_of(adapted: str | Path) -> EmbedderConfig:
    """How an adaptation embeds items; raises ModelError where the folder is none."""
    return EmbedderConfig.of(record_of(adapted).get("config", {}))
