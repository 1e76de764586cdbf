"""Decide what of a shape is recoloured, and in which finishes: by the names and the visible shares of its materials."""

import hashlib
import random
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from .colour import distance, nearest_shade, to_lab
from .library import Paint
from .palette import SHADES, Finish, finishes_of

# The library names materials in English, French, Spanish, Catalan, Portuguese, Italian, German and Polish.
# The first kind whose words occur wins; `holes` and the like are left alone.
WORDS = {
    "mirror": "mirror miroir espejo mirall",
    "glass": "glass glas_ vidre vidrio vidro verre cristal szklo transpar bulb bombilla",
    "leaf": "leaf leav foglia hoja fulla feuill petal flower grass stem plant pollen carpel twig branch trunk "
    "soil ground earth moss cactus bamboo tulip rose_ lily succulent water aigua agua bark",
    "screen": "screen display pantalla ecran lcd hole book page newspaper frame_picture photo chambord hoian fire "
    "flame label logo etiqu food bread apple salad clock_face dial",
    "leather": "leather cuir cuero cuoio pell_ skai",
    "rattan": "rattan wicker mimbre cane_ osier basket_",
    "stone": "marble marbre granit stone piedra pedra concrete beton brick rock_",
    "metal": "metal metall chrom steel acier inox alu iron ferro hierro brass laton gold silver copper wire screw "
    "handle tap_ faucet aço stahl",
    "wood": "wood bois fusta madera legno holz drewno oak teak teca teck walnut pine_ pino beech birch cherry "
    "mahog maple alder ash_ pear plank parquet laminat roble cabinet klavier",
    "fabric": "fabric tissu tela toile stoff tecido textil cloth cotton wool velvet linen denim cushion pillow coix "
    "cosin mattress matress matelas sheet sabana sofa couch seat quilt blanket towel tovallola toalla curtain carpet "
    "rug mat_ tapis lampshade shade pantalla_lamp sack puff upholst duvet cover",
    "ceramic": "ceramic porcelain porcellan ceràmica loza pot_ vase gerro jarron jarra enamel pottery crockery",
    "plastic": "plast pvc rubber goma poly acryl",
}
SOFT = {"sofa", "corner sofa", "armchair", "pouffe", "sofa bed", "lounge chair"}
WASHABLE = {"towel", "bath mat", "doormat", "shower curtain", "tent", "gazebo", "umbrella", "parasol", "sleeping bag"}
WASHABLE |= {"deck chair", "hammock", "backpack"}
SANITARY = {"washbasin", "bathtub", "toilet", "bidet"}
BY_TYPE = {
    "fabric": SOFT
    | {"rug", "towel", "curtain", "bath mat", "doormat", "parasol", "hammock", "bed", "deck chair", "futon", "hat"}
    | {"table lamp", "floor lamp", "shower curtain", "sleeping bag", "tent", "gazebo", "umbrella", "backpack"},
    "leather": {"bag", "shoes"},
    "ceramic": {"vase", "bowl", "plate", "mug", "teapot", "washbasin", "bathtub", "toilet", "bidet", "jar"}
    | {"place setting", "toiletry pot"},
    "metal": {"pendant lamp", "floor lamp", "chandelier", "wall lamp", "radiator", "ladder", "letter box", "safe"}
    | {"cutlery", "kitchen knife", "utensil rail", "cooktop", "wheelbarrow"},
    "wood": {"dining table", "coffee table", "bedside table", "dressing table", "desk", "wardrobe", "chest of drawers"}
    | {"bookcase", "tv stand", "sideboard", "kitchen cabinet", "bathroom cabinet", "bench", "garden bench", "crib"}
    | {"crate", "games table", "guitar", "jigsaw", "kennel", "piano", "shed"},
    "plastic": {"bin", "toaster", "kettle", "blender", "coffee machine", "storage box", "toy", "basin", "table fan"}
    | {"ball", "sports gear", "torch", "lawn mower"},
    "paper": {"gift box"},
    "stone": {"stone lantern", "fountain"},
    "leaf": {"shrub", "hairbrush"},  # leaves and bristles keep their colour
}
# Where the shade or pot is small but is what a shopper looks at, a smaller share is enough to recolour.
MIN_SHARE = {"lamp": 0.12, "light": 0.12, "chandelier": 0.12, "plant": 0.08, "flowers": 0.08}
# What is only ever seen in its own look: no share is enough.
ONE_LOOK = "baby doll,calendar,cookbook,dartboard,firewood,induction hob,moving box,pinball,sandpit,snowman,whiteboard"
MIN_SHARE |= dict.fromkeys(ONE_LOOK.split(","), 2.0)


@dataclass(frozen=True)
class Group:
    """Materials of a shape that look alike and are finished together; `share` of the visible pixels."""

    kind: str
    materials: tuple[str, ...]
    share: float
    rgb: tuple[float, float, float]
    textured: bool


def named_kind(paint: Paint) -> str:
    """What a material is made of by its own name or its texture's file name; "" when neither tells."""
    if paint.opacity < 0.7:
        return "glass"
    for text in (paint.name, paint.texture.stem if paint.texture else ""):
        words = f"_{re.sub(r'[^a-zà-ÿ]+', '_', text.lower())}_"
        for kind, hints in WORDS.items():
            if any(hint in words for hint in hints.split()):
                return kind
    return ""


def kind_of(paint: Paint, product_type: str) -> str:
    """The same, with a guess from the type of product and the colour where the names do not tell."""
    if kind := named_kind(paint):
        return kind
    if paint.specular > 0.7 and paint.exponent > 60:
        return "metal"
    if product_type == "bed" and not paint.texture and _brownish(paint):
        return "wood"
    usual = next((kind for kind, types in BY_TYPE.items() if product_type in types), "")
    return usual or ("wood" if _brownish(paint) else "plastic")


def _brownish(paint: Paint) -> bool:
    lightness, a, b = to_lab(mean_colour(paint))
    return 15 < lightness < 80 and b > 12 and 0 < a < 30


def mean_colour(paint: Paint) -> tuple[float, float, float]:
    """sRGB of a material: its texture's mean, or its diffuse colour."""
    if not paint.texture:
        return paint.diffuse
    return tuple(float(x) for x in _texture_mean(paint.texture))


def _texture_mean(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGBA").resize((32, 32)), float).reshape(-1, 4) / 255
    opaque = pixels[pixels[:, 3] > 0.5]
    return (opaque if len(opaque) else pixels)[:, :3].mean(0)


def group(paints: dict[str, Paint], shares: dict[str, float], product_type: str) -> list[Group]:
    """The visible materials in groups of one kind and look (CIE76 below 14), largest share first."""
    groups: list[Group] = []
    for name, share in sorted(shares.items(), key=lambda item: -item[1]):
        paint = paints.get(name, Paint(name))
        kind, rgb = kind_of(paint, product_type), mean_colour(paint)
        for place, other in enumerate(groups):
            if other.kind == kind and distance(other.rgb, rgb) < 14:
                textured = other.textured or bool(paint.texture)
                groups[place] = Group(kind, (*other.materials, name), other.share + share, other.rgb, textured)
                break
        else:
            groups.append(Group(kind, (name,), share, rgb, bool(paint.texture)))
    return sorted(groups, key=lambda g: -g.share)


def main_group(groups: list[Group], product_type: str, finished_as: str = "") -> Group | None:
    """The largest group that may be recoloured, or None when too little of it shows; `finished_as` is its kind where
    it is known better than by the names."""
    least = max((MIN_SHARE[word] for word in MIN_SHARE if word in product_type), default=0.3)
    able = [g for g in groups if finishes_of(g.kind) and g.share >= least]
    if not able:
        return None
    return replace(able[0], kind=finished_as) if finished_as else able[0]


def choose(key: str, target: Group | None, count: int, product_type: str) -> list[Finish]:
    """`count` finishes that differ plainly from the natural look and from each other; the same on every run."""
    if target is None:
        return []
    options = [option for kind in _kinds(target.kind, product_type) for option in finishes_of(kind)]
    random.Random(hashlib.sha256(key.encode()).digest()).shuffle(options)
    chosen: list[Finish] = []
    for strict in (True, False):
        for option in options:
            if len(chosen) < count and _apart(option, target, chosen, strict):
                chosen.append(option)
    return chosen


def _kinds(kind: str, product_type: str) -> list[str]:
    """Seats come in cloth and in leather, towels and tents not in velvet, washbasins not in every colour of a vase."""
    if product_type in SOFT and kind in ("fabric", "leather"):
        return ["fabric", "leather"]
    if product_type in WASHABLE and kind == "fabric":
        return ["cloth"]
    return ["sanitary"] if product_type in SANITARY and kind in ("ceramic", "plastic") else [kind]


def _apart(option: Finish, target: Group, chosen: list[Finish], strict: bool) -> bool:
    seen = [target.rgb, *(finish.rgb for finish in chosen)]
    if min(distance(option.rgb, rgb) for rgb in seen) < (28 if strict else 17):
        return False
    plain = {SHADES[nearest_shade(target.rgb)][0], *(finish.colour for finish in chosen)}
    return not strict or option.colour not in plain
