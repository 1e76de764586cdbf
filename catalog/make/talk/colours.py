"""Colour arithmetic for talk: which shades surely differ, which ones people mix up, and how dark they are."""

from functools import cache
from itertools import pairwise

from ..colour import to_lab
from ..palette import SHADES, hex_to_rgb

BASIC = {
    "red": "#c0282d", "orange": "#e07b28", "yellow": "#e8c534", "green": "#3f8a4a", "blue": "#2f62a8",
    "purple": "#74479a", "pink": "#e598b0", "brown": "#7a5230", "beige": "#d9c7a5", "white": "#f5f4f0",
    "grey": "#8a8c8e", "black": "#1f1f21", "gold": "#c79a3c", "silver": "#c3c6ca",
}  # fmt: skip

# Neighbours in a chain are what one person calls the one and the next the other, whatever the exact values.
CONFUSED = {
    frozenset(pair)
    for chain in (
        ("white", "beige", "brown", "white"),
        ("beige", "gold", "brown", "orange", "red"),
        ("white", "silver", "grey", "white"),
        ("gold", "yellow", "beige", "pink", "purple"),
        ("gold", "orange", "yellow"),
        ("brown", "black"),
        ("silver", "beige", "grey"),
    )
    for pair in pairwise(chain)
}
BLENDED = CONFUSED | {
    frozenset(pair) for pair in (("blue", "green"), ("blue", "purple"), ("red", "pink"), ("grey", "black"))
}
APART = 32.0  # CIE76 difference from which two shades are surely told apart
DARK, NOT_DARK, LIGHT, NOT_LIGHT = 36.0, 52.0, 74.0, 60.0  # CIE L*: surely dark, surely not, ...
VIVID, DULL = 38.0, 16.0  # CIE chroma: surely colourful, surely not

Lab = tuple[float, float, float]


@cache
def lab(shade: str, basic: str) -> Lab:
    """CIE L*a*b* of a shade, of its basic colour where the shade is unknown, of grey where both are."""
    code = SHADES[shade][1] if shade in SHADES else BASIC.get(basic, BASIC["grey"])
    lightness, a, b = to_lab(hex_to_rgb(code))
    return float(lightness), float(a), float(b)


def distance(one: Lab, other: Lab) -> float:
    """CIE76 difference of two L*a*b* colours."""
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5


def chroma(value: Lab) -> float:
    """How colourful a colour is; 0 is grey."""
    return (value[1] ** 2 + value[2] ** 2) ** 0.5


def tone(value: Lab) -> str:
    """ "dark", "mid" or "light", by lightness."""
    return "dark" if value[0] < 40 else "light" if value[0] > 70 else "mid"


def confused(one: str, other: str) -> bool:
    """Whether two different basic colours are often taken for each other."""
    return frozenset((one, other)) in CONFUSED


def blends(one: str, other: str) -> bool:
    """Like `confused`, with the less sure pairs, which differ only when their values do clearly."""
    return frozenset((one, other)) in BLENDED
