"""One evaluation: dialogues, candidates, a ranker -> metrics.json and predictions.jsonl."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from lavic_chat.catalog import Catalog, load_catalog
from lavic_chat.dialogue.reddit_amazon import Conversation, read_conversations
from lavic_chat.errors import DialogueError, LavicError
from lavic_chat.evaluation.cases import Case, cases_by_key, cases_by_retrieval, check_answers, check_products
from lavic_chat.evaluation.compare import check_same, gain_over, key_of, read_hits
from lavic_chat.evaluation.config import MODEL, NO_DISTILL, EvaluationConfig
from lavic_chat.evaluation.metrics import measure
from lavic_chat.evaluation.ranker_registry import RankerInputs, make_ranker
from lavic_chat.evaluation.rankers import Rank
from lavic_chat.evaluation.stress import fill, lengthen
from lavic_chat.serving.recommender import CANDIDATES, load_recommender
from lavic_chat.settings import Settings
from lavic_chat.storage.files import write_json, write_jsonl


def evaluate(config: EvaluationConfig, settings: Settings) -> dict:
    """Rank the conversations of a file as the config says, write the results into its folder, return the metrics.

    Raises LavicError for files, a catalogue, a model or an adapter that cannot be used; the catalogue is checked before
    a model is loaded.
    """
    training = tuple(read_conversations(config.train_dialogues)) if config.train_dialogues else ()
    conversations = read_conversations(config.dialogues)[: config.limit]
    if config.history:
        conversations = lengthen(conversations, config.history, config.seed)
    about = describe(config, settings)
    if config.ablate == NO_DISTILL:
        settings = without_distillation(settings)
    catalog = load_catalog(settings.catalog) if config.needs_catalog else Catalog(settings.catalog, ())
    cases = make_cases(config, settings, conversations, catalog)
    ranker = make_ranker(config.ranker, RankerInputs(config, settings, catalog, tuple(cases), training))
    if config.needs_catalog:
        about["decode"] = ranker.decode
    if ranker.runtime:
        about["runtime"] = ranker.runtime
    return evaluate_cases(cases, ranker.rank, config.out, about, config.against)


def describe(config: EvaluationConfig, settings: Settings) -> dict:
    """What metrics.json says of itself; names only, for what is published shows nothing of the machine."""
    about = {
        "domain": config.domain, "dialogues": Path(config.dialogues).name, "candidates": config.candidates,
        "ranker": config.ranker, "ablate": config.ablate, "seed": config.seed,
    }  # fmt: skip
    if config.ranker == MODEL:
        about |= {"model": Path(settings.model).name, "adapter": settings.adapter and settings.adapter.name}
        about |= {"pictures": config.pictures} if config.pictures else {}
    return about


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


def make_cases(
    config: EvaluationConfig, settings: Settings, conversations: Sequence[Conversation], catalog: Catalog
) -> list[Case]:
    """The conversations with the candidates that the config asks for. Raises DialogueError when the file has none of
    them, or the catalogue lacks their products."""
    if config.retrieve:
        check_answers(conversations, catalog)
        return retrieve_cases(settings, conversations, config.top or CANDIDATES)
    cases = cases_by_key(conversations, config.key)
    if config.needs_catalog:
        check_products(cases, catalog)
    return fill(cases, config.fill, config.seed) if config.fill else cases


def retrieve_cases(settings: Settings, conversations: Sequence[Conversation], count: int) -> list[Case]:
    """The conversations with what the chat's own retrieval finds for them."""
    recommender = load_recommender(settings)

    def search(conversation: Conversation) -> list[str]:
        return [one.product.id for one in recommender.find(conversation.dialogue, count)]

    return cases_by_retrieval(conversations, search)


def evaluate_cases(
    cases: Sequence[Case], rank: Rank, out: str | Path, about: dict, against: str | Path | None = None
) -> dict:
    """Rank every case, write `out`/predictions.jsonl and `out`/metrics.json, return the metrics.

    against: the folder of another evaluation of the same cases; the gain over it is then measured pair by pair.
    Raises DialogueError when there are no cases, or other ones than those of `against`.
    """
    if not cases:
        raise DialogueError("There is nothing to evaluate: the file holds no conversation with candidates.")
    theirs = read_hits(against) if against else None
    if theirs is not None:  # checked now, not after the ranking
        check_same([key_of(case.conversation.where, case.ids) for case in cases], theirs)
    start = time.perf_counter()
    predictions = [rank(case.conversation, case.ids) for case in tqdm(cases, desc="Evaluating", unit="dialogue")]
    metrics = {"about": {**about, "seconds": round(time.perf_counter() - start, 1)}, **measure(predictions)}
    if against and theirs is not None:
        for name, gain in gain_over(predictions, theirs).items():
            metrics[name].update(gain)
        metrics["about"]["against"] = Path(against).name
    write_jsonl(Path(out) / "predictions.jsonl", (prediction.to_row() for prediction in predictions))
    write_json(Path(out) / "metrics.json", metrics)
    return metrics


def format_metrics(metrics: dict) -> str:
    """Metrics as a text table: hr@1 with its interval, beside chance and ceiling."""
    lines = [f"{'set':<12} {'n':>5} {'hr@1':>7} {'95 %':>17} {'chance':>7} {'ceiling':>8} {'mrr':>6} {'vr':>6}"]
    for name, row in metrics.items():
        if name == "about":
            continue
        low, high = row["hr@1_95"]
        lines.append(
            f"{name:<12} {row['n']:>5} {row['hr@1']:>7.4f} {f'{low:.3f} to {high:.3f}':>17} {row['chance']:>7.3f} "
            f"{row['ceiling']:>8.3f} {row['mrr']:>6.3f} {row['vr']:>6.3f}"
        )
    if "against" in metrics["about"]:
        lines += [
            f"{name:<12} hr@1 {row['gain']:+.4f} over {metrics['about']['against']}, "
            f"95 % {row['gain_95'][0]:+.3f} to {row['gain_95'][1]:+.3f}"
            for name, row in metrics.items()
            if name != "about"
        ]
    return "\n".join(lines)
