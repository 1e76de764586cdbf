"""The named finishes: shades with their plain colour, and what each kind of material may be finished in."""

from dataclasses import dataclass
from functools import cache

# shade: (plain colour, sRGB)
SHADES = {
    "snow": ("white", "#f4f3ef"),
    "cream": ("beige", "#e8dcc0"),
    "sand": ("beige", "#cfba96"),
    "camel": ("brown", "#b07d4a"),
    "cognac": ("brown", "#96552a"),
    "chocolate": ("brown", "#4b2f21"),
    "silver grey": ("grey", "#bdbdbb"),
    "stone grey": ("grey", "#8c8b88"),
    "charcoal": ("grey", "#505255"),
    "jet": ("black", "#1b1b1c"),
    "scarlet": ("red", "#c4202a"),
    "burgundy": ("red", "#6d1727"),
    "rust": ("orange", "#b4521f"),
    "tangerine": ("orange", "#ee7c1d"),
    "terracotta": ("orange", "#bf6a45"),
    "mustard": ("yellow", "#d0a024"),
    "lemon": ("yellow", "#f0d63f"),
    "butter": ("yellow", "#e9e09c"),
    "lime": ("green", "#97c23c"),
    "sage": ("green", "#98ad86"),
    "olive": ("green", "#6c6d30"),
    "emerald": ("green", "#0f7a52"),
    "forest": ("green", "#204b35"),
    "mint": ("green", "#a5dac1"),
    "turquoise": ("blue", "#2aa9b5"),
    "petrol": ("blue", "#1c5468"),
    "sky": ("blue", "#8cbee0"),
    "cobalt": ("blue", "#2050b6"),
    "denim": ("blue", "#4c6c94"),
    "navy": ("blue", "#1f2d52"),
    "lavender": ("purple", "#b2a0d0"),
    "violet": ("purple", "#6e3f9f"),
    "plum": ("purple", "#5f2852"),
    "blush": ("pink", "#e8bab6"),
    "rose": ("pink", "#d98496"),
    "fuchsia": ("pink", "#cf2f80"),
    # timbers and metals carry the name of what they imitate
    "maple": ("beige", "#dcc096"),
    "oak": ("brown", "#c0935e"),
    "teak": ("brown", "#9b683a"),
    "walnut": ("brown", "#5d3f2b"),
    "mahogany": ("brown", "#5c2519"),
    "ebony": ("black", "#2a2421"),
    "brass": ("gold", "#cfa64e"),
    "chrome": ("silver", "#c9cacd"),
    "honey": ("brown", "#b98748"),
}

VELVET = "emerald navy burgundy mustard blush plum petrol rust violet"
LINEN = "sand cream sky sage silver_grey denim"
WOOL = "charcoal rust mustard forest stone_grey scarlet"
COTTON = "turquoise tangerine lemon lavender cobalt rose mint snow jet scarlet"
LEATHER = "cognac jet chocolate burgundy cream forest navy camel snow scarlet"
TIMBER = "oak walnut maple mahogany ebony teak"
PAINTED = "snow sage navy blush mustard silver_grey jet scarlet turquoise forest"
METAL = "brass chrome jet snow scarlet turquoise lemon forest rose navy tangerine"
LACQUER = "burgundy jet emerald petrol snow fuchsia tangerine plum cobalt"
PLASTIC = "snow scarlet lemon tangerine turquoise lime cobalt jet blush violet mint fuchsia"
GLAZE = "snow cobalt sage terracotta jet mustard blush emerald cream turquoise lavender"

# kind of surface: the materials it may be shown in, each with its shades
RANGES = {
    "fabric": {"velvet": VELVET, "linen": LINEN, "wool": WOOL, "cotton": COTTON},
    "leather": {"leather": LEATHER, "velvet": "emerald navy burgundy mustard blush"},
    "wood": {"wood": TIMBER, "painted wood": PAINTED, "lacquer": LACQUER},
    "metal": {"metal": METAL},
    "plastic": {"plastic": PLASTIC},
    "ceramic": {"ceramic": GLAZE},
    "rattan": {"rattan": "honey jet snow stone_grey sage chocolate"},
    "stone": {"stone": "snow charcoal sand sage terracotta"},
    "cloth": {"cotton": f"{COTTON} navy mustard emerald rust charcoal", "linen": LINEN},
    "felt": {"felt": "forest navy burgundy charcoal scarlet petrol camel"},
    "paper": {"paper": "cream snow scarlet mustard sage sky blush"},
    # what stands in a bathroom for thirty years: no loud colours
    "sanitary": {"ceramic": "snow cream sage blush sky jet stone_grey"},
}
# kind of surface: patterns on a light ground, each with its shades
STRIPES, CHECKS, DOTS = (
    "navy scarlet charcoal forest mustard sky",
    "scarlet navy sage charcoal rose",
    "blush turquoise jet mustard cobalt",
)
WOVEN = {"striped": STRIPES, "checked": CHECKS, "dotted": DOTS}
PATTERNS = {
    "fabric": WOVEN,
    "cloth": WOVEN,
    "ceramic": {"striped": "cobalt jet terracotta sage mustard"},
}
GROUND = "cream"  # the shade between stripes and dots


@dataclass(frozen=True)
class Finish:
    """A material in a shade, "" or a pattern on it; `name` is its stable identifier, `colour` its plain name, `rgb`
    sRGB in 0..1."""

    material: str
    shade: str
    pattern: str = ""

    @property
    def name(self) -> str:
        return "-".join(filter(None, (self.material, self.shade, self.pattern))).replace(" ", "_")

    @property
    def colour(self) -> str:
        return SHADES[self.shade][0]

    @property
    def rgb(self) -> tuple[float, float, float]:
        return hex_to_rgb(SHADES[self.shade][1])


def finishes_of(kind: str) -> list[Finish]:
    """Every finish that a surface of this kind may take; none for a kind that is never recoloured."""
    plain = [
        Finish(material, shade.replace("_", " "))
        for material, shades in RANGES.get(kind, {}).items()
        for shade in shades.split()
    ]
    material = "ceramic" if kind == "ceramic" else "cotton"
    return plain + [
        Finish(material, shade, pattern)
        for pattern, shades in PATTERNS.get(kind, {}).items()
        for shade in shades.split()
    ]


def finish_named(name: str) -> Finish | None:
    """The finish of this name; None for "natural", the model's own look."""
    return finishes_by_name().get(name)


@cache
def finishes_by_name() -> dict[str, Finish]:
    return {finish.name: finish for kind in RANGES for finish in finishes_of(kind)}


def hex_to_rgb(text: str) -> tuple[float, float, float]:
    """sRGB in 0..1 of "#rrggbb"."""
    return tuple(int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
