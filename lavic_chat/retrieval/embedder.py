"""Items and queries in one space."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from lavic_chat.catalog import Product
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.features.candidate_text import harmless
from lavic_chat.features.item import ItemFeatures, main_pictures
from lavic_chat.features.text_encoder import TextEncoder
from lavic_chat.retrieval.fusion import Fusion, load_fusion
from lavic_chat.retrieval.query import Query, make_query
from lavic_chat.settings import AUTO
from lavic_chat.storage.files import hash_bytes


def product_text(product: Product, caption: str = "") -> str:
    """What retrieval reads of a product: title, the model's caption, category, description; never the attributes of
    its appearance. A title is no order here either: the encoder, too, has learned what shoppers say."""
    parts = (harmless(product.title), caption, product.category, product.description)
    return ". ".join(part for part in parts if part)


class Embedder:
    """One space for items and queries: unit vectors [d], whose cosine says how near they lie.

    d is 384 by the texts alone, and twice that with a fusion, which also sees the pictures.
    """

    def __init__(self, encoder: TextEncoder, fusion: Fusion | None = None):
        self.encoder, self.fusion = encoder, fusion

    @property
    def name(self) -> str:
        """Of all weights that make its vectors."""
        if not self.fusion:
            return self.encoder.name
        weights = (tensor.numpy().tobytes() for tensor in self.fusion.state_dict().values())
        return hash_bytes(self.encoder.name, str(self.fusion.share), *weights)

    def embed_items(
        self,
        products: Sequence[Product],
        item_features: Sequence[ItemFeatures] | None = None,
        progress: bool = False,
    ) -> np.ndarray:
        """[n, d] of products with their features; without these by what the catalogue says alone."""
        captions = [features.caption for features in item_features] if item_features else [""] * len(products)
        texts = [product_text(*pair) for pair in zip(products, captions, strict=True)]
        vectors = self.encoder.encode_cached(texts, progress)
        if not self.fusion:
            return vectors
        states = main_pictures(features.states for features in item_features) if item_features else None
        return self.fusion.join_products(torch.from_numpy(vectors), states).numpy()

    def embed_query(self, query: Query) -> np.ndarray:
        """[d] of a query; zeros where it says nothing to search by."""
        if not query.texts:
            return np.zeros(self.encoder.size * (2 if self.fusion else 1), np.float32)
        vector = query.blend(self.encoder.encode(query.texts))
        return self.fusion.join_queries(torch.from_numpy(vector[None])).numpy()[0] if self.fusion else vector

    def score_items(
        self,
        dialogue: Dialogue,
        products: Sequence[Product],
        item_features: Sequence[ItemFeatures] | None = None,
    ) -> np.ndarray:
        """[n] query scores, cosines of a dialogue and products; see `embed_items`."""
        return self.embed_items(products, item_features) @ self.embed_query(make_query(dialogue))


def load_embedder(home: str | Path, adapter: str | Path | None, tower: str, runtime: str = AUTO) -> Embedder:
    """The space that an adapter folder has trained. tower: hash of the tower whose states it will be shown; runtime: of
    the sentence encoder.

    Raises ModelError where a part is damaged.
    """
    encoder = TextEncoder(home, adapter, runtime)
    return Embedder(encoder, load_fusion(adapter, tower, encoder.name) if adapter else None)
