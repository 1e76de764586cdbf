"""What several stages prepare before they train: catalogues, an open LoRA, tower states."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TypeVar

from torch import Tensor

from lavic_chat.catalog import Catalog, load_catalog
from lavic_chat.errors import CatalogError
from lavic_chat.features.image_encoder import ImageEncoder
from lavic_chat.model.llava import LavicModel
from lavic_chat.model.lora import LoraShape, add_lora, shape_of_lora, train_lora
from lavic_chat.training.choices import Choice, products_of
from lavic_chat.training.configs import AlignConfig, DistillConfig, TuneConfig

C = TypeVar("C", AlignConfig, DistillConfig, TuneConfig)


def load_catalogs(first: str | Path, also: Iterable[str | Path] = ()) -> list[Catalog]:
    """The catalogue to train on, and further ones."""
    return [load_catalog(Path(folder)) for folder in (first, *also)]


def dialogue_files(first: str | Path, catalogs: Sequence[Catalog], split: str) -> list[Path]:
    """The dialogue file of each catalogue: `first` of the first, of the others their own of the split."""
    return [Path(first), *(catalog.folder / f"dialogues/{split}.jsonl" for catalog in catalogs[1:])]


def open_lora(model: LavicModel, part: str, config: C, first_layer: int = 0) -> C:
    """The part's LoRA, alone trainable: what the adapter has, or a fresh one. Returns the config with that LoRA's own
    rank, alpha and, where it has one, dropout."""
    if part in model.loras:
        train_lora(model, part)
    else:
        dropout = getattr(config, "dropout", 0.0)
        add_lora(model, part, LoraShape(config.rank, config.alpha, dropout), seed=config.seed, first_layer=first_layer)
    shape = shape_of_lora(model, part)
    return replace(config, **{name: value for name, value in asdict(shape).items() if hasattr(config, name)})


def encode_choices(
    image_encoder: ImageEncoder, choices: Iterable[tuple[Catalog, Sequence[Choice]]], pictures: int = 1
) -> dict[str, Tensor]:
    """Tower states by product id of every product that the choices of each catalogue name: [5, h], or [k, 5, h] of its
    first `pictures`.

    Raises CatalogError when two catalogues give the same id to different pictures.
    """
    states: dict[str, Tensor] = {}
    for catalog, named in choices:
        products = products_of(named)
        encoded = image_encoder.encode_pictures(catalog, products, pictures, progress=True)
        for product, seen in zip(products, encoded, strict=True):
            row = seen if pictures > 1 else seen[0]
            if not states.setdefault(product.id, row).equal(row):
                raise CatalogError(f"The product {product.id} has another picture in {catalog.folder}; rename one.")
    return states
