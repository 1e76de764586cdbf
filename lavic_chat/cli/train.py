"""The training stages, one command each; `train` runs a recipe of them."""

from dataclasses import asdict
from pathlib import Path

import click

from lavic_chat.cli.options import (
    also_option,
    catalog_option,
    json_option,
    model_options,
    print_json,
    runtime_option,
)  # fmt: skip
from lavic_chat.cli.train_options import (
    ADAPTER,
    ALSO,
    DIALOGUES,
    FROM,
    HARD_KEY,
    KEY,
    MODEL,
    OUT,
    VALID,
    answer,
    config_options,
    make_check,
    make_request,
    parse_variables,
    path_option,
)
from lavic_chat.training.configs import (
    AlignConfig,
    AttributesConfig,
    DistillConfig,
    FuseConfig,
    PrototypesConfig,
    RetrieverConfig,
    TaggerConfig,
    TuneConfig,
)

SPLITS = ("train", "valid", "test")


@click.command()
@catalog_option
@ALSO
@MODEL
@path_option("--from", "start_from", help="Keep this adapter's tower and projector.")
@click.option("--go-on", is_flag=True, help="LLM and projector of --from learn on, from where they are.")
@OUT
@config_options(AlignConfig)
@json_option
def align(as_json: bool, **given) -> None:
    """Teach projector and LLM to say what pictures show (tower frozen), from the catalogue's attributes.

    With --from the LLM alone learns it, from nothing: where stage 2 can start again without a new stage 1. With --go-on
    LLM and projector learn on from there: a tuned adapter then reads better, and has to be tuned again.

    The same command goes on where a stopped run was: its progress lies beside the adapter, in OUT.progress.
    """
    from lavic_chat.training.align import AlignRequest
    from lavic_chat.training.align import align as stage

    answer(stage, make_request(AlignRequest, AlignConfig, given), as_json)


@click.command()
@catalog_option
@model_options
@click.option("--split", "splits", multiple=True, type=click.Choice(SPLITS), help="Only its products; may be repeated.")
@click.option("--limit", type=click.IntRange(1), help="Only the first so many products.")
@click.option("--batch", default=4, type=click.IntRange(1), help="Pictures described together.")
@click.option("--new-tokens", default=128, type=click.IntRange(1), help="The longest description.")
@path_option("--out", required=True, help="JSONL to write, or to go on with.")
@json_option
def describe(as_json: bool, **given) -> None:
    """Describe every picture from all of its tokens, title given, and check the texts against the known looks.

    The same command goes on where a stopped run was. `distill --descriptions` learns from the file.
    """
    from lavic_chat.training.teacher_captions import DescribeRequest
    from lavic_chat.training.teacher_captions import describe as stage

    answer(stage, make_request(DescribeRequest, None, given), as_json)


@click.command()
@catalog_option
@ALSO
@MODEL
@FROM
@path_option(
    "--descriptions",
    multiple=True,
    help="A teacher's, from `describe` or an import, else known looks; may be repeated.",
)
@path_option("--valid-catalog", help="Another catalogue, to validate on alone.")
@OUT
@config_options(DistillConfig)
@json_option
def distill(as_json: bool, **given) -> None:
    """Teach tower and projector to bring forth the descriptions from five tokens (LoRA; LLM frozen).

    The same command goes on where a stopped run was: its progress lies beside the adapter, in OUT.progress.
    """
    from lavic_chat.training.distill import DistillRequest
    from lavic_chat.training.distill import distill as stage

    answer(stage, make_request(DistillRequest, DistillConfig, given), as_json)


@click.command()
@catalog_option
@also_option
@MODEL
@DIALOGUES
@VALID
@path_option("--valid-catalog", help="Their catalogue, where it is another one.")
@click.option("--valid-limit", default=120, type=click.IntRange(1), help="Validation conversations to use.")
@KEY
@FROM
@click.option("--undistilled", is_flag=True, help="Without what stage 1 has taught the tower of --from; to compare.")
@path_option("--teacher", help="Adapter whose choices are learned in place of the right answers.")
@OUT
@config_options(TuneConfig)
@json_option
def tune(as_json: bool, **given) -> None:
    """Teach the LLM to choose among candidates (LoRA on the LLM, tower frozen); the best by validation is kept.

    The same command goes on where a stopped run was: its progress lies beside the adapter, in OUT.progress.
    """
    from lavic_chat.training.tune import TuneRequest
    from lavic_chat.training.tune import tune as stage

    answer(stage, make_request(TuneRequest, TuneConfig, given), as_json)


@click.command("tune-retriever")
@catalog_option
@MODEL
@ADAPTER
@DIALOGUES
@VALID
@HARD_KEY
@config_options(RetrieverConfig)
@json_option
def tune_retriever(as_json: bool, **given) -> None:
    """Teach the sentence encoder (LoRA) what shoppers mean; into the adapter's folder, which then searches by it."""
    from lavic_chat.training.retriever import RetrieverRequest
    from lavic_chat.training.retriever import tune_retriever as stage

    answer(stage, make_request(RetrieverRequest, RetrieverConfig, given), as_json)


@click.command()
@catalog_option
@also_option
@MODEL
@ADAPTER
@DIALOGUES
@VALID
@HARD_KEY
@config_options(FuseConfig)
@json_option
def fuse(as_json: bool, **given) -> None:
    """Teach search to see (small networks over tower states); into the adapter's folder, which then searches so."""
    from lavic_chat.training.fusion import FuseRequest
    from lavic_chat.training.fusion import fuse as stage

    answer(stage, make_request(FuseRequest, FuseConfig, given), as_json)


@click.command("tune-tagger")
@path_option("--turns", required=True, help="Marked messages (JSONL), see assets/language/README.md.")
@path_option("--more", help="Further marked messages to learn from, such as catalog.make.marked makes.")
@path_option("--from", "start_from", help="Adapter whose tagger learns on.")
@ADAPTER
@config_options(TaggerConfig)
@json_option
def tune_tagger(as_json: bool, **given) -> None:
    """Teach the sentence encoder (LoRA) to read what shoppers type; into the adapter's folder, which then listens.

    The same command goes on where a stopped run was.
    """
    from lavic_chat.training.tagger import TaggerRequest
    from lavic_chat.training.tagger import tune_tagger as stage

    answer(stage, make_request(TaggerRequest, TaggerConfig, given), as_json)


@click.command("tune-prototypes")
@path_option("--turns", required=True, help="Marked messages (JSONL), see assets/language/README.md.")
@ADAPTER
@config_options(PrototypesConfig)
@json_option
def tune_prototypes(as_json: bool, **given) -> None:
    """Learn what the things of the thesaurus are wished for by; into the adapter's folder."""
    from lavic_chat.training.prototypes import PrototypesRequest
    from lavic_chat.training.prototypes import tune_prototypes as stage

    answer(stage, make_request(PrototypesRequest, PrototypesConfig, given), as_json)


@click.command("tune-attributes")
@catalog_option
@path_option("--also", multiple=True, help="A further catalogue.")
@MODEL
@runtime_option
@ADAPTER
@config_options(AttributesConfig)
@json_option
def tune_attributes(as_json: bool, **given) -> None:
    """Learn how probable each colour, material, pattern and style of a picture is; into the adapter's folder."""
    from lavic_chat.training.attributes import AttributesRequest
    from lavic_chat.training.attributes import tune_attributes as stage

    answer(stage, make_request(AttributesRequest, AttributesConfig, given), as_json)


@click.command()
@catalog_option
@path_option("--also", multiple=True, help="A further catalogue.")
@MODEL
@path_option("--adapter", required=True, help="Adapter folder to write to.")
@path_option("--dialogues", required=True, help="Validation JSONL.")
@KEY
@click.option("--limit", type=click.IntRange(1), default=300, help="Conversations of each catalogue.")
@json_option
def calibrate(as_json: bool, **given) -> None:
    """Fit how sure the model may be, and how far it trusts search, to validation conversations."""
    from lavic_chat.training.calibration import CalibrateRequest
    from lavic_chat.training.calibration import calibrate as stage

    answer(stage, make_request(CalibrateRequest, None, given), as_json)


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@path_option("--out", required=True, help="Folder for what the stages make; {out} in the recipe.")
@click.option(
    "--set", "variables", multiple=True, metavar="NAME=VALUE", help="A variable of the recipe; may be repeated."
)
@click.option("--from", "start_from", metavar="STAGE", help="Run this stage and all behind it anew.")
@click.option("--dry-run", is_flag=True, help="Print the commands and run nothing.")
@json_option
@click.pass_context
def train(context: click.Context, recipe: Path, variables: tuple[str, ...], as_json: bool, **given) -> None:
    """Run the stages of RECIPE (TOML) in their order; the same command goes on where a stopped run was.

    A stage is skipped when its command and all that it reads are as they were and what it made is there.
    """
    from lavic_chat.training.recipe.run import RecipeRequest, run_recipe

    chosen, check = parse_variables(variables), make_check(context.find_root().command)
    result = run_recipe(RecipeRequest(recipe, variables=chosen, check=check, **given))
    if as_json:
        print_json(asdict(result))
    elif not given["dry_run"]:
        counts = f"run: {len(result.ran)}, done already: {len(result.done)}, skipped: {len(result.skipped)}"
        click.echo(f"Stages {counts}; in {given['out']}.")
