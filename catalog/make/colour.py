"""Colour arithmetic: sRGB, linear light, CIE Lab, and the plain name of a colour."""

import numpy as np

from .palette import SHADES, hex_to_rgb

TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])
TIMBERS = ("maple", "oak", "honey", "teak", "walnut", "mahogany", "ebony")
# Shades that name a material are not used to name a measured colour.
MATERIAL_SHADES = frozenset([*TIMBERS, "brass", "chrome"])


def to_linear(rgb) -> np.ndarray:
    """Linear light of sRGB values in 0..1, any shape."""
    rgb = np.asarray(rgb, float)
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def to_srgb(linear) -> np.ndarray:
    """sRGB in 0..1 of linear light, any shape."""
    linear = np.clip(np.asarray(linear, float), 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def to_lab(rgb) -> np.ndarray:
    """CIE Lab of sRGB in 0..1, shape [..., 3]."""
    xyz = to_linear(rgb) @ TO_XYZ.T / WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def distance(a, b) -> float:
    """CIE76 difference of two sRGB colours."""
    return float(np.linalg.norm(to_lab(a) - to_lab(b)))


def nearest_shades(rgb) -> np.ndarray:
    """Index into NAMED of the shade nearest to each measured sRGB colour; hue counts more than lightness, and what
    has a hue is not called grey."""
    lab = to_lab(rgb)
    chroma = np.linalg.norm(lab[..., 1:], axis=-1)
    far = np.linalg.norm(lab[..., None, :] * WEIGHT - NAMED_LAB, axis=-1)
    return (far + NEUTRAL * np.maximum(0, chroma - 5)[..., None]).argmin(-1)


def nearest_shade(rgb) -> str:
    """The name of the shade that comes closest to one measured sRGB colour."""
    return NAMED[int(nearest_shades(rgb))]


def nearest_timber(rgb) -> str:
    """The timber that one sRGB colour comes closest to."""
    return min(TIMBERS, key=lambda name: distance(rgb, hex_to_rgb(SHADES[name][1])))


WEIGHT = np.array([0.7, 1.0, 1.0])
NAMED = [name for name in SHADES if name not in MATERIAL_SHADES]
# In a picture even white things are shaded: they are met at the lightness that they have on the photograph.
SHADED = {"snow": "#d3d2cf", "silver grey": "#a0a09f"}
NAMED_LAB = to_lab([hex_to_rgb(SHADED.get(name, SHADES[name][1])) for name in NAMED]) * WEIGHT
NEUTRAL = np.array([0.9 * (SHADES[name][0] in ("white", "grey", "black")) for name in NAMED])
