"""Align: the model learns to say what pictures show; the tower is frozen.

    lavic-chat align --catalog catalog --out out/aligned

Two phases, each with a reason:
1. words: each visual token points to the input word embeddings of what the picture shows (cosine, temperature
   0.05), its length held at theirs. Seconds, the projector alone, and the one start from which reading goes fast.
2. captions: the LLM, through its LoRA, says what it sees, "blue (navy) velvet sofa", from the five tokens, and the
   projector learns along. Many pictures are branches of one prompt, as candidates are when one is chosen.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from lavic_chat.catalog import Catalog, Product
from lavic_chat.errors import CatalogError, ModelError
from lavic_chat.features.image_encoder import ImageEncoder
from lavic_chat.model.adapter import check_target, read_retriever, save_adapter
from lavic_chat.model.card import AdapterCard
from lavic_chat.model.llava import LavicModel
from lavic_chat.model.load import load_model
from lavic_chat.settings import Settings
from lavic_chat.training import distributed
from lavic_chat.training.align_phases import WORDS, AlignExamples, AlignReport, Kept, align_model
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.choices import products_of_split, take_evenly
from lavic_chat.training.configs import AlignConfig
from lavic_chat.training.preparation import load_catalogs, open_lora
from lavic_chat.training.run_record import StageResult, add_kinds, add_record, card_of, forget, provenance, thinned


@dataclass(frozen=True)
class AlignRequest:
    """settings: base and first catalogue; also: further ones. start_from: an adapter whose tower and projector stay,
    and with go_on its LLM as well; LLM and projector then learn on from where they are. out: adapter folder to write.
    """

    settings: Settings
    out: str | Path
    config: AlignConfig
    also: tuple[Path, ...] = ()
    start_from: Path | None = None
    go_on: bool = False

    @property
    def kept(self) -> Kept:
        """What stays of what was learned before."""
        return "all" if self.go_on else "projector" if self.start_from else "nothing"


def align(request: AlignRequest) -> StageResult | None:
    """Teach projector and LLM what pictures show, from the catalogues' attributes; write the adapter.

    A stopped run goes on from `<out>.progress`. Returns None in all processes but the first. Raises LavicError for a
    request that cannot be met.
    """
    started, config = time.time(), check_request(request)
    settings = request.settings
    catalogs = load_catalogs(settings.catalog, request.also)
    train, valid = (split_products(catalogs, name, config.limit) for name in ("train", "valid"))
    if not any(train):
        raise CatalogError(f"The catalogue {catalogs[0].folder} has no products to train on; import some first.")
    without = () if request.go_on else ("llm",)
    model = load_model(settings.model, request.start_from, settings.home, without=without)
    examples, held_out = (encode_examples(model, settings.home, catalogs, products) for products in (train, valid))
    if config.caption_steps:
        config = open_lora(model, "llm", config)
    data = [[catalog.fingerprint for catalog in catalogs], model.fingerprint, model.adapter_hash, request.kept]
    checkpoints = [Checkpoint(request.out, config, json.dumps(data), phase) for phase in (WORDS, "")]
    report = align_model(model, (examples, held_out), config, request.kept, checkpoints, started)
    if not distributed.is_first():
        return None
    before = card_of(model, settings.model)
    record = provenance("align", catalogs, config, started, before) | report_record(report, len(examples.products))
    retriever = read_retriever(request.start_from, model.vision_hash)
    save_adapter(model, request.out, add_kinds(new_card(request, model, before, record), catalogs), retriever)
    for checkpoint in checkpoints:
        checkpoint.clear()
    summary = (
        f"Aligned on {len(examples.products)} products; caption perplexity on unseen shapes "
        f"{record['valid_perplexity']}; in {request.out}."
    )
    return StageResult(record, summary)


def check_request(request: AlignRequest) -> AlignConfig:
    """What can be refused before anything is loaded; returns the config, without words where a projector is kept."""
    check_target(request.out)
    if request.go_on and not request.start_from:
        raise ModelError("--go-on learns on from an adapter: give --from.")
    if not request.start_from:
        return request.config
    if not request.config.caption_steps:
        raise ModelError("--from lets the LLM learn in the captions step; give some --caption-steps.")
    return replace(request.config, word_steps=0)


def split_products(catalogs: Sequence[Catalog], split: str, limit: int) -> list[Sequence[Product]]:
    """A split's products of each catalogue, at most so many of each."""
    return [take_evenly(products_of_split(catalog, split), limit) for catalog in catalogs]


def encode_examples(
    model: LavicModel, home: str | Path, catalogs: Sequence[Catalog], products: Sequence[Sequence[Product]]
) -> AlignExamples:
    """The products of all catalogues with their states, through the cache at `home`."""
    encoder = ImageEncoder(model, home)
    pairs = zip(catalogs, products, strict=True)
    states = [encoder.encode_products(catalog, some, progress=True) for catalog, some in pairs]
    return AlignExamples([product for some in products for product in some], torch.cat(states))


def report_record(report: AlignReport, products: int) -> dict:
    """What the record of the stage holds of a run."""
    return {
        "seconds": round(report.seconds),
        "products": products,
        "word_loss": round(report.word_losses[-1], 4) if report.word_losses else None,
        "caption_loss": round(report.caption_losses[-1], 4) if report.caption_losses else None,
        "valid_perplexity": report.valid.perplexity and round(report.valid.perplexity, 4),
        "valid_reading": report.valid.reading,
        "losses": {"words": thinned(report.word_losses), "captions": thinned(report.caption_losses)},
    }


def new_card(request: AlignRequest, model: LavicModel, before: AdapterCard, record: dict) -> AdapterCard:
    """The card of what was learned: how it chooses and was calibrated counts only where the LLM went on, or not even
    then."""
    if request.go_on:  # what was calibrated was another LLM's
        card = replace(forget(before, "calibrate"), temperature=1.0, retrieval_weight=0.0)
    else:  # what was chosen with is gone, and of the stages those of tower and search are left
        card = AdapterCard(request.settings.model, model.fingerprint, kinds=before.kinds, training=before.training)
        card = forget(card, "tune", "calibrate")
    return add_record(replace(card, speaks="llm" in model.loras), "align", record)
