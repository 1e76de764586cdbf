"""The shapes that are worth a place in the catalogue, by hand: what each is, how a shop would call it."""

import json
from dataclasses import dataclass
from pathlib import Path

from .identity import number

SPLITS_FILE = Path(__file__).parents[1] / "splits.json"
SPLITS = {"train": 0.65, "valid": 0.75, "test": 1.0}  # each up to this share of a type's shapes
GOLDEN = 0.6180339887498949
TABLE = Path(__file__).with_name("shapes.tsv")


@dataclass(frozen=True)
class Shape:
    """One line of `shapes.tsv`: the piece's key, product type, shop noun, style, and how it is pictured.

    `view` is one of scene.VIEWS; `lifted` things hang clear of the floor; `finished_as` is the kind of surface that
    its finishes imitate; `material` is what its own look is made of, `pattern` what its own texture shows. The last
    three are "" where the model's names tell.
    """

    key: str
    type: str
    noun: str
    style: str
    view: str = "main"
    lifted: bool = False
    material: str = ""
    pattern: str = ""
    finished_as: str = ""


def read_shapes() -> list[Shape]:
    """All shapes, in the order in which they are rendered."""
    shapes = []
    for line in TABLE.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        key, kind, noun, style, *rest = (part.strip() for part in line.split("\t"))
        flags, material, pattern = [*rest, "", "", ""][:3]
        view = next((word for word in flags.split() if word != "lifted" and ":" not in word), "main")
        finished_as = next((word.removeprefix("as:") for word in flags.split() if word.startswith("as:")), "")
        shapes.append(Shape(key, kind, noun, style, view, "lifted" in flags.split(), material, pattern, finished_as))
    return shapes


def assign_splits(recorded: Path) -> dict[str, str]:
    """{shape key: split} of all shapes. Within a type the shapes are dealt out in the order of shapes.tsv, from a
    start that depends on the type, so lines added at its end move nothing; a shape once recorded stays."""
    before = {}
    if recorded.is_file():
        old = json.loads(recorded.read_text())
        before = {key: split for split, shapes in old.items() for key in shapes}
    place, assigned = {}, {}
    for shape in read_shapes():
        start = number("split", shape.type) % 1000 / 1000
        turn = place[shape.type] = place.get(shape.type, -1) + 1
        at = (start + turn * GOLDEN) % 1
        assigned[shape.key] = before.get(shape.key) or next(name for name, end in SPLITS.items() if at < end)
    return assigned
