"""The reply to a turn: the pick in a sentence or two, what is to be seen, and a question where it is not sure."""

from dataclasses import replace

from lavic_chat.catalog.product import Product
from lavic_chat.catalog.text import listed
from lavic_chat.catalog.variants import MOST_DIFFERING, differing, lowered
from lavic_chat.recommendation import LIKENESS, LONGEST_TITLE, Recommendation, ScoredProduct, stock_sentence
from lavic_chat.ui.unmet_words import missing_thing

UNSURE = 0.3  # below this confidence it asks back
APPEARANCE = ("colour", "material")  # attributes that say what a picture should show
FROM_PICTURE, FROM_CATALOG = "Seen in the picture", "Known from the shop"
NOTHING_TO_PICK = "Tell me what you are looking for, and how it should look."


def write_reply(found: Recommendation) -> str:
    """The pick, what its picture shows, and how close the runner-up came or, where that is unsure, a question; or what
    is said without a pick."""
    if not found.candidates:
        return found.reply or NOTHING_TO_PICK
    sentence = write_pick(found)
    if found.unknown:
        sentence += f" Whether it is {listed(list(found.unknown))}, the shop does not say of such things."
    if found.out_of_stock and not (found.gave_way or found.none_cheaper):  # else the sentence begins with it
        sentence += f" {stock_sentence(found.out_of_stock)}"
    if found.other:
        sentence += f" To compare it with: {decapitalised(runner_up_name(found.other, found.pick))}."
    if found.intent.later:
        sentence += f" Then tell me of the {listed(list(found.intent.later))}, and I look for that."
    return sentence


def write_pick(found: Recommendation) -> str:
    """What is said of a pick."""
    variant = f" in {found.variant}" if found.variant else ""
    sentence = f"{opening(found)} is the {short_title(found.pick.product)}{variant}."
    for source, shown in appearance_lines(found.pick):
        sentence += f" {'What I see' if source == FROM_PICTURE else 'The shop says'}: {shown}."
    if len(found.candidates) < 2:
        return sentence + " It is the only one left that fits."
    if is_unsure(found):
        return f"{sentence} I am not sure, though. {question(found)}"
    second = found.candidates[1]
    if found.pick.score >= 2 * second.score:
        others = len(found.candidates) - 1
        nobody = f"None of the other {number_word(others)}" if others > 1 else "The other one hardly"
        return f"{sentence} {nobody} came near it{sisters(found)}."
    return f"{sentence} {runner_up_name(second, found.pick)} came close."


def sisters(found: Recommendation) -> str:
    """How many of the others are variants of the pick, behind a sentence about all of them; "" where none is."""
    others = found.candidates[1:]
    number = sum(one.product.family == found.pick.product.family for one in others)
    if not number or len(others) < 2:
        return ""
    return (
        f"; {'one of them is another variant' if number == 1 else f'{number_word(number)} of them are variants'} of it"
    )


def opening(found: Recommendation) -> str:
    """How the sentence begins: with what could not be met, or what was said of the price, if anything was."""
    if found.none_cheaper:
        others = replace(found, gave_way=tuple(one for one in found.gave_way if one.name not in ("price", "kind")))
        missing = f"{missed(others)}." if others.gave_way else ""
        stock = stock_sentence(found.out_of_stock) if found.out_of_stock else ""
        return " ".join(filter(None, (found.none_cheaper, stock or missing, "What comes next")))
    if alone := [one.said for one in found.gave_way if one.name == LIKENESS]:
        return f"There is nothing else {alone[0]}. What comes nearest"
    if found.gave_way and found.out_of_stock:
        return f"{stock_sentence(found.out_of_stock)} What comes nearest"
    if found.gave_way:
        return f"{missed(found)}. What comes nearest"
    limit, price = found.intent.price, found.pick.product.price
    return "Within your price, my pick" if limit and price is not None and limit.admits(price) else "My pick"


def missed(found: Recommendation) -> str:
    """What could not be met, in a few words."""
    return f"I have found {missing_thing(found)}"


def runner_up_name(second: ScoredProduct, pick: ScoredProduct) -> str:
    """The runner-up by its title, or where that is the pick's by what tells them apart."""
    if short_title(second.product) != short_title(pick.product):
        return f"The {short_title(second.product)}"
    caption = appearance_words(second)
    if caption and caption != appearance_words(pick):
        return f"The same in {caption}"
    values = [lowered(value) for value in differing(second.product, [pick.product])[:MOST_DIFFERING]]
    return f"The same in {', '.join(values)}" if values else "Another of that name"


def decapitalised(words: str) -> str:
    """Words that begin no sentence."""
    return words[:1].lower() + words[1:]


def visible_appearance(item: ScoredProduct) -> tuple[str, str]:
    """(FROM_PICTURE or FROM_CATALOG, words): the model's caption, or colour and material from the catalogue where the
    caption says otherwise; both empty where neither says anything."""
    known = [value for key in APPEARANCE if (value := str(item.product.attributes.get(key, "")).strip())]
    caption = item.caption.strip()
    if caption and (not known or any(value.lower() in caption.lower() for value in known)):
        return FROM_PICTURE, caption
    return (FROM_CATALOG, ", ".join(map(lowered, known))) if known else ("", "")


def appearance_lines(item: ScoredProduct) -> tuple[tuple[str, str], ...]:
    """What is said of a look, as `visible_appearance` has it; where the shop contradicts the picture, what of that it
    leaves standing, and the shop's own words."""
    if item.stated:
        return tuple(pair for pair in ((FROM_PICTURE, item.seen), (FROM_CATALOG, item.stated)) if pair[1])
    return (found,) if (found := visible_appearance(item))[1] else ()


def appearance_words(item: ScoredProduct) -> str:
    """The same in a few words, whoever says them; "" where nobody says anything."""
    return ", ".join(words for _, words in appearance_lines(item))


def is_unsure(found: Recommendation) -> bool:
    """Whether an answer with several candidates asks back."""
    return len(found.candidates) > 1 and found.pick.score < UNSURE


def question(found: Recommendation) -> str:
    """What other look the shopper may rather have, or what else would help."""
    if not found.alternatives:
        asked = {one.facet for one in found.intent.appearance}
        left = [f"a {facet}" for facet in APPEARANCE if facet not in asked]
        return f"Tell me {', '.join(left)}{' or ' if left else ''}the room it is for, and I look again."
    *first, last = found.alternatives
    return f"Should it rather be {' or '.join(filter(None, (', '.join(first), last)))}?"


def number_word(number: int) -> str:
    """A small number in words, as one says it."""
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return words[number] if number < len(words) else str(number)


def short_title(product: Product) -> str:
    """A title on one line, cut at a word so that it fits into a sentence."""
    title = " ".join(product.title.split())
    if len(title) <= LONGEST_TITLE:
        return title
    return title[:LONGEST_TITLE].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"
