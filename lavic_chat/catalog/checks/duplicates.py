"""Pictures of different products that are the same, or that nobody could tell apart."""

from collections.abc import Iterator, Mapping

import numpy as np

from lavic_chat.catalog.checks.fingerprints import Fingerprint
from lavic_chat.catalog.product import PRODUCTS, Problem
from lavic_chat.catalog.text import listed
from lavic_chat.catalog.variants import sharing_pictures, sharing_sentence

LIKE_BITS = 4  # of a dHash's 64 that may differ between look-alikes
LIKE_LEVELS = 6  # of 255 by which no cell of their 8x8 thumbnails may differ: other colours are other products
MAX_COMPARED = 20_000  # pictures; every one is compared with every other


def identical_files(fingerprints: list[Fingerprint], split_of: Mapping[str, str]) -> Iterator[Problem]:
    """The same bytes listed twice: a problem between main pictures of two products, else a warning. Without splits a
    title may come twice: shops list the sizes of one thing."""
    first = first_of_each_file(fingerprints)
    return (
        identical_file(fingerprint, first[fingerprint.digest], split_of)
        for fingerprint in fingerprints
        if not is_shared(fingerprint, first[fingerprint.digest])
    )


def is_shared(fingerprint: Fingerprint, other: Fingerprint) -> bool:
    """Whether a picture is meant to be there twice: it is that very one, or variants of one shape show it."""
    one, two = fingerprint.product, other.product
    return fingerprint is other or (one.id != two.id and bool(one.shape) and one.shape == two.shape)


def variants_alike(fingerprints: list[Fingerprint]) -> Iterator[Problem]:
    """A warning where variants of one shape have one main picture, which tells the shopper nothing of either."""
    main = {one.product.id: one for one in fingerprints if one.is_main}
    products = [one.product for one in main.values()]
    if sharing := sharing_pictures(products, {name: one.digest for name, one in main.items()}):
        sentence = f"{sharing_sentence(len(sharing))[:-1]}: {listed([one.id for one in sharing])}."
        yield Problem("shared picture", PRODUCTS, sentence, is_warning=True)


def first_of_each_file(fingerprints: list[Fingerprint]) -> dict[str, Fingerprint]:
    """Digest -> the first picture of these bytes; all main pictures come before all others."""
    first: dict[str, Fingerprint] = {}
    for fingerprint in sorted(fingerprints, key=lambda fingerprint: not fingerprint.is_main):
        first.setdefault(fingerprint.digest, fingerprint)
    return first


def identical_file(fingerprint: Fingerprint, other: Fingerprint, split_of: Mapping[str, str]) -> Problem:
    """The problem, or the warning, of a picture whose file is that of another."""
    if other.product.id == fingerprint.product.id:
        sentence = f"{fingerprint.image} and {other.image} are one and the same picture."
        return Problem("same picture", fingerprint.product.id, sentence, is_warning=True)
    sentence = f"{fingerprint.image} is the very picture of {other.product.id} ({other.product.title})."
    both_main = fingerprint.is_main and other.is_main
    if both_main and (crossed := crossing(fingerprint, other, split_of)):
        return Problem("picture in two splits", fingerprint.product.id, f"{sentence[:-1]}, {crossed}.")
    sizes = not split_of and fingerprint.product.title == other.product.title
    return Problem("same picture", fingerprint.product.id, sentence, is_warning=not both_main or sizes)


def near_duplicates(fingerprints: list[Fingerprint], split_of: Mapping[str, str]) -> Iterator[Problem]:
    """One problem or warning for each picture that nearly equals an earlier one of another product.

    Between main pictures it is a problem where the titles are the same too, or the products are of two splits.
    """
    fingerprints = list(first_of_each_file(fingerprints).values())  # the others are told by `identical_files`
    if len(fingerprints) > MAX_COMPARED:
        sentence = f"{len(fingerprints):,} pictures are too many to look for look-alikes."
        yield Problem("not compared", PRODUCTS, sentence, is_warning=True)
        return
    gradients = np.array([fingerprint.gradient for fingerprint in fingerprints], np.uint64)
    thumbnails = np.array([fingerprint.thumbnail for fingerprint in fingerprints], np.int16).reshape(
        len(fingerprints), 192
    )
    product, title, split = (codes(values) for values in identities(fingerprints, split_of))
    main = np.array([fingerprint.is_main for fingerprint in fingerprints], bool)
    for row in range(1, len(fingerprints)):
        near = np.flatnonzero(np.bitwise_count(gradients[:row] ^ gradients[row]) <= LIKE_BITS)
        near = near[np.abs(thumbnails[near] - thumbnails[row]).max(axis=1, initial=0) <= LIKE_LEVELS]
        near = near[product[near] != product[row]]
        if len(near):
            crosses = (split[near] != split[row]) & (split[near] >= 0) & (split[row] >= 0)
            is_bad = main[near] & main[row] & ((title[near] == title[row]) | crosses)
            yield near_duplicate(fingerprints[row], fingerprints[near[is_bad.argmax()]], bool(is_bad.any()), split_of)


def identities(fingerprints: list[Fingerprint], split_of: Mapping[str, str]) -> tuple[list[str], list[str], list[str]]:
    """Whose each picture is, the title that a shopper reads below it, and its split, "" for none."""
    products = [fingerprint.product for fingerprint in fingerprints]
    titles = [product.title.casefold() for product in products]
    return [product.id for product in products], titles, [split_of.get(product.id, "") for product in products]


def codes(values: list[str]) -> np.ndarray:
    """A number for each distinct text, so that many are compared at once; -1 for ""."""
    numbers = {"": -1}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], np.int64)


def near_duplicate(fingerprint: Fingerprint, other: Fingerprint, is_bad: bool, split_of: Mapping[str, str]) -> Problem:
    """The problem where `is_bad`, else the warning, of a picture that looks like another."""
    sentence = f"{fingerprint.image} looks the same as {other.image} of {other.product.id}"
    if not is_bad:
        return Problem("look-alike", fingerprint.product.id, f"{sentence}.", is_warning=True)
    if crossed := crossing(fingerprint, other, split_of):
        return Problem("picture in two splits", fingerprint.product.id, f"{sentence}, {crossed}.")
    sentence = f"{sentence}, and both are titled {fingerprint.product.title!r}: nobody could tell them apart."
    return Problem("look-alike", fingerprint.product.id, sentence)


def crossing(fingerprint: Fingerprint, other: Fingerprint, split_of: Mapping[str, str]) -> str:
    """Which two splits a pair lies in; "" where it is one."""
    one, two = split_of.get(fingerprint.product.id), split_of.get(other.product.id)
    return f"but the one is in {one} and the other in {two}" if one and two and one != two else ""
