"""Spoken pictures: the word embeddings of what a picture shows, where its visual tokens will stand.

The words step of `align` turns visual tokens towards this very vector. A LLM that first learns to choose among
spoken pictures finds the seen ones half understood when they take their place; without that start, choosing from
a list was never seen to leave chance.
"""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional

from lavic_chat.catalog import Product
from lavic_chat.model import VIEWS, LavicModel
from lavic_chat.training.examples import caption_words


@torch.no_grad()
def speak(model: LavicModel, products: Iterable[Product]) -> dict[str, Tensor]:
    """Per product id [5, d]: the mean direction of its words' embeddings, as long as a word's, five times."""
    embeddings = model.word_embeddings
    length = embeddings.norm(dim=-1).mean()
    spoken = {}
    for product in products:
        words = sorted(set(model.words_to_ids(" " + caption_words(product))))
        direction = functional.normalize(functional.normalize(embeddings[words], dim=-1).mean(0), dim=0)
        spoken[product.id] = (direction * length).expand(VIEWS, -1)
    return spoken
