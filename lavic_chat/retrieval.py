"""Retrieval: the catalogue's products nearest to a dialogue, by what is said and shown of them, and by a photo."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from lavic_chat.budget import COMPARED, affords, read_budget
from lavic_chat.cache import VectorCache
from lavic_chat.catalog import Catalog, Product
from lavic_chat.catalog.filters import NO_FILTERS, Filters
from lavic_chat.dialogue import REJECTION, SEEKER, Dialogue
from lavic_chat.errors import DialogueError
from lavic_chat.files import hash_bytes
from lavic_chat.followup import asks_for_another, names_of, nouns_of, pick_meant, things_in
from lavic_chat.model.fusion import Fusion, load_fusion
from lavic_chat.model.text_encoder import load_text_encoder
from lavic_chat.recommendation import Candidate
from lavic_chat.sight import Sight, main_pictures

AGEING = 0.6  # the weight of a turn against the next newer one
MEANT = 0.6  # the weight of the last pick's title, where the newest turn asks for a change of it
OTHERS = 0.25  # the weight of what the recommender or others said
PICTURE_WEIGHT = 0.5  # of picture similarity, where the shopper showed a photo or a product
LIKE_WEIGHT = 0.5  # of a shown product's text
BATCH = 64
# Beside a refusal, what tells what is wanted: "something else in red", not "not that one, please".
TELLING = re.compile(r"\b\w{3,}\b.*\b\w{3,}|\b(?:in|with|of)\s+\w{3,}", re.DOTALL)


class TextEncoder:
    """all-MiniLM-L6-v2 through sentence-transformers, through the cache at `home`; tuned, where the adapter folder
    holds a retriever.

    Raises ModelError when its folder is damaged or cannot be made.
    """

    def __init__(self, home: Path, adapter: Path | None = None):
        self.encoder, self.name = load_text_encoder(home, adapter)
        self.size = self.encoder.get_embedding_dimension()
        self.cache = VectorCache(home / "cache" / "text" / f"{self.name}.sqlite", (self.size,))

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """[n, 384] unit vectors, uncached: for what is said once."""
        return self.encoder.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)

    def encode_cached(self, texts: Sequence[str], progress: bool = False) -> np.ndarray:
        """[n, 384] unit vectors, cached: for texts that come again."""
        keys = [hash_bytes(text) for text in texts]
        vectors = self.cache.get(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in vectors}
        todo = sorted(missing.items(), key=lambda pair: len(pair[1]))  # texts of a length are read together
        with tqdm(total=len(todo), desc="Reading texts", unit="text", disable=not (progress and todo)) as bar:
            for start in range(0, len(todo), BATCH):
                part = todo[start : start + BATCH]
                fresh = dict(zip((key for key, _ in part), self.encode([text for _, text in part]), strict=True))
                self.cache.put(fresh)
                vectors.update(fresh)
                bar.update(len(part))
        return np.stack([vectors[key] for key in keys])


def product_text(product: Product, looks: str = "") -> str:
    """What retrieval reads of a product: title, what the model said of its picture, category, description; never the
    attributes of its looks."""
    return ". ".join(part for part in (product.title, looks, product.category, product.description) if part)


@dataclass(frozen=True)
class Query:
    """What to search by: weighted texts, and a picture vector [h] or None."""

    texts: tuple[str, ...]
    weights: tuple[float, ...]
    picture: np.ndarray | None = None

    def blend(self, vectors: np.ndarray) -> np.ndarray:
        """The texts' vectors [n, d] -> one unit vector [d], by the texts' weights."""
        return unit((np.array(self.weights, np.float32)[:, None] * vectors).sum(0))


def make_query(dialogue: Dialogue, picture: np.ndarray | None = None, meant: str = "") -> Query:
    """The newest turns weigh most; what only turns a product down ("not that one", "too expensive") says nothing to
    search by. meant: title of the product that the newest turn wants changed."""
    texts, weights, weight = ([meant], [MEANT], 1.0) if meant else ([], [], 1.0)
    for turn in reversed(dialogue.turns):
        text = COMPARED.sub(" ", REJECTION.sub(" ", turn.text))
        if not text.strip() or (text != turn.text and not TELLING.search(text)):
            continue
        if turn.role == SEEKER:
            texts.append(text)
            weights.append(weight)
            weight *= AGEING
        elif not turn.shown:  # our own answers repeat the last pick: they would hold the search there
            texts.append(text)
            weights.append(weight * OTHERS)
    return Query(tuple(texts), tuple(weights), picture)


class Search:
    """One space for products and conversations: unit vectors [d], whose cosine says how near they lie.

    d is 384 by the texts alone, and twice that with a fusion, which also sees the pictures.
    """

    def __init__(self, encoder: TextEncoder, fusion: Fusion | None = None):
        self.encoder, self.fusion = encoder, fusion

    def shelve(
        self,
        products: Sequence[Product],
        sights: Sequence[Sight] | None = None,
        progress: bool = False,
    ) -> np.ndarray:
        """[n, d] of products and what was seen and said of each; without sights nobody has looked."""
        looks = [sight.looks for sight in sights] if sights else [""] * len(products)
        texts = [product_text(*pair) for pair in zip(products, looks, strict=True)]
        vectors = self.encoder.encode_cached(texts, progress)
        if not self.fusion:
            return vectors
        states = main_pictures(sight.states for sight in sights) if sights else None
        return self.fusion.join_products(torch.from_numpy(vectors), states).numpy()

    def compare(self, query: Query, shelf: np.ndarray) -> np.ndarray:
        """The query's texts against products [n, d] -> [n] cosines; 0 where it says nothing to search by."""
        if not query.texts:
            return np.zeros(len(shelf), np.float32)
        said = query.blend(self.encoder.encode(query.texts))
        return shelf @ (self.fusion.join_queries(torch.from_numpy(said[None])).numpy()[0] if self.fusion else said)

    def measure(
        self,
        dialogue: Dialogue,
        products: Sequence[Product],
        sights: Sequence[Sight] | None = None,
    ) -> np.ndarray:
        """[n] cosines of a dialogue and products; see `shelve`."""
        return self.compare(make_query(dialogue), self.shelve(products, sights))


def open_search(home: Path, adapter: Path | None, tower: str) -> Search:
    """Search with what an adapter folder has for it. tower: hash of the tower whose states it will be shown.

    Raises ModelError where a part is damaged.
    """
    encoder = TextEncoder(home, adapter)
    return Search(encoder, load_fusion(adapter, tower, encoder.name) if adapter else None)


class Retriever:
    """Cosine search over one catalogue.

    shelf [N, d] by `search`, picture_vectors [N, h] (mean [CLS] state of the five views, centred, unit length).
    """

    def __init__(self, catalog: Catalog, search: Search, shelf: np.ndarray, states: np.ndarray):
        self.catalog, self.space, self.shelf = catalog, search, shelf
        self.ids = [product.id for product in catalog]
        self.row = {product_id: row for row, product_id in enumerate(self.ids)}
        self.nouns = nouns_of(catalog)
        self.centre = states.mean((0, 1))
        self.picture_vectors = self.to_picture_vector(states)

    def to_picture_vector(self, states: np.ndarray) -> np.ndarray:
        """[..., 5, h] -> [..., h]"""
        return unit((states - self.centre).mean(-2))

    def search(
        self,
        dialogue: Dialogue,
        k: int = 10,
        photo_states: np.ndarray | None = None,
        like: str | None = None,
        filters: Filters = NO_FILTERS,
        without: str | None = None,
    ) -> tuple[Candidate, ...]:
        """The k nearest products that the filters admit and the shopper has not turned down, nearest first: within the
        shopper's budget, or at any price where nothing of the kind is.

        photo_states [5, h]: the shopper's photo. like: id of a product to find more of (itself left out).
        without: id of another to leave out. Raises DialogueError when nothing is left.
        """
        nearness, scores = self.score(dialogue, photo_states, like)
        out = set(dialogue.rejected) | {like, without}
        order = np.argsort(-scores, kind="stable")

        def nearest(budget: Filters) -> list[int]:
            pairs = ((row, self.catalog.products[row]) for row in order if self.ids[row] not in out)
            return list(islice((row for row, one in pairs if filters.admits(one) and affords(budget, one)), k))

        budget, wanted = self.budget(dialogue), self.kind_wanted(dialogue)
        found = nearest(budget)
        if budget and not any(not wanted or wanted & names_of(self.catalog.products[row]) for row in found):
            found = nearest(NO_FILTERS) or found
        if not found and filters:
            raise DialogueError("Nothing that is left fits the filters; widen them, or start over.")
        if not found:
            raise DialogueError("Every product has been turned down; start over to see them again.")
        return tuple(Candidate(self.catalog.products[row], float(scores[row]), float(nearness[row])) for row in found)

    def budget(self, dialogue: Dialogue) -> Filters:
        """The range of prices that the shopper's words leave."""
        return read_budget(
            dialogue,
            lambda pick: self.catalog[pick].price if pick in self.catalog else None,
            lambda text, pick: pick in self.catalog and asks_for_another(text, self.catalog[pick], self.nouns),
        )

    def kind_wanted(self, dialogue: Dialogue) -> set[str]:
        """What the shopper's newest message that names a kind of thing calls it; empty where none does."""
        named = (things_in(turn.text, self.nouns) for turn in reversed(dialogue.turns) if turn.role == SEEKER)
        return next(filter(None, named), set())

    def meant(self, dialogue: Dialogue) -> Product | None:
        """The last pick, where the newest turn speaks on of it."""
        return pick_meant(dialogue, self.catalog, self.nouns)

    def score(
        self, dialogue: Dialogue, photo_states: np.ndarray | None, like: str | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """[N] cosines of what was said, and [N] similarities with what a photo or a product to go by adds."""
        picture = None if photo_states is None else self.to_picture_vector(photo_states)
        query = make_query(dialogue, picture)
        nearness = self.space.compare(query, self.shelf)
        scores = nearness.copy()
        if like is None and (meant := self.meant(dialogue)):  # found by its title, but judged by what was said
            scores = self.space.compare(make_query(dialogue, picture, meant.title), self.shelf)
        if query.picture is not None:
            scores += PICTURE_WEIGHT * (self.picture_vectors @ query.picture)
        if like in self.row:
            row = self.row[like]
            scores += LIKE_WEIGHT * (self.shelf @ self.shelf[row])
            scores += PICTURE_WEIGHT * (self.picture_vectors @ self.picture_vectors[row])
        return nearness, scores


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
