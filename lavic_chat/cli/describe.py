"""describe: a teacher that sees all tokens writes the descriptions that stage 1 distills."""

from itertools import chain
from pathlib import Path

import click

from lavic_chat.cli.options import catalog_option, json_option, model_options, print_json
from lavic_chat.errors import CatalogError
from lavic_chat.settings import read_settings

SPLITS = ("train", "valid", "test")


@click.command()
@catalog_option
@model_options
@click.option("--split", "splits", multiple=True, type=click.Choice(SPLITS), help="Only its products; may be repeated.")
@click.option("--limit", type=click.IntRange(1), help="Only the first so many products.")
@click.option("--batch", default=4, type=click.IntRange(1), help="Pictures described together.")
@click.option("--new-tokens", default=128, type=click.IntRange(1), help="The longest description.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="JSONL to write, or to go on with.")
@json_option
def describe(splits, limit, batch, new_tokens, out, as_json, **chosen) -> None:
    """Describe every picture from all of its tokens, title given, and check the texts against the known looks.

    The same command goes on where a stopped run was. `distill --descriptions` learns from the file.
    """
    from lavic_chat.catalog import load_catalog
    from lavic_chat.model import load_model
    from lavic_chat.training.choices import products_of_split
    from lavic_chat.training.teacher_captions import describe_fully, shares_that_agree, tasks_of

    settings = read_settings(**chosen)
    catalog = load_catalog(settings.catalog)
    products = list(chain(*(products_of_split(catalog, name) for name in splits))) if splits else list(catalog)
    model = load_model(settings.model, settings.adapter, settings.home)
    tasks = tasks_of(model, catalog, products[:limit], new_tokens)
    if not tasks:
        raise CatalogError(f"The catalogue {catalog.folder} has no pictures to describe; fetch or import some first.")
    written = describe_fully(model, tasks, out, batch, new_tokens)
    answer = {
        "pictures": len(written),
        "may_be_taught": sum(item.may_be_taught for item in written),
        "agrees": shares_that_agree(written),
        "out": str(out),
    }
    if as_json:
        print_json(answer)
        return
    shares = ", ".join(f"{key} in {share:.0%}" for key, share in answer["agrees"].items())
    known = f"; they say what is known of the looks: {shares}" if shares else ""
    click.echo(f"{len(written)} pictures described in {out}{known}.")
