"""What a stage writes down of itself in the card of its adapter, so that it can be done again."""

import platform
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from lavic_chat.catalog import Catalog
from lavic_chat.features.captions import kinds_of
from lavic_chat.model.card import AdapterCard, read_card, write_card
from lavic_chat.model.llava import LavicModel
from lavic_chat.training.configs import StageConfig
from lavic_chat.training.curves import write_curves
from lavic_chat.training.distributed import process_state
from lavic_chat.training.trainer import TrainingReport, Validation

CURVES = "training.png"  # in an adapter folder


@dataclass(frozen=True)
class StageResult:
    """What a stage answers: its record, as the adapter's card holds it, and one sentence for people."""

    record: dict
    summary: str


def provenance(
    stage: str,
    catalogs: Iterable[Catalog],
    config: StageConfig,
    started: float,
    before: AdapterCard | None = None,
) -> dict:
    """What it takes to do it again: configuration, data hashes, seconds since `started`, machine kind; and the stage's
    earlier record where the adapter `before` has gone through it once already."""
    earlier = before.training.get(stage) if before else None
    return ({"earlier": earlier} if earlier else {}) | {
        "stage": stage,
        "config": asdict(config),
        "catalogs": [catalog.fingerprint for catalog in catalogs],
        "seconds": round(time.time() - started),
        "machine": torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine() + " CPU",
        "processes": process_state().num_processes,
        "torch": torch.__version__,
    }


def summarize_report(report: TrainingReport) -> dict:
    """A run as records hold it: its best validation, its curves, its seconds."""
    curves = summarize_validation(report.best, report.valid)
    return curves | {"losses": thinned(report.losses), "seconds": round(report.seconds)}


def summarize_validation(best: Validation, curve: Sequence[Validation]) -> dict:
    """The validations of a run, finished or not, as records hold them."""
    return {"best": best.to_row(), "valid": [point.to_row() for point in curve]}


def conclude(out: str | Path, record: dict, report: TrainingReport) -> dict:
    """Write a run's record, with its whole curves, into the card of its best adapter, and draw them beside it; returns
    that record."""
    whole = record | summarize_report(report)
    card = write_record(out, whole)
    write_curves(card.training, Path(out) / CURVES)
    return whole


def write_record(adapter: str | Path, record: dict, *forgotten: str) -> AdapterCard:
    """Put a stage's record into an adapter's card, which forgets those of other stages; returns the card."""
    card = add_record(forget(read_card(adapter), *forgotten), record["stage"], record)
    write_card(adapter, card)
    return card


def card_of(model: LavicModel, base: str) -> AdapterCard:
    """The card of a model's adapter; a fresh one where it has none. base: as the settings name it."""
    return model.card or AdapterCard(base, model.fingerprint)


def add_record(card: AdapterCard, stage: str, record: dict) -> AdapterCard:
    """The card with the record of a stage."""
    return replace(card, training={**card.training, stage: record})


def forget(card: AdapterCard, *stages: str) -> AdapterCard:
    """The card without the records of stages whose work is no longer in the adapter."""
    return replace(card, training={name: record for name, record in card.training.items() if name not in stages})


def add_kinds(card: AdapterCard, catalogs: Iterable[Catalog]) -> AdapterCard:
    """The card with the kinds of things that these catalogues teach the model to name."""
    return replace(card, kinds=tuple(sorted(set(card.kinds).union(*map(kinds_of, catalogs)))))


def thinned(losses: Sequence[float], every: int = 25) -> list[float]:
    """Mean loss of each stretch of so many steps: a curve that fits on a screen."""
    parts = [losses[start : start + every] for start in range(0, len(losses), every)]
    return [round(sum(part) / len(part), 4) for part in parts]
