"""Words of titles and messages, compared without their endings, and lists and counts of names in a sentence."""

import re


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, without figures."""
    return re.findall(r"[^\W\d_]+", text.casefold())


def listed(names: list[str], most: int = 5) -> str:
    """ "a, b and c", and how many more there are."""
    shown = names[:most] if len(names) <= most else [*names[:most], f"{len(names) - most:,} more"]
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


def count(number: int, one: str, many: str = "") -> str:
    """ "1 product", "2 products"; many: a plural that is not `one` with an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def printable(text: str, instead: str = "?") -> str:
    """A text fit for a sentence, a plot or a cell: without control characters."""
    return "".join(letter if letter.isprintable() else instead for letter in text)


IRREGULAR = {"shelves": "shelf", "knives": "knife"}


def stems_of(text: str) -> set[str]:
    """The words of a text without their endings."""
    return {singular(word) for word in words_of(text)}


def singular(word: str) -> str:
    """Good enough to compare with: "lamps" and "lamp", "couches" and "couch", "accessories" and "accessory"."""
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if word in IRREGULAR:
        return IRREGULAR[word]
    if re.search(r"(?:ch|sh|x|ss)es\Z", word):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
