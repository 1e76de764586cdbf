"""What a product looks like and what it is, as far as talk is concerned."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from ..palette import GROUND, SHADES
from . import colours
from .kinds import FURNITURE, NOT_FURNITURE, NOT_TOLD, PARTS, group_of, is_noun, misnamed, thing_of

PLAIN = "plain"
MADE = {"striped", "checked", "dotted"}  # patterns that are told apart for sure
NAMED = MADE | {"floral"}  # patterns that are asked for by name


class Face(NamedTuple):
    """What shows: colour words, the material ("" where the record names none), a second shade, the pattern."""

    colour: str
    shade: str
    material: str = ""
    accent: str = ""
    pattern: str = ""

    @property
    def lab(self) -> colours.Lab:
        return colours.lab(self.shade, self.colour)

    @property
    def second(self) -> "Face":
        """The same face as if its accent, or the ground of its pattern, were its colour."""
        return self._replace(colour=SHADES[self.accent][0] if self.accent in SHADES else self.accent, shade=self.accent)

    @property
    def patterned(self) -> bool:
        return self.pattern not in ("", PLAIN)

    @property
    def on_ground(self) -> bool:
        """Whether its pattern stands on the ground that all finishes have; an own pattern may have any colours."""
        return self.pattern in MADE and self.accent == GROUND

    @property
    def mixed(self) -> bool:
        """Whether there may be colours in its pattern that the record does not name."""
        return self.patterned and not self.on_ground


@dataclass(frozen=True)
class Look:
    """A product. `type` is the public one, `thing` what a shopper would call it: "corner sofa" among the sofas."""

    id: str
    title: str
    shape: str
    type: str
    thing: str
    group: str
    face: Face
    style: str = ""
    price: float = 0.0
    words: str = ""  # title, category and description, as retrieval reads them

    @property
    def colour(self) -> str:
        return self.face.colour

    @property
    def shade(self) -> str:
        return self.face.shade

    @property
    def material(self) -> str:
        return self.face.material

    @property
    def series(self) -> str:
        """The shop's name of the shape: "Mira"."""
        return self.title.split()[0]

    @property
    def field(self) -> str:
        """The half of the shop: "furniture", or "things" for the rest."""
        return "furniture" if self.group in FURNITURE and self.type not in NOT_FURNITURE else "things"

    @property
    def part(self) -> str:
        """What its colour is said of where that is not the whole: the pot of a plant, else ""."""
        return "" if self.by_thing else PARTS.get(self.type, "")

    @property
    def partial(self) -> bool:
        """Whether the colour is only said of a part, such as a plant's pot."""
        return self.type in PARTS

    @cached_property
    def by_thing(self) -> bool:
        """Whether the type's own name would be wrong or odd for it."""
        return not is_noun(self.type) or misnamed(self.type, self.thing)

    @property
    def sort(self) -> str:
        """The kind within which "one" and "the same" are understood: a kettle is no sort of toaster."""
        return self.thing if self.by_thing else self.type

    def at(self, scope: str) -> str:
        """What it is at one level: "thing", "type", "group", "field" or "any"."""
        return "any" if scope == "any" else getattr(self, scope)


def look_of(row: Mapping, shape: str) -> Look | None:
    """The look of a catalogue record, or None where type or colour are not given or would be misunderstood."""
    attributes = {key: str(value).strip().lower() for key, value in row.get("attributes", {}).items()}
    kind, colour = attributes.get("type", ""), attributes.get("colour", "")
    shade, accent = attributes.get("shade") or colour, attributes.get("accent", "")
    thing = thing_of(kind, row["title"].partition(" ")[2].lower())
    if not kind or not colour or {kind, thing} & NOT_TOLD:
        return None
    if kind in PARTS and not attributes.get("material"):  # the colour of the leaves, not of the pot
        if accent not in SHADES or colour != "green":
            return None
        colour, shade, accent = SHADES[accent][0], accent, ""
    category = row.get("category", "")
    price = row.get("price")
    return Look(
        id=row["id"],
        title=row["title"],
        shape=shape,
        type=kind,
        thing=thing,
        group=group_of(kind, category),
        face=Face(colour, shade, attributes.get("material", ""), accent, attributes.get("pattern", "")),
        style=attributes.get("style", ""),
        price=float(price) if isinstance(price, int | float) else 0.0,
        words=". ".join(filter(None, (row["title"], category, row.get("description", "")))),
    )
