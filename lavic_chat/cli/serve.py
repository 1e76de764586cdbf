"""app, serve, ask, index, bench: using the recommender."""

import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import click

from lavic_chat.cli.options import (
    catalog_option,
    chat_options,
    json_option,
    listen_options,
    model_options,
    print_json,
    runtime_option,
    search_option,
)  # fmt: skip
from lavic_chat.errors import LavicError
from lavic_chat.evaluation.config import ALL_PARTS, BENCH_PARTS
from lavic_chat.settings import Settings, read_settings


@click.command()
@chat_options
@listen_options
def app(**chosen) -> None:
    """Open the chat in a browser."""
    from lavic_chat.serving.app import serve_chat

    serve_chat(read_settings(**chosen))


@click.command()
@chat_options
@listen_options
@click.option("--ray", is_flag=True, help="Answer in replicas of a Ray cluster; needs the extra `cluster`.")
@click.option("--replicas", type=click.IntRange(1, 64), help="How many; 2 without it.")
@click.option("--threads", type=click.IntRange(1, 256), help="Processor threads of a replica; 1 without it.")
@click.option(
    "--batch", type=click.IntRange(1, 64), help="Questions in a pass; without it 1 on a processor, 8 on a GPU."
)
def serve(ray: bool, replicas: int | None, threads: int | None, batch: int | None, **chosen) -> None:
    """Open the chat as app does, with --ray in front of several models, on this machine or on others."""
    from lavic_chat.serving.app import serve_chat, serve_cluster
    from lavic_chat.serving.cluster import ClusterConfig

    if ray:
        serve_cluster(read_settings(**chosen), ClusterConfig(replicas or 2, threads or 1, batch))
    elif replicas or threads or batch:
        raise LavicError("--replicas, --threads and --batch are of a Ray cluster; add --ray.")
    else:
        serve_chat(read_settings(**chosen))


@click.command()
@click.argument("message")
@click.option("--photo", type=click.Path(path_type=Path), help="A picture to go by.")
@click.option("--category", "categories", multiple=True, help="Only of this category; may be repeated.")
@click.option("--least", type=float, help="The lowest price.")
@click.option("--most", type=float, help="The highest price.")
@chat_options
@json_option
def ask(message: str, photo: Path | None, as_json: bool, **chosen) -> None:
    """One turn without a browser: the pick, and the candidates with their scores."""
    from lavic_chat.catalog import load_catalog, open_picture
    from lavic_chat.catalog.facts import currency_in
    from lavic_chat.catalog.filters import Filters, check_categories
    from lavic_chat.catalog.variants import telling_apart
    from lavic_chat.dialogue.turns import Dialogue
    from lavic_chat.recommendation import to_answer
    from lavic_chat.serving.preparation import prepare_in_background
    from lavic_chat.serving.recommender import load_recommender

    dialogue = Dialogue().say(message, photo)  # bad input is refused before anything is loaded
    categories, least, most = (chosen.pop(name) for name in ("categories", "least", "most"))
    filters = Filters(frozenset(categories), least, most)
    if photo:
        open_picture(photo)
    settings = read_settings(**chosen)
    if categories:
        check_categories(categories, load_catalog(settings.catalog))
    recommender = load_recommender(settings)
    currency = currency_in(recommender.catalog, settings.currency)
    found = recommender.recommend(dialogue, filters=filters)
    answer = to_answer(found, currency)
    apart = telling_apart([one.product for one in found.candidates])
    print_json(answer) if as_json else click.echo(format_answer(answer, found.variant, apart))
    if prepare_in_background(settings):
        click.echo("What answers faster on this processor is being made in the background.", err=True)


def format_answer(answer: dict, variant: str = "", apart: Mapping[str, str] = MappingProxyType({})) -> str:
    """The pick, which of its variants it is, its price, what is out of stock and would have been better, what the pick
    does not meet, a line a candidate, and what it took; or what is said without a pick. apart: by id, what tells a
    candidate from others of its title."""
    from lavic_chat.recommendation import stock_sentence

    pick = answer["pick"]
    if not pick:
        return answer["reply"]
    out_of_stock = [stock_sentence(answer["out_of_stock"])] if answer["out_of_stock"] else []
    gave_way = [f"Not met: {', '.join(answer['gave_way'])}"] if answer["gave_way"] else []
    unknown = [f"Not known of such things: {', '.join(answer['unknown'])}"] if answer["unknown"] else []
    return "\n".join(
        [
            f"{pick['title']}{f' in {variant}' if variant else ''} ({pick['id']}){price_of(pick)}, "
            f"{pick['score']:.0%} sure",
            *out_of_stock,
            *gave_way,
            *unknown,
            *(
                f"  {item['score']:7.1%}  {item['id']}  {item['title']}"
                f"{f' ({words})' if (words := apart.get(item['id'])) else ''}{price_of(item)}"
                for item in answer["candidates"]
            ),
            f"{answer['visual_tokens']} visual tokens, {answer['prompt_tokens']} prompt tokens, "
            f"{answer['timings_ms']['total']:.0f} ms",
        ]
    )


def price_of(item: dict) -> str:
    """Behind a product its price, ", €14.50"; "" where nobody knows it."""
    from lavic_chat.catalog.amounts import write_money
    from lavic_chat.catalog.currencies import currency_sign

    return "" if item["price"] is None else f", {write_money(item['price'], currency_sign(item['currency'] or ''))}"


@click.command()
@model_options
@search_option
def prepare(**chosen) -> None:
    """Make what a processor answers fastest with, once; without it the first start has it made in the background. Files
    under $LAVIC_HOME that are damaged are made anew."""
    from lavic_chat.model.healing import heal
    from lavic_chat.ranking.visual_ranker import source_of
    from lavic_chat.serving.search_space import prepare_runtimes

    settings = read_settings(**chosen)
    for folder in heal(source_of(settings)):
        click.echo(f"{folder} was damaged; it is made anew.", err=True)
    made = prepare_runtimes(settings)
    click.echo("Ready." if made else "Nothing to make: here the model runs in torch.")


@click.command()
@catalog_option
@model_options
@runtime_option
@search_option
@click.option("--ship", is_flag=True, help="Also write what pictures and items were made into the adapter folder.")
@click.option("--read-ahead/--no-read-ahead", default=True, help="Whether to read what can be read ahead, too.")
@json_option
def index(ship: bool, read_ahead: bool, as_json: bool, **chosen) -> None:
    """Look at a catalogue and read it: sentence vectors, visual tokens, and what can be read of products before they
    are talked of; a stopped run goes on where it stopped."""
    answer = build_index(read_settings(**chosen, llm="", index=""), ship, read_ahead)  # nothing is scored here
    if as_json:
        print_json(answer)
        return
    blanks = answer["without_picture"]
    note = f"; {blanks} without a usable picture are seen as a blank" if blanks else ""
    click.echo(f"{answer['products']} products indexed in {answer['seconds']} s{note}.")


def build_index(settings: Settings, ship: bool, read_ahead: bool = True) -> dict:
    """Compute what the caches lack, and count what there is; with `ship` also write it into the adapter folder, with
    `read_ahead` read what can be read of products before they are talked of.

    Raises LavicError where there is no such folder, or nothing can be kept in the home.
    """
    from lavic_chat.serving.recommender import load_recommender
    from lavic_chat.serving.search_space import prepare_runtimes, ship_embedded
    from lavic_chat.storage.files import check_writable
    from lavic_chat.storage.troubles import current_troubles

    start = time.perf_counter()
    check_writable(settings.home / "cache")  # told now, not after an hour whose work could not be kept
    prepare_runtimes(settings)
    recommender = load_recommender(settings)
    if read_ahead:
        recommender.visual_ranker.read_ahead(recommender.catalog.products, recommender.item_features)
    for sentence in current_troubles(below=settings.home / "cache"):
        raise LavicError(sentence)
    if ship:
        if not settings.adapter:
            raise LavicError("There is no adapter folder to ship the states in; name one with --adapter.")
        recommender.visual_ranker.ship(recommender.catalog, recommender.item_features, settings.adapter)
        ship_embedded(settings, recommender.catalog, recommender.item_features)
    return {
        "products": len(recommender.catalog),
        "without_picture": recommender.count_blanks(),
        "visual_tokens": recommender.visual_tokens,
        "seconds": round(time.perf_counter() - start, 1),
    }


@click.command()
@chat_options
@click.option("--turns", default=12, type=click.IntRange(1, 1000), help="Timed conversations, of two turns each.")
@click.option("--beside", default=0, type=click.IntRange(0, 64), help="The same turns beside so many busy processes.")
@click.option("--only", "parts", multiple=True, type=click.Choice(ALL_PARTS), help="Only this part; may be repeated.")
@click.option("--shoppers", type=click.IntRange(1, 200), help="Serve the chat to so many at once instead.")
@click.option("--flood", is_flag=True, help="Serve it to one shopper alone, then beside four clients that flood it.")
@click.option("--calls", type=click.IntRange(1), help="Call its API so often, and tell the server's memory.")
@click.option("--seconds", default=180, type=click.IntRange(1, 3600), help="How long they shop.", show_default=True)
@click.option("--products", type=click.IntRange(1, 200_000), help="Beside so many made-up products instead.")
@click.option("--vectors", type=click.IntRange(1, 5_000_000), help="A search among so many vectors instead.")
@click.option("--rows", type=click.IntRange(1, 1_000_000), help="An import of so many rows of CSV instead.")
@json_option
def bench(turns: int, beside: int, parts: tuple[str, ...], as_json: bool, **chosen) -> None:
    """Time a turn and its parts, a second turn, fifty candidates, the authors' way, pictures, start-up, and memory; or
    what many shoppers at once meet, or what many products cost."""
    served = {name: chosen.pop(name) for name in ("shoppers", "flood", "calls", "seconds")}
    products, parts_alone = chosen.pop("products"), {name: chosen.pop(name) for name in ("vectors", "rows")}
    settings = read_settings(**chosen)
    if products or any(parts_alone.values()):
        row, text = bench_large(settings, products, turns, **parts_alone)
        print_json(row) if as_json else click.echo(text)
        return
    if served["shoppers"] or served["flood"] or served["calls"]:
        row = bench_served(settings, **served)
        print_json(row) if as_json else click.echo(format_row(row))
        return
    from lavic_chat.evaluation.benchmarks.bench import BenchConfig, run_bench
    from lavic_chat.evaluation.benchmarks.bench_text import format_report

    report = run_bench(settings, BenchConfig(turns, beside, parts or BENCH_PARTS))
    print_json(report.to_row()) if as_json else click.echo(format_report(report))


def bench_large(
    settings: Settings, products: int | None, turns: int, vectors: int | None, rows: int | None
) -> tuple[dict, str]:
    """What many products cost, chat, search or import, as a row and as text."""
    from lavic_chat.evaluation.benchmarks.large import measure_large
    from lavic_chat.evaluation.benchmarks.large_parts import measure_import, measure_vectors

    if products:
        found = measure_large(settings, products, turns)
    else:
        found = measure_vectors(settings, vectors) if vectors else measure_import(settings, rows or 0)
    return found.to_row(), found.to_text()


def bench_served(settings: Settings, shoppers: int | None, flood: bool, calls: int | None, seconds: int) -> dict:
    """What is measured of the served chat, as a row."""
    from lavic_chat.evaluation.benchmarks.load_test import run_calls, run_flood, run_load_test
    from lavic_chat.serving.recommender import load_recommender

    recommender = load_recommender(settings)
    if calls:
        return run_calls(recommender, calls).to_row()
    if flood:
        return run_flood(recommender, seconds).to_row()
    return run_load_test(recommender, shoppers or 1, seconds).to_row()


def format_row(row: dict) -> str:
    """A line a key."""
    return "\n".join(f"{key:<16} {value}" for key, value in row.items())
