"""What the paper leaves open: many candidates, and long conversations (LaViC's limits, as its authors name them)."""

import random
from collections.abc import Sequence
from dataclasses import replace

from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.evaluation.cases import Case


def fill(cases: Sequence[Case], count: int, seed: int) -> list[Case]:
    """The cases with up to `count` candidates each, the new ones drawn from what other conversations are offered."""
    pool = sorted({item for case in cases for item in case.ids})
    filled = []
    for case in cases:
        rng = random.Random(f"{seed} {case.conversation.where}")
        known = {*case.ids, *case.conversation.gt_items}
        others = [item for item in pool if item not in known]
        more = rng.sample(others, min(len(others), max(0, count - len(case.ids))))
        ids = [*case.ids, *more]
        rng.shuffle(ids)
        filled.append(replace(case, ids=tuple(ids)))
    return filled


def lengthen(conversations: Sequence[Conversation], count: int, seed: int) -> list[Conversation]:
    """The conversations after others, about other things, so that each has `count` turns: the oldest are cut off."""
    long = []
    for conversation in conversations:
        rng = random.Random(f"{seed} {conversation.where}")
        turns = conversation.dialogue.turns
        strangers = [other for other in conversations if other is not conversation]
        while len(turns) < count and strangers:
            turns = (*rng.choice(strangers).dialogue.turns, *turns)
        keep = max(count, len(conversation.dialogue.turns))
        long.append(replace(conversation, dialogue=replace(conversation.dialogue, turns=turns[-keep:])))
    return long
