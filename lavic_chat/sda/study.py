"""What a study has found so far, as its folder holds it, or as an earlier report kept it.

OUT/week, OUT/two-years, OUT/week-text, ...   comparisons (`table.json`, `spaces.json`, `lengths.json`, ...)
OUT/sda-0, OUT/lora-0, ...                    adaptations (`adapter.json`)
REPORT/metrics.json                           all of them, as far as the report says it
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from lavic_chat.errors import LavicError
from lavic_chat.sda.comparison import SPACES
from lavic_chat.sda.gradients import GRADIENTS_FILE
from lavic_chat.sda.lengths import LENGTHS_FILE
from lavic_chat.sda.table import TABLE

METRICS, CARD = "metrics.json", "adapter.json"
MAIN = "week"  # the comparison that comes first
SDA, LVLM = "sda", "lvlm"
KEPT = ("config", "seconds", "machine", "items", "valid", "best")  # of an adaptation


@dataclass(frozen=True, eq=False)
class Study:
    """tables, spaces, lengths, gradients: by folder of a comparison; runs: records of the adaptations, by folder."""

    tables: Mapping[str, dict]
    spaces: Mapping[str, list]
    runs: Mapping[str, dict]
    lengths: Mapping[str, dict]
    gradients: Mapping[str, list]

    @property
    def main(self) -> str:
        """The comparison that comes first, which is drawn and set beside the paper's."""
        return next(iter(self.tables))

    def over(self, earlier: "Study") -> "Study":
        """This one, and of an earlier one what this has not."""
        both = {one.name: {**getattr(earlier, one.name), **getattr(self, one.name)} for one in fields(self)}
        return in_order(Study(**both))

    def as_metrics(self) -> dict:
        """To be kept: differences of the LLM, adapted or not, from the others, and the spaces that are drawn."""
        tables = {
            name: found | {"differences": [one for one in found["differences"] if one["ours"] in (SDA, LVLM)]}
            for name, found in self.tables.items()
        }
        spaces = {name: found for name, found in self.spaces.items() if name == self.main}
        return asdict(replace(self, tables=tables, spaces=spaces))


def read_study(folder: str | Path, earlier: str | Path | None = None) -> Study:
    """earlier: the folder of a report, of whose study that is taken which `folder` has not. Raises LavicError where
    there is no comparison, or one that cannot be read."""
    folder = Path(folder)

    def read(name: str) -> dict:
        return {path.parent.name: read_json(path) for path in sorted(folder.glob(f"*/{name}"))}

    trained = {name: card.get("training", {}).get("sda") for name, card in read(CARD).items()}
    runs = {name: {key: run[key] for key in KEPT if key in run} for name, run in trained.items() if run}
    study = in_order(Study(read(TABLE), read(SPACES), runs, read(LENGTHS_FILE), read(GRADIENTS_FILE)))
    if earlier:
        study = study.over(read_metrics(Path(earlier)))
    if not study.tables:
        raise LavicError(f"{folder} holds no comparison yet; `lavic-chat sda study` makes them.")
    return study


def read_metrics(report: Path) -> Study:
    """What a report has kept of a study; raises LavicError where it has nothing, or nothing of one."""
    found = read_json(report / METRICS)
    known = {one.name for one in fields(Study)}
    if not isinstance(found, dict) or not known <= set(found):
        raise LavicError(f"{report / METRICS} is not of a report of `lavic-chat sda report`.")
    return Study(**{name: found[name] for name in known})


def in_order(study: Study) -> Study:
    """Its tables, the main one first."""
    order = sorted(study.tables, key=lambda name: (name != MAIN, name))
    return replace(study, tables={name: study.tables[name] for name in order})


def read_json(path: Path) -> dict:
    """Raises LavicError where it cannot be read."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise LavicError(f"{path} of a study cannot be read ({error}); make it again.") from error
