"""calibrate: two numbers of an adapter, from validation conversations."""

from dataclasses import asdict, replace
from pathlib import Path

import click

from lavic_chat.cli.options import catalog_option, json_option, print_json
from lavic_chat.settings import read_settings


@click.command()
@catalog_option
@click.option("--also", multiple=True, type=click.Path(path_type=Path), help="A further catalogue.")
@click.option("--model", help="lavic-mini (the default), a LLaVA-NeXT folder, or a hub name.")
@click.option("--adapter", required=True, type=click.Path(path_type=Path), help="Adapter folder to write to.")
@click.option("--dialogues", required=True, type=click.Path(path_type=Path), help="Validation JSONL.")
@click.option("--candidates", "key", default="candidates", help="Key of the candidate lists.")
@click.option("--limit", type=click.IntRange(1), default=300, help="Conversations of each catalogue.")
@json_option
def calibrate(catalog, also, model, adapter: Path, dialogues, key, limit, as_json) -> None:
    """Fit how sure the model may be, and how far it trusts search, to validation conversations."""
    from lavic_chat.catalog import load_catalog
    from lavic_chat.dialogue import read_conversations
    from lavic_chat.files import hash_file
    from lavic_chat.model.adapter import read_card, write_card
    from lavic_chat.recommender import load_chooser
    from lavic_chat.retrieval import open_search
    from lavic_chat.training import calibrate as stage
    from lavic_chat.training.examples import make_choices, products_of

    settings = read_settings(catalog=catalog, model=model, adapter=adapter)
    read_card(adapter)  # told now, not after the ranking
    files = [(load_catalog(settings.catalog), dialogues)]
    files += [(load_catalog(folder), folder / "dialogues" / "valid.jsonl") for folder in also]
    chosen = [(shop, make_choices(read_conversations(file)[:limit], shop, key)[0]) for shop, file in files]
    chooser = load_chooser(settings, remember=True)
    search = open_search(settings.home, adapter, chooser.model.vision_hash)
    judged = []
    for shop, choices in chosen:
        judged += stage.judge(chooser.ranker, search, choices, chooser.sights(shop, products_of(choices)))
    alone, both = stage.fit(judged, trusts=(0,)), stage.fit(judged)
    record = {"alone": asdict(alone), "with_search": asdict(both), "conversations": len(judged)}
    record |= {
        "catalogs": [shop.fingerprint for shop, _ in chosen],
        "dialogues": [hash_file(file) for _, file in files],
    }
    card = read_card(adapter)
    training = {**card.training, "calibrate": record}
    write_card(adapter, replace(card, temperature=both.temperature, trust=both.trust, training=training))
    print_json(record) if as_json else click.echo(
        f"On {len(judged)} conversations: temperature {both.temperature}, trust {both.trust}; HR@1 {both.hit:.3f}, "
        f"nll {both.surprise:.3f}. Without search {alone.hit:.3f}, {alone.surprise:.3f}."
    )
