"""Whether a catalogue has anything else of the kind of a product that more is wanted of."""

from collections.abc import Collection
from textwrap import shorten

import numpy as np

from lavic_chat.catalog.filters import NO_FILTERS, Filters
from lavic_chat.catalog.product import Product
from lavic_chat.nlu.catalog_words import kind_texts
from lavic_chat.nlu.conditions import Condition
from lavic_chat.nlu.grounding import Grounding
from lavic_chat.nlu.thesaurus import name_words
from lavic_chat.recommendation import LIKENESS, LONGEST_TITLE


def likeness_condition(liked: Product, grounding: Grounding, filters: Filters, gone: Collection[str]) -> Condition:
    """That a product is another of the liked one's kind, which the filters admit; it weighs nothing, for the vectors
    say what is like what. gone: ids of what was turned down."""
    fits = same_kind(liked, grounding) & filters.mask(grounding.columns)
    fits[grounding.columns.rows_of((liked.id, *gone))] = False
    where = "here" if filters == NO_FILTERS else "within the filters"
    title = shorten(liked.title, LONGEST_TITLE, placeholder="…")
    return Condition(LIKENESS, f"like the {title} {where}", fits.astype(float), 0.0)


def same_kind(liked: Product, grounding: Grounding) -> np.ndarray:
    """[N] whether a product is a variant of the liked one, or called by the same thing: "stool" of "Nilo bar stool", or
    another name of that. What has no name that is known goes by its category."""
    columns, names = grounding.columns, grounding.tables.names
    found = columns.same_family == columns.same_family[grounding.row[liked.id]]
    things, head = thing_of(liked, grounding)
    if not (things or head):
        return found | (columns.categories == columns.categories[grounding.row[liked.id]])
    kinds = grounding.thesaurus.kinds
    called = grounding.named_as(place for place, wider in enumerate(kinds) if things & wider)
    if head:
        called |= grounding.tables.name_words.called((head,))
    return found | (names.best(called.astype(np.float32)) > 0)


def thing_of(product: Product, grounding: Grounding) -> tuple[frozenset[int], str]:
    """The things of the thesaurus that a product is, and the last word of its name where things are called so; by its
    title, else by its type or category."""
    heads = {words[-1] for words in grounding.thesaurus.by_name}
    heads |= {words[-1] for wider in grounding.thesaurus.wider for words in wider if words}
    for text in kind_texts(product):
        words, (things, _) = name_words(text), grounding.thesaurus.find(text)
        head = words[-1] if words and words[-1] in heads else ""
        if things or head:
            return frozenset().union(*(grounding.thesaurus.kinds[thing] for thing in things)), head
    return frozenset(), ""
