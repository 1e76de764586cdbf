"""The wording banks: text files of fragments in named sections, and the little grammar they are written in.

A file has sections `== name`; each fragment stands on a line of its own or is parted from the next by " / ".
In a fragment `[a|b|]` is a choice (which may be nested or empty) and `{slot}` is filled in; a word such as @uk at
the end says who says so.
"""

import random
import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "banks"
CHOICE = re.compile(r"\[([^\[\]]*)\]")


@cache
def load_banks() -> dict[str, tuple[str, ...]]:
    """All sections by name; sections of the same name in several places are joined."""
    banks: dict[str, list[str]] = {}
    for path in sorted(FOLDER.glob("*.txt")):
        section: list[str] = []
        for line in path.read_text("utf-8").splitlines():
            if line.startswith("== "):
                section = banks.setdefault(line[3:].strip(), [])
            elif line.strip() and not line.startswith("#"):
                section += [item.strip() for item in line.split(" / ") if item.strip()]
    return {name: tuple(items) for name, items in banks.items()}


def bank(name: str, *fallbacks: str) -> tuple[str, ...]:
    """The fragments of a section, or of the first fallback that exists; an empty tuple when there is none."""
    banks = load_banks()
    return next((banks[key] for key in (name, *fallbacks) if key in banks), ())


def spin(rng: random.Random, fragment: str, **slots: str) -> str:
    """Settle every choice, innermost first, then fill the slots; raises KeyError for a slot that is not given."""
    while match := CHOICE.search(fragment):
        fragment = fragment[: match.start()] + rng.choice(match[1].split("|")) + fragment[match.end() :]
    return fragment.format(**slots)
