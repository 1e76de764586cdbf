"""An item's features: its pictures' tower states, and the caption that the model gives to the main one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lavic_chat.catalog import Product


@dataclass(frozen=True)
class ItemFeatures:
    """states: the tower's, [5, h] or [k, 5, h] of k pictures; caption: "" where the model does not write any."""

    states: Tensor
    caption: str = ""


@dataclass(frozen=True, eq=False)
class ItemVectors:
    """Unit vectors of n items: texts [n, d], images [n, d]."""

    texts: np.ndarray
    images: np.ndarray

    @property
    def both(self) -> np.ndarray:
        """[n, 2 d] one behind the other, of length one."""
        return np.concatenate([self.texts, self.images], 1) / np.sqrt(2)


def count_pictures(states: Tensor | Sequence[Tensor]) -> list[int]:
    """How many pictures each product has, by its states [5, h] or [k, 5, h]."""
    return [1 if seen.dim() == 2 else len(seen) for seen in states]


def main_pictures(states: Iterable[Tensor]) -> Tensor:
    """[5, h], or [k, 5, h], of each of n products -> [n, 5, h]"""
    return torch.stack([seen if seen.dim() == 2 else seen[0] for seen in states])


def item_text(product: Product) -> str:
    """What the text prompt of SDA says of a product: title, category, brand and description; nothing of how it looks
    but what these say."""
    brand = str(product.attributes.get("brand", ""))
    parts = (product.title, product.category, brand, product.description)
    return ". ".join(part.strip().rstrip(".") for part in parts if part.strip())
