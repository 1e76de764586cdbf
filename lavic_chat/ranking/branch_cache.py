"""What was read of products before they joined a conversation: their branches' states, kept for every later turn.

A branch is a product's title, pictures and caption; below the layer where it joins, its states hang on these and on the
weights alone (PreTTR, arXiv 2004.14255), so a product is read once and not in every turn that offers it.
"""

import contextlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lavic_chat.errors import CacheError
from lavic_chat.model import VisionLanguageModel
from lavic_chat.model.packing import Prompt
from lavic_chat.storage.cache import SequenceCache
from lavic_chat.storage.files import hash_bytes
from lavic_chat.storage.runtime_cache import RuntimeCache

FILE = "branches.sqlite"  # lavic-mini's take 28 kB a product
KEPT = 50_000  # branches, of whatever weights; more are forgotten at the next start


class BranchCache:
    """States [b, d] of branches in half precision, by what they hang on. What cannot be kept is read again; without a
    folder, nothing is kept."""

    def __init__(self, model: VisionLanguageModel, folder: str | Path | None = None):
        store = SequenceCache(Path(folder) / FILE, model.token_size) if folder else None
        self.store = RuntimeCache(store, model.runtime) if store else None
        with contextlib.suppress(CacheError):
            if store:
                store.forget_oldest(KEPT)
        self.image_token = model.image_token_id
        self.weights = hash_bytes(model.weights_hash, str(model.plan.join))

    def name(self, prompt: Prompt, rows: Tensor) -> list[str]:
        """A name for each branch of a prompt whose image places hold the tower states [v, h]."""
        ids = prompt.ids.numpy()
        is_image = ids == self.image_token
        row_of, seen = is_image.cumsum() - 1, rows.float().cpu().numpy()
        head, names = ids[: prompt.head].tobytes(), []
        for path in map(list, prompt.paths):
            pictures = seen[[row_of[place] for place in path if is_image[place]]]
            names.append(hash_bytes(self.weights, head, ids[path].tobytes(), pictures.tobytes()))
        return names

    def recall(self, lengths: Mapping[str, int]) -> dict[str, Tensor]:
        """The states that are here, by name; lengths: of the branches, likewise."""
        if not self.store:
            return {}
        return {
            name: torch.from_numpy(rows.astype(np.float32))
            for name, rows in self.store.get(lengths).items()
            if len(rows) == lengths[name]
        }

    def keep(self, states: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Keep states by name, and return them as they will be recalled."""
        if not self.store or not states:
            return dict(states)
        rounded = {name: rows.half() for name, rows in states.items()}
        self.store.put({name: rows.numpy() for name, rows in rounded.items()})
        return {name: rows.float() for name, rows in rounded.items()}
