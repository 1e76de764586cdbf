"""What the model says of the pictures: each is described once, and the words are kept under a hash of what it saw.

Ranking shows them beside the visual tokens, retrieval reads them beside the titles. A model whose adapter has not
learned to speak says nothing.
"""

from collections.abc import Collection, Iterable
from pathlib import Path

from torch import Tensor
from tqdm import tqdm

from lavic_chat.cache import TextCache
from lavic_chat.catalog import Product
from lavic_chat.files import hash_bytes, read_jsonl, write_jsonl
from lavic_chat.model import LavicModel
from lavic_chat.ranking.description import describe
from lavic_chat.vision import chunks

BATCH = 16  # pictures described together


class Descriptions:
    """Tower states to words, through the cache at `home`."""

    def __init__(self, model: LavicModel, home: Path):
        self.model = model
        name = hash_bytes(model.fingerprint, model.adapter_hash)[:24]
        self.cache = TextCache(home / "cache" / "descriptions" / f"{name}.sqlite")

    def of_states(self, states: Tensor, progress: bool = False) -> list[str]:
        """[n, 5, h] -> n descriptions, all empty where the model does not speak."""
        if not self.model.speaks:
            return [""] * len(states)
        keys = [self._key(state) for state in states]
        known = self.cache.get(keys)
        new = {key: row for row, key in enumerate(keys) if key not in known}
        with tqdm(total=len(new), desc="Describing pictures", unit="picture", disable=not (progress and new)) as bar:
            for part in chunks(new, BATCH):
                said = describe(self.model, states[[new[key] for key in part]])
                fresh = dict(zip(part, said, strict=True))
                self.cache.put(fresh)  # after every batch, so that a stopped run goes on from here
                known.update(fresh)
                bar.update(len(part))
        return [known[key] for key in keys]

    def save(self, states: Tensor, path: Path) -> None:
        """Write what was said of these states [n, 5, h], to ship with them."""
        known = self.cache.get(self._key(state) for state in states)
        write_jsonl(path, ({"key": key, "said": text} for key, text in sorted(known.items())))

    def adopt(self, path: Path) -> None:
        """Take shipped descriptions into the cache, unless they are there."""
        if not path.is_file():
            return
        shipped = {str(row.get("key")): str(row.get("said")) for _, row in read_jsonl(path)}
        if fresh := {key: shipped[key] for key in self.cache.missing(shipped)}:
            self.cache.put(fresh)

    @staticmethod
    def _key(state: Tensor) -> str:
        """In half precision, as states are shipped."""
        return hash_bytes(state.half().cpu().numpy().tobytes())


def kinds_of(products: Iterable[Product]) -> frozenset[str]:
    """What kinds of things the products are, as descriptions name them."""
    return frozenset(str(product.attributes.get("type") or product.category.lower()) for product in products) - {""}


def without_kind(said: str, kinds: Collection[str]) -> str:
    """A description's looks alone: "blue (denim) cotton sofa, striped" -> "blue (denim) cotton, striped". Five tokens
    tell colours better than what a thing is for, and the title has said that."""
    looks, comma, pattern = said.partition(",")
    kind = max((name for name in kinds if looks.endswith(f" {name}")), key=len, default="")
    return looks.removesuffix(f" {kind}") + comma + pattern if kind else said
