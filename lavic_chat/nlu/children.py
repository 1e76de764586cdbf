"""Things for children, which nobody means who does not say so: asked for a toilet, a potty is none."""

from collections.abc import Sequence

import numpy as np

from lavic_chat.catalog.text import stems_of
from lavic_chat.nlu.grounding import Grounding

CHILDREN = frozenset(("child", "children", "kid", "toddler", "baby", "doll", "nursery", "junior"))


def is_for_children(kinds: Sequence[str], grounding: Grounding) -> np.ndarray:
    """[N] whether a product's own name says that it is for children, where no name of the kinds does."""
    if any(CHILDREN & stems_of(kind) for kind in kinds):
        return np.zeros(len(grounding.columns), bool)
    return grounding.names.first(grounding.tables.name_words.having(CHILDREN) > 0)
