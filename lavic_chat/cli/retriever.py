"""tune-retriever: the stage that teaches search."""

import json
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from lavic_chat.cli.options import catalog_option, json_option, print_json
from lavic_chat.cli.stage import choose_config, config_options, forget, provenance, thinned
from lavic_chat.settings import read_settings
from lavic_chat.training.configs import RetrieverConfig


@click.command("tune-retriever")
@catalog_option
@click.option("--model", help="lavic-mini (the default), a LLaVA-NeXT folder, or a hub name.")
@click.option("--adapter", required=True, type=click.Path(path_type=Path), help="Adapter folder to put it into.")
@click.option("--dialogues", required=True, type=click.Path(path_type=Path), help="Training JSONL.")
@click.option("--valid", required=True, type=click.Path(path_type=Path), help="Validation JSONL.")
@click.option("--candidates", "key", default="candidates", help="Key of the candidates, which are the hard ones.")
@config_options(RetrieverConfig)
@json_option
def tune_retriever(catalog, model, adapter: Path, dialogues, valid, key, as_json, **config) -> None:
    """Teach the sentence encoder (LoRA) what shoppers mean; into the adapter's folder, which then searches by it."""
    from lavic_chat.catalog import load_catalog
    from lavic_chat.dialogue.reddit_amazon import read_conversations
    from lavic_chat.model.adapter import RETRIEVER, read_card, write_card
    from lavic_chat.model.text_encoder import add_text_lora, embed, load_text_encoder, save_text_lora, weakened
    from lavic_chat.ranking.visual_ranker import load_visual_ranker
    from lavic_chat.storage.files import hash_file
    from lavic_chat.training import retriever as stage
    from lavic_chat.training.checkpoint import Checkpoint

    start, settings = time.time(), read_settings(catalog=catalog, model=model, adapter=adapter)
    chosen = choose_config(RetrieverConfig, settings.model, config)
    read_card(adapter)  # told now, not after the training
    catalog = load_catalog(settings.catalog)
    examples, exam = (
        stage.make_retrieval_examples(read_conversations(file), catalog, key) for file in (dialogues, valid)
    )
    visual_ranker = load_visual_ranker(settings)
    said = {
        item: features.caption for item, features in visual_ranker.features_by_id(catalog, catalog.products).items()
    }
    encoder, _ = load_text_encoder(settings.home)
    lora = add_text_lora(encoder, chosen.rank, chosen.alpha, chosen.seed)
    as_kept = partial(weakened, lora, chosen.strength)
    weights = [tensor for tensor in lora.parameters() if tensor.requires_grad]
    record = provenance(RETRIEVER, [catalog], chosen, start) | {"wishes": len(examples)}
    record |= {"dialogues": hash_file(dialogues), "valid_dialogues": hash_file(valid), "candidates": key}

    def tell(report) -> None:
        card = forget(read_card(adapter), "fuse")  # it read other vectors
        write_card(adapter, replace(card, training={**card.training, RETRIEVER: record | report}))

    def keep(best, curve) -> None:
        if best.step:  # before the first step it is the encoder as it comes
            with as_kept():
                save_text_lora(lora, adapter)
            tell({"best": best.to_row(), "valid": [point.to_row() for point in curve]})

    files = [record["dialogues"], record["valid_dialogues"]]
    data = json.dumps([visual_ranker.model.adapter_hash, catalog.fingerprint, files, key])
    checkpoint = Checkpoint(adapter / RETRIEVER, chosen, data)
    task = stage.make_recall_task(exam, catalog, said)
    report = stage.tune_retriever(
        partial(embed, encoder), weights, examples, said, task, chosen, keep, checkpoint, as_kept
    )
    record |= {"best": report.best.to_row(), "valid": [point.to_row() for point in report.valid]}
    record |= {"losses": thinned(report.losses), "seconds": round(report.seconds)}
    if report.best.step:
        tell({})
    checkpoint.clear()
    print_json(record) if as_json else click.echo(
        f"Learned from {len(examples)} wishes; recall@{stage.FOUND} on {len(exam)} of validation "
        f"{report.valid[0].recall:.3f} before, {report.best.recall:.3f} now; in {adapter / RETRIEVER}. "
        "Now `fuse` and `calibrate`, which build on it."
    )
