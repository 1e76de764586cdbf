"""The features of a catalogue's items and their vectors, in tables: looked at once, then read where they are asked for.

states [P, 5, h] of all pictures, those of item i from starts[i] on     captions     text [N, d]     picture [N, h]
appearance [N, V] where the adapter has attribute heads, and then what captions say beside it, in `others`
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np
import torch

from lavic_chat.catalog import Catalog, Product
from lavic_chat.catalog.columns import ends_of
from lavic_chat.catalog.stored import StoredProducts
from lavic_chat.features.attribute_heads import AttributeHeads
from lavic_chat.features.item import ItemFeatures, main_pictures
from lavic_chat.features.picture_keys import is_settled
from lavic_chat.features.vectors import unit
from lavic_chat.storage.files import hash_bytes
from lavic_chat.storage.tables import ColumnFile, Place, Tables, stored_tables, write_columns

FORMAT = "1"  # counted up when the columns come to be others
PART = 4096  # products that are looked at and embedded together
FINITE = ("text", "picture", "states", "average", "centre")  # columns that are of no use where they are no numbers
UNDESCRIBED = "blanks undescribed"  # in the key of tables with products that have no picture
MISSING, UNSETTLED = -1, -2  # in the place of a file's size: it is not there; it may have changed since


@dataclass(frozen=True, eq=False)
class PictureVectors:
    """vectors: [N, h] of items' main pictures, mean [CLS] state of the five views, centred, unit length; centre [h]."""

    vectors: np.ndarray
    centre: np.ndarray


class StoredItems(Sequence[ItemFeatures]):
    """The features of a catalogue's items, in their order. key: of these very items."""

    def __init__(self, tables: Tables, key: str):
        self.key = key
        self.states, self.starts, self.captions = tables["states"], tables["starts"], tables["captions"]
        self.text, self.average = tables["text"], torch.from_numpy(np.array(tables["average"]))
        self.pictures = PictureVectors(tables["picture"], np.array(tables["centre"]))
        has_appearance = "appearance" in set(tables)
        self.appearance: np.ndarray | None = tables["appearance"] if has_appearance else None
        self.others: Sequence[str] = tables["others"] if has_appearance else self.captions

    def __len__(self) -> int:
        return len(self.captions)

    @overload
    def __getitem__(self, row: int) -> ItemFeatures: ...
    @overload
    def __getitem__(self, row: slice) -> list[ItemFeatures]: ...
    def __getitem__(self, row: int | slice) -> ItemFeatures | list[ItemFeatures]:
        if isinstance(row, slice):
            return [self[one] for one in range(*row.indices(len(self)))]
        row = range(len(self))[int(row)]
        states = np.array(self.states[self.starts[row] : self.starts[row + 1]])
        return ItemFeatures(torch.from_numpy(states), self.captions[row])

    def __iter__(self) -> Iterator[ItemFeatures]:
        return map(self.__getitem__, range(len(self)))

    @property
    def counts(self) -> np.ndarray:
        """[N] how many pictures of each are looked at."""
        return np.diff(self.starts)


@dataclass(frozen=True)
class ItemMaker:
    """What items are looked at and embedded with. look_at: products to their features; embed: these, too, to vectors
    [n, d]; name: of all weights that have a part in it; most: pictures of a product that are looked at; heads: what
    tells how probably they look in which way."""

    look_at: Callable[[Catalog, Sequence[Product], bool], Sequence[ItemFeatures]]
    embed: Callable[[Sequence[Product], Sequence[ItemFeatures]], np.ndarray]
    name: str
    most: int = 1
    heads: AttributeHeads | None = None


def open_items(catalog: Catalog, folder: str | Path, maker: ItemMaker, progress: bool = False) -> StoredItems:
    """The items of a catalogue from the tables in `folder`; made where products, pictures or weights are others."""
    files = picture_files(catalog, maker.most)
    heads = [maker.heads.name] if maker.heads else []
    # A version before this one described the blank that stands in for a picture: where there is none, it is all anew.
    bare = [UNDESCRIBED] if (files[:, 0] == MISSING).any() or not all(image_names(catalog)) else []
    key = hash_bytes(FORMAT, catalog.fingerprint, maker.name, str(maker.most), files.tobytes(), *heads, *bare)

    def make(part: Place) -> None:
        write_items(part, catalog, maker, progress)

    return stored_tables(folder, "items", key, make, lambda tables: StoredItems(tables, key), FINITE)


def picture_files(catalog: Catalog, most: int) -> np.ndarray:
    """[P, 3] size and times of change of the products' first pictures as they lie on disk, so that it is seen without
    reading them whether one has changed. What changed this very moment may change again unseen: it is named so that
    nothing made of it is found again."""
    root, now = catalog.root, time.time()
    found = []
    for images in image_names(catalog):
        for image in images[:most]:
            try:
                state = os.stat(f"{root}/{image}")  # noqa: PTH116 - a path each would take longer than the call
            except (OSError, ValueError):
                found.append((MISSING, 0, 0))
                continue
            known = state.st_size, state.st_mtime_ns, state.st_ctime_ns
            found.append(known if is_settled(state, now) else (UNSETTLED, int(now), 0))
    return np.array(found, np.int64).reshape(-1, 3)


def image_names(catalog: Catalog) -> Iterable[Sequence[str]]:
    """The pictures of each product, without making it where they are known so."""
    if isinstance(catalog.products, StoredProducts):
        return catalog.products.image_names()
    return (product.images for product in catalog)


def write_items(folder: Place, catalog: Catalog, maker: ItemMaker, progress: bool) -> None:
    """Look at the products and embed them, so many at a time, and put what is known of them into a folder."""
    counts = [max(1, min(maker.most, len(images))) for images in image_names(catalog)]
    states, captions = ColumnFile(folder, "states", sum(counts)), []
    text, picture, appearance = (ColumnFile(folder, name, len(catalog)) for name in ("text", "picture", "appearance"))
    total = 0.0
    for start in range(0, len(catalog), PART):
        products = catalog.products[start : start + PART]
        features = maker.look_at(catalog, products, progress)
        text.append(maker.embed(products, features))
        main = main_pictures(one.states for one in features).float().numpy()
        picture.append(main.mean(1))
        total = total + main.sum(0, dtype=np.float64)
        states.append(np.concatenate([one.states.float().reshape(-1, *main.shape[1:]).numpy() for one in features]))
        captions += [one.caption for one in features]
        if maker.heads:
            appearance.append(maker.heads.see(main, [one.caption for one in features]))
    average = np.asarray(total / len(catalog), np.float32)
    centre = average.mean(0)
    picture.change(lambda means: unit(means - centre))
    columns = {"average": average, "centre": centre, "starts": ends_of(counts), "captions": captions}
    others = {"others": map(maker.heads.without_values, captions)} if maker.heads else {}
    write_columns(folder, columns | others)
