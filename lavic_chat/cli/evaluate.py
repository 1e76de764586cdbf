"""evaluate: rank known conversations and measure."""

from pathlib import Path

import click

from lavic_chat.cli.options import catalog_option, decode_option, json_option, model_options, print_json
from lavic_chat.settings import Settings, read_settings

NEEDS_NO_CATALOG = ("first", "random")
RANKERS = ("model", "two-tower", "bm25", "sbert", *NEEDS_NO_CATALOG)


@click.command()
@catalog_option
@click.option("--dialogues", required=True, type=click.Path(path_type=Path), help="Reddit-Amazon JSONL.")
@click.option("--candidates", "key", default="candidates", help="Key of the candidate list to rank.")
@click.option("--retrieve", is_flag=True, help="Rank what our own retrieval finds, instead of a listed key.")
@click.option("--ranker", type=click.Choice(RANKERS), default="model")
@click.option("--learn", type=click.Path(path_type=Path), help="Training dialogues of the two-tower ranker.")
@click.option("--ablate", type=click.Choice(["no-images", "shuffled-images"]), help="Take the pictures' meaning away.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/evaluation"), help="Folder for the results.")
@click.option("--against", type=click.Path(path_type=Path), help="Results of another run, to measure the gain over.")
@click.option("--limit", type=click.IntRange(1), help="Only the first so many conversations.")
@click.option("--seed", default=0)
@model_options
@decode_option
@json_option
def evaluate(dialogues, key, retrieve, ranker, learn, ablate, out, against, limit, seed, as_json, **chosen) -> None:
    """HR@1 and more on a dialogue file, with intervals, beside chance; writes metrics.json and predictions.jsonl."""
    from lavic_chat.dialogue import read_conversations
    from lavic_chat.evaluation.run import cases_by_key, metrics_table
    from lavic_chat.evaluation.run import evaluate as run

    if ablate and ranker != "model":
        raise click.UsageError("--ablate takes pictures from the model; the other rankers see none.")
    if (ranker == "two-tower") != bool(learn):
        raise click.UsageError("--ranker two-tower is trained on the dialogues that --learn names; give both or none.")
    lessons = read_conversations(learn) if learn else []
    conversations = read_conversations(dialogues)[:limit]
    settings = read_settings(**chosen)
    about = {
        "dialogues": dialogues.name, "candidates": "retrieved" if retrieve else key, "ranker": ranker,
        "ablate": ablate, "model": settings.model if ranker == "model" else None, "seed": seed,
    }  # fmt: skip
    if ranker in NEEDS_NO_CATALOG and not retrieve:
        cases, rank = cases_by_key(conversations, key, None), make_simple(ranker, seed)
    else:
        cases, rank, about["decode"] = prepare(settings, conversations, key, retrieve, ranker, ablate, seed, lessons)
    metrics = run(cases, rank, out, about, against)
    print_json(metrics) if as_json else click.echo(metrics_table(metrics))


def make_simple(ranker: str, seed: int):
    from lavic_chat.evaluation.rankers import make_random, rank_first

    return rank_first if ranker == "first" else make_random(seed)


def prepare(settings: Settings, conversations, key, retrieve, ranker, ablate, seed, lessons):
    """Cases, ranker and decode for everything that needs the catalogue; the catalogue is checked before any loading."""
    from lavic_chat.catalog import load_catalog
    from lavic_chat.evaluation import rankers
    from lavic_chat.evaluation.run import cases_by_key, cases_by_retrieval, check_answers
    from lavic_chat.retrieval import TextEncoder

    catalog = load_catalog(settings.catalog)
    cases = check_answers(conversations, catalog) if retrieve else cases_by_key(conversations, key, catalog)
    if ranker in ("bm25", "sbert") and not retrieve:
        simple = {
            "bm25": lambda: rankers.make_bm25(catalog),
            "sbert": lambda: rankers.make_sbert(catalog, TextEncoder(settings.home)),
        }
        return cases, simple[ranker](), None
    from lavic_chat.recommender import CANDIDATES, load_recommender

    recommender = load_recommender(settings)
    if cases is None:
        cases = cases_by_retrieval(
            conversations,
            lambda c: [f.product.id for f in recommender.retriever.search(c.dialogue, CANDIDATES)],
        )
    if ranker in NEEDS_NO_CATALOG:
        return cases, make_simple(ranker, seed), None
    if ranker == "bm25":
        return cases, rankers.make_bm25(catalog), None
    if ranker == "sbert":
        return cases, rankers.make_sbert(catalog, recommender.retriever.encoder), None
    if ranker == "two-tower":
        from lavic_chat.evaluation.two_tower import make_two_tower

        states = dict(zip(recommender.retriever.ids, recommender.states, strict=True))
        return cases, make_two_tower(catalog, recommender.retriever.encoder, states, lessons, seed), None
    seen = zip(recommender.retriever.ids, recommender.states, recommender.looks, strict=True)
    sights = {item: rankers.Sight(states, looks) for item, states, looks in seen}
    rank = rankers.make_model(catalog, recommender.ranker, sights, ablate, seed)
    return cases, rank, recommender.ranker.decode
