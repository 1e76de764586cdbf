"""What a shopper says as a vector in the space of adapted items, by what computes it fastest here: torch, or ONNX
Runtime where an export is there, which reads it in half the time."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from lavic_chat.errors import ModelError
from lavic_chat.features.adapted import check_moda, open_item_embedder, record_of
from lavic_chat.features.item_embedder import OWN, QUERY, EmbedderConfig, ItemEmbedder
from lavic_chat.model.card import MODA, WEIGHTS
from lavic_chat.model.moda import TEXT
from lavic_chat.model.onnx_query import OnnxQueryEmbedder, QueryEmbedder
from lavic_chat.model.query_export import QueryPrompt, export_query
from lavic_chat.model.runtimes import ModelSource, is_there, make_once, name_folder, name_graphs, try_export
from lavic_chat.storage.files import hash_bytes, hash_file


@dataclass(frozen=True, eq=False)
class TorchQueryEmbedder:
    """By the model that embeds the items."""

    items: ItemEmbedder

    @property
    def learned(self) -> bool:
        """See `QueryEmbedder`."""
        return bool(self.items.config.query_longest)

    @torch.inference_mode()
    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """See `QueryEmbedder`."""
        read = self.items.embed_queries if self.learned else self.items.embed_texts
        return read(texts).float().cpu().numpy()


def open_query_embedder(source: ModelSource, adapted: str | Path, items: ItemEmbedder) -> QueryEmbedder:
    """The export where one is there or asked for, else the items' own model. adapted: the folder of the MoDA. Raises
    ModelError in one sentence."""
    folder = query_folder(source, adapted)
    if folder and source.must_export:
        ensure_query(source, adapted)
    if folder and is_there(folder) and (found := try_export(lambda: OnnxQueryEmbedder(folder).check(), source)):
        return found
    return TorchQueryEmbedder(items)


def query_folder(source: ModelSource, adapted: str | Path) -> Path | None:
    """Where the export lies, or would; None where torch is wanted or better. Raises ModelError where there is no
    MoDA."""
    graphs = name_graphs(source)
    if graphs is None:
        return None
    check_moda(adapted)
    record = record_of(adapted)
    made = repr(EmbedderConfig.of(record.get("config", {}))), repr(bool(record.get("raw")))
    trained = hash_bytes(graphs[1], hash_file(Path(adapted) / MODA / WEIGHTS), *made)
    return name_folder(source.home, QUERY, graphs[0], trained)


def ensure_query(source: ModelSource, adapted: str | Path) -> None:
    """Export it unless that is done, or not wanted."""

    def make(folder: Path) -> None:
        if source.adapter is None:
            raise ModelError("There is no adapter folder; name one with --adapter.")
        items = open_item_embedder(source.name, source.adapter, source.home, adapted)
        export_query(items.model, prompt_of(items), folder)

    make_once(query_folder(source, adapted), make)


def prompt_of(items: ItemEmbedder) -> QueryPrompt:
    """How the items' embedder reads a query."""
    config, learned = items.config, bool(items.config.query_longest)
    instruction = tuple(items.instructions[QUERY if learned else TEXT])
    longest = config.query_longest or config.longest
    return QueryPrompt(instruction, longest, config.pool == OWN, config.size, learned)
