"""Answers about several of the products that were shown: which of them it is, how two differ, what they share."""

from collections.abc import Sequence

from lavic_chat.catalog.text import listed
from lavic_chat.catalog.variants import lowered
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.catalog_words import appearance_in
from lavic_chat.nlu.intent import COMPARATIVES
from lavic_chat.nlu.lexicon import COLOUR, MATERIAL
from lavic_chat.nlu.product_words import MEASURED, WORDS, ProductWords

SEEN = "as far as I can see in the pictures"
SAID_SO = 0.005  # of a number, that it is another
MOST_ORDERED = 3
THE_ONE = "the one"
UNALIKE, NEARLY, ALIKE = range(3)


class ShownAnswers(ProductWords):
    """Of one catalogue. shown: rows of the newest list, the pick first."""

    def favourite(self, shown: Sequence[int]) -> str:
        """The pick, which is what the shop would take, and what is known of it."""
        row, name = shown[0], self.title(shown[0])
        seen = f"in the picture I see {self.captions[row]}" if self.captions[row] else ""
        known = "; ".join(filter(None, (self.numbers(row), seen)))
        return f"Of those shown I would take my pick, the {name}{f': {known}' if known else ''}."

    def extreme(self, rows: Sequence[int], fact: str, highest: bool) -> str:
        """The one of those shown with the highest or lowest number."""
        known = [row for row in rows if fact in self.facts[row]]
        if not known:
            return "That is not known of the ones I showed you."
        best = (max if highest else min)(known, key=lambda row: self.facts[row][fact])
        return f"Of those shown it is the {self.named_among(best, rows)}: {self.numbers(best)}."

    def by_lightness(self, rows: Sequence[int], shown: Sequence[int], asks: str) -> str:
        """Those of the rows whose colour is known, the lightest first, or the darkest."""
        light = self.grounding.seen.lightness
        known = sorted((row for row in rows if light[row] == light[row]), key=lambda row: light[row])
        if not known:
            return "That I cannot see of the ones I showed you."
        ordered = known if asks == r.DARKEST else known[::-1]
        first, *others = (self.numbered([row], shown) for row in ordered[:MOST_ORDERED])
        behind = f"; then {'; '.join(others)}" if others else ""
        return f"The {asks} of those shown, {SEEN}, is {first}{behind}."

    def of_those(self, found: Sequence[int], shown: Sequence[int], said: str, count: int) -> str:
        """Which of those shown are as a question says, of so many that it may mean."""
        seen = f", {SEEN}" if appearance_in(said, self.grounding.find) else ""
        if not found:
            return f"None of the {count} shown{seen}."
        which = f"All {count}" if len(found) == count > 1 else f"{len(found)} of the {count}"
        return f"{which} shown{seen}: {self.numbered(found, shown)}."

    def compare(self, rows: Sequence[int], comparison: str) -> str:
        """Two products or more by a number, the one that has more of it, or less, first: "price-" is cheaper."""
        fact, more = comparison[:-1], comparison[-1] == "+"
        if unknown := [row for row in rows if fact not in self.facts[row]]:
            return self.measure(unknown[0], fact)
        best, *others = sorted(rows, key=lambda row: self.facts[row][fact], reverse=more)
        if self.facts[best][fact] == self.facts[others[-1]][fact]:
            does = "does" if fact in MEASURED else "is"
            return f"There is no difference: {self.measure(best, fact)[:-1]}, and so {does} the other."
        rest = listed([f"the {self.named_among(row, rows)} {self.value(row, fact)}" for row in others])
        verb = MEASURED.get(fact, "is")
        name = self.named_among(best, rows)
        return f"The {name} is {COMPARATIVES[fact][more]}: it {verb} {self.value(best, fact)}, {rest}."

    def difference(self, rows: Sequence[int], asked: Sequence[str] = ()) -> str:
        """In what products differ, of what is known of them. asked: facts, where a question is about these alone."""
        known = [self.known_facts(row) for row in rows]
        names = [name for name in dict.fromkeys(name for one in known for name in one) if not asked or name in asked]
        differs = [name for name in names if len({one.get(name, "") for one in known}) > 1]
        alike = [said for name in names if name not in differs and (said := known[0].get(name))]
        same = f" Each {listed(alike)}." if alike else ""
        if not differs:
            return f"I know of no difference between them.{same}"
        each, names = [], self.names_apart(rows)
        for name, row, one in zip(names, rows, known, strict=True):
            tells = self.captions[row] if name.endswith(self.captions[row] or " ") else ""
            said = [one[fact] for fact in differs if fact in one and not (tells and fact == "colour")]
            each.append(f"{name} {listed(said or ['is one of which I do not know it'])}")
        begins = f"both are the {self.title(rows[0])}: " if names[0] == THE_ONE else ""
        sentence = f"{begins}{'; '.join(each)}."
        return f"{sentence[0].upper()}{sentence[1:]}{same}"

    def names_apart(self, rows: Sequence[int]) -> list[str]:
        """What products that are compared are called; two of one title as the one and the other."""
        if len(rows) == 2 and self.title(rows[0]) == self.title(rows[1]):
            return [THE_ONE, "the other"]
        return [f"the {self.named_among(row, rows)}" for row in rows]

    def known_facts(self, row: int) -> dict[str, str]:
        """What is known of a product, by fact, as a sentence about it goes on: "costs €499"."""
        facts, found = self.facts[row], {}
        if "price" in facts:
            found["price"] = f"costs {self.price(row)}"
        if sides := self.sides(row):
            found["size"] = f"measures {sides}"
        attributes = self.grounding.products[row].attributes if self.grounding.reads_attributes else {}
        if (size := str(attributes.get("size", ""))) and not sides:
            found["size"] = f"is of size {size}"
        if colour := str(attributes.get("colour", "")):
            found["colour"] = f"is {lowered(colour)}"
        elif self.captions[row]:
            found["colour"] = f"is {self.captions[row]} in the picture"
        if material := str(attributes.get("material", "")):
            found["material"] = f"is made of {lowered(material)}"
        return found

    def same(self, rows: Sequence[int], facet: str) -> str:
        """Whether two products are alike in a facet, or a number."""
        if len(rows) > 2:
            return self.all_same([row for row in rows if facet in self.facts[row]], facet)
        first, second = rows[:2]
        if facet in ("price", "size", *WORDS):
            if unknown := [row for row in (first, second) if facet not in self.facts[row]]:
                return self.measure(unknown[0], facet)
            values = [self.facts[row][facet] for row in (first, second)]
            said = [self.measure(row, facet)[:-1] for row in (first, second)]
            is_same = abs(values[0] - values[1]) <= SAID_SO and self.sides(first) == self.sides(second)
            is_same = is_same if facet == "size" else abs(values[0] - values[1]) <= SAID_SO
            return f"{'Yes' if is_same else 'No'}: t{said[0][1:]}, t{said[1][1:]}."
        words = [self.facet_words(row, facet) for row in (first, second)]
        if not all(words) and facet != "pattern":
            unknown = first if not words[0] else second
            return f"I cannot tell: of the {self.title(unknown)} I see no {facet}."
        how = ("No", "Nearly", "Yes")[self.likeness(words[0], words[1])]
        names, said = self.names_apart([first, second]), [self.seen_words(row, facet) for row in (first, second)]
        seen = f", {SEEN}" if {self.captions[first], self.captions[second]} & set(said) else ""
        return f"{how}: {names[0]} is {said[0]}, {names[1]} is {said[1]}{seen}."

    def all_same(self, rows: Sequence[int], facet: str) -> str:
        """Whether products have one number in common, or from where to where it goes."""
        if not rows:
            return "That is not known of the ones I showed you."
        least, most = (choose(rows, key=lambda row: self.facts[row][facet]) for choose in (min, max))
        if self.value(least, facet) == self.value(most, facet):
            return f"Yes: {self.value(least, facet)} each."
        return f"No: from {self.value(least, facet)} to {self.value(most, facet)}."

    def seen_words(self, row: int, facet: str) -> str:
        """How a product looks, in the shop's word for a facet where that may be read, else as it is seen."""
        attributes = self.grounding.products[row].attributes if self.grounding.reads_attributes else {}
        plain = "plain" if facet == "pattern" else "not to be seen"
        return lowered(str(attributes.get(facet, ""))) or self.captions[row] or plain

    def facet_words(self, row: int, facet: str) -> list[str]:
        """The words of a product's looks that are of a facet."""
        said = self.seen_words(row, facet)
        if facet == "pattern":
            return [word for word in said.partition(",")[2].split() if word]
        facets = (MATERIAL, "finish") if facet == "material" else (COLOUR,)
        return appearance_in(said, self.grounding.find, facets)

    def likeness(self, words: Sequence[str], others: Sequence[str]) -> int:
        """Whether words for a facet say the same, or nearly so, as two shades of one colour do."""
        if list(words) == list(others):
            return ALIKE
        return NEARLY if self.families(words) & self.families(others) else UNALIKE

    def families(self, words: Sequence[str]) -> set[str]:
        """Words with the broader ones that are true of them: "navy" and "blue"."""
        entries = [entry for word in words if (entry := self.grounding.find(word))]
        broader = {name for entry in entries for name in entry.broader if self.grounding.find(name)}
        return {entry.word for entry in entries} | broader
