"""HR@1 and VR by domain and by retriever, as the paper's tables have them: from any evaluations, one command.

    lavic-chat table out/paper --out out/paper

A row a ranker, a column a domain with one of its candidate lists. Beside them what decides how high a figure can be:
the retriever's ceiling, and chance.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from lavic_chat.catalog.datacard.markdown import table
from lavic_chat.errors import DialogueError
from lavic_chat.evaluation.reports.breakdown import Share
from lavic_chat.evaluation.reports.charts import draw_bars
from lavic_chat.storage.files import write_atomic, write_json

RANKERS = {  # in this order
    "model": "{model}",
    "two-tower": "two towers",
    "sbert": "SBERT",
    "bm25": "BM25",
    "first": "the first listed",
    "random": "at random",
}
ABLATIONS = {
    "no-images": "pictures taken away",
    "shuffled-images": "pictures shuffled",
    "no-distill": "tower not distilled",
    "all-tokens": "all tokens",
}
BELOW = 3  # lines of a table below the rankers: ceiling, chance, conversations


@dataclass(frozen=True)
class Column:
    """A domain's conversations with one of their candidate lists."""

    domain: str
    candidates: str

    def __str__(self) -> str:
        return f"{self.domain} · {self.candidates}"


@dataclass(frozen=True)
class Cell:
    """What one ranker reached in one column."""

    label: str
    order: tuple[int, int]
    column: Column
    overall: Mapping

    @property
    def share(self) -> Share:
        """hr@1 with its interval."""
        return Share(str(self.column), self.overall["n"], self.overall["hr@1"], *self.overall["hr@1_95"])


Rows = Mapping[str, Mapping[Column, Cell]]  # label -> column -> cell


def write_tables(folders: Sequence[str | Path], out: str | Path) -> Path:
    """Write table.md, a plot for each candidate list, and table.json of all evaluations below the folders.

    Raises DialogueError where there are none, or one cannot be read.
    """
    out = Path(out)
    files = sorted({path for folder in folders for path in Path(folder).rglob("metrics.json")})
    cells = [cell for path in files if (cell := read_cell(path))]
    if not cells:
        raise DialogueError(
            f"There is no evaluation below {', '.join(map(str, folders))}; make some with `lavic-chat evaluate --out`."
        )
    columns = sorted({cell.column for cell in cells}, key=str)
    rows = group_cells(cells)
    parts = ["# HR@1 by domain and by retriever", to_markdown(rows, columns, format_hits)]
    for key in sorted({column.candidates for column in columns}):
        name = re.sub(r"\W+", "-", key) + ".png"
        if picture := draw_columns(rows, [column for column in columns if column.candidates == key]):
            write_atomic(out / name, picture)
            parts.append(f"![HR@1 on {key}]({name})")
    parts += ["## Valid ratio", "\n".join(to_markdown(rows, columns, format_valid_ratio).splitlines()[:-BELOW])]
    write_atomic(out / "table.md", "\n\n".join(parts) + "\n")
    overall = {
        label: {str(column): dict(cell.overall) for column, cell in found.items()} for label, found in rows.items()
    }
    write_json(out / "table.json", overall)
    return out / "table.md"


def read_cell(path: str | Path) -> Cell | None:
    """One evaluation, or None where the file is of something else."""
    try:
        metrics = json.loads(Path(path).read_text())
        about, overall = metrics["about"], metrics["overall"]
        column = Column(str(about.get("domain") or about["dialogues"]), str(about["candidates"]))
        overall["hr@1_95"], overall["ceiling"], overall["vr"], overall["chance"], overall["n"]
    except (KeyError, TypeError, AttributeError):
        return None
    except (OSError, ValueError) as error:
        raise DialogueError(f"{path} does not hold an evaluation ({error}); run it again.") from error
    return Cell(label_of(about), order_of(about), column, overall)


def label_of(about: Mapping) -> str:
    """The ranker in a few words: which model and adapter, what was taken from it, how it decodes."""
    ranker = str(about.get("ranker"))
    if ranker != "model":
        return RANKERS.get(ranker, ranker)
    name = " ".join(filter(None, [about.get("model"), about.get("adapter") and f"({about['adapter']})"]))
    several = f"{about['pictures']} pictures each" if about.get("pictures", 1) > 1 else None
    more = [
        ABLATIONS.get(about.get("ablate")),
        several,
        about.get("decode") if about.get("decode") != "branch" else None,
    ]
    return ", ".join(filter(None, [name or "model", *more]))


def order_of(about: Mapping) -> tuple[int, int]:
    """A key to sort rows by: rankers, then ablations, in the order of the tables above."""
    rankers, ablations = list(RANKERS), [None, *ABLATIONS]
    ranker, ablate = about.get("ranker"), about.get("ablate")
    return (
        rankers.index(ranker) if ranker in rankers else len(rankers),
        ablations.index(ablate) if ablate in ablations else len(ablations),
    )


def group_cells(cells: Iterable[Cell]) -> dict[str, dict[Column, Cell]]:
    """Label -> column -> cell, the model first."""
    rows: dict[str, dict[Column, Cell]] = {}
    for cell in sorted(cells, key=lambda cell: (cell.order, cell.label)):
        rows.setdefault(cell.label, {})[cell.column] = cell
    return rows


def to_markdown(rows: Rows, columns: Sequence[Column], to_text: Callable[[Cell], str]) -> str:
    """A Markdown table; ceiling, chance and the number of conversations below."""
    first = {column: next(found[column] for found in rows.values() if column in found) for column in columns}
    lines = [[label, *(to_text(found[c]) if c in found else "" for c in columns)] for label, found in rows.items()]
    for name in ("ceiling", "chance"):
        lines.append([name, *(f"{first[column].overall[name]:.2f}" for column in columns)])
    lines.append(["conversations", *(f"{first[column].overall['n']:,}" for column in columns)])
    return table(["ranker", *map(str, columns)], lines)


def format_valid_ratio(cell: Cell) -> str:
    """VR, to three places."""
    return f"{cell.overall['vr']:.3f}"


def format_hits(cell: Cell) -> str:
    """hr@1 with its interval, to three places."""
    low, high = cell.overall["hr@1_95"]
    return f"{cell.overall['hr@1']:.3f} ({low:.3f} to {high:.3f})"


def draw_columns(rows: Rows, columns: Sequence[Column]) -> bytes | None:
    """PNG of the rankers that were measured in all of these columns, bars with intervals, beside chance; None where
    there is none."""
    full = {label: found for label, found in rows.items() if all(column in found for column in columns)}
    if not full:
        return None
    shares = {label: {column.domain: found[column].share for column in columns} for label, found in full.items()}
    chance = fmean(next(iter(full.values()))[column].overall["chance"] for column in columns)
    return draw_bars(shares, [column.domain for column in columns], chance, "domain")
