"""Evaluations read back from the folders that `evaluate --out` wrote, in a report's order."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lavic_chat.errors import DialogueError
from lavic_chat.evaluation.metrics import Prediction
from lavic_chat.evaluation.reports.breakdown import Share
from lavic_chat.storage.files import read_jsonl

MODEL_RUN = "looking"  # folder of the model's own evaluation, which every report begins with
LABELS = {  # folder -> what the table calls it, in this order
    MODEL_RUN: "the model, looking",
    "no-distill": "the model, its tower not distilled",
    "all-tokens": "the model, with all of the tokens",
    "no-search": "the language model, without search",
    "list": "the language model, from a list",
    "generate": "the language model, answering freely",
    "search": "search alone",
    "no-images": "the model, pictures taken away",
    "shuffled-images": "the model, with each other's pictures",
    "two-tower": "two towers over the same pictures",
    "sbert": "MiniLM sentence vectors",
    "bm25": "BM25 on titles and descriptions",
    "random": "a pick at random",
}


@dataclass(frozen=True)
class Evaluation:
    """One folder of `evaluate`: its metrics by set, and its predictions."""

    name: str
    metrics: Mapping[str, Mapping]
    predictions: tuple[Prediction, ...]

    @property
    def label(self) -> str:
        """What a report calls its ranker."""
        return LABELS.get(self.name, self.name)

    @property
    def is_retrieved(self) -> bool:
        """Whether the candidates are what our own retrieval found."""
        return str(self.metrics["about"].get("candidates")).startswith("retrieved")

    @property
    def sets(self) -> list[str]:
        """The sets' names; "overall" alone where there is only one."""
        names = [name for name in self.metrics if name not in ("about", "overall")]
        return names if len(names) > 1 else ["overall"]

    @property
    def shares(self) -> dict[str, Share]:
        """Set -> hr@1 with its interval, "overall" among them."""
        return {
            name: Share(name, row["n"], row["hr@1"], *row["hr@1_95"])
            for name, row in self.metrics.items()
            if name != "about"
        }


def read_evaluations(folder: str | Path) -> list[Evaluation]:
    """Every evaluation below `folder`, in the report's order. Raises DialogueError where the model's own is missing,
    or one cannot be read."""
    folder = Path(folder)
    names = sorted((path.parent.name for path in folder.glob("*/predictions.jsonl")), key=order_of)
    if MODEL_RUN not in names:
        raise DialogueError(
            f"{folder} has no evaluation called {MODEL_RUN}; run `evaluate --out {folder / MODEL_RUN}`."
        )
    return [read_evaluation(folder / name) for name in names]


def order_of(name: str) -> tuple[int, str]:
    """A key to sort folders by: known ones as in LABELS, then the others by name."""
    return (list(LABELS).index(name) if name in LABELS else len(LABELS), name)


def read_evaluation(folder: str | Path) -> Evaluation:
    """What one `evaluate --out` folder holds. Raises DialogueError where it cannot be read."""
    folder = Path(folder)
    try:
        metrics = json.loads((folder / "metrics.json").read_text())
        rows = [row for _, row in read_jsonl(folder / "predictions.jsonl", DialogueError)]
        predictions = tuple(map(to_prediction, rows))
        metrics["overall"]["hr@1"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DialogueError(f"{folder} does not hold an evaluation ({error}); run it again.") from error
    return Evaluation(folder.name, metrics, predictions)


def to_prediction(row: Mapping) -> Prediction:
    """A line of predictions.jsonl read back. Raises KeyError or TypeError for a row of something else."""
    lists = {key: tuple(row[key]) for key in ("gt_items", "ranking")}
    fields: dict[str, Any] = {key: row[key] for key in Prediction.__dataclass_fields__} | lists
    return Prediction(**fields)


def complete(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """Those of all cases of the first."""
    return [item for item in evaluations if len(item.predictions) == len(evaluations[0].predictions)]
