"""`flags list`, `flags export`, `flags stats`: what people said about wrong picks."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lavic_chat.cli.options import json_option, print_json
from lavic_chat.settings import lavic_home

if TYPE_CHECKING:
    from lavic_chat.feedback.annotation import AnnotationStore

db_option = click.option(
    "--db",
    type=click.Path(path_type=Path),
    help="The flag database; without it flags.sqlite in $LAVIC_HOME.",
)


@click.group()
def flags() -> None:
    """Read the flags and turn them into training dialogues."""


def open_store(db: Path | None) -> "AnnotationStore":
    """The store at `db`, else the one in `$LAVIC_HOME`; it need not exist yet."""
    from lavic_chat.feedback.annotation import AnnotationStore

    return AnnotationStore(db or lavic_home() / "flags.sqlite")


@flags.command("list")
@click.option("--limit", type=click.IntRange(1), default=50, help="How many of the newest to show.")
@db_option
@json_option
def list_(limit: int, db: Path | None, as_json: bool) -> None:
    """Show the newest flags; "=" marks those that a later flag of the same turn replaced."""
    found = open_store(db).list(limit)
    if as_json:
        print_json([asdict(flag) for flag in found])
        return
    for flag in found:
        right = f"right: {flag.correct}" if flag.correct else "right one unknown"
        reason = " ".join(flag.reason.split())
        mark = " " if flag.latest else "="
        click.echo(f"{mark}{flag.id:>5}  {flag.time[:19]}  picked: {flag.pick}  {right}  {reason}".rstrip())
    if not found:
        click.echo("No flags yet.")


@flags.command()
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@db_option
@json_option
def export(path: Path, db: Path | None, as_json: bool) -> None:
    """Write PATH, a dialogue file (JSONL) to train and evaluate with; only flags with a right product."""
    from lavic_chat.feedback.export import export_dialogues

    store = open_store(db)
    written = export_dialogues(store, path)
    skipped = len(store.tasks()) - written
    if as_json:
        print_json({"written": written, "skipped": skipped, "path": str(path)})
    else:
        click.echo(f"Wrote {written:,} dialogues to {path}; {skipped:,} turns without a right product or words.")


@flags.command()
@db_option
@json_option
def stats(db: Path | None, as_json: bool) -> None:
    """Count the flags."""
    counted = open_store(db).stats()
    if as_json:
        print_json(asdict(counted))
        return
    click.echo(f"{counted.flags:,} flags about {counted.turns:,} turns")
    click.echo(f"  {counted.with_correct:,} name the right product, {counted.without_correct:,} do not")
    click.echo(f"  {counted.retrieval_misses:,} times it was not among the candidates")
    click.echo(f"  {counted.examples:,} make training dialogues")
    for model, count in counted.models.items():
        click.echo(f"  {count:,} of model {model[:16] or '(unnamed)'}")
    if counted.first and counted.last:
        click.echo(f"  from {counted.first[:10]} to {counted.last[:10]}")
