"""fuse: search learns to see."""

import json
import time
from dataclasses import asdict, replace
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
    from lavic_chat.files import hash_file
    from lavic_chat.model import VIEWS
    from lavic_chat.model.adapter import read_card, write_card
    from lavic_chat.model.fusion import Fusion, save_fusion
    from lavic_chat.recommender import load_chooser
    from lavic_chat.retrieval import Search, TextEncoder
    from lavic_chat.training import fuse as stage
    from lavic_chat.training.checkpoint import Checkpoint

    start, settings = time.time(), read_settings(catalog=catalog, model=model, adapter=adapter)
    chosen = choose_config(FuseConfig, settings.model, config)
    read_card(adapter)  # told now, not after the training
    shops = [load_catalog(folder) for folder in (settings.catalog, *also)]
    files = [(dialogues, valid), *(tuple(shop.folder / "dialogues" / name for name in SPLITS) for shop in shops[1:])]
    names = name_apart(shops)
    wishes = [[read_wishes(file, shop, key) for file in pair] for pair, shop in zip(files, shops, strict=True)]
    chooser, search = load_chooser(settings), Search(TextEncoder(settings.home, adapter))
    lessons, exams = [], {}
    for name, shop, (taught, asked) in zip(names, shops, wishes, strict=True):
        products = what_is_searched(shop, shop is shops[0], [*taught, *asked])
        sights = list(chooser.sights(shop, products).values())
        lessons.append(stage.make_lessons(search, products, sights, taught))
        exams[name] = stage.make_lessons(search, products, sights, asked)
    torch.manual_seed(chosen.seed)
    fusion = Fusion(search.encoder.size, VIEWS * chooser.model.state_size, chosen.hidden, chosen.share)
    record = provenance("fuse", shops, chosen, start) | {"wishes": [len(taught) for taught, _ in wishes]}
    record |= {"searched": {name: len(exam.texts) for name, exam in exams.items()}, "candidates": key}
    record |= {"dialogues": [hash_file(file) for pair in files for file in pair], "encoder": search.encoder.name}

    def tell() -> None:
        card = read_card(adapter)
        write_card(adapter, replace(card, training={**card.training, "fuse": record}))

    def keep(best, curve) -> None:
        record.update(best=asdict(best), valid=[asdict(point) for point in curve])
        if best.step:  # before the first step it is search by words alone
            save_fusion(fusion, adapter, chooser.model.vision_hash, search.encoder.name)
            tell()

    told = [chooser.model.adapter_hash, search.encoder.name, record["catalogs"], record["dialogues"], key]
    checkpoint = Checkpoint(adapter / "fusion", chosen, json.dumps(told))
    report = stage.fuse(fusion, lessons, exams, chosen, keep, start, checkpoint)
    record |= {"best": asdict(report.best), "valid": [asdict(point) for point in report.valid]}
    record |= {"losses": thinned(report.losses), "seconds": round(report.seconds)}
    if report.best.step:
        tell()
    checkpoint.clear()
    print_json(record) if as_json else click.echo(
        f"Learned from {sum(record['wishes'])} wishes; {report.valid[0]} by words alone, {report.best} now; "
        f"in {adapter}. Now `calibrate`, which builds on it."
    )


def name_apart(shops) -> list[str]:
    """The catalogues' names to report by; raises CatalogError where two have the same."""
    names = [shop.folder.resolve().name for shop in shops]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise CatalogError(
            f"Two catalogues are called {twice}; rename the folder of one, so that they can be told apart."
        )
    return names


def read_wishes(file: Path, shop, key: str):
    from lavic_chat.dialogue import read_conversations
    from lavic_chat.training.retriever import make_wishes

    return make_wishes(read_conversations(file), shop, key)


def what_is_searched(shop, is_first: bool, wishes):
    """The whole first catalogue; of further ones, which may be large, what their conversations name."""
    from lavic_chat.training.examples import products_of

    return shop.products if is_first else products_of(wishes)
