"""What a product looks like, and wishes: conditions that a look fulfils, surely fails, or may pass for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from ..palette import SHADES
from . import colours
from .kinds import FURNITURE, NOT_TOLD, PARTS, group_of, kin
from .materials import ALIKE, family

COLOURED = {"colour", "shade", "either", "tone"}
NEUTRAL = {"white", "grey", "black", "beige", "silver"}
WARM, COOL = {"red", "orange", "yellow"}, {"blue", "green"}


@dataclass(frozen=True)
class Look:
    """A product as far as talk is concerned. `material` is "" where the record does not name one."""

    id: str
    title: str
    shape: str
    type: str
    category: str
    group: str
    colour: str
    shade: str
    material: str
    accent: str = ""  # a second shade that shows
    words: str = ""  # title, category and description, as retrieval reads them

    @cached_property
    def lab(self) -> colours.Lab:
        return colours.lab(self.shade, self.colour)

    @property
    def accented(self) -> "Look | None":
        """The same thing as if its accent were its colour; None without an accent."""
        if not self.accent:
            return None
        return replace(self, colour=SHADES[self.accent][0] if self.accent in SHADES else self.accent, shade=self.accent)

    @property
    def field(self) -> str:
        """The half of the shop: "furniture", or "things" for the rest."""
        return "furniture" if self.group in FURNITURE else "things"

    @property
    def partial(self) -> bool:
        """Whether the colour is only said of a part, such as a plant's pot."""
        return self.type in PARTS


def look_of(row: Mapping, shape: str) -> Look | None:
    """The look of a catalogue record, or None where type or colour are not given or would be misunderstood."""
    attributes = {key: str(value).strip().lower() for key, value in row.get("attributes", {}).items()}
    kind, colour = attributes.get("type", ""), attributes.get("colour", "")
    shade, accent = attributes.get("shade") or colour, attributes.get("accent", "")
    if not kind or not colour or kind in NOT_TOLD:
        return None
    if kind in PARTS and colour == "green" and not attributes.get("material"):  # the leaves, not the pot
        if accent not in SHADES:
            return None
        colour, shade, accent = SHADES[accent][0], accent, ""
    category = row.get("category", "")
    return Look(
        id=row["id"],
        title=row["title"],
        shape=shape,
        type=kind,
        category=category,
        group=group_of(kind, category),
        colour=colour,
        shade=shade,
        material=attributes.get("material", ""),
        accent=accent,
        words=". ".join(filter(None, (row["title"], category, row.get("description", "")))),
    )


@dataclass(frozen=True)
class Wish:
    """One condition. `value` is what it asks for, `text` the words for it where they were chosen beforehand.

    Kinds: colour (a basic colour), shade, either ("green or blue"), tone (dark, light, vivid, dull, warm, cool),
    accent (a second colour), material, type, group, title. `stray` are further basic colours that the words might mean.
    """

    kind: str
    value: str
    text: str = ""
    negated: bool = False
    stray: tuple[str, ...] = ()

    def verdict(self, look: Look) -> bool | None:
        """True: fulfilled for sure; False: surely not; None: people would disagree."""
        answer = VERDICTS[self.kind](self, look)
        second = VERDICTS[self.kind](self, look.accented) if self.kind in COLOURED and look.accented else answer
        if second is not answer and (answer is False or self.value == "dull"):
            answer = None  # a white chair with red legs is not red, but it is not free of red either
        return answer if answer is None or not self.negated else not answer

    @property
    def opposite(self) -> "Wish":
        return replace(self, negated=not self.negated)


def colour_verdict(wish: Wish, look: Look) -> bool | None:
    if look.colour == wish.value:
        return True
    if look.colour in wish.stray or colours.confused(look.colour, wish.value):
        return None
    near = colours.blends(look.colour, wish.value)
    gap = colours.distance(look.lab, colours.lab(wish.value, wish.value))
    return None if gap < colours.APART * (1.6 if near else 1) else False


def shade_verdict(wish: Wish, look: Look) -> bool | None:
    """`value` is "shade/colour". Another shade of the same colour differs only when far away and lighter or darker."""
    shade, colour = wish.value.split("/")
    if look.shade == shade:
        return True
    wanted = colours.lab(shade, colour)
    if look.colour in wish.stray or colours.confused(look.colour, colour):
        return None
    if look.colour == colour and abs(look.lab[0] - wanted[0]) < 25:
        return None
    near = look.colour == colour or colours.blends(look.colour, colour)
    return None if colours.distance(look.lab, wanted) < colours.APART * (1.35 if near else 1) else False


def either_verdict(wish: Wish, look: Look) -> bool | None:
    verdicts = [colour_verdict(replace(wish, value=part), look) for part in wish.value.split("/")]
    return True if True in verdicts else None if None in verdicts else False


def tone_verdict(wish: Wish, look: Look) -> bool | None:
    lightness, chroma = look.lab[0], colours.chroma(look.lab)
    vivid = chroma >= colours.VIVID and look.colour not in NEUTRAL | {"brown", "gold"}
    dull = look.colour in NEUTRAL and chroma <= 26
    sure, not_sure = {
        "dark": (lightness <= colours.DARK, lightness >= colours.NOT_DARK),
        "light": (lightness >= colours.LIGHT, lightness <= colours.NOT_LIGHT),
        "vivid": (vivid, dull),
        "dull": (dull, vivid),
        "warm": (look.colour in WARM, look.colour in COOL | {"purple", "black", "white", "grey", "silver"}),
        "cool": (look.colour in COOL, look.colour in WARM | {"pink", "brown", "gold", "beige", "black", "white"}),
    }[wish.value]
    return True if sure else False if not_sure else None


def material_verdict(wish: Wish, look: Look) -> bool | None:
    """A family name ("fabric") holds for all its members; members of one family are not told apart."""
    if not look.material:
        return None
    wanted, given = family(wish.value), family(look.material)
    if wanted != given:
        return None if frozenset((wanted, given)) in ALIKE else False
    return True if wish.value in (look.material, given) else None


def accent_verdict(wish: Wish, look: Look) -> bool | None:
    """`value` is the basic colour of details on something of another colour."""
    second = look.accented
    if second and second.colour == wish.value:
        return True
    return (
        None if colour_verdict(wish, look) is not False or (second and colour_verdict(wish, second) is None) else False
    )


def type_verdict(wish: Wish, look: Look) -> bool | None:
    return True if look.type == wish.value else None if kin(look.type, wish.value) else False


def group_verdict(wish: Wish, look: Look) -> bool | None:
    return True if look.group == wish.value else None if look.group == "any" else False


def title_verdict(wish: Wish, look: Look) -> bool:
    return look.title == wish.value


VERDICTS = {
    "colour": colour_verdict,
    "shade": shade_verdict,
    "either": either_verdict,
    "tone": tone_verdict,
    "accent": accent_verdict,
    "material": material_verdict,
    "type": type_verdict,
    "group": group_verdict,
    "title": title_verdict,
}


def fulfils(look: Look, wishes: tuple[Wish, ...]) -> bool:
    """Whether a look surely fulfils every wish."""
    return all(wish.verdict(look) is True for wish in wishes)


def fails(look: Look, wishes: tuple[Wish, ...]) -> bool:
    """Whether a look surely fails at least one wish."""
    return any(wish.verdict(look) is False for wish in wishes)
