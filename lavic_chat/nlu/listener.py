"""What is understood of shoppers over one catalogue: intents, what must hold of a pick, what is said without one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lavic_chat.catalog.measures import FactTable, fact_table, facts_of
from lavic_chat.catalog.product import Product
from lavic_chat.catalog.variants import variant_title
from lavic_chat.dialogue.turns import SEEKER, Dialogue
from lavic_chat.nlu.answers import ALL_SEEN, Answers
from lavic_chat.nlu.conditions import Condition, conditions_of, fit_all, is_used_up, weigh
from lavic_chat.nlu.grounding import Grounding
from lavic_chat.nlu.intent import Intent
from lavic_chat.nlu.reader import IntentReader, Tagger

MOST_MISSED = 3  # titles of what is out of stock
MOST_VARIANTS = 50  # that one of them is compared with


class Listener:
    """Of one catalogue, whose products and captions the grounding knows; currency: before a price; facts: of the
    products, where they were read off them before."""

    def __init__(
        self,
        tagger: Tagger,
        grounding: Grounding,
        captions: Sequence[str],
        currency: str = "",
        facts: FactTable | None = None,
    ):
        self.grounding = grounding
        self.facts = fact_table(map(facts_of, grounding.products)) if facts is None else facts
        self.out_of_stock = np.flatnonzero(~grounding.columns.in_stock).tolist()
        self.reader = IntentReader(tagger, grounding)
        self.answers = Answers(grounding, captions, self.facts, currency)

    def read(self, dialogue: Dialogue) -> Intent:
        """What the newest turn asks for."""
        return self.reader.read(dialogue)

    def conditions(self, intent: Intent) -> tuple[Condition, ...]:
        """What must hold of a pick, for every product."""
        return conditions_of(intent, self.grounding, self.facts)

    def known(self, intent: Intent) -> tuple[Condition, ...]:
        """Those of what no picture tells: kind, title, limits."""
        return self.conditions(replace(intent, appearance=(), relations=()))

    def weigh(self, conditions: Sequence[Condition]) -> np.ndarray:
        """[N] how far each product meets the conditions; 0 at best."""
        return weigh(conditions, len(self.facts))

    def used_up(self, intent: Intent, found: Sequence[str], conditions: Sequence[Condition]) -> str:
        """What is said where the shopper has turned down all that are of the kind; "" where that is not so. found: ids
        of what is left."""
        row = self.grounding.row
        gone = [row[one] for one in intent.excluded if one in row]
        if not is_used_up(conditions, [row[one] for one in found], gone):
            return ""
        return ALL_SEEN.format(kind=" or ".join(intent.kinds))

    def missed_out(
        self, found: Sequence[str], conditions: Sequence[Condition], wanted: Sequence[str] = ()
    ) -> tuple[str, ...]:
        """What is out of stock and meets all conditions, where nothing that was found does: titles, with what tells a
        variant from the others of its product. found: ids; wanted: words for the look that was asked for."""
        if not self.out_of_stock or fit_all(conditions, [self.grounding.row[one] for one in found]):
            return ()
        titles: dict[str, None] = {}
        for row in fit_all(conditions, self.out_of_stock):
            titles[variant_title(self.grounding.products[row], self.variants(row), wanted)] = None
            if len(titles) == MOST_MISSED:
                break
        return tuple(titles)

    def variants(self, row: int) -> list[Product]:
        """The product in a row of the catalogue and its variants; some of them where there are very many."""
        rows = self.grounding.columns.variants_of(row)[:MOST_VARIANTS]
        return [self.grounding.products[int(one)] for one in rows]

    def reply(self, dialogue: Dialogue, intent: Intent) -> str:
        """What is said to a turn that asks for no pick."""
        said = next((turn.text for turn in reversed(dialogue.turns) if turn.role == SEEKER), "")
        return self.answers.reply(intent, dialogue.last_shown, said)
