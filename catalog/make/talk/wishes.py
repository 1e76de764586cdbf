"""Wishes: conditions that a look fulfils, surely fails, or may pass for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from . import colours
from .kinds import kin, may_pass_for
from .looks import MADE, NAMED, PLAIN, Face, Look
from .materials import ALIKE, family

NEUTRAL = {"white", "grey", "black", "beige", "silver"}
WARM, COOL = {"red", "orange", "yellow"}, {"blue", "green"}
FAR, NEAR = 14.0, 5.0  # CIE L* or chroma: surely darker than, surely not darker than
Verdict = bool | None


@dataclass(frozen=True)
class Wish:
    """One condition. `value` is what it asks for, `text` the words for it where they were chosen beforehand.

    Kinds: colour (a basic colour), shade, either ("green or blue"), tone (dark, light, vivid, dull, warm, cool),
    compare ("darker:navy/blue", than that), accent (a second colour), pattern, print ("striped:navy/blue"), material,
    style; thing, type, group, title. `stray` are further basic colours that the words might mean.
    """

    kind: str
    value: str
    text: str = ""
    negated: bool = False
    stray: tuple[str, ...] = ()

    def verdict(self, look: Look) -> Verdict:
        """True: fulfilled for sure; False: surely not; None: people would disagree."""
        named = KINDS.get(self.kind)
        answer = named(self.value, look) if named else judge(self.kind, self.value, self.stray, look.face)
        return answer if answer is None or not self.negated else not answer

    @property
    def opposite(self) -> "Wish":
        return replace(self, negated=not self.negated)

    @property
    def parts(self) -> tuple["Wish", ...]:
        """What it asks for one by one: "navy stripes" are a pattern and a shade. Style decides nothing."""
        if self.kind == "style":
            return ()
        if self.kind != "print":
            return (self,)
        pattern, _, value = self.value.partition(":")
        return Wish("pattern", pattern), Wish("shade" if "/" in value else "colour", value)


@cache
def judge(kind: str, value: str, stray: tuple[str, ...], face: Face) -> Verdict:
    """The verdict of a wish, not negated, on what shows."""
    answer = LOOKS[kind](value, stray, face)
    if kind not in COLOURED:
        return answer
    if face.accent and answer is not None:
        # a white chair with red legs is not red, but not free of red either; navy stripes on cream are not dark
        doubtful = answer is False or value == "dull"
        doubtful = doubtful or (face.patterned and kind in ("tone", "compare") and value != "vivid")
        if doubtful and LOOKS[kind](value, stray, face.second) is not answer:
            return None
    return None if answer is False and face.mixed else answer


def colour_verdict(value: str, stray: Sequence[str], face: Face) -> Verdict:
    if face.colour == value:
        return True
    if face.colour in stray or colours.confused(face.colour, value):
        return None
    near = colours.blends(face.colour, value)
    gap = colours.distance(face.lab, colours.lab(value, value))
    return None if gap < colours.APART * (1.6 if near else 1) else False


def shade_verdict(value: str, stray: Sequence[str], face: Face) -> Verdict:
    """`value` is "shade/colour". Another shade of the same colour differs only when far away and lighter or darker."""
    shade, colour = value.split("/")
    if face.shade == shade:
        return True
    wanted = colours.lab(shade, colour)
    if face.colour in stray or colours.confused(face.colour, colour):
        return None
    if face.colour == colour and abs(face.lab[0] - wanted[0]) < 25:
        return None
    near = face.colour == colour or colours.blends(face.colour, colour)
    return None if colours.distance(face.lab, wanted) < colours.APART * (1.35 if near else 1) else False


def either_verdict(value: str, stray: Sequence[str], face: Face) -> Verdict:
    verdicts = [colour_verdict(part, stray, face) for part in value.split("/")]
    return True if True in verdicts else None if None in verdicts else False


def tone_verdict(value: str, stray: Sequence[str], face: Face) -> Verdict:
    lightness, chroma = face.lab[0], colours.chroma(face.lab)
    vivid = chroma >= colours.VIVID and face.colour not in NEUTRAL | {"brown", "gold"}
    dull = face.colour in NEUTRAL and chroma <= 26
    sure, not_sure = {
        "dark": (lightness <= colours.DARK, lightness >= colours.NOT_DARK),
        "light": (lightness >= colours.LIGHT, lightness <= colours.NOT_LIGHT),
        "vivid": (vivid, dull),
        "dull": (dull, vivid),
        "warm": (face.colour in WARM, face.colour in COOL | {"purple", "black", "white", "grey", "silver"}),
        "cool": (face.colour in COOL, face.colour in WARM | {"pink", "brown", "gold", "beige", "black", "white"}),
    }[value]
    return True if sure else False if not_sure else None


def compare_verdict(value: str, stray: Sequence[str], face: Face) -> Verdict:
    """`value` is "darker:navy/blue": darker or lighter by L*, stronger or calmer by chroma than that shade."""
    how, _, than = value.partition(":")
    other = colours.lab(*than.split("/"))
    if how in ("darker", "lighter"):
        gap = (face.lab[0] - other[0]) * (1 if how == "lighter" else -1)
        return True if gap >= FAR else False if gap <= NEAR else None
    strength, lightness = colours.chroma(face.lab) - colours.chroma(other), face.lab[0] - other[0]
    if how == "calmer":  # "less bright" may mean less colourful or less light: both
        strength, lightness = -strength, -lightness
    if strength >= FAR and lightness >= -NEAR:
        return True
    return False if strength <= NEAR and lightness <= NEAR else None


def accent_verdict(value: str, stray: Sequence[str], face: Face) -> Verdict:
    """`value` is the basic colour of details on something of another colour."""
    if face.accent and face.second.colour == value:
        return True
    if colour_verdict(value, (), face) is not False or face.mixed:
        return None
    return None if face.accent and colour_verdict(value, (), face.second) is None else False


def pattern_verdict(value: str, stray: Sequence[str], face: Face) -> Verdict:
    """`value` is "plain", "patterned" for any pattern at all, or a pattern by name; an unnamed one may be any."""
    if not face.pattern:
        return None
    if PLAIN in (value, face.pattern):
        return (value == PLAIN) == (face.pattern == PLAIN)
    if value in ("patterned", face.pattern):
        return True
    return False if face.pattern in NAMED and value in NAMED and {value, face.pattern} & MADE else None


def print_verdict(value: str, stray: Sequence[str], face: Face) -> Verdict:
    verdicts = [judge(wish.kind, wish.value, stray, face) for wish in Wish("print", value).parts]
    return False if False in verdicts else None if None in verdicts else True


def material_verdict(value: str, stray: Sequence[str], face: Face) -> Verdict:
    """A family name ("fabric") holds for all its members; members of one family are not told apart."""
    if not face.material:
        return None
    wanted, given = family(value), family(face.material)
    if wanted != given:
        return None if frozenset((wanted, given)) in ALIKE else False
    return True if value in (face.material, given) else None


def thing_verdict(value: str, look: Look) -> Verdict:
    """`value` is "type:thing"; a sofa that the shop calls no more than that may be a corner sofa."""
    kind, _, thing = value.partition(":")
    if look.type == kind and look.thing in (thing, kind):
        return True if look.thing == thing else None
    return None if kin(look.thing, thing) or kin(look.type, thing) else False


def type_verdict(value: str, look: Look) -> Verdict:
    return True if look.type == value else None if kin(look.type, value) or kin(look.thing, value) else False


def group_verdict(value: str, look: Look) -> Verdict:
    if look.group == value:
        return True
    return None if look.group == "any" or may_pass_for(value, f"{look.title} {look.type}".lower()) else False


COLOURED = {"colour", "shade", "either", "tone", "compare"}
LOOKS = {
    "colour": colour_verdict,
    "shade": shade_verdict,
    "either": either_verdict,
    "tone": tone_verdict,
    "compare": compare_verdict,
    "accent": accent_verdict,
    "pattern": pattern_verdict,
    "print": print_verdict,
    "material": material_verdict,
}
KINDS = {
    "thing": thing_verdict,
    "type": type_verdict,
    "group": group_verdict,
    "title": lambda value, look: look.title == value,
    "style": lambda value, look: True if look.style == value else None,  # too much a matter of taste to rule out
}


def fulfils(look: Look, wishes: Iterable[Wish]) -> bool:
    """Whether a look surely fulfils every wish."""
    return all(wish.verdict(look) is True for wish in wishes)


def fails(look: Look, wishes: Iterable[Wish]) -> bool:
    """Whether a look surely fails at least one wish."""
    return any(wish.verdict(look) is False for wish in wishes)
