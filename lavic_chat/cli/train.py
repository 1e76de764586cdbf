"""align, distill and tune: the training stages."""

import json
import random
import time
from dataclasses import replace
from itertools import chain
from pathlib import Path

import click

from lavic_chat.cli.options import also_option, catalog_option, json_option, print_json
from lavic_chat.cli.stage import (
    choose_config,
    conclude,
    config_options,
    count_steps,
    forget,
    open_lora,
    provenance,
    see_all,
    taught_kinds,
    thinned,
)
from lavic_chat.errors import CatalogError, ModelError
from lavic_chat.settings import read_settings
from lavic_chat.training.configs import AlignConfig, DistillConfig, TuneConfig

ALSO = click.option(
    "--also", multiple=True, type=click.Path(path_type=Path), help="A further catalogue to learn from; may be repeated."
)
FROM = click.option("--from", "start_from", type=click.Path(path_type=Path), help="Adapter to start from.")
OUT = click.option("--out", required=True, type=click.Path(path_type=Path), help="Adapter folder to write.")
MODEL = click.option("--model", help="Base to train on; lavic-mini without it.")


@click.command()
@catalog_option
@ALSO
@MODEL
@click.option("--from", "start_from", type=click.Path(path_type=Path), help="Keep this adapter's tower and projector.")
@click.option("--go-on", is_flag=True, help="LLM and projector of --from learn on, from where they are.")
@OUT
@config_options(AlignConfig)
@json_option
def align(catalog, also, model, start_from: Path | None, go_on: bool, out: Path, as_json: bool, **config) -> None:
    """Teach projector and LLM to say what pictures show (tower frozen), from the catalogue's attributes.

    With --from the LLM alone learns it, from nothing: where stage 2 can start again without a new stage 1. With --go-on
    LLM and projector learn on from there: a tuned adapter then reads better, and has to be tuned again.
    """
    import torch

    from lavic_chat.catalog import load_catalog
    from lavic_chat.features.image_encoder import ImageEncoder
    from lavic_chat.model import load_model
    from lavic_chat.model.adapter import AdapterCard, check_target, read_retriever, save_adapter
    from lavic_chat.training import align as stage
    from lavic_chat.training.choices import products_of_split, take_evenly

    start, settings = time.time(), read_settings(catalog=catalog, model=model)
    chosen = choose_config(AlignConfig, settings.model, config)
    check_target(out)  # told now, not after the training
    if go_on and not start_from:
        raise ModelError("--go-on learns on from an adapter: give --from.")
    if start_from:
        if not chosen.caption_steps:
            raise ModelError("--from lets the LLM learn in the captions step; give some --caption-steps.")
        chosen = replace(chosen, word_steps=0)
    catalogs = [load_catalog(folder) for folder in (settings.catalog, *also)]
    split = {
        name: [take_evenly(products_of_split(catalog, name), chosen.limit) for catalog in catalogs]
        for name in ("train", "valid")
    }
    train, valid = (list(chain(*split[name])) for name in ("train", "valid"))
    if not train:
        raise CatalogError(f"The catalogue {catalogs[0].folder} has no products to train on; import some first.")
    lavic = load_model(settings.model, start_from, settings.home, without=() if go_on else ("llm",))
    retriever = read_retriever(start_from, lavic.vision_hash)
    before = lavic.card or AdapterCard(settings.model, lavic.fingerprint)
    image_encoder = ImageEncoder(lavic, settings.home)
    states = [
        torch.cat(
            [image_encoder.encode_products(*pair, progress=True) for pair in zip(catalogs, split[name], strict=True)]
        )
        for name in ("train", "valid")
    ]
    if chosen.caption_steps:
        chosen = open_lora(lavic, "llm", chosen)
    kept = "all" if go_on else "projector" if start_from else "nothing"
    report = stage.align(lavic, train, states[0], (valid, states[1]), chosen, kept)
    record = provenance("align", catalogs, chosen, start, before) | {
        "products": len(train),
        "word_loss": round(report.word_losses[-1], 4) if report.word_losses else None,
        "caption_loss": round(report.caption_losses[-1], 4) if report.caption_losses else None,
        "valid_perplexity": report.valid_perplexity and round(report.valid_perplexity, 4),
        "valid_reading": report.valid_reading,
        "losses": {"words": thinned(report.word_losses), "captions": thinned(report.caption_losses)},
    }
    if go_on:  # what was calibrated was another LLM's
        card = replace(forget(before, "calibrate"), temperature=1.0, retrieval_weight=0.0)
    else:  # what was chosen with is gone, and of the stages those of tower and search are left
        card = AdapterCard(settings.model, lavic.fingerprint, kinds=before.kinds, training=before.training)
        card = forget(card, "tune", "calibrate")
    card = replace(card, speaks="llm" in lavic.loras, training={**card.training, "align": record})
    save_adapter(lavic, out, taught_kinds(card, catalogs), retriever)
    print_json(record) if as_json else click.echo(
        f"Aligned on {len(train)} products; caption perplexity on unseen shapes {record['valid_perplexity']}; in {out}."
    )


@click.command()
@catalog_option
@ALSO
@MODEL
@FROM
@click.option(
    "--descriptions",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A teacher's, from `describe` or an import, else known looks; may be repeated.",
)
@click.option("--valid-catalog", type=click.Path(path_type=Path), help="Another catalogue, to validate on alone.")
@OUT
@config_options(DistillConfig)
@json_option
def distill(catalog, also, model, start_from, descriptions, valid_catalog, out, as_json, **config) -> None:
    """Teach tower and projector to bring forth the descriptions from five tokens (LoRA; LLM frozen).

    The same command goes on where a stopped run was: its progress lies beside the adapter, in OUT.progress.
    """
    from lavic_chat.catalog import load_catalog
    from lavic_chat.model import load_model
    from lavic_chat.model.adapter import AdapterCard, check_target, read_retriever, save_adapter
    from lavic_chat.storage.files import hash_file
    from lavic_chat.training import distill as stage
    from lavic_chat.training import distributed
    from lavic_chat.training.checkpoint import Checkpoint
    from lavic_chat.training.choices import products_of_split
    from lavic_chat.training.teacher_captions import read_descriptions

    start, settings = time.time(), read_settings(catalog=catalog, model=model)
    chosen = choose_config(DistillConfig, settings.model, config)
    distributed.check_batches(chosen.batch, chosen.word_batch if chosen.word_steps else 0)
    check_target(out)  # told now, not after the training
    catalogs = [load_catalog(folder) for folder in (settings.catalog, *also)]
    written = [item for file in descriptions for item in read_descriptions(file)]
    taught = {(item.id, item.place): item.text for item in written if item.may_be_taught}
    exams = [load_catalog(valid_catalog)] if valid_catalog else catalogs
    lessons = [
        each
        for catalog in catalogs
        for each in stage.make_lessons(catalog, products_of_split(catalog, "train"), taught)
    ]
    unseen = [products_of_split(catalog, "valid") or (list(catalog) if valid_catalog else []) for catalog in exams]
    tests = [each for pair in zip(exams, unseen, strict=True) for each in stage.make_lessons(*pair, taught)]
    if not lessons or not tests:
        raise CatalogError(
            f"The catalogue {catalogs[0].folder} needs products with pictures to train on, and its splits.json or "
            "--valid-catalog others to validate on."
        )
    lavic = load_model(settings.model, start_from, settings.home)
    retriever = read_retriever(start_from, tower="")  # a fusion does not outlive a change of the tower that it reads
    before = forget(lavic.card or AdapterCard(settings.model, lavic.fingerprint), "fuse")  # it reads the old tower
    before = taught_kinds(before, catalogs)
    chosen = count_steps(open_lora(lavic, "vision", chosen, chosen.first_layer), len(lessons), config)
    record = provenance("distill", catalogs, chosen, start, before) | {
        "pictures": sum(len(item.texts) for item in lessons),
        "described": {"pictures": len(taught), "files": [hash_file(file) for file in descriptions]} if taught else None,
    }

    def keep(best, curve) -> None:
        record.update(best=best.to_row(), valid=[point.to_row() for point in curve])  # so far
        card = replace(before, training={**before.training, "distill": record})
        save_adapter(lavic, out, card, retriever)

    data = json.dumps([record["catalogs"], record["described"], lavic.fingerprint, lavic.adapter_hash])
    checkpoint = Checkpoint(out, chosen, data)
    report = stage.distill(lavic, lessons, tests, chosen, keep, checkpoint)
    if not distributed.is_first():
        return
    if not (out / "adapter.json").is_file():
        raise CatalogError("Nothing was better than the start itself; train longer, or with a lower --lr.")
    conclude(out, record, report)
    checkpoint.clear()
    print_json(record) if as_json else click.echo(
        f"Distilled on {len(lessons)} products; perplexity on unseen shapes {report.valid[0].perplexity:.3f} before, "
        f"{report.best.perplexity:.3f} at step {report.best.step}; in {out}."
    )


@click.command()
@catalog_option
@also_option
@MODEL
@click.option("--dialogues", required=True, type=click.Path(path_type=Path), help="Training dialogues (JSONL).")
@click.option("--valid", required=True, type=click.Path(path_type=Path), help="Validation dialogues (JSONL).")
@click.option("--valid-catalog", type=click.Path(path_type=Path), help="Their catalogue, where it is another one.")
@click.option("--valid-limit", default=120, type=click.IntRange(1), help="Validation conversations to use.")
@click.option("--candidates", "key", default="candidates", help="Key of the candidate lists.")
@FROM
@click.option("--undistilled", is_flag=True, help="Without what stage 1 has taught the tower of --from; to compare.")
@OUT
@config_options(TuneConfig)
@json_option
def tune(
    catalog,
    also,
    model,
    dialogues,
    valid,
    valid_catalog,
    valid_limit,
    key,
    start_from,
    undistilled,
    out,
    as_json,
    **config,
) -> None:
    """Teach the LLM to choose among candidates (LoRA on the LLM, tower frozen); the best by validation is kept.

    The same command goes on where a stopped run was: its progress lies beside the adapter, in OUT.progress.
    """
    from lavic_chat.catalog import load_catalog
    from lavic_chat.dialogue.reddit_amazon import read_conversations
    from lavic_chat.features.image_encoder import ImageEncoder
    from lavic_chat.model import load_model
    from lavic_chat.model.adapter import AdapterCard, check_target, read_card, read_retriever, save_adapter
    from lavic_chat.model.lora import VISION
    from lavic_chat.storage.files import hash_file
    from lavic_chat.training import distributed
    from lavic_chat.training.checkpoint import Checkpoint
    from lavic_chat.training.choices import make_choices
    from lavic_chat.training.tune import tune as stage

    start, settings = time.time(), read_settings(catalog=catalog, model=model)
    chosen = choose_config(TuneConfig, settings.model, config)
    distributed.check_batches(chosen.batch, chosen.captions)
    check_target(out)  # told now, not after the training
    if undistilled and (not start_from or "distill" not in read_card(start_from).training or out == start_from):
        raise ModelError(
            "--undistilled takes stage 1 out of an adapter that has it, into another: give --from and --out."
        )
    catalogs = [load_catalog(folder) for folder in (settings.catalog, *also)]
    valid_catalogs = [load_catalog(valid_catalog) if valid_catalog else catalogs[0], *catalogs[1:]]
    lessons = [dialogues, *(catalog.folder / "dialogues/train.jsonl" for catalog in catalogs[1:])]
    exams = [valid, *(catalog.folder / "dialogues/valid.jsonl" for catalog in catalogs[1:])]
    rng = random.Random(chosen.seed)
    made = [
        make_choices(read_conversations(file), catalog, key, rng)
        for file, catalog in zip(lessons, catalogs, strict=True)
    ]
    choices, left_out = [each for each, _ in made], sum(count for _, count in made)
    tests = [
        make_choices(read_conversations(file)[:valid_limit], catalog, key)[0]
        for file, catalog in zip(exams, valid_catalogs, strict=True)
    ]
    lavic = load_model(settings.model, start_from, settings.home, without=(VISION,) if undistilled else ())
    retriever = read_retriever(start_from, lavic.vision_hash)
    before = taught_kinds(lavic.card or AdapterCard(settings.model, lavic.fingerprint), catalogs)
    before = forget(before, "distill", "fuse") if undistilled else before
    with distributed.first_goes_first():
        parts = zip((*catalogs, *valid_catalogs), (*choices, *tests), strict=True)
        states = see_all(ImageEncoder(lavic, settings.home), parts, chosen.pictures)
    chosen = count_steps(open_lora(lavic, "llm", chosen), sum(map(len, choices)), config)
    record = provenance("tune", catalogs, chosen, start, before)
    record |= {"choices": [len(each) for each in choices], "left_out": left_out}

    def keep(best, curve) -> None:
        record.update(best=best.to_row(), valid=[point.to_row() for point in curve])  # so far
        training = {**before.training, "tune": record}
        means = {"decode": chosen.decode, "labeling": chosen.labeling, "temperature": best.temperature}
        card = replace(before, **means, pictures=chosen.pictures, training=training)
        save_adapter(lavic, out, card, retriever)

    files = {"dialogues": [hash_file(file) for file in lessons]}
    files["valid_dialogues"] = [hash_file(file) for file in exams]  # "valid" is the curve
    files["valid_catalog"] = valid_catalogs[0].fingerprint
    record |= files | {"candidates": key, "valid_limit": valid_limit, "from": lavic.adapter_hash}
    data = json.dumps([lavic.fingerprint, lavic.adapter_hash, record["catalogs"], files, key, valid_limit])
    checkpoint = Checkpoint(out, chosen, data)
    first, *others = choices
    report = stage(lavic, first, list(chain(*tests)), states, chosen, keep, checkpoint, lavic.speaks, others)
    if not distributed.is_first():
        return
    conclude(out, record, report)
    checkpoint.clear()
    print_json(record) if as_json else click.echo(
        f"Tuned on {sum(map(len, choices))} dialogues; HR@1 on {sum(map(len, tests))} of validation "
        f"{report.best.hit:.3f} (step {report.best.step}); in {out}."
    )
