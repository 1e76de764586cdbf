"""Checks of the records: appearance leaked by titles and descriptions, balance, completeness, credits."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from lavic_chat.catalog.measures import SEATS, SIZE_NAMES, measures_of
from lavic_chat.catalog.product import PRODUCTS, Catalog, Problem, Product
from lavic_chat.catalog.text import listed, words_of
from lavic_chat.catalog.variants import pictureless_sentence, variants_among

ATTRIBUTION = "ATTRIBUTION.md"
COLOUR_KEYS = ("colour", "color", "shade")
MATERIAL_KEYS = ("material", "fabric", "finish")
APPEARANCE_KEYS = (*COLOUR_KEYS, *MATERIAL_KEYS, "accent", "pattern")
APPEARANCE_WORDS = {  # keys: words for such an appearance whatever the product's own values are
    COLOUR_KEYS: "beige black blue brown burgundy charcoal cobalt cognac cream crimson cyan emerald fuchsia gold golden"
    " gray green grey indigo ivory khaki lavender lilac magenta maroon mustard navy ochre olive orange pink purple red"
    " scarlet silver tan teal terracotta turquoise violet white yellow",
    MATERIAL_KEYS: "bamboo brass chrome cotton denim lacquered leather linen mahogany marble metal metallic oak plastic"
    " porcelain rattan steel suede teak velvet walnut wicker wood wooden wool woollen",
    ("pattern",): "checked chequered dotted floral gingham patterned plaid striped stripes stripy tartan",
}
NEUTRAL_WORDS = {"all", "and", "bright", "dark", "deep", "light", "mixed", "multi", "natural", "none", "other", "pale"}
NEUTRAL_WORDS |= {"plain", "solid", "the", "various", "with"}
BALANCED = ("colour", "color", "material", "style")
COMPLETE = ("type", "colour", "material", "style", "pattern", "size")
SAME_ATTRIBUTE = {"colour": COLOUR_KEYS, "material": MATERIAL_KEYS, "size": (*SIZE_NAMES, SEATS)}
MAX_SHARE = 0.4  # of products that one value may take
FEW = 20  # products of a type below which shares say nothing
SMALL_CATEGORY = 10


def leaking_texts(catalog: Catalog, has_splits: bool) -> Iterator[Problem]:
    """Titles and descriptions that give away what only the picture should show.

    Nothing is amiss with that in a shop, whose attributes say it anyway: only a catalogue that leaves looks to the
    pictures, or has splits, made to measure who looks at them, is judged, and of it the products that list such an
    attribute. Without splits descriptions may give it away, with a warning.
    """
    if catalog.terms.appearance and not has_splits:
        return
    for product in catalog:
        if leaked := leaked_words(product, product.title):
            sentence = (
                f"The title {product.title!r} gives away {', '.join(leaked)}, which only a picture should show here."
            )
            yield Problem("telling title", product.id, sentence)
        if leaked := leaked_words(product, product.description):
            sentence = f"The description gives away {', '.join(leaked)}, which only a picture should show here."
            yield Problem("telling description", product.id, sentence, is_warning=not has_splits)


def leaked_words(product: Product, text: str) -> list[str]:
    """The words of `text` for an appearance that the product lists as an attribute."""
    values = {key.lower(): value for key, value in product.attributes.items()}
    telling = {word for key in APPEARANCE_KEYS for word in words_of(values.get(key, "")) if len(word) > 2}
    for keys, words in APPEARANCE_WORDS.items():
        if any(key in values for key in keys):
            telling |= set(words.split())
    return sorted((telling - NEUTRAL_WORDS) & set(words_of(text)))


def unbalanced(catalog: Catalog) -> Iterator[Problem]:
    """Warnings for an appearance that most products, or most of a type, have, and for categories of a few products."""
    groups = {"all products": list(catalog)} | groups_by(catalog, "type")
    for name, products in groups.items():
        for key in BALANCED:
            values = Counter(product.attributes[key] for product in products if key in product.attributes)
            value, count = values.most_common(1)[0] if values else ("", 0)
            if values.total() >= FEW and count > MAX_SHARE * values.total():
                share = f"{count:,} of {values.total():,} ({count / values.total():.0%})"
                sentence = f"The {key} {value!r} takes {share}; a guess without looking would often be right."
                yield Problem("unbalanced", name, sentence, is_warning=True)
    for category, count in Counter(product.category for product in catalog).items():
        if count < SMALL_CATEGORY:
            sentence = f"Its products are only {count}; at least {SMALL_CATEGORY} are needed for a choice of ten."
            yield Problem("small category", category or "(none)", sentence, is_warning=True)


def groups_by(catalog: Catalog, key: str) -> dict[str, list[Product]]:
    """Value of an attribute -> the products that have it, in the values' order."""
    groups = defaultdict(list)
    for product in catalog:
        if key in product.attributes:
            groups[product.attributes[key]].append(product)
    return dict(sorted(groups.items()))


def incomplete(catalog: Catalog) -> Iterator[Problem]:
    """A warning for each attribute that most products of a category have and some of that category lack."""
    categories = defaultdict(list)
    for product in catalog:
        categories[product.category].append((product.id, said_of(product)))
    for key in COMPLETE:
        without = []
        for products in categories.values():
            lacking = [name for name, said in products if key not in said]
            without += lacking if len(lacking) < len(products) / 2 else []
        if without:
            do = "product does not say its" if len(without) == 1 else "products do not say their"
            sentence = f"{len(without):,} {do} {key}, which most others of the category do: {listed(without)}."
            sentence += f" Fill in the attribute {key!r}, for who asks for a certain one may not be shown these."
            yield Problem("incomplete", PRODUCTS, sentence, is_warning=True)


def said_of(product: Product) -> set[str]:
    """Attributes of COMPLETE that a product has, under any of their names; a size is also said by measures in words."""
    names = {name.strip().lower() for name, value in product.attributes.items() if str(value).strip()}
    for key, others in SAME_ATTRIBUTE.items():
        names |= {key} if names & set(others) else set()
    return names | {"size"} if "size" not in names and measures_of(product) else names


def pictureless_variants(catalog: Catalog) -> Iterator[Problem]:
    """A warning for variants of one shape that list no picture."""
    if bare := [one.id for one in variants_among(catalog) if not one.images]:
        sentence = f"{pictureless_sentence(len(bare))[:-1]}: {listed(bare)}."
        yield Problem("variant without picture", PRODUCTS, sentence, is_warning=True)


def uncredited(catalog: Catalog) -> Iterator[Problem]:
    """Licences without what they ask for: a source needs a licence, CC BY a creator.

    A catalogue with an ATTRIBUTION.md gives credit for every product, and names each creator and source there.
    """
    path = catalog.folder / ATTRIBUTION
    credits = read_credits(path)
    for product in catalog:
        if product.source and not product.license:
            sentence = "It names its source but no license; say what allows its use."
            yield Problem("no license", product.id, sentence)
        elif is_cc_by(product.license) and not product.creator:
            sentence = f"Its license {product.license} asks for the creator's name; fill in `creator`."
            yield Problem("no creator", product.id, sentence)
        elif credits is not None and (empty := [key for key in CREDIT if not getattr(product, key)]):
            sentence = f"It has no {listed(empty)}, though {ATTRIBUTION} gives credit for what is here."
            yield Problem("no credit", product.id, sentence)
    if credits is None:
        return
    for key in ("creator", "source"):
        owed = dict.fromkeys(getattr(product, key) for product in reversed(catalog.products))
        for name in filter(None, owed):
            if not is_named(name, credits):
                products = [product.id for product in catalog if getattr(product, key) == name]
                sentence = f"{ATTRIBUTION} does not name the {key} {name!r} of {listed(products, 3)}."
                yield Problem("not attributed", products[0], sentence)


CREDIT = ("source", "creator", "license")


def read_credits(path: Path) -> str | None:
    """The text of ATTRIBUTION.md with single spaces, None where there is none."""
    try:
        return " ".join(path.read_text("utf-8", errors="replace").split()) if path.is_file() else None
    except OSError:
        return ""  # what cannot be read names nobody


def is_cc_by(name: str) -> bool:
    """Whether a licence asks for the creator's name."""
    return re.match(r"CC[ _-]*BY\b", name.replace("_", "-"), re.IGNORECASE) is not None


def is_named(name: str, text: str) -> bool:
    """Whether `name` stands in `text` whole, not as the beginning of a longer word or address."""
    return re.search(rf"(?<!\w){re.escape(' '.join(name.split()))}(?!\w)", text) is not None
