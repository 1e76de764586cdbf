"""Pictures of different products that are the same, or that nobody could tell apart."""

from collections.abc import Iterator, Mapping

import numpy as np

from lavic_chat.catalog.fingerprints import Look
from lavic_chat.catalog.product import PRODUCTS, Problem

LIKE_BITS = 4  # of a dHash's 64 that may differ between look-alikes
LIKE_LEVELS = 6  # of 255 by which no cell of their 8x8 thumbnails may differ: other colours are other products
MAX_COMPARED = 20_000  # pictures; every one is compared with every other


def same_files(looks: list[Look], split_of: Mapping[str, str]) -> Iterator[Problem]:
    """The same bytes listed twice: a problem between main pictures of two products, else a warning. Without splits a
    title may come twice: shops list the sizes of one thing."""
    first = first_of_each_file(looks)
    return (same_file(look, first[look.digest], split_of) for look in looks if first[look.digest] is not look)


def first_of_each_file(looks: list[Look]) -> dict[str, Look]:
    """Digest -> the first picture of these bytes; all main pictures come before all others."""
    first: dict[str, Look] = {}
    for look in sorted(looks, key=lambda look: not look.is_main):
        first.setdefault(look.digest, look)
    return first


def same_file(look: Look, other: Look, split_of: Mapping[str, str]) -> Problem:
    if other.product.id == look.product.id:
        sentence = f"{look.image} and {other.image} are one and the same picture."
        return Problem("same picture", look.product.id, sentence, is_warning=True)
    sentence = f"{look.image} is the very picture of {other.product.id} ({other.product.title})."
    both_main = look.is_main and other.is_main
    if both_main and (crossed := crossing(look, other, split_of)):
        return Problem("picture in two splits", look.product.id, f"{sentence[:-1]}, {crossed}.")
    sizes = not split_of and look.product.title == other.product.title
    return Problem("same picture", look.product.id, sentence, is_warning=not both_main or sizes)


def look_alikes(looks: list[Look], split_of: Mapping[str, str]) -> Iterator[Problem]:
    """One problem or warning for each picture that nearly equals an earlier one of another product.

    Between main pictures it is a problem where the titles are the same too, or the products are of two splits.
    """
    looks = list(first_of_each_file(looks).values())  # what equals one of these is told by `same_files`
    if len(looks) > MAX_COMPARED:
        sentence = f"{len(looks):,} pictures are too many to look for look-alikes."
        yield Problem("not compared", PRODUCTS, sentence, is_warning=True)
        return
    gradients = np.array([look.gradient for look in looks], np.uint64)
    thumbnails = np.array([look.thumbnail for look in looks], np.int16).reshape(len(looks), 192)
    product, title, split = (codes(values) for values in identities(looks, split_of))
    main = np.array([look.is_main for look in looks], bool)
    for row in range(1, len(looks)):
        near = np.flatnonzero(np.bitwise_count(gradients[:row] ^ gradients[row]) <= LIKE_BITS)
        near = near[np.abs(thumbnails[near] - thumbnails[row]).max(axis=1, initial=0) <= LIKE_LEVELS]
        near = near[product[near] != product[row]]
        if len(near):
            crosses = (split[near] != split[row]) & (split[near] >= 0) & (split[row] >= 0)
            is_bad = main[near] & main[row] & ((title[near] == title[row]) | crosses)
            yield look_alike(looks[row], looks[near[is_bad.argmax()]], bool(is_bad.any()), split_of)


def identities(looks: list[Look], split_of: Mapping[str, str]) -> tuple[list[str], list[str], list[str]]:
    """Whose each picture is, the title that a shopper reads below it, and its split, "" for none."""
    products = [look.product for look in looks]
    titles = [product.title.casefold() for product in products]
    return [product.id for product in products], titles, [split_of.get(product.id, "") for product in products]


def codes(values: list[str]) -> np.ndarray:
    """A number for each distinct text, so that many are compared at once; -1 for ""."""
    numbers = {"": -1}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], np.int64)


def look_alike(look: Look, other: Look, is_bad: bool, split_of: Mapping[str, str]) -> Problem:
    sentence = f"{look.image} looks the same as {other.image} of {other.product.id}"
    if not is_bad:
        return Problem("look-alike", look.product.id, f"{sentence}.", is_warning=True)
    if crossed := crossing(look, other, split_of):
        return Problem("picture in two splits", look.product.id, f"{sentence}, {crossed}.")
    sentence = f"{sentence}, and both are titled {look.product.title!r}: nobody could tell them apart."
    return Problem("look-alike", look.product.id, sentence)


def crossing(look: Look, other: Look, split_of: Mapping[str, str]) -> str:
    """Which two splits a pair lies in; "" where it is one."""
    one, two = split_of.get(look.product.id), split_of.get(other.product.id)
    return f"but the one is in {one} and the other in {two}" if one and two and one != two else ""
