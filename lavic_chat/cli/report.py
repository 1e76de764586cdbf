"""report and table: several evaluations put together."""

from pathlib import Path

import click

from lavic_chat.cli.options import catalog_option
from lavic_chat.settings import read_settings


@click.command()
@click.argument("evaluations", type=click.Path(path_type=Path))
@catalog_option
@click.option("--dialogues", required=True, type=click.Path(path_type=Path), help="The dialogues that were evaluated.")
@click.option("--adapter", type=click.Path(path_type=Path), help="Whose training is shown; else the shipped one's.")
@click.option(
    "--beside",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A folder of evaluations of other conversations, shown in a table of its own; may be repeated.",
)
@click.option("--title", default="lavic-mini", help="The model's name in the report.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the report and its plots.")
def report(evaluations: Path, out: Path, title: str, dialogues: Path, beside: tuple[Path, ...], **chosen) -> None:
    """Write a report of the evaluations that lie in a folder: one table, plots, hits by appearance and by turns.

    The folder holds an `evaluate --out` folder each, the model's own called looking.
    """
    from lavic_chat.evaluation.reports.report import read_content, write_report

    content = read_content(title, evaluations, dialogues, beside, read_settings(**chosen))
    click.echo(f"{len(content.evaluations)} evaluations are shown in {write_report(content, out)}.")


@click.command()
@click.argument("evaluations", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for the table and its plots.")
def table(evaluations: tuple[Path, ...], out: Path) -> None:
    """Write HR@1 and VR by domain and by retriever, of every evaluation below some folders, whatever it is of."""
    from lavic_chat.evaluation.reports.tables import write_tables

    click.echo(f"The table is in {write_tables(evaluations, out)}.")
