"""One evaluation: dialogues, candidates, a ranker -> metrics.json and predictions.jsonl."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from lavic_chat.catalog import Catalog
from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.errors import DialogueError
from lavic_chat.evaluation.compare import check_same, gain_over, key_of, read_hits
from lavic_chat.evaluation.metrics import measure
from lavic_chat.evaluation.rankers import Rank
from lavic_chat.storage.files import write_json, write_jsonl

IMPORT = "import their metadata with `lavic-chat catalog import META.json --to DIR` and pass --catalog DIR"


@dataclass(frozen=True)
class Case:
    """A conversation with the candidates to rank."""

    conversation: Conversation
    ids: tuple[str, ...]


def cases_by_key(conversations: Sequence[Conversation], key: str, catalog: Catalog | None) -> list[Case]:
    """Candidates as the file lists them; raises DialogueError when the key, or products of them, are missing."""
    if not any(key in conversation.candidates for conversation in conversations):
        keys = sorted({name for conversation in conversations for name in conversation.candidates}) or ["none"]
        raise DialogueError(
            f"The dialogues have no candidates under {key!r} (there: {', '.join(keys)}); choose one of those."
        )
    cases = [Case(c, c.candidates[key]) for c in conversations if c.candidates.get(key)]
    if catalog is not None:
        wanted = {item for case in cases for item in case.ids}
        missing = sorted(wanted - set(catalog.by_id))
        if missing:
            raise DialogueError(
                f"{len(missing)} of the {len(wanted)} candidate products, {missing[0]} for one, are not in the "
                f"catalogue {catalog.folder}; {IMPORT}, or use --ranker first or random, which need no catalogue."
            )
    return cases


def check_answers(conversations: Sequence[Conversation], catalog: Catalog) -> None:
    """Raises DialogueError when not one ground truth is in the catalogue, so that retrieval could only miss."""
    if not any(item in catalog for conversation in conversations for item in conversation.gt_items):
        raise DialogueError(
            f"None of the products that the {len(conversations)} conversations ended with are in the catalogue "
            f"{catalog.folder}; {IMPORT}."
        )


def cases_by_retrieval(
    conversations: Sequence[Conversation], search: Callable[[Conversation], Sequence[str]]
) -> list[Case]:
    """Candidates from our own retrieval; a ground truth that it misses stays missed."""
    return [Case(c, tuple(search(c))) for c in tqdm(conversations, desc="Retrieving", unit="dialogue")]


def evaluate(cases: Sequence[Case], rank: Rank, out: Path, about: dict, against: Path | None = None) -> dict:
    """Rank every case, write `out`/predictions.jsonl and `out`/metrics.json, return the metrics.

    against: the folder of another evaluation of the same cases; the gain over it is then measured pair by pair.
    Raises DialogueError when there are no cases, or other ones than those of `against`.
    """
    if not cases:
        raise DialogueError("There is nothing to evaluate: the file holds no conversation with candidates.")
    theirs = read_hits(against) if against else None
    if theirs is not None:  # told now, not after the ranking
        check_same([key_of(case.conversation.where, case.ids) for case in cases], theirs)
    start = time.perf_counter()
    predictions = [rank(case.conversation, case.ids) for case in tqdm(cases, desc="Evaluating", unit="dialogue")]
    metrics = {"about": {**about, "seconds": round(time.perf_counter() - start, 1)}, **measure(predictions)}
    if theirs is not None:
        for name, gain in gain_over(predictions, theirs).items():
            metrics[name].update(gain)
        metrics["about"]["against"] = against.name
    write_jsonl(out / "predictions.jsonl", (prediction.to_row() for prediction in predictions))
    write_json(out / "metrics.json", metrics)
    return metrics


def metrics_table(metrics: dict) -> str:
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
