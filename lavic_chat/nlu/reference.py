"""Whether a shopper's message speaks on of the last pick, "the same in red", or of another thing, "and a rug".

Where it does, search looks for the pick's title, too: it tells shape and kind, and leaves open what is to change.
"""

import re
from collections.abc import Collection, Iterable

from lavic_chat.catalog.product import Catalog, Product
from lavic_chat.catalog.text import singular, stems_of, words_of
from lavic_chat.dialogue.turns import OTHER, SEEKER, Dialogue

SAME = re.compile(
    r"\b(?:same|similar)\b|\b(?:like|as)\s+(?:it|that|this)\b|\b(?:that|this)\s+(?:one\s+)?(?:but|in)\b", re.IGNORECASE
)
BACK = re.compile(
    r"\b(?:it|(?:that|this)\s+one|instead)\b|\A\W*(?:(?:nice|ok(?:ay)?|good)\W+)?(?:but|in)\b", re.IGNORECASE
)
NEXT = re.compile(
    r"\b(?:now|next(?!\s+to)|also|besides)\b(?!\s+(?:in|with)\b)|\bin\s+addition\b|\b(?:as\s+well|too)(?=\W*\Z)",
    re.IGNORECASE,
)
ANEW = re.compile(
    r"\b(?:(?:I|we)(?:['’]m|['’]re|\s+am|\s+are)?\s+(?:also\s+)?(?:need|want|looking\s+for)|show\s+(?:me|us)"
    r"|do\s+you\s+(?:have|sell))\s+(?:an?|some)\s+(?!bit\b|little\b|(?:\w+\s+){0,2}ones?\b)",
    re.IGNORECASE,
)
KEPT = re.compile(r"\b(?:love|perfect|take|buy|cart|order)\b", re.IGNORECASE)
OWN = re.compile(r"\b(?:my|our)\s+(?:\w+\s+){0,2}\w+", re.IGNORECASE)  # "my white walls" are not what is wished for
BESIDE = frozenset({"with", "in", "for", "match", "matching", "beside", "near", "on", "under", "over", "to", "from"})
REACH = 3  # words between such a one and a thing that is not asked for


def pick_meant(dialogue: Dialogue, catalog: Catalog, nouns: Collection[str]) -> Product | None:
    """The last pick, where the newest message asks for a change of it; nouns: what the catalogue calls its things."""
    if len(dialogue.turns) < 2:
        return None
    *before, newest = dialogue.turns
    if newest.role != SEEKER or newest.photo or before[-1].role != OTHER or not before[-1].shown:
        return None
    pick = before[-1].shown[0]
    if pick in dialogue.rejected or pick not in catalog:
        return None
    return catalog[pick] if speaks_on(newest.text, catalog[pick], nouns) else None


def speaks_on(text: str, pick: Product, nouns: Collection[str]) -> bool:
    """Not where it names another kind of thing, or the same anew; where no kinds are known, it has to point back."""
    if asks_for_another(text, pick, nouns):
        return False
    if SAME.search(text):
        return True
    return not (ANEW.search(text) or things_in(text, nouns)) and bool(nouns or BACK.search(text))


def asks_for_another(text: str, pick: Product, nouns: Collection[str]) -> bool:
    """Whether it leaves the pick behind: "now a rug"."""
    others = things_in(text, nouns) - names_of(pick)
    return bool(others or NEXT.search(text) or (nouns and ANEW.search(text) and not SAME.search(text)))


def wanted_appearance(text: str, appearance: Collection[str]) -> frozenset[str]:
    """What a message wants a product to look like, "in red"; appearance: the words for it that captions use."""
    return frozenset(stems_of(OWN.sub(" ", text)) & set(appearance))


def accepts(text: str) -> bool:
    """Whether a message takes what was shown: "I love it", "add it to the cart"."""
    return KEPT.search(text) is not None


def things_in(text: str, nouns: Collection[str]) -> set[str]:
    """The kinds of things that it asks for, but for those that the wanted thing stands beside, "to match my table"."""
    words = words_of(text)
    return {
        singular(word)
        for place, word in enumerate(words)
        if singular(word) in nouns and not BESIDE.intersection(words[max(0, place - REACH) : place])
    }


def nouns_of(products: Iterable[Product]) -> frozenset[str]:
    """What the things are called, in one word each: "table lamp" -> "lamp"."""
    kinds = (words_of(str(product.attributes.get("type") or "")) for product in products)
    return frozenset(singular(words[-1]) for words in kinds if words)


def names_of(product: Product) -> set[str]:
    """What a product may be called: the words of its title and its type."""
    return stems_of(f"{product.title} {product.attributes.get('type', '')}")
