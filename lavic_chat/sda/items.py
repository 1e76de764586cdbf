"""Items as far as the layers that learn: what goes into these is the same in every run, and is computed once; but for
all tokens of pictures, which are read whenever they are asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor
from tqdm import tqdm

from lavic_chat.catalog import Product
from lavic_chat.features.image_encoder import chunks
from lavic_chat.features.item import item_text
from lavic_chat.features.item_embedder import ItemEmbedder
from lavic_chat.features.item_pictures import ALL, ItemPictures
from lavic_chat.model.moda import IMAGE, TEXT
from lavic_chat.storage.files import hash_bytes, write_atomic

BATCH = 32
KEPT = 2  # files of the newest kind: each is some hundred megabytes


class Rows(Sequence[Tensor]):
    """[L, d] of each of some items, read one by one when it is asked for."""

    def __init__(self, read: Callable[[int], Tensor], places: Sequence[int]):
        self.read, self.places = read, places

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, row: int) -> Tensor: ...
    @overload
    def __getitem__(self, row: slice) -> "Rows": ...
    def __getitem__(self, row: int | slice) -> "Tensor | Rows":
        if isinstance(row, slice):
            return Rows(self.read, self.places[row])
        return self.read(self.places[row])


@dataclass(frozen=True, eq=False)
class Items:
    """Of n items' texts, and of their pictures, [L, d] each in half precision."""

    texts: Sequence[Tensor]
    images: Sequence[Tensor]

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: Sequence[int]) -> "Items":
        """Those of these rows."""
        return Items(Rows(self.texts.__getitem__, rows), Rows(self.images.__getitem__, rows))

    def embed(self, embedder: ItemEmbedder) -> tuple[Tensor, Tensor]:
        """Unit vectors [n, d] of the texts, and of the pictures."""
        return embedder.read_above(TEXT, list(self.texts)), embedder.read_above(IMAGE, list(self.images))


def begin_items(embedder: ItemEmbedder, products: Sequence[Product], pictures: ItemPictures) -> Items:
    """n products with their main pictures; kept in the embedder's home where layers were read, five tokens of each."""
    texts = [item_text(product) for product in products]
    config = embedder.config
    if config.tokens == ALL:
        return begin_lazily(embedder, texts, pictures)
    if not config.first_layer:
        return read_items(embedder, texts, pictures)
    parts = embedder.model.weights_hash, str(config.longest), str(config.first_layer), *texts
    path = embedder.cache.path.parent / f"begun-{hash_bytes(*parts, *pictures.keys)[:24]}.safetensors"
    if (kept := load_items(path)) is None:
        kept = read_items(embedder, texts, pictures)
        save_items(kept, path)
    return kept


def begin_lazily(embedder: ItemEmbedder, texts: Sequence[str], pictures: ItemPictures) -> Items:
    """Texts of n items at once, their pictures one by one: those of a thousand items would fill the memory."""

    def read(row: int) -> Tensor:
        return embedder.begin_tokens(pictures.tokens(embedder.model, [row]))[0].half()

    return Items(tuple(read_texts(embedder, texts)), Rows(read, range(len(texts))))


def read_items(embedder: ItemEmbedder, texts: Sequence[str], pictures: ItemPictures) -> Items:
    """Texts and pictures of n items."""
    seen: list[Tensor] = []
    with torch.no_grad():
        for rows in chunks(
            tqdm(range(len(texts)), desc="Reading what does not change of pictures", unit="item"), BATCH
        ):
            seen += [row.half() for row in embedder.begin_tokens(pictures.tokens(embedder.model, rows))]
    return Items(tuple(read_texts(embedder, texts)), tuple(seen))


@torch.no_grad()
def read_texts(embedder: ItemEmbedder, texts: Sequence[str]) -> list[Tensor]:
    """Of n items."""
    read: list[Tensor] = []
    for part in chunks(tqdm(texts, desc="Reading what does not change of texts", unit="item"), BATCH):
        read += [row.half() for row in embedder.begin_texts(part)]
    return read


def save_items(items: Items, path: Path) -> None:
    """Write them, and leave the newest few of their kind."""
    tensors = {}
    for name, rows in (("texts", items.texts), ("images", items.images)):
        tensors[name] = torch.cat(list(rows)).contiguous()
        tensors[f"{name}.lengths"] = torch.tensor([len(row) for row in rows])
    write_atomic(path, save(tensors))
    newest = sorted(path.parent.glob("begun-*.safetensors"), key=lambda file: -file.stat().st_mtime)
    for file in newest[KEPT:]:
        file.unlink(missing_ok=True)


def load_items(path: Path) -> Items | None:
    """None where they are not kept, or can no more be read."""
    try:
        tensors = load_file(path)
        rows = [tensors[name].split(tensors[f"{name}.lengths"].tolist()) for name in ("texts", "images")]
    except (OSError, SafetensorError, KeyError, RuntimeError):
        return None
    return Items(*rows)
