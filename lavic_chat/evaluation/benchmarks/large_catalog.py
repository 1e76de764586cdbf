"""A catalogue of many products that nobody sells, to measure with: the home catalogue's, called and looking otherwise.

Titles are new ones of made-up names and the words of the home catalogue's, prices and sizes lie around theirs, each has
a picture file of its own. What a model makes of pictures and texts is that of the home catalogue with noise, and is put
into the caches of a home, so that nothing has to be looked at: here it is the catalogue's size that counts.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from lavic_chat.catalog import Product
from lavic_chat.catalog.product import PRODUCTS
from lavic_chat.catalog.terms import TERMS
from lavic_chat.nlu.catalog_words import appearance_terms, kind_texts
from lavic_chat.retrieval.embedder import product_text
from lavic_chat.retrieval.query import unit
from lavic_chat.serving.recommender import Recommender
from lavic_chat.storage.cache import VectorCache
from lavic_chat.storage.files import hash_bytes, write_atomic, write_jsonl

NAMES = 4000  # made-up first words of titles
NOISE = 0.25  # length of what is added to a vector of length 1
STATE_NOISE = 0.1  # of the deviation of the states' numbers
PART = 2000  # products whose vectors are kept at once
IN_A_FOLDER = 1000  # pictures
SYLLABLES = ("ba", "du", "fen", "gor", "hil", "jo", "ka", "lum", "mer", "nis", "or", "pel", "qui", "ras", "sol", "tov")


@dataclass(frozen=True)
class Twin:
    """A made-up product, and the row of the one of the home catalogue that it is like."""

    product: Product
    row: int


def make_large_catalog(folder: Path, home: Path, model: Recommender, count: int, seed: int = 0) -> Path:
    """A catalogue folder of so many products, and what `model`, which has the home catalogue open, would compute of it
    in the caches of `home`."""
    twins = list(make_twins(model.catalog.products, count, seed))
    write_jsonl(folder / PRODUCTS, (one.product.to_row() for one in twins))
    if (terms := model.catalog.folder / TERMS).is_file():
        write_atomic(folder / TERMS, terms.read_bytes())
    picture = model.catalog.picture_path(model.catalog.products[0])
    first = picture.read_bytes() if picture else b""
    for one in twins:
        path = folder / one.product.images[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(first[:2000] + one.product.id.encode())  # what is broken there, nobody opens
    fill_caches(folder, home, model, twins, seed)
    return folder


def make_twins(products: Sequence[Product], count: int, seed: int) -> Iterator[Twin]:
    """Made-up products, no two of the same title but by chance."""
    rng = random.Random(seed)
    names = ["".join(rng.choice(SYLLABLES) for _ in range(3)).capitalize() for _ in range(NAMES)]
    middles = sorted({" ".join(one.title.split()[1:-1]) for one in products})
    for number in range(count):
        row = rng.randrange(len(products))
        product = products[row]
        title = " ".join(filter(None, (rng.choice(names), rng.choice(middles), product.title.split()[-1])))
        yield Twin(
            replace(
                product,
                id=f"L{number:06d}",
                title=title,
                price=None if product.price is None else round(product.price * rng.uniform(0.6, 1.6), 2),
                images=(f"images/{number // IN_A_FOLDER}/L{number:06d}.jpg",),
            ),
            row,
        )


def fill_caches(folder: Path, home: Path, model: Recommender, twins: Sequence[Twin], seed: int) -> None:
    """States, captions and vectors of texts, as if all had been looked at and read."""
    rng = np.random.default_rng(seed)
    ranker, encoder = model.visual_ranker, model.retriever.embedder.encoder
    visual, texts = (
        ranker.image_encoder,
        VectorCache(home / "cache" / "text" / f"{encoder.name}.sqlite", (encoder.size,)),
    )
    states_path = home / "cache" / "visual" / visual.cache.store.path.name
    states_cache = VectorCache(states_path, visual.cache.store.shape)
    said = type(ranker.captioner.cache.store)(home / "cache" / "descriptions" / ranker.captioner.cache.store.path.name)
    std = float(model.main_states.std())
    for start in range(0, len(twins), PART):
        part = twins[start : start + PART]
        rows = [one.row for one in part]
        captions = [model.item_features[row].caption for row in rows]
        base = np.stack([model.item_features[row].states[0].numpy() for row in rows])
        noise = rng.normal(0, STATE_NOISE * std, base.shape).astype(np.float32)
        states = torch.from_numpy(base + noise)
        keys = [visual.keys.of((folder / one.product.images[0]).read_bytes()) for one in part]
        states_cache.put(dict(zip(keys, states.numpy(), strict=True)))
        said.put({ranker.captioner._key(state): text for state, text in zip(states, captions, strict=True)})
        vectors = noisy(rng, np.asarray(model.retriever.item_embeddings[rows])[:, : encoder.size])
        read = [product_text(one.product, caption) for one, caption in zip(part, captions, strict=True)]
        texts.put({hash_bytes(text): vector for text, vector in zip(read, vectors, strict=True)})
        words = new_words(part, captions, vectors)
        texts.put({hash_bytes(text): vector for text, vector in zip(words, noisy(rng, [*words.values()]), strict=True)})


def new_words(part: Sequence[Twin], captions: Sequence[str], vectors: np.ndarray) -> dict[str, np.ndarray]:
    """What the products are called, and what is said of their looks, each with the vector of one of them."""
    words: dict[str, np.ndarray] = {}
    for one, caption, vector in zip(part, captions, vectors, strict=True):
        for text in (*kind_texts(one.product), *appearance_terms(one.product, caption, False)):
            words.setdefault(text, vector)
    return words


def noisy(rng: np.random.Generator, vectors: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """Vectors [n, d] -> unit vectors [n, d] beside them."""
    given = unit(np.asarray(vectors, np.float32))
    return unit(given + unit(rng.normal(size=given.shape).astype(np.float32)) * NOISE)
