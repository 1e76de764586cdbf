"""Texts are read once: what is cached is not encoded again."""

import numpy as np

from lavic_chat.features import text_encoder
from lavic_chat.features.text_encoder import TextEncoder
from lavic_chat.storage.files import hash_bytes


class Sentences:
    """In the place of SentenceTransformer."""

    encoded = 0

    name, size, runtime = "sentences", 4, "torch"

    def encode(self, texts):
        Sentences.encoded += len(texts)
        return np.array([[len(text), 1, 2, 3] for text in texts], np.float32)


def test_products_are_read_once(tmp_path, monkeypatch):
    monkeypatch.setattr(text_encoder, "open_text_encoder", lambda home, adapter, runtime: Sentences())
    monkeypatch.setattr(Sentences, "encoded", 0)
    texts = [f"product {'x' * number}" for number in range(70)]
    first = TextEncoder(tmp_path).encode_cached([*texts, texts[0]])
    assert Sentences.encoded == 70 and first.shape == (71, 4)
    assert np.array_equal(TextEncoder(tmp_path).encode_cached([*texts, texts[0]]), first)
    assert Sentences.encoded == 70
    assert np.array_equal(first[0], first[70])
    assert hash_bytes(texts[3]) in TextEncoder(tmp_path).cache.get([hash_bytes(texts[3])])
