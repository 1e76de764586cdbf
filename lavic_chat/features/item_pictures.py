"""What the LLM reads of items' pictures to embed them: five visual tokens of each, as in the chat, or every token that
LLaVA-NeXT makes of it, 2,928 with views of 336 pixels, which costs hundreds of times as much."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from PIL import Image
from torch import Tensor

from lavic_chat.catalog import Catalog, Product, blank_picture, open_picture
from lavic_chat.errors import PictureError
from lavic_chat.features.picture_keys import read_bytes
from lavic_chat.model.base import VisionLanguageModel
from lavic_chat.model.moda import IMAGE
from lavic_chat.storage.files import hash_bytes

FIVE, ALL = "five", "all"


class ItemPictures(Protocol):
    """The main pictures of n items."""

    @property
    def keys(self) -> Sequence[str]:
        """What names each in a cache."""
        ...

    def tokens(self, model: VisionLanguageModel, rows: Sequence[int]) -> list[Tensor]:
        """[v, d] visual tokens of some."""
        ...


@dataclass(frozen=True, eq=False)
class FiveTokens:
    """states: the tower's, [n, 5, h]."""

    states: Tensor

    @cached_property
    def keys(self) -> list[str]:
        """See the protocol."""
        return [hash_bytes(IMAGE, state.half().numpy().tobytes()) for state in self.states]

    def tokens(self, model: VisionLanguageModel, rows: Sequence[int]) -> list[Tensor]:
        """See the protocol."""
        return list(model.project(self.states[list(rows)]))


@dataclass(frozen=True, eq=False)
class AllTokens:
    """Of a catalogue's products; they are looked at whenever they are asked for, for nobody could keep so many."""

    catalog: Catalog
    products: Sequence[Product]

    @cached_property
    def keys(self) -> list[str]:
        """See the protocol."""
        return [hash_bytes(IMAGE, ALL, read_bytes(self.catalog.picture_path(product))) for product in self.products]

    @torch.no_grad()
    def tokens(self, model: VisionLanguageModel, rows: Sequence[int]) -> list[Tensor]:
        """See the protocol."""
        return model.see_fully([main_picture(self.catalog, self.products[row]) for row in rows])


def pictures_of(
    tokens: str, catalog: Catalog, products: Sequence[Product], look: Callable[[], Tensor]
) -> FiveTokens | AllTokens:
    """tokens: FIVE or ALL. look: gives the products' states [n, 5, h]; not asked where all tokens are read."""
    return AllTokens(catalog, products) if tokens == ALL else FiveTokens(look())


def main_picture(catalog: Catalog, product: Product) -> Image.Image:
    """A product's main picture, or the blank where it is missing or broken."""
    path = catalog.picture_path(product)
    try:
        return open_picture(path) if path else blank_picture()
    except PictureError:
        return blank_picture()
