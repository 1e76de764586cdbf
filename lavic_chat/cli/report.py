"""report and table: several evaluations put together."""

from pathlib import Path

import click

from lavic_chat.cli.options import catalog_option
from lavic_chat.settings import read_settings


@click.command()
@click.argument("evaluations", type=click.Path(path_type=Path))
@catalog_option
@click.option("--dialogues", required=True, type=click.Path(path_type=Path), help="The dialogues that were evaluated.")
@click.option("--adapter", type=click.Path(path_type=Path), help="Whose training is told; else the shipped one's.")
@click.option(
    "--beside",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A folder of evaluations of other conversations, told in a table of its own; may be repeated.",
)
@click.option("--title", default="lavic-mini", help="The model's name in the report.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the report and its plots.")
def report(evaluations, catalog, dialogues, adapter, beside, title, out) -> None:
    """Write a report of the evaluations that lie in a folder: one table, plots, hits by looks and by turns.

    The folder holds an `evaluate --out` folder each, the model's own called looking.
    """
    from lavic_chat.catalog import load_catalog
    from lavic_chat.dialogue.reddit_amazon import read_conversations
    from lavic_chat.evaluation.reports.report import read_evaluations, write_report
    from lavic_chat.model.adapter import read_card

    found = read_evaluations(evaluations)
    others = {folder.name.replace("-", " "): read_evaluations(folder) for folder in beside}
    settings = read_settings(catalog=catalog, adapter=adapter)
    catalog, training = load_catalog(settings.catalog), read_card(settings.adapter).training if settings.adapter else {}
    path = write_report(found, read_conversations(dialogues), catalog, out, title, training, others)
    click.echo(f"{len(found)} evaluations are told in {path}.")


@click.command()
@click.argument("evaluations", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the table and its plots.")
def table(evaluations, out) -> None:
    """Write HR@1 and VR by domain and by retriever, of every evaluation below some folders, whatever it is of."""
    from lavic_chat.evaluation.reports.tables import write_tables

    click.echo(f"The table is in {write_tables(evaluations, out)}.")
