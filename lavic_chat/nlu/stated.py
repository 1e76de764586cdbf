"""What a shop itself states of a product's colour and material, beside what its picture is seen as: where the two
contradict each other, the shop knows better, and nobody should read both."""

import re
from collections.abc import Callable, Sequence
from itertools import combinations
from math import dist
from typing import overload

from lavic_chat.catalog.product import Product
from lavic_chat.catalog.text import words_of
from lavic_chat.catalog.variants import lowered
from lavic_chat.nlu.catalog_words import materials_in, stated_materials
from lavic_chat.nlu.lexicon import COLOUR, MATERIAL, Entry

Find = Callable[[str], Entry | None]
COLOUR_NAMES, MATERIAL_NAMES = ("colour", "color"), ("material", "fabric")  # of attributes
COLOURS, MATERIALS = (COLOUR,), (MATERIAL, "finish")  # facets of a caption's parts; "lacquer" is a finish
OTHER_COLOUR = 30.0  # CIE76 difference from which on two names are not of one colour
SHADED = re.compile(r"[^(),]*\([^()]*\)")  # how a caption begins: "blue (navy)"


def settle_caption(product: Product, caption: str, find: Find) -> tuple[str, str]:
    """What of a caption the shop's own words leave standing, and what these say in the place of the rest; ("", "")
    where they contradict nothing of it. find: the lexicon's entry of a word."""
    colour, material, pattern = parts_of(caption, find)
    values = {name.strip().lower(): str(value).strip() for name, value in product.attributes.items()}
    colours = next(filter(None, map(values.get, COLOUR_NAMES)), "")
    materials = next(filter(None, map(values.get, MATERIAL_NAMES)), "")
    materials = materials if materials_in(materials, find) else ", ".join(stated_materials(product, find)[:1])
    stated = []
    if contradict(entries_in(colours, COLOURS, find), entries_in(colour, COLOURS, find)):
        colour, stated = "", [lowered(colours)]
    if contradict(entries_in(materials, MATERIALS, find), entries_in(material, MATERIALS, find)):
        material, stated = "", [*stated, lowered(materials)]
    if not stated:
        return "", ""
    seen = ", ".join(filter(None, (" ".join(filter(None, (colour, material))), pattern)))
    return seen, ", ".join(stated)


class SettledCaptions(Sequence[str]):
    """Captions of a catalogue's products without what the shop contradicts; where it leaves nothing, its own words.
    Each is settled when it is asked for."""

    def __init__(self, products: Sequence[Product], captions: Sequence[str], find: Find):
        self.products, self.captions, self.find = products, captions, find

    def __len__(self) -> int:
        return len(self.captions)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> list[str]: ...
    def __getitem__(self, row: int | slice) -> str | list[str]:
        if isinstance(row, slice):
            return [self[one] for one in range(*row.indices(len(self)))]
        caption = self.captions[row]
        seen, stated = settle_caption(self.products[row], caption, self.find) if caption else ("", "")
        return (seen or stated) if stated else caption


def parts_of(caption: str, find: Find) -> tuple[str, str, str]:
    """A caption's colour, "blue (navy)", its material, and the pattern behind a comma; each "" where it has none."""
    main, _, pattern = caption.partition(",")
    if shaded := SHADED.match(main):
        return shaded[0].strip(), main[shaded.end() :].strip(), pattern.strip()
    words = main.split()
    length = next((place for place, word in enumerate(words) if not entries_in(word, COLOURS, find)), len(words))
    return " ".join(words[:length]), " ".join(words[length:]), pattern.strip()


def entries_in(text: str, facets: Sequence[str], find: Find) -> list[Entry]:
    """The lexicon's entries of any of the facets that a text names, by its words and pairs of words."""
    words = words_of(text)
    names = (" ".join(words[start:end]) for start, end in combinations(range(len(words) + 1), 2) if end - start < 3)
    return [entry for name in names if (entry := find(name)) and entry.facet in facets]


def contradict(stated: Sequence[Entry], seen: Sequence[Entry]) -> bool:
    """Whether both say something and nothing of the one is, or may be, anything of the other."""
    return bool(stated and seen) and not any(is_related(one, other) for one in stated for other in seen)


def is_related(one: Entry, other: Entry) -> bool:
    """Whether two words of a facet may be said of one thing: the one is a kind of the other, or they are colours that
    are near each other, or of which one cannot be compared, as "multicoloured"."""
    if one.facet == COLOUR and (not one.lab or not other.lab or dist(one.lab, other.lab) < OTHER_COLOUR):
        return True
    return is_kind_of(one, other)


def is_kind_of(one: Entry, other: Entry) -> bool:
    """Whether two words of a facet say the same, or either is a kind of the other: stoneware is ceramic."""
    return one.word == other.word or one.word in other.broader or other.word in one.broader
