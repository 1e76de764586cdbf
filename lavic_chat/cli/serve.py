"""app, ask, index, bench: using the recommender."""

import time
from pathlib import Path

import click

from lavic_chat.cli.options import catalog_option, decode_option, json_option, model_options, print_json
from lavic_chat.errors import LavicError
from lavic_chat.settings import read_settings


@click.command()
@catalog_option
@model_options
@decode_option
@click.option("--host", help="Address to listen on; 127.0.0.1 without it.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on; 7860 without it.")
def app(**chosen) -> None:
    """Open the chat in a browser."""
    from lavic_chat.serving.app import serve_chat

    serve_chat(read_settings(**chosen))


@click.command()
@click.argument("message")
@click.option("--photo", type=click.Path(path_type=Path), help="A picture to go by.")
@click.option("--category", "categories", multiple=True, help="Only of this category; may be repeated.")
@click.option("--least", type=float, help="The lowest price.")
@click.option("--most", type=float, help="The highest price.")
@catalog_option
@model_options
@decode_option
@json_option
def ask(message: str, photo: Path | None, categories, least, most, as_json: bool, **chosen) -> None:
    """One turn without a browser: the pick, and the candidates with their scores."""
    from lavic_chat.catalog import load_catalog, open_picture
    from lavic_chat.catalog.filters import Filters, check_categories
    from lavic_chat.dialogue.turns import Dialogue
    from lavic_chat.recommendation import to_answer
    from lavic_chat.serving.recommender import load_recommender

    dialogue = Dialogue().say(message, photo)  # bad input is told before anything is loaded
    filters = Filters(frozenset(categories), least, most)
    if photo:
        open_picture(photo)
    settings = read_settings(**chosen)
    if categories:
        check_categories(categories, load_catalog(settings.catalog))
    answer = to_answer(load_recommender(settings).recommend(dialogue, filters=filters))
    if as_json:
        print_json(answer)
        return
    pick = answer["pick"]
    click.echo(f"{pick['title']} ({pick['id']}), {pick['score']:.0%} sure")
    for item in answer["candidates"]:
        click.echo(f"  {item['score']:7.1%}  {item['id']}  {item['title']}")
    click.echo(
        f"{answer['visual_tokens']} visual tokens, {answer['prompt_tokens']} prompt tokens, "
        f"{answer['timings_ms']['total']:.0f} ms"
    )


@click.command()
@catalog_option
@model_options
@click.option("--ship", is_flag=True, help="Also write the pictures' states into the adapter folder.")
@json_option
def index(ship: bool, as_json: bool, **chosen) -> None:
    """Compute a catalogue's sentence vectors and visual tokens; a stopped run goes on where it stopped."""
    from lavic_chat.serving.recommender import load_recommender

    start, settings = time.perf_counter(), read_settings(**chosen)
    recommender = load_recommender(settings)
    if ship:
        if not settings.adapter:
            raise LavicError("There is no adapter folder to ship the states in; name one with --adapter.")
        recommender.visual_ranker.ship(recommender.catalog, recommender.item_features, settings.adapter)
    blanks = recommender.visual_ranker.image_encoder.count_blanks(recommender.main_states)
    answer = {
        "products": len(recommender.catalog),
        "without_picture": blanks,
        "visual_tokens": recommender.visual_tokens,
        "seconds": round(time.perf_counter() - start, 1),
    }
    if as_json:
        print_json(answer)
        return
    note = f"; {blanks} without a usable picture are seen as a blank" if blanks else ""
    click.echo(f"{answer['products']} products indexed in {answer['seconds']} s{note}.")


@click.command()
@catalog_option
@model_options
@decode_option
@click.option("--turns", default=5, type=click.IntRange(1, 1000), help="Timed turns after one to warm up.")
@click.option("--shoppers", type=click.IntRange(1, 200), help="Serve the chat to so many at once instead.")
@click.option("--seconds", default=180, type=click.IntRange(1, 3600), help="How long they shop.", show_default=True)
@json_option
def bench(turns: int, shoppers: int | None, seconds: int, as_json: bool, **chosen) -> None:
    """Latency of a turn step by step, tokens, and memory; or what many shoppers at once meet."""
    from lavic_chat.serving.recommender import load_recommender

    recommender = load_recommender(read_settings(**chosen))
    if shoppers:
        from lavic_chat.evaluation.benchmarks.load_test import run_load_test

        result = run_load_test(recommender, shoppers, seconds).to_row()
    else:
        result = measure_turns(recommender, turns)
    if as_json:
        print_json(result)
        return
    for key, value in result.items():
        click.echo(f"{key:<16} {value}")


def measure_turns(recommender, turns: int) -> dict:
    """Milliseconds of one shopper's turns, after one to warm up."""
    import resource

    from lavic_chat.dialogue.turns import Dialogue

    dialogue = Dialogue().say("I am looking for something green for the reading corner, not too dark")
    recommender.recommend(dialogue)
    answers = [recommender.recommend(dialogue) for _ in range(turns)]
    totals = sorted(answer.timings_ms["total"] for answer in answers)
    return {
        "device": recommender.device,
        "turns": turns,
        "median_ms": totals[len(totals) // 2],
        "slowest_ms": totals[-1],
        "steps_ms": dict(answers[-1].timings_ms),
        "prompt_tokens": answers[-1].prompt_tokens,
        "visual_tokens": answers[-1].visual_tokens,
        "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
