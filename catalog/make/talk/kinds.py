"""What kinds of products there are for talk: groups, the things that a type holds, and which kinds come near."""

import re
from functools import cache

# The first group that has a word of the type, or else of the category, is the product's.
GROUPS = {
    "play": "toy game music instrument sport exercise fitness leisure",
    "tech": "electronic television radio computer speaker",
    "wear": "bag shoe clothing fashion",
    "outdoor": "garden sun deck parasol hammock patio outdoor barbecue planter pool",
    "bath": "bath toilet bidet washbasin basin shower towel",
    "kitchen": "kitchen mug teapot kettle toaster blender mixer juicer coffee-machine scale bread refrigerator fridge "
    "cooker oven jar plate bowl cup tableware appliance hob microwave dish-washer bottle",
    "light": "lamp light chandelier lighting lantern",
    "bed": "bed crib cot cradle bedroom",
    "storage": "wardrobe chest bookcase shelf sideboard cabinet bedside storage cupboard tv-stand clothes coat laundry "
    "rack organiser hooks filing",
    "table": "table desk",
    "seat": "sofa chair armchair stool bench pouffe seat seating bean-bag",
    "textile": "rug mat doormat curtain cushion textile",
    "decor": "vase plant flowers picture mirror clock candle statue decor divider fireplace ornament",
    "office": "office study",
}
TYPE_GROUPS = {  # types whose words or categories mislead
    "bedside table": "storage", "tv stand": "storage", "kitchen cabinet": "storage", "bench": "seat", "bin": "any",
    "bathroom cabinet": "bath", "office chair": "seat", "children's chair": "seat", "table lamp": "light",
    "decoration": "decor", "washing machine": "any", "radiator": "any", "water heater": "any", "fan": "any",
    "tool": "any", "fireplace": "any", "garden toy": "outdoor", "garden tool": "outdoor", "office accessory": "office",
    "desk organiser": "office", "table fan": "any", "bath mat": "bath", "sofa bed": "seat", "dressing table": "table",
}  # fmt: skip
FURNITURE, NOT_FURNITURE = {"seat", "table", "storage", "bed"}, {"storage box"}
HOUSE = {"light", "bath", "kitchen", "decor", "textile", "any"}  # what "something for the house" may mean
PARTS = {"plant": "pot"}  # what the colour is said of
NOT_TOLD = {"flowers", "hedge"}  # what has no colour or too many to be asked for by one
# A thing whose title or type has one of these words might be meant by the group's noun, though it is of another group.
LOOSE = {
    "seat": "seat chair sofa stool bench pouffe bean lounger swing",
    "table": "table desk",
    "storage": "storage cabinet shelf drawer box basket rack chest jar crate tub shed bin",
    "light": "lamp lantern light candle torch",
    "bed": "bed wardrobe dressing night crib cradle",
    "bath": "bath towel wash toilet",
    "kitchen": "kitchen dining breakfast cafe bistro tea coffee bread fruit mug bowl",
    "decor": "vase clock frame mirror plant candle lantern figure statue bowl jar aquarium pot rug",
    "textile": "towel mat rug curtain cushion pouffe bean pad",
    "outdoor": "garden park outdoor porch balcony terrace planter camping lantern parasol wheeled",
    "office": "office desk",
    "play": "game toy children doll play teddy train rocking swing",
    "tech": "television speaker radio machine computer",
    "wear": "bag shoe hat umbrella",
}

# What a public type holds. A star: the type's name is no noun that people use, so the thing itself is named or a word
# for the whole type (bank `broad TYPE`). Then its things: "name = endings of shop nouns that mean it" where the name
# alone does not end the noun; "!" marks a thing that the type's own name would be wrong for.
THINGS = """
sofa: corner sofa | sofa bed = sofa bed, click-clack sofa | futon sofa | garden sofa
armchair: !chaise longue | !bean bag | lounge chair | recliner = recliner armchair
dining chair: folding chair = folding chair, bistro chair | !camping stool
stool: bar stool = bar stool, bar chair | !step stool
bench: garden bench = garden bench, park bench
desk: !dressing table | !workbench | drawing table
dining table: !children's table | bistro table | folding table
coffee table: side table
bed: !crib | !cradle = rocking cradle | bunk bed | loft bed | day bed | child bed
bed: !futon | !sleeping bag | !air mattress
chest of drawers: !filing cabinet | !locker = single-door locker | !changing table
tv stand: !sideboard
storage box*: laundry basket = laundry hamper | basket | trunk | crate | tub = storage tub | storage unit | barrel
storage box*: washing-up bowl = wash basin | letter box | safe | moving box
coat rack: !clothes rack | !hook rail = four-hook rail | !clothes horse | !coat hanger
table lamp: desk lamp
pendant lamp: chandelier
lantern: camping lantern | garden lantern | !torch
rug: !doormat | !bath mat | !tatami mat
curtain: !blind | !shower curtain
decoration*: folding screen | clock | picture frame = picture frame, photo frame | aquarium
decoration*: candle holder = candle holder, candlestick | gift box | fountain | Christmas tree
decoration*: stack of logs | snowman = snowman figure | cookbook | deer figure = standing deer
fireplace: !wood stove = log-burning stove
plant: !balcony box | hedge = hedge, shrub
kitchen appliance*: kettle | toaster | mixer | blender | coffee machine = coffee maker, coffee machine, espresso machine
kitchen appliance*: coffee press | espresso pot | microwave = microwave oven | rice cooker | sandwich maker
kitchen appliance*: table grill = tabletop grill | deep fryer | water cooler
kitchen utensil*: pan = stock pot | chopping board | knife block | knife rail | spice rack = spice tower | bread box
kitchen utensil*: utensil pot = utensils in a pot | kitchen roll holder | utensil rail | juicer | kitchen scale
kitchen utensil*: oil and vinegar set | cooking spoon | ladle | turner | spaghetti server | salt shaker
kitchen utensil*: kitchen knife = chef's knife | fork = table fork | knife = table knife | spoon = table spoon
mug: !teapot | travel cup | cup and saucer
glass: !beer mug | wine glass = wine goblet, cocktail goblet
bottle: baby bottle | drinking bottle
bowl: fruit bowl | salad bowl | !trinket dish
jar: !creamer | !sugar bowl | storage pot = storage pot, lidded pot
plate: !tray | !place setting
cooker: !oven = built-in oven, double oven | !toaster oven | !hood = range hood, chimney hood | !hob
toilet: !bidet | !potty
bathroom accessory*: toilet brush | soap dispenser | toilet roll holder = toilet roll holder, covered roll holder
bathroom accessory*: towel rail = towel bar, towel rail | hairbrush | cosmetics pot | bath oil bottle
bathroom accessory*: shampoo bottle | perfume bottle | sponge | comb
washing machine: !tumble dryer
fan: !air conditioner | ceiling fan
tool*: step ladder | dustpan | broom
garden chair: deck chair
sun lounger: !hammock
garden shelter*: parasol | tent | dog kennel | garden shed | gazebo
garden tool*: wheelbarrow | lawn mower | hose reel | shovel | plant sprayer
pool: !hot tub | paddling pool
toy*: rocking horse | teddy bear | toy car = model car | peg doll = peg figure | toy train = train | chess set
toy*: toy plane = toy biplane | doll house | baby doll | puzzle | puzzle cube
children's chair: high chair
garden toy*: trampoline | climbing frame | swing = double swing, two-seat swing frame
garden toy*: play tower | seesaw | spring rider | sandpit
musical instrument*: piano | guitar | keyboard | xylophone
games table*: pool table | football table | table tennis table | pinball machine
sports equipment*: exercise bike | exercise bench | multi-gym | punch ball | treadmill
sports equipment*: basketball hoop | football goal | table tennis bat | tennis racket | ball = basketball, football
sports equipment*: dartboard
home electronics*: television | radio | projector | telephone | headphones
home electronics*: speaker = speaker, loudspeaker, speaker dock
office accessory*: pen holder | letter tray | whiteboard | desk calendar | scissors
bag: !suitcase | briefcase | shoulder bag | backpack
shoe*: ankle boots | high-heeled shoes | sandals | slip-on shoes
clothing accessory*: cap | hat | umbrella
"""

# A person asking for the one may well be happy with the other.
KIN = (
    {"sofa", "corner sofa", "sofa bed", "garden sofa", "futon", "futon sofa", "chaise longue", "bed", "day bed"},
    {"armchair", "lounge chair", "recliner", "garden chair", "deck chair", "bean bag", "chaise longue", "bench"},
    {"dining chair", "folding chair", "garden chair", "chair", "children's chair", "office chair", "armchair"},
    {"stool", "bar stool", "pouffe", "step stool", "camping stool", "dining chair", "bean bag"},
    {"bench", "garden bench", "trunk", "sofa", "exercise bench"},
    {"bookcase", "shelf", "folding screen", "storage unit", "kitchen cabinet"},
    {
        "sideboard",
        "chest of drawers",
        "kitchen cabinet",
        "tv stand",
        "filing cabinet",
        "storage unit",
        "changing table",
    },
    {"wardrobe", "locker", "coat rack", "clothes rack", "hook rail", "clothes horse", "coat hanger"},
    {"storage box", "bin", "bread box", "jar", "basket", "crate", "tub", "trunk", "storage unit", "laundry basket"},
    {"barrel", "safe", "moving box", "letter box", "gift box", "washing-up bowl", "tub"},
    {"desk", "dining table", "table", "dressing table", "side table", "coffee table", "bedside table", "workbench"},
    {"desk", "games table", "drawing table", "children's table", "folding table", "bistro table"},
    {"bedside table", "chest of drawers"},
    {"washbasin", "bathroom cabinet"},
    {"sun lounger", "deck chair", "hammock", "lounge chair", "garden chair", "garden sofa", "bench"},
    {"bed", "bunk bed", "crib", "cradle", "loft bed", "futon", "air mattress", "child bed"},
    {"air mattress", "sleeping bag", "futon"},
    {"rug", "doormat", "bath mat", "towel", "tatami mat"},
    {"curtain", "blind", "shower curtain"},
    {"table lamp", "desk lamp", "lamp", "lantern"},
    {"lantern", "torch", "camping lantern", "garden lantern", "wall lamp"},
    {"pendant lamp", "chandelier", "ceiling lamp", "wall lamp"},
    {"vase", "jar", "flowers", "creamer", "plant", "bottle", "storage pot"},
    {"plant", "balcony box"},
    {"kettle", "teapot", "coffee machine", "coffee press", "espresso pot"},
    {"blender", "mixer", "juicer"},
    {"cooker", "oven", "hob", "microwave", "toaster oven", "hood"},
    {"toaster", "toaster oven", "sandwich maker", "table grill"},
    {"mug", "glass", "cup and saucer", "beer mug", "travel cup", "wine glass", "bottle", "drinking bottle"},
    {"bowl", "plate", "tray", "trinket dish", "place setting", "sugar bowl"},
    {"knife", "kitchen knife", "fork", "spoon", "cooking spoon", "ladle", "turner", "spaghetti server"},
    {"knife block", "knife rail", "utensil rail", "utensil pot"},
    {"kitchen appliance", "kitchen utensil", "cooker", "refrigerator", "mug", "glass", "bowl", "plate", "jar"},
    {"decoration", "vase", "lantern", "plant", "toy", "candle holder", "bowl", "trinket dish"},
    {"toy", "games table", "sports equipment", "musical instrument", "garden toy"},
    {"table tennis table", "table tennis bat", "tennis racket", "dining table"},
    {"climbing frame", "play tower", "swing", "seesaw"},
    {"bathroom accessory", "towel", "bathroom cabinet", "towel rail", "radiator"},
    {"bag", "suitcase", "backpack", "briefcase", "shoulder bag", "trunk"},
    {"garden tool", "tool", "broom", "shovel", "dustpan"},
    {"step ladder", "step stool"},
    {"garden shelter", "parasol", "gazebo", "umbrella", "tent"},
    {"fan", "ceiling fan", "air conditioner", "pendant lamp"},
    {"radiator", "fireplace", "wood stove", "water heater"},
    {"washing machine", "tumble dryer"},
    {"pool", "hot tub", "paddling pool", "bathtub"},
    {"cap", "hat"},
    {"ankle boots", "high-heeled shoes", "sandals", "slip-on shoes"},
    {"radio", "speaker", "headphones", "telephone"},
    {"television", "projector"},
    {"keyboard", "piano"},
    {"puzzle", "puzzle cube", "chess set"},
    {"doll house", "baby doll", "peg doll", "teddy bear"},
    {"office accessory", "home electronics", "whiteboard", "desk calendar"},
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
                endings.setdefault(kind, {})[noun.lower()] = name
    return endings, frozenset(no_noun), frozenset(misnamed)


def thing_of(kind: str, noun: str) -> str:
    """What a shopper calls a product of a public type by its shop noun: "corner sofa" for a "modular corner sofa".

    The type itself where nothing nearer is known, or where the noun would not stand after "a".
    """
    endings, no_noun, _ = _things()
    known = endings.get(kind, {})
    words = noun.split()
    for text in (noun, re.split(r" (?:with|on|in|for) ", noun)[0]):  # a "television on a stand" is a television
        for start in range(len(parts := text.split())):
            if (ending := " ".join(parts[start:])) in known:
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
