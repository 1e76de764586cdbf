"""evaluate: rank known conversations and measure."""

from dataclasses import dataclass, replace
from pathlib import Path

import click

from lavic_chat.cli.options import catalog_option, decode_option, json_option, model_options, print_json
from lavic_chat.errors import LavicError
from lavic_chat.settings import Settings, read_settings

NEEDS_NO_CATALOG = ("first", "random")
NO_DISTILL = "no-distill"  # also the folder, in an adapter's, of one that was tuned without stage 1
ALL_TOKENS = "all-tokens"
NO_SEARCH = "no-search"
ABLATIONS = ("no-images", "shuffled-images", NO_SEARCH, NO_DISTILL, ALL_TOKENS)
SEARCH = "search"  # our own: the encoder and the fusion of the adapter, over what was seen and said of pictures
RANKERS = ("model", SEARCH, "two-tower", "bm25", "sbert", *NEEDS_NO_CATALOG)


@dataclass(frozen=True)
class Plan:
    """What is ranked, by what. lessons: conversations that a ranker learns from first."""

    key: str
    retrieve: bool
    top: int | None
    fill: int | None
    pictures: int | None
    ranker: str
    ablate: str | None
    seed: int
    lessons: tuple


@click.command()
@catalog_option
@click.option("--dialogues", required=True, type=click.Path(path_type=Path), help="Reddit-Amazon JSONL.")
@click.option("--candidates", "key", default="candidates", help="Key of the candidate list to rank.")
@click.option("--retrieve", is_flag=True, help="Rank what our own retrieval finds, instead of a listed key.")
@click.option("--top", type=click.IntRange(1, 50), help="How many to retrieve; ten without it, as in the chat.")
@click.option("--ranker", type=click.Choice(RANKERS), default="model")
@click.option("--learn", type=click.Path(path_type=Path), help="Training dialogues of the two-tower ranker.")
@click.option("--ablate", type=click.Choice(ABLATIONS), help="Without pictures, search or stage 1; all tokens.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/evaluation"), help="Folder for the results.")
@click.option("--against", type=click.Path(path_type=Path), help="Results of another run, to measure the gain over.")
@click.option("--limit", type=click.IntRange(1), help="Only the first so many conversations.")
@click.option("--fill", type=click.IntRange(2, 50), help="So many candidates each, the new ones drawn at random.")
@click.option("--pictures", type=click.IntRange(1, 10), help="So many pictures of each product, else as tuned.")
@click.option("--history", type=click.IntRange(2, 50), help="So many turns each, after talk about other things.")
@click.option("--seed", default=0)
@model_options
@decode_option
@json_option
def evaluate(
    dialogues,
    learn,
    out,
    against,
    limit,
    history,
    as_json,
    key,
    retrieve,
    top,
    fill,
    pictures,
    ranker,
    ablate,
    seed,
    **chosen,
):
    """HR@1 and more on a dialogue file, with intervals, beside chance; writes metrics.json and predictions.jsonl."""
    from lavic_chat.dialogue.reddit_amazon import read_conversations
    from lavic_chat.evaluation.evaluator import cases_by_key, metrics_table
    from lavic_chat.evaluation.evaluator import evaluate as run
    from lavic_chat.evaluation.stress import lengthen

    if top and not retrieve:
        raise click.UsageError("--top is how many are retrieved; give it with --retrieve.")
    if fill and retrieve:
        raise click.UsageError("--fill adds to a listed key; with --retrieve, --top says how many are found.")
    if ablate and ranker != "model":
        raise click.UsageError("--ablate takes something from the model; it does not go with other rankers.")
    if (ranker == "two-tower") != bool(learn):
        raise click.UsageError("--ranker two-tower is trained on the dialogues that --learn names; give both or none.")
    lessons = tuple(read_conversations(learn)) if learn else ()
    plan = Plan(key, retrieve, top, fill, pictures, ranker, ablate, seed, lessons)
    conversations = read_conversations(dialogues)[:limit]
    if history:
        conversations = lengthen(conversations, history, seed)
    settings = read_settings(**chosen)
    about = {
        "domain": domain_of(dialogues), "dialogues": dialogues.name, "candidates": name_candidates(plan, history),
        "ranker": ranker, "ablate": ablate, "seed": seed,
    }  # fmt: skip
    if ranker == "model":  # names only: what is published tells nothing of the machine
        about |= {"model": Path(settings.model).name, "adapter": settings.adapter and settings.adapter.name}
        about |= {"pictures": pictures} if pictures else {}
    if ranker in NEEDS_NO_CATALOG and not retrieve:
        cases, rank = filled(cases_by_key(conversations, key, None), plan), make_simple(ranker, seed)
    else:
        cases, rank, about["decode"] = prepare(settings, conversations, plan)
    metrics = run(cases, rank, out, about, against)
    print_json(metrics) if as_json else click.echo(metrics_table(metrics))


def domain_of(dialogues: Path) -> str:
    """What the dialogues are about, by their folder: all_beauty/valid.jsonl, catalog/dialogues/test.jsonl."""
    return next(name for name in reversed(("", *dialogues.resolve().parts[:-1])) if name != "dialogues")


def name_candidates(plan: Plan, history: int | None) -> str:
    """Which candidates a figure is about, and how many, where that is not as the file has it."""
    name = f"retrieved, {plan.top}" if plan.top else "retrieved" if plan.retrieve else plan.key
    name += f", filled to {plan.fill}" if plan.fill else ""
    return name + (f", {history} turns" if history else "")


def filled(cases, plan: Plan):
    from lavic_chat.evaluation.stress import fill

    return fill(cases, plan.fill, plan.seed) if plan.fill else cases


def make_simple(ranker: str, seed: int):
    from lavic_chat.evaluation.rankers import make_random, rank_first

    return rank_first if ranker == "first" else make_random(seed)


def prepare(settings: Settings, conversations, plan: Plan):
    """Cases, ranker and decode for everything that needs the catalogue; the catalogue is checked before any loading."""
    from lavic_chat.catalog import load_catalog
    from lavic_chat.evaluation.evaluator import cases_by_key, cases_by_retrieval, check_answers

    if plan.ablate == NO_DISTILL:
        settings = without_distillation(settings)
    catalog = load_catalog(settings.catalog)
    if not plan.retrieve:
        cases = filled(cases_by_key(conversations, plan.key, catalog), plan)
        return cases, *make_ranker(settings, catalog, cases, plan)
    from lavic_chat.serving.recommender import CANDIDATES, load_recommender

    check_answers(conversations, catalog)
    recommender = load_recommender(settings)
    count = plan.top or CANDIDATES

    def find(conversation) -> list[str]:
        intent = recommender.intent_reader.read(conversation.dialogue)
        return [one.product.id for one in recommender.retrieve(conversation.dialogue, intent, count)]

    cases = cases_by_retrieval(conversations, find)
    return cases, *make_ranker(settings, catalog, cases, plan)


def make_ranker(settings: Settings, catalog, cases, plan: Plan):
    """The ranker and how it decodes; only what the cases offer, and the lessons want, is looked at."""
    from lavic_chat.evaluation import rankers
    from lavic_chat.evaluation.all_tokens import make_all_tokens
    from lavic_chat.evaluation.two_tower import make_two_tower
    from lavic_chat.features.text_encoder import TextEncoder
    from lavic_chat.ranking import BRANCH
    from lavic_chat.ranking.visual_ranker import load_visual_ranker
    from lavic_chat.retrieval.embedder import Embedder, load_embedder

    simple = {
        "bm25": lambda: rankers.make_bm25(catalog),
        "sbert": lambda: rankers.make_search(catalog, Embedder(TextEncoder(settings.home))),
        **{name: lambda: make_simple(plan.ranker, plan.seed) for name in NEEDS_NO_CATALOG},
    }
    if plan.ranker in simple:
        return simple[plan.ranker](), None
    wanted = {item for lesson in plan.lessons for item in lesson.gt_items if item in catalog}
    products = [catalog[item] for item in sorted(wanted.union(*(case.ids for case in cases)))]
    visual_ranker = load_visual_ranker(settings, keep_scores=True)
    if plan.ranker == "two-tower":
        states = visual_ranker.image_encoder.encode_products(catalog, products, progress=True)
        return make_two_tower(products, TextEncoder(settings.home), states, plan.lessons, plan.seed), None
    visual_ranker = replace(visual_ranker, pictures=plan.pictures or visual_ranker.pictures)
    item_features = visual_ranker.features_by_id(catalog, products)
    trusted = plan.ranker == SEARCH or (visual_ranker.ranker.config.retrieval_weight and plan.ablate != NO_SEARCH)
    embedder = load_embedder(settings.home, settings.adapter, visual_ranker.model.vision_hash) if trusted else None
    if plan.ranker == SEARCH:
        return rankers.make_search(catalog, embedder, item_features), None
    if plan.ablate == ALL_TOKENS:
        return make_all_tokens(catalog, visual_ranker.ranker, item_features, embedder), BRANCH
    return rankers.make_model(
        catalog, visual_ranker.ranker, item_features, plan.ablate, plan.seed, embedder
    ), visual_ranker.ranker.config.decode


def without_distillation(settings: Settings) -> Settings:
    """The settings with the adapter that was trained without stage 1; raises LavicError where there is none."""
    folder = settings.adapter and settings.adapter / NO_DISTILL
    if not folder or not (folder / "adapter.json").is_file():
        raise LavicError(
            f"{settings.adapter or settings.model} has no folder {NO_DISTILL} with an adapter tuned without stage 1; "
            "train one with `lavic-chat tune --from ADAPTER --undistilled --out ADAPTER/no-distill`, then `fuse` and "
            "`calibrate` it."
        )
    return replace(settings, adapter=folder)
