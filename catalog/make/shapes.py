"""The shapes that are worth a place in the catalogue, by hand: what each is, how a shop would call it."""

from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("shapes.tsv")


@dataclass(frozen=True)
class Shape:
    """One line of `shapes.tsv`: the piece's key, product type, shop noun, style, and how it is pictured.

    `view` is one of scene.VIEWS; `lifted` things hang clear of the floor; `material` is what its own look is made
    of where the model's names do not tell ("" when they do).
    """

    key: str
    type: str
    noun: str
    style: str
    view: str = "main"
    lifted: bool = False
    material: str = ""


def read_shapes() -> list[Shape]:
    """All shapes, in the order in which they are rendered."""
    shapes = []
    for line in TABLE.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        key, kind, noun, style, *rest = (part.strip() for part in line.split("\t"))
        flags, material = [*rest, "", ""][:2]
        view = next((word for word in flags.split() if word != "lifted"), "main")
        shapes.append(Shape(key, kind, noun, style, view, "lifted" in flags.split(), material))
    return shapes
