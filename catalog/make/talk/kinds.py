"""What kinds of products there are for talk: groups, the things that a type holds, and which kinds come near."""

import re
from functools import cache

# The first group that has a word of the type, or else of the category, is the product's.
GROUPS = {
    "play": "toy game music instrument sport exercise fitness leisure",
    "tech": "electronic television radio computer speaker",
    "outdoor": "garden sun deck parasol hammock patio outdoor barbecue planter",
    "bath": "bath toilet bidet washbasin basin shower towel",
    "kitchen": "kitchen mug teapot kettle toaster blender mixer juicer coffee-machine scale bread refrigerator fridge "
    "cooker oven jar plate bowl cup tableware appliance hob microwave dish-washer",
    "light": "lamp light chandelier lighting lantern",
    "bed": "bed crib cot cradle bedroom",
    "storage": "wardrobe chest bookcase shelf sideboard cabinet bedside storage cupboard tv-stand clothes coat laundry "
    "rack organiser hooks filing",
    "table": "table desk",
    "seat": "sofa chair armchair stool bench pouffe seat seating bean-bag",
    "textile": "rug mat doormat curtain cushion textile",
    "decor": "vase plant flowers picture mirror clock candle statue decor divider fireplace fan ornament",
    "office": "office study",
}
TYPE_GROUPS = {  # types whose words mislead
    "coffee machine": "kitchen", "table fan": "decor", "bedside table": "storage", "tv stand": "storage",
    "sofa bed": "seat", "bath mat": "bath", "kitchen cabinet": "storage", "desk organiser": "office",
    "dressing table": "table", "step ladder": "any", "bathroom cabinet": "bath", "office chair": "seat",
    "children's chair": "seat", "storage chest": "storage", "bench": "seat", "table lamp": "light", "bag": "any",
    "washing machine": "any", "radiator": "any", "fan": "any", "decoration": "decor", "table football": "play",
}  # fmt: skip
FURNITURE = {"seat", "table", "storage", "bed", "office", "outdoor"}
PARTS = {"plant": "pot"}  # what the colour is said of
NOT_TOLD = {"flowers"}  # what has too many colours to be asked for by one
# A thing whose title or type has one of these words might be meant by the group's noun, though it is of another group.
LOOSE = {
    "seat": "seat chair sofa stool bench pouffe bean lounger",
    "table": "table desk",
    "storage": "storage cabinet shelf drawer box basket rack chest jar",
    "light": "lamp lantern light candle",
    "bed": "bed wardrobe dressing night crib cradle",
    "bath": "bath towel wash toilet",
    "kitchen": "kitchen dining breakfast cafe bistro tea coffee bread fruit mug bowl",
    "decor": "vase clock frame mirror plant candle lantern figure statue bowl jar aquarium pot rug",
    "textile": "towel mat rug curtain cushion pouffe bean pad",
    "outdoor": "garden park outdoor porch balcony terrace planter camping lantern parasol wheeled",
    "office": "office desk",
    "play": "game toy children doll play teddy train rocking",
    "tech": "television speaker radio machine computer",
}

# What a public type holds. A star: the type's name is no noun that people use, so the thing itself is named or a word
# for the whole type (bank `broad TYPE`). Then its things: "name = endings of shop nouns that mean it" where the name
# alone does not end the noun; "!" marks a thing that the type's own name would be wrong for.
THINGS = """
sofa: corner sofa | sofa bed = sofa bed, click-clack sofa | futon = futon, futon sofa | !chaise longue | garden sofa
armchair: !chaise longue | lounge chair | recliner = recliner, recliner armchair | rocking chair
dining chair: folding chair = folding chair, bistro chair | !camping stool | high chair
stool: bar stool = bar stool, bar stool with back, bar chair | !step stool = step stool, step ladder | !ladder
desk: !dressing table = dressing table, dressing table with mirror, vanity table | !workbench | drawing table
bed: !crib = crib, cot | !cradle = cradle, rocking cradle | bunk bed | loft bed = loft bed, loft bed with desk
bed: day bed | futon | child bed = child bed, children's bed
chest of drawers: !filing cabinet | !locker = locker, single-door locker | changing table
tv stand: !sideboard = sideboard, office sideboard
storage box*: laundry basket = laundry basket, laundry hamper, hamper | basket | trunk = trunk, travel trunk, chest
storage box*: crate = crate, stacking crate | tub = storage tub | storage unit
coat rack: !clothes rack = clothes rack, clothes rail, clothes horse | !hook rail = four-hook rail, hook rail, coat hook
table lamp: desk lamp
pendant lamp: chandelier | ceiling lamp
rug: !doormat | !bath mat
decoration*: picture frame | clock | aquarium = aquarium, aquarium with plants | candlestick = candlestick with candle
decoration*: candlestick = candlestick, candle holder | globe | statue | mirror
kitchen appliance*: kettle | toaster | mixer | blender | coffee machine = coffee machine, coffee maker, espresso machine
kitchen appliance*: coffee press | juicer | kitchen scale | rice cooker | microwave = microwave, microwave oven
kitchen utensil*: pan = pan, stock pot, saucepan, frying pan, casserole | chopping board = chopping board, cutting board
kitchen utensil*: knife block | spice rack = spice rack, spice tower | bread box = bread box, bread bin
kitchen utensil*: utensil pot = utensils in a pot | kitchen roll holder = paper towel holder, kitchen roll holder
tableware*: mug = mug, picnic cup | bowl | plate | tray | teapot | goblet | cup and saucer | jug = jug, creamer
cooker: !oven = oven, built-in oven, double oven, toaster oven | !hood = range hood, chimney hood | hob
toilet: !bidet
bathroom accessory*: toilet brush | soap dispenser | toilet roll holder = toilet roll holder, covered roll holder
bathroom accessory*: towel rail = towel bar, towel rail, towel rack, towel rail with towels
garden chair: !deck chair | !garden sofa = garden sofa, garden bench
sun lounger: !hammock | deck chair
toy*: doll house | rocking horse | teddy bear | toy car = model car, toy car | chess set | toy train = train
children's chair: high chair
musical instrument*: piano = piano, upright piano, grand piano | guitar | drum kit | keyboard
games table*: billiard table = billiard table, pool table | football table = table football, football table
sports equipment*: exercise bike | treadmill
home electronics*: television | record player | speaker | radio | laptop = laptop, laptop computer | computer
garden tool*: watering can | wheelbarrow | lawn mower
bag*: suitcase | backpack | holdall
lantern: camping lantern
planter*: balcony box
"""

# A person asking for the one may well be happy with the other.
KIN = (
    {"sofa", "corner sofa", "sofa bed", "garden sofa", "futon", "chaise longue", "bed", "day bed"},
    {"armchair", "lounge chair", "recliner", "garden chair", "deck chair", "chair", "rocking chair", "chaise longue"},
    {"dining chair", "folding chair", "garden chair", "chair", "children's chair", "office chair", "armchair"},
    {"stool", "bar stool", "pouffe", "step stool", "camping stool", "dining chair"},
    {"bench", "garden bench", "storage box", "trunk", "sofa"},
    {"bookcase", "shelf", "room divider", "storage unit", "kitchen cabinet"},
    {"sideboard", "chest of drawers", "cabinet", "kitchen cabinet", "tv stand", "filing cabinet", "cupboard"},
    {"wardrobe", "locker", "coat rack", "clothes rack", "hook rail"},
    {"storage box", "bin", "bread box", "jar", "basket", "crate", "tub", "trunk", "storage unit", "laundry basket"},
    {"desk", "dining table", "table", "dressing table", "side table", "coffee table", "bedside table", "workbench"},
    {"desk", "games table", "drawing table"},
    {"bedside table", "chest of drawers"},
    {"washbasin", "basin", "sink", "bathroom cabinet"},
    {"sun lounger", "deck chair", "hammock", "lounge chair", "garden chair", "garden sofa"},
    {"bed", "bunk bed", "crib", "cot", "cradle", "loft bed"},
    {"rug", "doormat", "bath mat", "towel"},
    {"table lamp", "desk lamp", "lamp", "lantern"},
    {"pendant lamp", "chandelier", "ceiling lamp", "wall lamp"},
    {"vase", "jar", "flowers", "jug", "tableware", "planter", "plant"},
    {"kettle", "teapot", "coffee machine", "coffee press"},
    {"blender", "mixer", "juicer"},
    {"cooker", "oven", "hob", "microwave"},
    {"mug", "goblet", "cup and saucer", "glass"},
    {"bowl", "plate", "tray"},
    {"kitchen appliance", "kitchen utensil", "tableware", "cooker", "refrigerator", "home electronics"},
    {"decoration", "vase", "lantern", "mirror", "toy", "candlestick"},
    {"toy", "games table", "sports equipment", "musical instrument", "home electronics"},
    {"bathroom accessory", "towel", "bathroom cabinet"},
    {"bag", "trunk", "suitcase", "storage box"},
    {"garden tool", "planter"},
    {"radio", "speaker", "record player"},
    {"computer", "laptop", "television"},
)


def group_of(kind: str, category: str) -> str:
    """The group of a product: "seat", "light", ... "any" where nothing fits."""
    if kind in TYPE_GROUPS:
        return TYPE_GROUPS[kind]
    for text in (kind, category.lower()):
        spaced = f"{text} {text.replace(' ', '-')}"
        for group, words in GROUPS.items():
            if any(word in spaced for word in words.split()):
                return group
    return "any"


@cache
def _things() -> tuple[dict[str, dict[str, str]], frozenset[str], frozenset[tuple[str, str]]]:
    """{type: {ending: thing}}, the types that are no noun, and the (type, thing) that the type's name is wrong for."""
    endings: dict[str, dict[str, str]] = {}
    no_noun, misnamed = set(), set()
    for line in THINGS.strip().splitlines():
        kind, _, rest = line.partition(": ")
        if kind.endswith("*"):
            kind = kind.removesuffix("*")
            no_noun.add(kind)
        for item in rest.split(" | "):
            name, _, nouns = (part.strip() for part in item.partition("="))
            if name.startswith("!"):
                name = name.removeprefix("!")
                misnamed.add((kind, name))
            for noun in (nouns or name).split(", "):
                endings.setdefault(kind, {})[noun] = name
    return endings, frozenset(no_noun), frozenset(misnamed)


def thing_of(kind: str, noun: str) -> str:
    """What a shopper calls a product of a public type by its shop noun: "corner sofa" for a "modular corner sofa".

    The type itself where nothing nearer is known, or where the noun would not stand after "a".
    """
    endings, no_noun, _ = _things()
    known = endings.get(kind, {})
    for start in range(len(words := noun.split())):
        if (ending := " ".join(words[start:])) in known:
            return known[ending]
    countable = not re.search(r"[^s]s\b", noun) and 0 < len(words) < 4
    return noun if kind in no_noun and countable else kind


def is_noun(kind: str) -> bool:
    """Whether people name the type as such: "sofa", but not "kitchen utensil"."""
    return kind not in _things()[1]


def misnamed(kind: str, thing: str) -> bool:
    """Whether the type's name would be wrong for the thing: a dressing table is no desk."""
    return (kind, thing) in _things()[2]


@cache
def kin(one: str, other: str) -> bool:
    """Whether two kinds are so near that a request for the one could mean the other."""
    if one == other or one.endswith(f" {other}") or other.endswith(f" {one}"):
        return True
    return any(one in group and other in group for group in KIN)


def may_pass_for(group: str, text: str) -> bool:
    """Whether a product of another group, by its title and type, might be meant by a noun for this group."""
    words = LOOSE.get(group, "").split()
    return group in ("any", "furniture", "things") or any(word in text for word in words)
