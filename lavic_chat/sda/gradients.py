"""Whether texts and pictures pull the weights of adaptations the same way, over many batches of items held out: what
`conflict.py` measures of one batch while an adaptation learns, with intervals."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from torch import nn
from tqdm import tqdm

from lavic_chat.catalog import load_catalog
from lavic_chat.errors import ModelError
from lavic_chat.features.adapted import open_item_embedder, record_of
from lavic_chat.features.image_encoder import chunks
from lavic_chat.features.item_embedder import ItemEmbedder
from lavic_chat.features.item_pictures import pictures_of
from lavic_chat.model.moda import allow_gradients
from lavic_chat.sda.adaptation import make_loss, split_titles
from lavic_chat.sda.conflict import PROJECTIONS, Conflict, conflict_of
from lavic_chat.sda.evaluation import Measured, interval
from lavic_chat.sda.items import BATCH, Items, begin_items
from lavic_chat.sda.losses import softness
from lavic_chat.sda.pictures import look_at
from lavic_chat.settings import Settings
from lavic_chat.storage.files import write_json
from lavic_chat.training.configs import AdaptConfig

GRADIENTS_FILE = "gradients.json"


@dataclass(frozen=True)
class GradientsRequest:
    """settings: base, adapter, and the catalogue. features: adaptations, each NAME=FOLDER. batches: of 32 items."""

    settings: Settings
    out: Path
    features: tuple[str, ...]
    batches: int = 12


@dataclass(frozen=True)
class Cosines:
    """Of an adaptation's gradients in one projection, over batches: in the last layer, as the paper has it, and in the
    mean of all that learn. soft: how much of its target's weight is not on an item's own."""

    name: str
    projection: str
    last: Measured
    mean: Measured
    soft: Measured

    def __str__(self) -> str:
        parts = (f"{one.value:+.3f} ({one.low:+.3f} to {one.high:+.3f})" for one in (self.last, self.mean))
        found = f"last layer {next(parts)}, all {next(parts)}; soft {self.soft.value:.3f}"
        return f"{self.name:12} {self.projection}  {found}"


def measure_gradients(request: GradientsRequest) -> list[Cosines]:
    """Measure, and write it into the folder; raises LavicError for what is no adaptation on these weights. Experts that
    read one modality alone share nothing, and their cosine is 0."""
    if not request.features:
        raise ModelError("No adaptation is named; give --features NAME=FOLDER of at least one.")
    pairs = [(name, folder) for name, _, folder in (one.partition("=") for one in request.features)]
    if nameless := [name for name, folder in pairs if not folder]:
        raise ModelError(f"{nameless[0]} is no adaptation; give --features NAME=FOLDER.")
    losses = [make_loss(AdaptConfig(**record_of(folder).get("config", {}))) for _, folder in pairs]
    settings, catalog = request.settings, load_catalog(request.settings.catalog)
    look = cache(partial(look_at, settings, catalog, catalog.products, settings.adapter_folder))
    rows = list(chunks(split_titles(catalog)[1], BATCH))[: request.batches]
    found = []
    for (name, folder), loss in zip(pairs, losses, strict=True):
        embedder = open_item_embedder(settings.model, settings.adapter_folder, settings.home, folder)
        allow_gradients(embedder.model)
        embedder.model.train(False)
        pictures = pictures_of(embedder.config.tokens, catalog, catalog.products, look)
        items = begin_items(embedder, catalog.products, pictures)
        bar = tqdm(rows, desc=name, unit="batch")
        measured = [measure_batch(embedder, items.take(some), loss) for some in bar]
        found += [cosines_of(name, projection, measured) for projection in PROJECTIONS]
    write_json(Path(request.out) / GRADIENTS_FILE, [asdict(one) for one in found])
    return found


def measure_batch(embedder: ItemEmbedder, items: Items, loss: nn.Module) -> tuple[Conflict, float]:
    """The conflict, and how soft the target is by the embeddings as they are."""
    texts, images = items.embed(embedder)
    return conflict_of(embedder, texts, images, loss), softness(loss, texts.detach(), images.detach())


def cosines_of(name: str, projection: str, measured: Sequence[tuple[Conflict, float]]) -> Cosines:
    """With intervals over batches."""
    layers = np.array([conflict[projection] for conflict, _ in measured])
    soft = np.array([soft for _, soft in measured])
    return Cosines(name, projection, interval(layers[:, -1]), interval(layers.mean(1)), interval(soft))
