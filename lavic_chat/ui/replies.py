"""What the shop says: the pick in a sentence or two, what is to be seen, and a question where it is not sure."""

from collections.abc import Sequence

from lavic_chat.catalog.product import Product
from lavic_chat.dialogue.turns import SEEKER, Dialogue
from lavic_chat.recommendation import Recommendation, ScoredProduct

LONGEST_TITLE = 120  # characters of a title inside a sentence
UNSURE = 0.3  # below this confidence it asks back
ASKED = ("colour", "material", "style", "pattern")  # attributes that a question may be about
LOOKED, KNOWN = "Seen in the picture", "Known from the shop"
NOTHING_AT_THAT_PRICE = "I have nothing at that price. At any price, my pick"
CLOSE = 5  # candidates between which a question should tell


def write_reply(found: Recommendation, dialogue: Dialogue = Dialogue()) -> str:  # noqa: B008 - frozen
    """The pick, what its picture shows, and how close the runner-up came or, where that is unsure, a question."""
    sentence = f"{opening(found)} is the {short_title(found.pick.product)}."
    source, shown = seen(found.pick)
    if shown:
        sentence += f" {'What I see' if source == LOOKED else 'The links says'}: {shown}."
    if len(found.candidates) < 2:
        return sentence + " It is the only one left that fits."
    if found.pick.score < UNSURE:
        return f"{sentence} I am not sure, though. {question(found.candidates, dialogue)}"
    second = found.candidates[1]
    if found.pick.score >= 2 * second.score:
        others = len(found.candidates) - 1
        nobody = f"None of the other {counted(others)}" if others > 1 else "The other one hardly"
        return f"{sentence} {nobody} came near it."
    return f"{sentence} {rival(second, found.pick)} came close."


def opening(found: Recommendation) -> str:
    """How the sentence begins: with what was said of the price, if anything was."""
    price, limits = found.pick.product.price, found.intent.limits
    if not limits or price is None:
        return "My pick"
    return "Within your price, my pick" if limits.admits(price) else NOTHING_AT_THAT_PRICE


def rival(second: ScoredProduct, pick: ScoredProduct) -> str:
    """The runner-up by its title, or where that is the pick's by what tells them apart."""
    if short_title(second.product) != short_title(pick.product):
        return f"The {short_title(second.product)}"
    caption = seen(second)[1]
    return f"The same in {caption}" if caption and caption != seen(pick)[1] else "Another of that name"


def seen(item: ScoredProduct) -> tuple[str, str]:
    """(where it is known from, what is to be seen): the model's own words of the picture, or what the shop knows where
    these say otherwise; empty where neither says anything."""
    known = [value for key in ASKED[:2] if (value := str(item.product.attributes.get(key, "")).strip())]
    said = item.caption.strip()
    if said and (not known or any(value.lower() in said.lower() for value in known)):
        return LOOKED, said
    return (KNOWN, ", ".join(known)) if known else ("", "")


def question(candidates: Sequence[ScoredProduct], dialogue: Dialogue) -> str:
    """One that tells the best candidates apart, about what the shopper has not spoken of yet."""
    said = " ".join(turn.text for turn in dialogue.turns if turn.role == SEEKER).lower()
    most, best = 1, []
    for key in ASKED:
        values = [str(item.product.attributes.get(key, "")).strip() for item in candidates[:CLOSE]]
        names = list(dict.fromkeys(value for value in values if value))
        if len(names) > most and not any(name.lower() in said for name in names):
            most, best = len(names), names[:3]
    if not best:
        return "Tell me a colour, a material or the room it is for, and I look again."
    return f"Should it rather be {' or '.join([', '.join(best[:-1]), best[-1]])}?"


def counted(number: int) -> str:
    """A small number in words, as one says it."""
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return words[number] if number < len(words) else str(number)


def short_title(product: Product) -> str:
    """A title on one line, cut at a word so that it fits into a sentence."""
    title = " ".join(product.title.split())
    if len(title) <= LONGEST_TITLE:
        return title
    return title[:LONGEST_TITLE].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"
