"""Colour arithmetic: sRGB, linear light, CIE Lab, and the plain name of a colour."""

import numpy as np

from .palette import SHADES, hex_to_rgb

TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])
# Shades that name a material are not used to name a measured colour.
MATERIAL_SHADES = frozenset("maple oak teak walnut mahogany ebony brass chrome honey".split())


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


def nearest_shade(rgb) -> str:
    """The shade that comes closest to a measured sRGB colour; hue counts more than lightness."""
    lab = to_lab(rgb)
    weight = np.array([0.7, 1.0, 1.0])
    names = [name for name in SHADES if name not in MATERIAL_SHADES]
    return min(names, key=lambda name: float(np.linalg.norm((to_lab(hex_to_rgb(SHADES[name][1])) - lab) * weight)))
