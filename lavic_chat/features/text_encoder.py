"""Texts to unit vectors, through a cache so that no text is read twice."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lavic_chat.model.runtimes import AUTO, open_text_encoder
from lavic_chat.storage.cache import VectorCache
from lavic_chat.storage.files import hash_bytes
from lavic_chat.storage.runtime_cache import RuntimeCache

BATCH = 64


class TextEncoder:
    """all-MiniLM-L6-v2 through sentence-transformers, through the cache at `home`; tuned, where the adapter folder
    holds a retriever.

    Raises ModelError when its folder is damaged or cannot be made.
    """

    def __init__(self, home: str | Path, adapter: str | Path | None = None, runtime: str = AUTO):
        self.model = open_text_encoder(home, adapter, runtime)
        self.name, self.size = self.model.name, self.model.size
        store = VectorCache(Path(home) / "cache" / "text" / f"{self.name}.sqlite", (self.size,))
        self.cache = RuntimeCache(store, self.model.runtime)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """[n, 384] unit vectors, uncached: for what is said once."""
        return self.model.encode(texts)

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
