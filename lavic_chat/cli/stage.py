"""What the training commands share: options from the stages' configs, records of what was done."""

import math
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import Field, asdict, fields, replace
from pathlib import Path

import click

from lavic_chat.cli.options import DECODES, LABELINGS
from lavic_chat.errors import CatalogError
from lavic_chat.settings import MINI
from lavic_chat.training.configs import PAPER

CURVES = "training.png"  # in an adapter folder
SPREADS = ("noise", "blur", "caption_noise")  # config fields in standard deviations


def config_options(config_class: type):
    """One option for each field of a training config. Its default is lavic-mini's; another base has the paper's."""

    def add(command):
        for item in reversed(fields(config_class)):
            flag, told = "--" + item.name.replace("_", "-"), str(item.default)
            paper = getattr(PAPER.get(config_class), item.name, item.default)
            if paper != item.default:
                told += f"; with another base than {MINI} the paper's {paper}"
            command = click.option(flag, item.name, show_default=told, type=option_type(item))(command)
        return command

    return add


def option_type(item: Field) -> click.ParamType:
    """What a field may be: a way to decode or to label, yes or no, a whole number, a share or rate from 0 to 1, noise
    in standard deviations."""
    if isinstance(item.default, bool):
        return click.BOOL
    if isinstance(item.default, str):
        return click.Choice({"decode": DECODES, "labeling": LABELINGS}[item.name])
    may_be_none = not item.default or item.name in ("caption_steps", "word_steps", "plain_steps")
    if isinstance(item.default, int):
        return click.IntRange(0 if may_be_none else 1)
    return click.FloatRange(0, None if item.name in SPREADS else 1)


def choose_config(config_class: type, model: str, given: Mapping[str, object]):
    """The defaults for a base, and what was given on the command line; steps that are given count, not epochs."""
    chosen = {name: value for name, value in given.items() if value is not None}
    if "steps" in chosen and hasattr(config_class, "epochs"):
        chosen.setdefault("epochs", 0)
    return replace(config_class() if model == MINI else PAPER.get(config_class, config_class()), **chosen)


def count_steps(config, lessons: int, given: Mapping[str, object]):
    """The config with the steps that its epochs are, and with a validation after each where no other is asked for."""
    if not config.epochs:
        return config
    an_epoch = math.ceil(lessons / config.batch)
    return replace(config, steps=config.epochs * an_epoch, valid_every=given.get("valid_every") or an_epoch)


def open_lora(lavic, part: str, chosen, first_layer: int = 0):
    """The part's LoRA, alone trainable: what the adapter has, or a fresh one. Returns the config with that LoRA's own
    rank, alpha and, where it has one, dropout."""
    from lavic_chat.model.lora import LoraShape, add_lora, shape_of_lora, train_lora

    if part in lavic.loras:
        train_lora(lavic, part)
    else:
        dropout = getattr(chosen, "dropout", 0.0)
        add_lora(lavic, part, LoraShape(chosen.rank, chosen.alpha, dropout), seed=chosen.seed, first_layer=first_layer)
    shape = shape_of_lora(lavic, part)
    return replace(chosen, **{name: value for name, value in shape.items() if hasattr(chosen, name)})


def conclude(out: Path, record: dict, report) -> None:
    """Write the whole curves of a course into the card of its best adapter, and draw them beside it."""
    from lavic_chat.model.adapter import read_card, write_card
    from lavic_chat.training.curves import write_curves

    record.update(valid=[point.to_row() for point in report.valid], losses=thinned(report.losses))
    record["seconds"] = round(report.seconds)
    card = read_card(out)
    training = {**card.training, record["stage"]: record}
    write_card(out, replace(card, training=training))
    write_curves(training, out / CURVES)


def forget(card, *stages: str):
    """The card without the records of stages whose work is no longer in the adapter."""
    return replace(card, training={name: told for name, told in card.training.items() if name not in stages})


def taught_kinds(card, catalogs):
    """The card, knowing the kinds of things that these catalogues teach the model to say."""
    from lavic_chat.features.captions import kinds_of

    return replace(card, kinds=tuple(sorted(set(card.kinds).union(*map(kinds_of, catalogs)))))


def thinned(losses: Sequence[float], every: int = 25) -> list[float]:
    """Mean loss of each stretch of so many steps: a curve that fits on a screen."""
    parts = [losses[start : start + every] for start in range(0, len(losses), every)]
    return [round(sum(part) / len(part), 4) for part in parts]


def see_all(image_encoder, parts, pictures: int = 1) -> dict:
    """Tower states by product id of every product that the choices of each (catalogue, choices) name: [5, h], or
    [k, 5, h] of its first `pictures`.

    Raises CatalogError when two catalogues give the same id to different pictures.
    """
    from lavic_chat.training.choices import products_of

    states = {}
    for catalog, choices in parts:
        products = products_of(choices)
        for product, seen in zip(
            products, image_encoder.encode_pictures(catalog, products, pictures, progress=True), strict=True
        ):
            row = seen if pictures > 1 else seen[0]
            if not states.setdefault(product.id, row).equal(row):
                raise CatalogError(f"The product {product.id} has another picture in {catalog.folder}; rename one.")
    return states


def provenance(stage: str, catalogs, config, start: float, before=None) -> dict:
    """What it takes to do it again: configuration, data hashes, seconds, machine kind; and the stage's earlier record
    where the adapter `before` has gone through it once already."""
    import torch

    from lavic_chat.training.distributed import process_state

    earlier = before.training.get(stage) if before else None
    return ({"earlier": earlier} if earlier else {}) | {
        "stage": stage,
        "config": asdict(config),
        "catalogs": [catalog.fingerprint for catalog in catalogs],
        "seconds": round(time.time() - start),
        "machine": torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine() + " CPU",
        "processes": process_state().num_processes,
        "torch": torch.__version__,
    }
