"""speed.json: what was measured of both sides, part by part, so that a stopped run goes on where it was."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from lavic_chat.errors import LavicError
from lavic_chat.evaluation.benchmarks.before_after import MEASURES, Pair, Say, SpeedConfig
from lavic_chat.evaluation.benchmarks.processes import describe_machine
from lavic_chat.evaluation.benchmarks.sides import AFTER, BEFORE
from lavic_chat.storage.files import write_json

RECORD = "speed.json"


def measure_parts(pair: Pair, config: SpeedConfig, parts: Sequence[str], out: str | Path, say: Say) -> dict:
    """Measure the parts, and return the record, with those of an earlier run of the same two sides on the same machine;
    written after each part. Raises LavicError where a side cannot be measured."""
    path = Path(out) / RECORD
    about = {
        "machine": asdict(describe_machine()), BEFORE: pair.before.describe(), AFTER: pair.after.describe(),
        "options": asdict(config),
    }  # fmt: skip
    earlier = read_record(path) if path.is_file() else {}
    record = {"about": about, "parts": earlier["parts"] if is_same_run(earlier, about) else {}}
    for side in (pair.before, pair.after) if parts else ():
        side.prepare()
        say(f"{side.name}: prepared, commit {about[side.name]['commit']}")
    for number, name in enumerate(parts, 1):
        say(f"part {number} of {len(parts)}: {name}")
        record["parts"][name] = MEASURES[name](pair, config, say)
        write_json(path, record)
    return record


def is_same_run(earlier: dict, about: dict) -> bool:
    """Whether an earlier record is of the same code on the same machine; its parts then stand beside new ones."""
    if not earlier:
        return False
    names = ("processor", "cores")
    machines = [[one["machine"].get(name) for name in names] for one in (earlier["about"], about)]
    return machines[0] == machines[1] and all(earlier["about"].get(side) == about[side] for side in (BEFORE, AFTER))


def read_record(path: str | Path) -> dict:
    """An earlier record; raises LavicError for a file that is none."""
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        return {"about": dict(record["about"]), "parts": dict(record["parts"])}
    except OSError as error:
        raise LavicError(f"{path} cannot be read ({error.strerror}); measure first.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise LavicError(f"{path} does not hold what was measured; delete it, or name another folder.") from error
