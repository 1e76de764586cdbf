"""sda interactions, adapt, evaluate: the second paper's commands."""

from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from lavic_chat.cli.options import catalog_option, json_option, model_options, print_json, runtime_option
from lavic_chat.cli.train_options import (
    ADAPTER,
    MODEL,
    answer,
    config_options,
    make_check,
    make_request,
    parse_variables,
    path_option,
)
from lavic_chat.training.configs import AdaptConfig


@click.group()
def sda() -> None:
    """Item vectors in which text and picture meet (SDA), and what recommends with them."""


@sda.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--to", "folder", type=click.Path(path_type=Path), required=True, help="Catalogue that they are about.")
@click.option("--fewest", default=5, type=click.IntRange(3), help="Different items that a user must have.")
@click.option("--stars", default=0.0, type=click.FloatRange(0), help="Rating below which an interaction is left out.")
@json_option
def interactions(source: Path, folder: Path, fewest: int, stars: float, as_json: bool) -> None:
    """Join the interactions of SOURCE to a catalogue: Amazon Reviews (2014, 2018, 2023), MovieLens, H&M, or a CSV with
    the columns user, item and timestamp; each also packed (.gz).

    Users are numbered. Rare users are left out, rare items never: they are the tail that is measured. What was left out
    is told, and written beside.
    """
    from lavic_chat.sda.interactions import JoinRequest, join_interactions

    report = join_interactions(JoinRequest(source, folder, fewest, stars))
    print_json(asdict(report)) if as_json else click.echo(str(report))


@sda.command()
@catalog_option
@MODEL
@ADAPTER
@runtime_option
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write; without it the adapter's own.")
@click.option("--raw", is_flag=True, help="Without the LLM's own LoRA.")
@path_option("--dialogues", help="Conversations about the catalogue (JSONL), which learn to meet its items.")
@path_option("--valid", help="Conversations to validate on.")
@config_options(AdaptConfig)
@json_option
def adapt(as_json: bool, **given) -> None:
    """Teach the LLM that an item's text and its picture mean the same; into the folder `moda`.

    Tower and projector stay as the adapter has them. The same command goes on where a stopped run was.
    """
    from lavic_chat.sda.adaptation import AdaptRequest
    from lavic_chat.sda.adaptation import adapt as stage

    answer(stage, make_request(AdaptRequest, AdaptConfig, given), as_json)


@sda.command()
@catalog_option
@MODEL
@ADAPTER
@runtime_option
@click.option("--from", "adapted", type=click.Path(path_type=Path), help="Whose MoDA; without it the adapter's own.")
@click.option("--size", default=128, type=click.IntRange(1), help="Principal components of each modality.")
def embed(**given) -> None:
    """Embed a catalogue's items with a MoDA, and put their vectors into the adapter's folder `moda`, for "You may also
    like" in the shop.
    """
    from lavic_chat.sda.shipping import EmbedRequest, embed_items

    click.echo(embed_items(make_request(EmbedRequest, None, given)))


@sda.command("evaluate")
@catalog_option
@model_options
@runtime_option
@click.option("--features", multiple=True, help="ids, noise, plain, tower, raw, lvlm, lvlm-all, clip:NAME, NAME=DIR.")
@click.option("--recommender", "recommenders", multiple=True, help="One of them alone; may be repeated.")
@click.option("--modality", default="both", type=click.Choice(("text", "image", "both")), help="Of the features.")
@click.option("--seeds", default=3, type=click.IntRange(1), help="Fits of each recommender.")
@click.option("--size", default=128, type=click.IntRange(0), help="Principal components of a modality; 0: all.")
@click.option("--like", type=click.Path(path_type=Path), help="Adaptation as which raw and lvlm embed items.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the fits and the table.")
def evaluate_(features: tuple[str, ...], recommenders: tuple[str, ...], **given) -> None:
    """Compare recommenders over sets of features, on a catalogue with interactions: H@10 and N@10 of the item that each
    user had last, among 100 others and among all, overall and of the tail.

    The same command goes on where a stopped run was.
    """
    from lavic_chat.sda.comparison import CompareRequest, compare
    from lavic_chat.sda.table import format_table

    chosen = {"features": features} if features else {}
    chosen |= {"recommenders": recommenders} if recommenders else {}
    click.echo(format_table(compare(make_request(partial(CompareRequest, **chosen), None, given))))


@sda.command()
@catalog_option
@model_options
@runtime_option
@click.option("--features", default="tower", help="noise, plain, tower, raw, lvlm, lvlm-all, clip:NAME, or NAME=DIR.")
@click.option("--size", default=128, type=click.IntRange(0), help="Principal components of a modality; 0: all.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the table.")
def lengths(**given) -> None:
    """How much of a history is needed: H@10 of the item that each user had last, by what is like the newest one to ten
    of those before, as "You may also like" finds it.
    """
    from lavic_chat.sda.lengths import LengthsRequest, measure_lengths

    click.echo(str(measure_lengths(make_request(LengthsRequest, None, given))))


@sda.command()
@catalog_option
@model_options
@runtime_option
@click.option("--features", multiple=True, help="An adaptation, NAME=ADAPTER; may be repeated.")
@click.option("--batches", default=12, type=click.IntRange(2), help="Batches of 32 items that were held out.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the table.")
def gradients(**given) -> None:
    """Whether the gradients of texts and of pictures agree where an adaptation has ended: their cosine in q and k, in
    the last layer and in all, with intervals over batches.
    """
    from lavic_chat.sda.gradients import GradientsRequest, measure_gradients

    for one in measure_gradients(make_request(GradientsRequest, None, given)):
        click.echo(str(one))


@sda.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder with the catalogues.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for all that is made.")
@click.option("--set", "variables", multiple=True, metavar="NAME=VALUE", help="A further variable, such as clip=NAME.")
@click.option("--from", "start_from", metavar="STAGE", help="Run this stage and all behind it anew.")
@click.option("--dry-run", is_flag=True, help="Print the commands and run nothing.")
@click.pass_context
def study(context: click.Context, data: Path, out: Path, variables: tuple[str, ...], **given) -> None:
    """The whole study: adaptations and ablations, recommenders over their vectors, tables and plots in OUT/report.

    The same command goes on where a stopped run was.
    """
    from lavic_chat.settings import shipped
    from lavic_chat.training.recipe.run import RecipeRequest, run_recipe

    chosen = parse_variables((f"data={data}", *variables))
    check = make_check(context.find_root().command)
    recipe = shipped("assets", "reports", "sda", "recipe.toml")
    result = run_recipe(RecipeRequest(recipe, out=out, variables=chosen, check=check, **given))
    if not given["dry_run"]:
        click.echo(f"Stages run: {len(result.ran)}, done: {len(result.done)}; the report is in {out / 'report'}.")


@sda.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--to", type=click.Path(path_type=Path), required=True, help="Folder of the report.")
@click.option("--beside", type=click.Path(path_type=Path), help="An earlier report; adds what FOLDER has not.")
def report(folder: Path, to: Path, beside: Path | None) -> None:
    """Tables and plots of a study's FOLDER, as far as it has come."""
    from lavic_chat.sda.report import write_report

    click.echo(f"The report is in {write_report(folder, to, beside)}.")
