"""Nouns: what a type of product is called, what a whole group is called when the type must not be named."""

import re
from dataclasses import dataclass

from .banks import bank
from .voice import Teller, article, plural

# The first group that has a word of the type, or else of the category, is the product's.
GROUPS = {
    "outdoor": "garden sun deck parasol hammock patio outdoor barbecue",
    "bath": "bath toilet bidet washbasin basin shower towel",
    "kitchen": "kitchen mug teapot kettle toaster blender mixer juicer coffee-machine scale bread refrigerator fridge "
    "cooker oven jar plate bowl cup tableware appliance hob microwave",
    "light": "lamp light chandelier lighting",
    "bed": "bed crib cot cradle bedroom",
    "storage": "wardrobe chest bookcase shelf sideboard cabinet bedside storage cupboard tv-stand clothes coat laundry "
    "rack organiser hooks filing",
    "table": "table desk",
    "seat": "sofa chair armchair stool bench pouffe seat seating bean-bag",
    "textile": "rug mat doormat curtain cushion textile",
    "decor": "vase plant flowers picture mirror clock candle statue decor divider fireplace fan ornament",
    "office": "office study",
    "play": "toy game kids children music leisure sport",
}
TYPE_GROUPS = {  # types whose words mislead
    "coffee machine": "kitchen", "table fan": "decor", "bedside table": "storage", "tv stand": "storage",
    "sofa bed": "seat", "bath mat": "bath", "table lamp": "light", "desk lamp": "light", "kitchen cabinet": "storage",
    "desk organiser": "office", "dressing table": "table", "step ladder": "any", "bathroom cabinet": "bath",
    "office chair": "seat", "children's chair": "seat", "storage chest": "storage", "bench": "seat",
}  # fmt: skip
FURNITURE = {"seat", "table", "storage", "bed", "office", "outdoor"}
PARTS = {"plant": "pot"}  # what the colour is said of
NOT_TOLD = {"flowers"}  # what has too many colours to be asked for by one

# A person asking for the one may well be happy with the other.
KIN = (
    {"sofa", "corner sofa", "sofa bed", "garden sofa", "loveseat", "chaise longue"},
    {"armchair", "lounge chair", "recliner", "garden chair", "deck chair", "chair", "rocking chair"},
    {"dining chair", "folding chair", "garden chair", "chair", "children's chair", "bistro chair"},
    {"stool", "bar stool", "pouffe", "step ladder", "side table"},
    {"bench", "garden bench", "storage chest"},
    {"bookcase", "shelf", "room divider"},
    {"sideboard", "chest of drawers", "cabinet", "kitchen cabinet", "tv stand", "filing cabinet", "cupboard"},
    {"storage box", "storage chest", "laundry basket", "basket", "bin", "bread box", "jar"},
    {"desk", "dining table", "table", "dressing table", "side table", "coffee table", "bedside table"},
    {"washbasin", "basin", "sink", "bathroom cabinet"},
    {"laundry basket", "storage basket", "storage box", "basket"},
    {"sun lounger", "deck chair", "hammock", "lounge chair"},
    {"bed", "sofa bed", "bunk bed", "crib", "cot"},
    {"rug", "doormat", "bath mat", "towel"},
    {"coat hooks", "clothes rack", "coat rack", "wardrobe"},
    {"table lamp", "desk lamp", "lamp"},
    {"pendant lamp", "chandelier", "ceiling lamp"},
    {"vase", "jar", "flowers"},
    {"kettle", "teapot", "coffee machine"},
    {"blender", "mixer", "juicer"},
)


VERBS = {"comes": "come", "has": "have", "isn't": "aren't", "is|'s": "are", "doesn't": "don't"}


@dataclass(frozen=True)
class Noun:
    """How the wanted thing is called: "armchair", or with `vague` "something {word}" ("to sit on").

    `part` is what looks are said of where it is not the thing itself ("pot" for a plant).
    """

    word: str
    vague: bool = False
    part: str = ""

    def phrase(self, before: str = "", after: str = "") -> str:
        """ "a green armchair in leather", "something green to sit on"; `before` and `after` may be empty."""
        words = ("something", before, self.word) if self.vague else (article(f"{before} {self.word}".strip()),)
        return " ".join(filter(None, (*words, after)))

    def bare(self, before: str = "", after: str = "") -> str:
        """The phrase without its article."""
        return self.phrase(before, after) if self.vague else " ".join(filter(None, (before, self.word, after)))

    def many(self, before: str = "", after: str = "") -> str:
        """The plural, or "things to sit on"."""
        things = f"things {self.word}" if self.vague else plural(self.word)
        return " ".join(filter(None, (before, things, many_verbs(after))))

    @property
    def room(self) -> int:
        """How many adjectives it takes: "something green to sit on", not "something green soft for the floor"."""
        if not self.vague:
            return 2
        return int(self.word.split()[0] in ("to", "for", "with"))

    @property
    def short(self) -> str:
        """How the thing is named on its own: "armchair", or "one"."""
        return "thing" if self.vague else self.word


def many_verbs(after: str) -> str:
    """A relative clause put into the plural: "that comes in red" becomes "that come in red"."""
    for one, many in VERBS.items():
        after = re.sub(rf"^(,? ?(?:that|which))(?: | ?(?='))(?:{one})\b", rf"\1 {many}", after)
    return after


def singular(kind: str) -> str:
    """A type as a countable noun: "curtains" become "pair of curtains"."""
    if kind.endswith("s") and not kind.endswith("ss"):
        return {"coat hooks": "set of coat hooks"}.get(kind, f"pair of {kind}")
    return kind


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


def type_noun(teller: Teller, kind: str) -> Noun:
    """The type by its own name or another that means the same, in the speaker's region."""
    other = bank(f"call {kind}")
    prefix, _, head = kind.rpartition(" ")
    if not other and prefix and head not in ("table", "chair", "lamp"):
        other = tuple(f"{prefix} {text}" for text in bank(f"call {head}") if len(text.partition(" @")[0].split()) == 1)
    word = teller.pick(other) if other and teller.chance(0.4) else ""
    return Noun(word or singular(kind), part=PARTS.get(kind, ""))


def broad_noun(teller: Teller, group: str) -> Noun:
    """A word for the whole group, where the type would give the answer away."""
    word = teller.pick(bank(f"broad {group}", "broad any"))
    return Noun(word.removeprefix("~"), vague=word.startswith("~"))


def kin(one: str, other: str) -> bool:
    """Whether two types are so near that a request for the one could mean the other."""
    if one == other or one.endswith(f" {other}") or other.endswith(f" {one}"):
        return True
    return any(one in group and other in group for group in KIN)
