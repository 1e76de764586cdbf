"""An item as two vectors of one space, of its text and of its picture, both by the LLM (SDA, section 2.1).

    text     [The product has the following attributes: Title. Category. Brand. Text]       -> mean of the states -> [d]
    picture  [The product has the image: #####]                                             -> mean of the states -> [d]

`#` is an image place, filled with a visual token; of a picture they are five, or all that there are of it
(`item_pictures.py`). Where the LLM has a MoDA, its gates are those of what is read. One function embeds for training,
evaluation and chat; what is embedded for good is kept under a hash of item and weights.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor
from tqdm import tqdm

from lavic_chat.catalog import Product
from lavic_chat.errors import ModelError
from lavic_chat.features.image_encoder import chunks
from lavic_chat.features.item import ItemVectors, item_text
from lavic_chat.features.item_pictures import FIVE, ItemPictures
from lavic_chat.model.llava import LavicModel
from lavic_chat.model.moda import IMAGE, TEXT, reading
from lavic_chat.model.packing import pad_causal
from lavic_chat.model.pooling import to_vectors
from lavic_chat.storage.cache import VectorCache
from lavic_chat.storage.files import hash_bytes, write_atomic

QUERY = "query"  # what a shopper says, read as a text is
INSTRUCTIONS = {
    TEXT: "The product has the following attributes: ", IMAGE: "The product has the image: ",
    QUERY: "The shopper asks for a product: ",
}  # fmt: skip
WHOLE, OWN = "whole", "own"  # what the mean is taken of: the whole prompt, as in the paper, or what is of the item
BATCH = 32
NAME = "name"  # of the weights and the way of embedding, in what is shipped
Keys = tuple[Sequence[str], Sequence[str]]  # of texts and of pictures
Begin = Callable[[list[int]], Sequence[Tensor]]


@dataclass(frozen=True)
class EmbedderConfig:
    """longest: tokens of an item's text that are read. pool: "whole" or "own". size: to which the means are pooled, a
    fixed projection; 0: they stay as long as the LLM has them. first_layer: the lowest that may have a MoDA; what goes
    into it is the same ever after. query_longest: tokens of a conversation that are read, where it has learned from
    such; 0: its messages are read as texts of items. tokens: "five" of a picture, or "all"."""

    longest: int = 40
    pool: str = WHOLE
    size: int = 0
    first_layer: int = 0
    query_longest: int = 0
    tokens: str = FIVE

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "EmbedderConfig":
        """Of what a stage has recorded, which may say more, or less."""
        return cls(**{item.name: record[item.name] for item in fields(cls) if item.name in record})

    @property
    def of_items(self) -> dict[str, Any]:
        """What items' vectors depend on, as far as it is not what it always was, so that these keep their names."""
        left_out = {"query_longest"} | ({"tokens"} if self.tokens == FIVE else set())
        return {name: value for name, value in asdict(self).items() if name not in left_out}


class ItemEmbedder:
    """Items by one model, which may have a MoDA. weights: what names its weights, in the cache at `home`."""

    def __init__(self, model: LavicModel, home: str | Path, weights: str, config: EmbedderConfig = EmbedderConfig()):
        self.model, self.config = model, config
        self.size = config.size or model.token_size
        self.instructions = {name: model.words_to_ids(text) for name, text in INSTRUCTIONS.items()}
        self.name = hash_bytes(weights, repr(sorted(config.of_items.items())))[:24]
        self.cache = VectorCache(Path(home) / "cache" / "items" / f"{self.name}.sqlite", (self.size,))

    # ---- with gradients, where there are any ----

    def embed_texts(self, texts: Sequence[str]) -> Tensor:
        """n texts -> unit vectors [n, d]"""
        return self.read_above(TEXT, self.begin_texts(texts))

    def embed_states(self, states: Tensor) -> Tensor:
        """The tower's states [n, 5, h] of n pictures -> unit vectors [n, d]"""
        return self.read_above(IMAGE, self.begin_tokens(self.model.project(states)))

    def embed_queries(self, texts: Sequence[str]) -> Tensor:
        """n conversations, each as `query_text` has it -> unit vectors [n, d]"""
        longest = self.config.query_longest or self.config.longest
        return self.read_above(QUERY, self.begin_words(QUERY, texts, longest))

    def begin_texts(self, texts: Sequence[str]) -> list[Tensor]:
        """n texts -> of each [L, d] what goes into layer `first_layer`: the instruction, and behind it the text, which
        may be nothing."""
        return self.begin_words(TEXT, texts, self.config.longest)

    def begin_words(self, name: str, texts: Sequence[str], longest: int) -> list[Tensor]:
        """The same behind the instruction of that name, of at most so many tokens of each."""
        ids = [self.model.words_to_ids(text)[:longest] for text in texts]
        return self.read_below([self.embed_ids(name, row, torch.zeros(0, self.model.token_size)) for row in ids])

    def begin_tokens(self, tokens: Iterable[Tensor]) -> list[Tensor]:
        """Visual tokens [v, d] of n pictures -> of each [L, d]: the instruction, and behind it these."""
        return self.read_below([self.embed_ids(IMAGE, [self.model.image_token_id] * len(row), row) for row in tokens])

    def embed_ids(self, modality: str, ids: list[int], visual_tokens: Tensor) -> Tensor:
        """[L, d] of a modality's instruction and the ids behind it."""
        return self.model.embed(torch.tensor(self.instructions[modality] + ids), visual_tokens)

    @torch.no_grad()
    def read_below(self, rows: Sequence[Tensor]) -> list[Tensor]:
        """[L, d] of each -> the same through the layers below `first_layer`, which nothing changes."""
        states = self.model.read_layers(range(self.config.first_layer), *pad_causal(rows))
        return [row[: len(own)] for row, own in zip(states, rows, strict=True)]

    def read_above(self, modality: str, rows: Sequence[Tensor]) -> Tensor:
        """[L, d] of each, what goes into `first_layer` -> unit vectors [n, d]"""
        layers = range(self.config.first_layer, self.model.memory_shape[0])
        with reading(self.model, TEXT if modality == QUERY else modality):
            states = self.model.read_layers(layers, *pad_causal(rows)).float()
        prefix = len(self.instructions[modality])
        means = [self.own(row[: len(own)], prefix).mean(0) for row, own in zip(states, rows, strict=True)]
        return to_vectors(torch.stack(means), self.config.size)

    def own(self, states: Tensor, prefix: int) -> Tensor:
        """[L, d] -> of these what the mean is taken of; of an item of which nothing is said, its instruction."""
        return states[prefix:] if self.config.pool == OWN and len(states) > prefix else states

    # ---- for good ----

    def embed_items(self, products: Sequence[Product], pictures: ItemPictures, progress: bool = False) -> ItemVectors:
        """n products with their main pictures; cached."""
        texts = [item_text(product) for product in products]
        begin = (
            lambda rows: self.begin_texts([texts[row] for row in rows]),
            lambda rows: self.begin_tokens(pictures.tokens(self.model, rows)),
        )
        return self.embed_begun(cache_keys(texts, pictures), begin, progress)

    def ship(self, products: Sequence[Product], pictures: ItemPictures, path: str | Path) -> None:
        """Write what n products are embedded as, see `embed_items`, for whoever has the same weights, in half
        precision."""
        self.embed_items(products, pictures, progress=True)
        texts, images = cache_keys([item_text(product) for product in products], pictures)
        rows = {key: torch.tensor(vector).half() for key, vector in self.cache.get({*texts, *images}).items()}
        write_atomic(Path(path), save(rows, {NAME: self.name}))

    def adopt(self, path: str | Path) -> None:
        """Take what was shipped into the cache, unless it is other weights'. Raises ModelError where the file is
        damaged."""
        if not Path(path).is_file():
            return
        try:
            with safe_open(path, "pt") as file:
                if (file.metadata() or {}).get(NAME) != self.name:
                    return
                rows = {key: file.get_tensor(key).float().numpy() for key in file.keys()}  # noqa: SIM118 - no dict
        except SafetensorError as error:
            raise ModelError(f"{path} is damaged; fetch the adapter again, or delete that file.") from error
        known = self.cache.get(rows)
        self.cache.put({key: row for key, row in rows.items() if key not in known and row.shape == self.cache.shape})

    def embed_begun(self, keys: Keys, begin: tuple[Begin, Begin], progress: bool = False) -> ItemVectors:
        """n items by their keys; begin: of some rows what goes into `first_layer`, of the texts and of the pictures."""
        texts = self._embed_cached(TEXT, keys[0], begin[0], progress)
        return ItemVectors(texts, self._embed_cached(IMAGE, keys[1], begin[1], progress))

    def _embed_cached(self, modality: str, keys: Sequence[str], begin: Begin, progress: bool) -> np.ndarray:
        """[n, d] by keys; rows that are not known are embedded, and kept after every batch."""
        known = self.cache.get(keys)
        new = list({key: row for row, key in enumerate(keys) if key not in known}.items())
        with (
            tqdm(total=len(new), desc=f"Embedding by {modality}", unit="item", disable=not (progress and new)) as bar,
            torch.inference_mode(),
        ):
            for part in chunks(new, BATCH):
                vectors = self.read_above(modality, begin([row for _, row in part])).float().cpu().numpy()
                fresh = {key: vector for (key, _), vector in zip(part, vectors, strict=True)}
                self.cache.put(fresh)
                known.update(fresh)
                bar.update(len(part))
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, self.size), np.float32)


def cache_keys(texts: Sequence[str], pictures: ItemPictures) -> Keys:
    """What names n texts and pictures in the cache."""
    return [hash_bytes(TEXT, text) for text in texts], pictures.keys
