"""Items as far as the layers that learn: what goes into these is the same in every run, and is computed once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor
from tqdm import tqdm

from lavic_chat.catalog import Product
from lavic_chat.features.image_encoder import chunks
from lavic_chat.features.item import item_text
from lavic_chat.features.item_embedder import ItemEmbedder
from lavic_chat.model.moda import IMAGE, TEXT
from lavic_chat.storage.files import hash_bytes, write_atomic

BATCH = 32
KEPT = 2  # files of the newest kind: each is some hundred megabytes


@dataclass(frozen=True, eq=False)
class Items:
    """Of n items' texts, and of their pictures, [L, d] each in half precision."""

    texts: tuple[Tensor, ...]
    images: tuple[Tensor, ...]

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: Sequence[int]) -> "Items":
        """Those of these rows."""
        return Items(tuple(self.texts[row] for row in rows), tuple(self.images[row] for row in rows))

    def embed(self, embedder: ItemEmbedder) -> tuple[Tensor, Tensor]:
        """Unit vectors [n, d] of the texts, and of the pictures."""
        return embedder.read_above(TEXT, self.texts), embedder.read_above(IMAGE, self.images)


def begin_items(embedder: ItemEmbedder, products: Sequence[Product], states: Tensor) -> Items:
    """n products with their pictures' states [n, 5, h]; kept in the embedder's home where layers were read."""
    texts = [item_text(product) for product in products]
    config = embedder.config
    if not config.first_layer:
        return read_items(embedder, texts, states)
    parts = embedder.model.weights_hash, str(config.longest), str(config.first_layer), *texts
    key = hash_bytes(*parts, states.half().numpy().tobytes())
    path = embedder.cache.path.parent / f"begun-{key[:24]}.safetensors"
    if (kept := load_items(path)) is None:
        kept = read_items(embedder, texts, states)
        save_items(kept, path)
    return kept


@torch.no_grad()
def read_items(embedder: ItemEmbedder, texts: Sequence[str], states: Tensor) -> Items:
    """Texts of n items, states [n, 5, h] of their pictures."""
    read: list[Tensor] = []
    seen: list[Tensor] = []
    for rows in chunks(tqdm(range(len(texts)), desc="Reading what does not change", unit="item"), BATCH):
        read += [row.half() for row in embedder.begin_texts([texts[row] for row in rows])]
        seen += [row.half() for row in embedder.begin_pictures(states[rows])]
    return Items(tuple(read), tuple(seen))


def save_items(items: Items, path: Path) -> None:
    """Write them, and leave the newest few of their kind."""
    tensors = {}
    for name, rows in (("texts", items.texts), ("images", items.images)):
        tensors[name] = torch.cat(rows).contiguous()
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
