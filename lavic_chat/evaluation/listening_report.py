"""Play conversations with the whole system, measure how many are satisfied, and write what went wrong as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lavic_chat.errors import LavicError
from lavic_chat.evaluation.listening import Judge, Outcome, PlayedConversation, play, read_played
from lavic_chat.evaluation.metrics import mean_interval
from lavic_chat.evaluation.plain_requests import generate
from lavic_chat.nlu.english import load_lexicon
from lavic_chat.recommendation import Recommendation
from lavic_chat.serving.recommender import load_recommender
from lavic_chat.settings import Settings
from lavic_chat.storage.files import write_atomic, write_json

ACTS = {"unavailable": ("unavailable",), "other_language": ("other_language", "unavailable")}  # else as it is called


@dataclass(frozen=True)
class ListeningConfig:
    """conversations: JSONL; or generated: so many plain requests of each kind. out: folder for metrics.json and
    failures.md. about: only conversations about this catalogue, as the file names it. Raises LavicError unless one of
    the first two is given."""

    out: str | Path
    conversations: str | Path | None = None
    generated: int = 0
    about: str = ""
    limit: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if bool(self.conversations) == bool(self.generated):
            raise LavicError("Give a file of --conversations, or how many requests are --generated of each kind.")


def evaluate_listening(config: ListeningConfig, settings: Settings) -> dict:
    """Play them all, write the results, return the metrics. Raises LavicError for files, a catalogue or a model that
    cannot be used."""
    known = read_played(config.conversations) if config.conversations else None
    recommender = load_recommender(settings)
    conversations = generate(recommender.catalog, config.generated, config.seed) if known is None else known
    chosen = [one for one in conversations if not config.about or one.catalog == config.about][: config.limit]
    if not chosen:
        raise LavicError("There is nothing to play: the file holds no conversation about that catalogue.")
    judge, outcomes = Judge(recommender.catalog, lightness), []
    for conversation in tqdm(chosen, desc="Playing", unit="conversation"):
        outcomes.append(judge.judge(conversation, play(conversation, recommender.recommend, words_of)))
    name = Path(config.conversations).name if config.conversations else f"{config.generated} generated of each kind"
    about = {"conversations": name, "catalog": config.about, "seed": config.seed}
    metrics = {"about": about, **measure_outcomes(outcomes, config.seed)}
    write_json(Path(config.out) / "metrics.json", metrics)
    write_atomic(Path(config.out) / "failures.md", failures_table(outcomes).encode())
    return metrics


def lightness(shade: str) -> float | None:
    """CIE L* of a shade's name."""
    entry = load_lexicon().find(shade)
    return entry.lab[0] if entry and entry.lab else None


def words_of(found: Recommendation, _: object) -> str:
    """What the shop says: the reply, or the pick by its title."""
    return found.reply or f"My pick is the {found.pick.product.title}."


def measure_outcomes(outcomes: Sequence[Outcome], seed: int) -> dict[str, dict]:
    """By kind of conversation, and overall: the share that is satisfied with its interval, the share of lists of ten
    that hold one that satisfies, the share of acts that were understood, the median of milliseconds for understanding a
    turn."""
    groups: dict[str, list[Outcome]] = {"overall": list(outcomes)}
    for outcome in outcomes:
        groups.setdefault(outcome.conversation.kind, []).append(outcome)
    return {name: measure_group(group, seed) for name, group in groups.items()}


def measure_group(group: Sequence[Outcome], seed: int) -> dict:
    """See `measure_outcomes`."""
    good = np.array([not outcome.fault for outcome in group], float)
    lists = [outcome.in_list for outcome in group if outcome.in_list is not None]
    acts = [outcome.last.intent.act in acts_like(outcome.conversation) for outcome in group]
    times = [found.timings_ms.get("understand", 0.0) for outcome in group for found in outcome.answers]
    return {
        "n": len(group),
        "satisfied": round(float(good.mean()), 4),
        "satisfied_95": mean_interval(good, seed),
        "in_list": round(float(np.mean(lists)), 4) if lists else None,
        "act": round(float(np.mean(acts)), 4),
        "understand_ms": round(float(np.median(times)), 1),
    }


def acts_like(conversation: PlayedConversation) -> tuple[str, ...]:
    """The acts that are right: what is asked for by a change, or turned down, is told in several ways."""
    if conversation.act in ("ask", "refine", "reject", "recall"):
        return ("ask", "refine", "reject", "recall")
    return ACTS.get(conversation.act, (conversation.act,))


def failures_table(outcomes: Sequence[Outcome]) -> str:
    """Every conversation that was not satisfied, in a readable table."""
    failed = [outcome for outcome in outcomes if outcome.fault]
    lines = [
        f"# What was not satisfied: {len(failed)} of {len(outcomes)}", "",
        "| id | said | answered | fault | understood |", "| --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for outcome in failed:
        last = outcome.last
        answer = last.reply or f"{last.pick.product.title}: {last.pick.caption}"
        understood = ", ".join(f"{name} {value}" for name, value in last.intent.to_json().items())
        cells = (outcome.conversation.id, " / ".join(outcome.conversation.turns), answer, outcome.fault, understood)
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def format_listening(metrics: dict) -> str:
    """Metrics as a text table."""
    lines = [f"{'kind':<14} {'n':>4} {'satisfied':>10} {'95 %':>17} {'in list':>8} {'act':>6} {'ms':>6}"]
    for name, row in metrics.items():
        if name == "about":
            continue
        low, high = row["satisfied_95"]
        in_list = "" if row["in_list"] is None else f"{row['in_list']:.3f}"
        lines.append(
            f"{name:<14} {row['n']:>4} {row['satisfied']:>10.3f} {f'{low:.3f} to {high:.3f}':>17} {in_list:>8} "
            f"{row['act']:>6.3f} {row['understand_ms']:>6.1f}"
        )
    return "\n".join(lines)
