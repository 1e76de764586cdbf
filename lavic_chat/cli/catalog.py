"""catalog import, fetch-images, check, stats: folders of products."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from lavic_chat.cli.options import json_option, print_json
from lavic_chat.errors import LavicError


@click.group()
def catalog() -> None:
    """Import, complete, check and count catalogues."""


@catalog.command("import")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--to", "folder", type=click.Path(path_type=Path), required=True, help="Folder to make, or to update.")
@click.option("--format", "kind", default="", metavar="NAME", help="What SOURCE is; found by looking at it without.")
@click.option(
    "--map", "pairs", multiple=True, metavar="FIELD=COLUMN", help="Which column a field is in; may be repeated."
)
@click.option(
    "--decimal", default="", metavar="MARK", help="The mark before cents, . or ,; found by the prices without."
)
@click.option(
    "--link", default="", metavar="URL", help="Address of a product's page, with {id} in the id's place; remembered."
)
@click.option(
    "--currency", default="", metavar="CODE", help="Of prices that name none, such as EUR; remembered with the folder."
)
@click.option("--yes", "may_lose", is_flag=True, help="Go on where most products of the folder would be gone.")
@click.option("--strict", is_flag=True, help="Make nothing where a row is bad, instead of leaving that row out.")
@json_option
def import_(source: Path, folder: Path, kind: str, pairs: tuple[str, ...], as_json: bool, **chosen: Any) -> None:
    """Make a catalogue folder from SOURCE, or update one: a product export of Shopify or WooCommerce, a Google
    Merchant feed, a table (.csv, .tsv, .xlsx, .parquet), JSON, a page with schema.org Products, a data set that many
    use, a list of pictures' addresses, a zip of any of these with pictures, or another catalogue folder."""
    from lavic_chat.catalog.importing.importers import ImportOptions, import_catalog
    from lavic_chat.cli.catalog_lines import hint_lines, import_lines
    from lavic_chat.settings import read_settings

    options = ImportOptions(kind, dict(map(parse_pair, pairs)), **chosen)
    report = import_catalog(source, folder, options=options)
    if as_json:
        print_json(asdict(report))
        return
    for line in (*import_lines(report, folder), *hint_lines(report, read_settings().currency)):
        click.echo(line)


def parse_pair(text: str) -> tuple[str, str]:
    """ "title=Name" -> ("title", "Name"); raises LavicError for anything else."""
    name, equals, column = text.partition("=")
    if not (name.strip() and equals and column.strip()):
        raise LavicError(f"--map {text}: it takes a field and a column, such as title=Name.")
    return name.strip(), column.strip()


@catalog.command("fetch-images")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--workers", default=8, type=click.IntRange(1, 32), help="Pictures fetched at once.")
@click.option("--report", type=click.Path(path_type=Path), help="File for what is still missing, and why (JSONL).")
@json_option
def fetch_images(folder: Path, workers: int, report: Path | None, as_json: bool) -> None:
    """Fetch the pictures of FOLDER that are not there yet, from the addresses that an import has kept.

    The same command goes on where a stopped one was, and tries again what failed. It fails where nothing that it
    tried could be fetched.
    """
    from lavic_chat.catalog.importing.download import fetch_pictures
    from lavic_chat.cli.catalog_lines import fetch_lines
    from lavic_chat.storage.files import write_jsonl

    done = fetch_pictures(folder, workers, progress=True)
    failed = 1 if done.failures and not done.fetched else 0
    if report:
        write_jsonl(report, map(asdict, done.failures))
    if as_json:
        print_json(asdict(done))
        sys.exit(failed)
    for line in fetch_lines(done):
        click.echo(line)
    sys.exit(failed)


@catalog.command()
@click.argument("folder", type=click.Path(path_type=Path))
@json_option
def check(folder: Path, as_json: bool) -> None:
    """List what is amiss in FOLDER, one a line; fails when there are problems, not for warnings."""
    from lavic_chat.catalog.checks.check import check_catalog
    from lavic_chat.cli.catalog_lines import check_lines

    found = check_catalog(folder, progress=True)
    warnings = sum(problem.is_warning for problem in found)
    problems = len(found) - warnings
    if as_json:
        print_json({"problems": problems, "warnings": warnings, "found": [asdict(problem) for problem in found]})
    else:
        for line in check_lines(found, folder):
            click.echo(line)
    sys.exit(1 if problems else 0)


@catalog.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Folder for plots (PNG) and contact sheets (JPEG).")
@click.option("--card", is_flag=True, help="Write the data card README.md into FOLDER.")
@json_option
def stats(folder: Path, out: Path | None, card: bool, as_json: bool) -> None:
    """Count what FOLDER holds: categories, types, attributes, splits, dialogues, pictures."""
    from lavic_chat.catalog import load_catalog
    from lavic_chat.catalog.datacard.card import write_card
    from lavic_chat.catalog.datacard.illustrate import link_to, write_illustrations
    from lavic_chat.catalog.datacard.stats import catalog_stats, stats_table

    read = load_catalog(folder)
    counted = catalog_stats(read)
    if as_json:
        print_json(asdict(counted))
    else:
        click.echo(stats_table(counted))
    if out:
        drawn = write_illustrations(read, out, progress=True)
        click.echo(f"{len(drawn):,} pictures are now in {out}: {', '.join(drawn)}.", err=as_json)
    if card:
        path = write_card(read, counted, link_to(out, folder))
        click.echo(f"The data card is now {path}.", err=as_json)
