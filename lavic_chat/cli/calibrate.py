"""calibrate: two numbers of an adapter, from validation conversations."""

from dataclasses import replace
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
    from lavic_chat.dialogue.reddit_amazon import read_conversations
    from lavic_chat.model.adapter import read_card, write_card
    from lavic_chat.ranking.visual_ranker import load_visual_ranker
    from lavic_chat.retrieval.embedder import load_embedder
    from lavic_chat.storage.files import hash_file
    from lavic_chat.training import calibration as stage
    from lavic_chat.training.choices import make_choices, products_of

    settings = read_settings(catalog=catalog, model=model, adapter=adapter)
    read_card(adapter)  # told now, not after the ranking
    files = [(load_catalog(settings.catalog), dialogues)]
    files += [(load_catalog(folder), folder / "dialogues" / "valid.jsonl") for folder in also]
    chosen = [(catalog, make_choices(read_conversations(file)[:limit], catalog, key)[0]) for catalog, file in files]
    visual_ranker = load_visual_ranker(settings, keep_scores=True)
    embedder = load_embedder(settings.home, adapter, visual_ranker.model.vision_hash)
    scored = []
    for catalog, choices in chosen:
        scored += stage.score_choices(
            visual_ranker.ranker, embedder, choices, visual_ranker.features_by_id(catalog, products_of(choices))
        )
    alone, both = stage.fit(scored, retrieval_weights=(0,)), stage.fit(scored)
    record = {"alone": alone.to_row(), "with_search": both.to_row(), "conversations": len(scored)}
    record |= {
        "catalogs": [catalog.fingerprint for catalog, _ in chosen],
        "dialogues": [hash_file(file) for _, file in files],
    }
    card = read_card(adapter)
    training = {**card.training, "calibrate": record}
    write_card(
        adapter, replace(card, temperature=both.temperature, retrieval_weight=both.retrieval_weight, training=training)
    )
    print_json(record) if as_json else click.echo(
        f"On {len(scored)} conversations: temperature {both.temperature}, trust {both.retrieval_weight}; "
        f"HR@1 {both.hit:.3f}, nll {both.nll:.3f}. Without search {alone.hit:.3f}, {alone.nll:.3f}."
    )
