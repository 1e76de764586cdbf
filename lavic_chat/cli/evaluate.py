"""evaluate: rank known conversations and measure."""

from dataclasses import asdict
from pathlib import Path

import click

from lavic_chat.cli.options import (
    catalog_option,
    decode_option,
    json_option,
    llm_option,
    model_options,
    print_json,
    runtime_option,
    search_option,
)  # fmt: skip
from lavic_chat.errors import LavicError
from lavic_chat.evaluation.config import ABLATIONS, MODEL, RANKERS, EvaluationConfig
from lavic_chat.settings import read_settings

PLAYED = ("out", "limit", "seed")  # options that a played evaluation has, too


@click.command()
@catalog_option
@click.option("--dialogues", type=click.Path(path_type=Path), help="Reddit-Amazon JSONL, to be ranked.")
@click.option("--conversations", type=click.Path(path_type=Path), help="JSONL to be played instead, by all of it.")
@click.option("--generated", default=0, type=click.IntRange(0), help="Or so many plain requests of each kind.")
@click.option("--orders", is_flag=True, help="Or how often products are picked whose titles say that they fit.")
@click.option("--about", default="", help="Play only conversations about this catalogue, as the file names it.")
@click.option("--candidates", "key", default="candidates", help="Key of the candidate list to rank.")
@click.option("--retrieve", is_flag=True, help="Rank what our own retrieval finds, instead of a listed key.")
@click.option("--top", type=click.IntRange(1, 50), help="How many to retrieve; ten without it, as in the chat.")
@click.option("--ranker", type=click.Choice(RANKERS), default=MODEL)
@click.option(
    "--learn",
    "train_dialogues",
    type=click.Path(path_type=Path),
    help="Training dialogues of the two-tower ranker.",
)
@click.option("--ablate", type=click.Choice(ABLATIONS), help="Without pictures, search or stage 1; all tokens.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/evaluation"), help="Folder for the results.")
@click.option("--against", type=click.Path(path_type=Path), help="Results of another run, to measure the gain over.")
@click.option("--limit", type=click.IntRange(1), help="Only the first so many conversations.")
@click.option("--fill", type=click.IntRange(2, 50), help="So many candidates each, the new ones drawn at random.")
@click.option("--pictures", type=click.IntRange(1, 10), help="So many pictures of each product, else as tuned.")
@click.option("--history", type=click.IntRange(2, 50), help="So many turns each, after others about other things.")
@click.option("--seed", default=0)
@model_options
@runtime_option
@decode_option
@llm_option
@search_option
@json_option
def evaluate(as_json: bool, **options) -> None:
    """HR@1 and more on a dialogue file, with intervals, beside chance; writes metrics.json and predictions.jsonl.

    With --conversations or --generated: how many conversations the answers satisfy; metrics.json and failures.md.
    With --orders: what it does to products when their texts tell the model to pick them; orders.json.
    """
    played = {name: options.pop(name) for name in ("conversations", "generated", "about")}
    chosen = {name: options.pop(name) for name in ("catalog", "model", "adapter", "runtime", "decode", "llm", "search")}
    if options.pop("orders"):
        return measure_orders(options["out"], options["seed"], chosen, as_json)
    if played["conversations"] or played["generated"]:
        return evaluate_played({**played, **{name: options[name] for name in PLAYED}}, chosen, as_json)
    if not options["dialogues"]:
        raise click.UsageError("--dialogues is missing: a Reddit-Amazon JSONL file; or give --conversations.")
    try:
        config = EvaluationConfig(**options)
    except LavicError as error:
        raise click.UsageError(str(error)) from error
    from lavic_chat.evaluation import evaluator

    metrics = evaluator.evaluate(config, read_settings(**chosen))
    print_json(metrics) if as_json else click.echo(evaluator.format_metrics(metrics))


@click.command()
@catalog_option
@model_options
@runtime_option
@click.option("--dialogues", type=click.Path(path_type=Path), required=True, help="Validation JSONL.")
@click.option("--limit", type=click.IntRange(1), help="Only the first so many conversations.")
@json_option
def choose_search(dialogues: Path, limit: int | None, as_json: bool, **chosen) -> None:
    """Find out with which search an adapter finds most of what is wanted (fusion, text, and by its MoDA both and sda),
    and write it into its card, by which the chat then searches."""
    from lavic_chat.evaluation import search_choice

    found = search_choice.choose_search(read_settings(**chosen), dialogues, limit)
    if as_json:
        return print_json([asdict(one) for one in found])
    for one in found:
        ends, gains = (f"{low:.3f} to {high:.3f}" for low, high in (one.recall_95, one.gain_95))
        click.echo(f"{one.search:8} {one.recall:.3f} ({ends}), against the fusion {one.gain:+.3f} ({gains})")
    click.echo(f"From now on it is searched by {found[0].search}.")
    return None


def measure_orders(out: Path, seed: int, chosen: dict, as_json: bool) -> None:
    """Measure what orders in titles do, and print it."""
    from lavic_chat.evaluation.title_orders import OrdersConfig, evaluate_orders, format_orders

    metrics = evaluate_orders(OrdersConfig(out, seed=seed), read_settings(**chosen))
    print_json(metrics) if as_json else click.echo(format_orders(metrics))


def evaluate_played(options: dict, chosen: dict, as_json: bool) -> None:
    """Play conversations and print how many are satisfied."""
    from lavic_chat.evaluation.listening_report import ListeningConfig, evaluate_listening, format_listening

    try:
        config = ListeningConfig(**options)
    except LavicError as error:
        raise click.UsageError(str(error)) from error
    metrics = evaluate_listening(config, read_settings(**chosen))
    print_json(metrics) if as_json else click.echo(format_listening(metrics))
