"""fuse: search learns to see."""

import json
import time
from dataclasses import replace
from pathlib import Path

import click

from lavic_chat.cli.options import also_option, catalog_option, json_option, print_json
from lavic_chat.cli.stage import choose_config, config_options, provenance, thinned
from lavic_chat.errors import CatalogError
from lavic_chat.settings import read_settings
from lavic_chat.training.configs import FuseConfig

SPLITS = ("train.jsonl", "valid.jsonl")


@click.command()
@catalog_option
@also_option
@click.option("--model", help="Base of the adapter; lavic-mini without it.")
@click.option("--adapter", required=True, type=click.Path(path_type=Path), help="Adapter folder to put it into.")
@click.option("--dialogues", required=True, type=click.Path(path_type=Path), help="Training JSONL.")
@click.option("--valid", required=True, type=click.Path(path_type=Path), help="Validation JSONL.")
@click.option("--candidates", "key", default="candidates", help="Key of the candidates, which are the hard ones.")
@config_options(FuseConfig)
@json_option
def fuse(catalog, also, model, adapter: Path, dialogues, valid, key, as_json, **config) -> None:
    """Teach search to see (small networks over tower states); into the adapter's folder, which then searches so."""
    import torch

    from lavic_chat.catalog import load_catalog
    from lavic_chat.features.text_encoder import TextEncoder
    from lavic_chat.model import VIEWS
    from lavic_chat.model.adapter import read_card, write_card
    from lavic_chat.ranking.visual_ranker import load_visual_ranker
    from lavic_chat.retrieval.embedder import Embedder
    from lavic_chat.retrieval.fusion import Fusion, save_fusion
    from lavic_chat.storage.files import hash_file
    from lavic_chat.training import fusion as stage
    from lavic_chat.training.checkpoint import Checkpoint

    start, settings = time.time(), read_settings(catalog=catalog, model=model, adapter=adapter)
    chosen = choose_config(FuseConfig, settings.model, config)
    read_card(adapter)  # told now, not after the training
    catalogs = [load_catalog(folder) for folder in (settings.catalog, *also)]
    files = [
        (dialogues, valid),
        *(tuple(catalog.folder / "dialogues" / name for name in SPLITS) for catalog in catalogs[1:]),
    ]
    names = name_apart(catalogs)
    examples = [
        [read_wishes(file, catalog, key) for file in pair] for pair, catalog in zip(files, catalogs, strict=True)
    ]
    visual_ranker, embedder = load_visual_ranker(settings), Embedder(TextEncoder(settings.home, adapter))
    lessons, exams = [], {}
    for name, catalog, (taught, asked) in zip(names, catalogs, examples, strict=True):
        products = what_is_searched(catalog, catalog is catalogs[0], [*taught, *asked])
        item_features = visual_ranker.look_at(catalog, products)
        lessons.append(stage.make_lessons(embedder, products, item_features, taught))
        exams[name] = stage.make_lessons(embedder, products, item_features, asked)
    torch.manual_seed(chosen.seed)
    fusion = Fusion(embedder.encoder.size, VIEWS * visual_ranker.model.state_size, chosen.hidden, chosen.share)
    record = provenance("fuse", catalogs, chosen, start) | {"wishes": [len(taught) for taught, _ in examples]}
    record |= {"searched": {name: len(exam.texts) for name, exam in exams.items()}, "candidates": key}
    record |= {"dialogues": [hash_file(file) for pair in files for file in pair], "encoder": embedder.encoder.name}

    def tell() -> None:
        card = read_card(adapter)
        write_card(adapter, replace(card, training={**card.training, "fuse": record}))

    def keep(best, curve) -> None:
        record.update(best=best.to_row(), valid=[point.to_row() for point in curve])
        if best.step:  # before the first step it is search by words alone
            save_fusion(fusion, adapter, visual_ranker.model.vision_hash, embedder.encoder.name)
            tell()

    told = [visual_ranker.model.adapter_hash, embedder.encoder.name, record["catalogs"], record["dialogues"], key]
    checkpoint = Checkpoint(adapter / "fusion", chosen, json.dumps(told))
    report = stage.fuse(fusion, lessons, exams, chosen, keep, start, checkpoint)
    record |= {"best": report.best.to_row(), "valid": [point.to_row() for point in report.valid]}
    record |= {"losses": thinned(report.losses), "seconds": round(report.seconds)}
    if report.best.step:
        tell()
    checkpoint.clear()
    print_json(record) if as_json else click.echo(
        f"Learned from {sum(record['wishes'])} wishes; {report.valid[0]} by words alone, {report.best} now; "
        f"in {adapter}. Now `calibrate`, which builds on it."
    )


def name_apart(catalogs) -> list[str]:
    """The catalogues' names to report by; raises CatalogError where two have the same."""
    names = [catalog.folder.resolve().name for catalog in catalogs]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise CatalogError(
            f"Two catalogues are called {twice}; rename the folder of one, so that they can be told apart."
        )
    return names


def read_wishes(file: Path, catalog, key: str):
    from lavic_chat.dialogue.reddit_amazon import read_conversations
    from lavic_chat.training.retriever import make_retrieval_examples

    return make_retrieval_examples(read_conversations(file), catalog, key)


def what_is_searched(catalog, is_first: bool, examples):
    """The whole first catalogue; of further ones, which may be large, what their conversations name."""
    from lavic_chat.training.choices import products_of

    return catalog.products if is_first else products_of(examples)
