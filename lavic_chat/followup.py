"""Whether a shopper's message speaks on of the last pick, "the same in red", or of another thing, "and a rug".

Where it does, search looks for the pick's title, too: it tells shape and kind, and leaves open what is to change.
"""

import re
from collections.abc import Collection, Iterable

from lavic_chat.catalog.product import Catalog, Product
from lavic_chat.dialogue import OTHER, SEEKER, Dialogue

WORD = re.compile(r"[^\W\d_]+")
SAME = re.compile(
    r"\b(?:same|similar)\b|\b(?:like|as)\s+(?:it|that|this)\b|\b(?:that|this)\s+(?:one\s+)?(?:but|in)\b", re.IGNORECASE
)
BACK = re.compile(r"\b(?:it|its|that|this|one|but|instead|rather|then)\b", re.IGNORECASE)  # points at what was said
CHANGE = re.compile(
    r"\b(?:but|instead|rather|different|in|more|less|darker|lighter|paler|brighter|warmer|softer|bigger|larger|smaller|wider"
    r"|narrower|taller|higher|lower|longer|shorter|rounder|simpler|plainer|older|newer)\b",
    re.IGNORECASE,
)
NEXT = re.compile(r"\b(?:now|next|also|besides|in\s+addition|as\s+well|too(?=\W*\Z))", re.IGNORECASE)


def pick_meant(dialogue: Dialogue, catalog: Catalog, nouns: Collection[str]) -> Product | None:
    """The last pick, where the newest message asks for a change of it; nouns: what the catalogue calls its things."""
    *before, newest = dialogue.turns or (None,)
    if not before or newest.role != SEEKER or newest.photo or before[-1].role != OTHER or not before[-1].shown:
        return None
    pick = before[-1].shown[0]
    if pick in dialogue.rejected or pick not in catalog:
        return None
    return catalog[pick] if speaks_on(newest.text, catalog[pick].title, nouns) else None


def wants_change(text: str) -> bool:
    """Whether a message about the pick asks for another than itself: "the same in red", not "lovely, thanks"."""
    return bool(CHANGE.search(text))


def speaks_on(text: str, title: str, nouns: Collection[str]) -> bool:
    """Not where it names another kind of thing, or the same anew; where no kinds are known, it has to point back."""
    named = words_of(text) & set(nouns)
    if NEXT.search(text) or named - words_of(title):
        return False
    return bool(SAME.search(text)) or (not named and bool(nouns or BACK.search(text)))


def nouns_of(products: Iterable[Product]) -> frozenset[str]:
    """What the things are called, in one word each: "table lamp" -> "lamp"."""
    kinds = (WORD.findall(str(product.attributes.get("type") or "").lower()) for product in products)
    return frozenset(singular(words[-1]) for words in kinds if words)


def words_of(text: str) -> set[str]:
    return {singular(word) for word in WORD.findall(text.lower())}


def singular(word: str) -> str:
    """Good enough to compare with: "lamps" and "lamp", "couches" and "couch", "shelves" and "shelf"."""
    if word.endswith("ves"):
        return f"{word[:-3]}f"
    if re.search(r"(?:ch|sh|x|ss)es\Z", word):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
