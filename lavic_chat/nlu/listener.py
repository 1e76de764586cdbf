"""What is understood of shoppers over one catalogue: intents, what must hold of a pick, what is said without one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lavic_chat.catalog.measures import FactTable, fact_table, facts_of
from lavic_chat.catalog.product import Product
from lavic_chat.catalog.variants import variant_title, variant_words
from lavic_chat.dialogue.turns import SEEKER, Dialogue
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.answers import ALL_SEEN, MOST_VARIANTS, Answers
from lavic_chat.nlu.conditions import (
    CENT_OR_CM,
    Condition,
    conditions_of,
    fit_all,
    is_used_up,
    kind_condition,
    meets,
    weigh,
)
from lavic_chat.nlu.grounding import Grounding
from lavic_chat.nlu.intent import Intent
from lavic_chat.nlu.reader import IntentReader, Tagger
from lavic_chat.nlu.stated import SettledCaptions
from lavic_chat.nlu.variants_meant import without_appearance

MOST_MISSED = 3  # titles of what is out of stock


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
        believed = SettledCaptions(grounding.products, captions, grounding.find)
        self.answers = Answers(grounding, believed if grounding.reads_attributes else captions, self.facts, currency)

    def read(self, dialogue: Dialogue) -> Intent:
        """What the newest turn asks for."""
        return self.reader.read(dialogue)

    def conditions(self, intent: Intent) -> tuple[Condition, ...]:
        """What must hold of a pick, for every product."""
        return conditions_of(intent, self.grounding, self.facts, self.answers.currency)

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
        seen = ALL_SEEN.format(kind=" or ".join(intent.kinds))
        return f"{said} {seen}" if (said := self.none_cheaper(intent) or self.cheapest(intent)) else seen

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

    def sold_out(self, item: str) -> tuple[str, ...]:
        """The title of a product that is out of stock, with what tells it from its variants; empty where it is not."""
        row = self.grounding.row[item]
        if self.grounding.columns.in_stock[row]:
            return ()
        return (variant_title(self.grounding.products[row], self.variants(row)),)

    def variants(self, row: int) -> list[Product]:
        """The product in a row of the catalogue and its variants; some of them where there are very many."""
        rows = self.grounding.columns.variants_of(row)[:MOST_VARIANTS]
        return [self.grounding.products[int(one)] for one in rows]

    def variant(self, product_id: str) -> str:
        """Which of its variants a product is, in a few words; "" where it has none, or the catalogue leaves it to the
        pictures."""
        row = self.grounding.row[product_id]
        product, products = self.grounding.products[row], self.variants(row)
        if len(products) < 2:
            return ""
        if not self.grounding.reads_attributes:
            product, *products = map(without_appearance, (product, *products))
        return variant_words(product, products)

    def none_cheaper(self, intent: Intent, next_one: str = "") -> str:
        """That nothing of the kind is cheaper than what was too dear, with its price; "" where that is not so, or
        cheaper was not asked for. next_one: id of what is shown instead, whose price is said where it is higher."""
        dear = self.too_dear(intent)
        prices = self.facts.column(r.PRICE)
        if dear < 0 or (self.of_kind(intent, dear) & (prices < prices[dear] - CENT_OR_CM)).any():
            return ""
        following = self.grounding.row.get(next_one, dear)
        behind = f"; the next one costs {self.answers.price(following)}" if prices[following] > prices[dear] else ""
        kind = f"No {' or '.join(intent.kinds)} here" if intent.kinds else "Nothing of its kind here"
        return f"{kind} is cheaper than {self.answers.priced(dear)}{behind}."

    def cheapest(self, intent: Intent) -> str:
        """Which of the kind is the cheapest, with its price; "" where cheaper was not asked for."""
        dear = self.too_dear(intent)
        if dear < 0:
            return ""
        rows = np.flatnonzero(self.of_kind(intent, dear) & ~np.isnan(self.facts.column(r.PRICE)))
        row = rows[self.facts.column(r.PRICE)[rows].argmin()] if len(rows) else dear
        kind = " or ".join(intent.kinds) or "of them"
        return f"The cheapest {kind} here is {self.answers.priced(int(row))}."

    def too_dear(self, intent: Intent) -> int:
        """The row of the product of which something cheaper is wanted; -1 for none, and for one without a price."""
        dear = next((one.product for one in intent.relations if (one.facet, one.sign) == (r.PRICE, "-")), "")
        row = self.grounding.row.get(dear, -1)
        return -1 if row < 0 or np.isnan(self.facts.column(r.PRICE)[row]) else row

    def of_kind(self, intent: Intent, row: int) -> np.ndarray:
        """[N] what is in stock and of the kind that is wanted, else of the category of the product in a row."""
        columns = self.grounding.columns
        if intent.kinds:
            return columns.in_stock & meets(kind_condition(intent.kinds, intent.sure, self.grounding))
        return columns.in_stock & (columns.categories == columns.categories[row])

    def reply(self, dialogue: Dialogue, intent: Intent) -> str:
        """What is said to a turn that asks for no pick."""
        said = next((turn.text for turn in reversed(dialogue.turns) if turn.role == SEEKER), "")
        return self.answers.reply(intent, dialogue.last_shown, said)
