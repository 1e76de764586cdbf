"""What words for how a thing shall look say, each by itself."""

import re

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.catalog_words import SMALL_WORDS
from lavic_chat.nlu.grounding import SEEN, Grounding
from lavic_chat.nlu.lexicon import TONES
from lavic_chat.nlu.reading import Span
from lavic_chat.nlu.volumes import is_volume

CONNECTED = re.compile(r"\s*(?:\b(?:nor|or|and|n)\b|[,/&+])\s*", re.IGNORECASE)
MADE_OF = re.compile(r"\b(?:made|out)\s+(?:of|from)\s+", re.IGNORECASE)


def parts_of(span: Span, grounding: Grounding) -> list[str]:
    """What a span says, each by itself: "checks nor stripes", "cotton, velvet, wool", "red velvet", "comfy green"."""
    text = MADE_OF.sub("", span.text)
    if is_volume(text):
        return [text]
    said = text if grounding.meant(text) else grounding.respell_appearance(text)
    parts = [part.strip() for part in CONNECTED.split(said) if part.strip()]
    words = text.split()
    if len(parts) == 1 and len(words) > 1 and not grounding.meant(text):
        facets = [entry.facet for word in words if (entry := grounding.find(word))]
        if len(facets) == len(words) and (span.slot == r.UNWANTED or len(set(facets)) == len(words)):
            return words
        return without_unknown(words, grounding) or parts
    return parts


def without_unknown(words: list[str], grounding: Grounding) -> list[str]:
    """Colours, materials and patterns together, and words before them that no lexicon has, each by itself; empty where
    none stand so. What stands behind, "black straps", is a part."""
    entries = [grounding.find(word) for word in words]
    pairs = zip(words, entries, strict=True)
    seen = [bool(entry and entry.facet in SEEN) or word.lower() in TONES for word, entry in pairs]
    first = seen.index(True) if any(seen) else 0
    if not first or not all(seen[first:]) or any(entries[:first]) or not any(entries):
        return []
    return [" ".join(words[first:]), *(word for word in words[:first] if word.lower() not in SMALL_WORDS)]
