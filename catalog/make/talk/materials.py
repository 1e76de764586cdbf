"""Materials: which names mean the same stuff, and which stuff looks alike in a small picture."""

from functools import cache

FAMILIES = {
    "lacquer": "lacquer paint gloss enamel",
    "leather": "leather suede nappa",
    "fabric": "fabric velvet linen cotton wool boucle bouclé felt tweed textile canvas corduroy cloth chenille",
    "rattan": "rattan wicker cane rope straw seagrass jute",
    "wood": "wood oak walnut pine teak birch beech mahogany bamboo plywood maple wenge ebony timber",
    "metal": "metal steel iron brass chrome alumin copper bronze nickel zinc",
    "plastic": "plastic acrylic resin polyprop rubber foam",
    "glass": "glass crystal",
    "ceramic": "ceramic porcelain stoneware earthenware terracotta clay",
    "stone": "stone marble granite concrete slate terrazzo",
    "paper": "paper card",
}
ALIKE = {
    frozenset(pair.split("-"))
    for pair in (
        *("lacquer-plastic", "lacquer-metal", "lacquer-wood", "lacquer-ceramic", "lacquer-stone"),
        *("plastic-metal", "plastic-ceramic", "plastic-stone", "plastic-glass", "plastic-leather"),
        *("ceramic-stone", "ceramic-glass", "glass-metal", "rattan-wood", "rattan-fabric", "paper-fabric"),
    )
}


@cache
def family(material: str) -> str:
    """The family that a material's name belongs to ("walnut veneer" is wood), or the name itself."""
    words = material.lower()
    return next((name for name, marks in FAMILIES.items() if any(mark in words for mark in marks.split())), words)
