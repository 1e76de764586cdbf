"""What is amiss with a catalogue: its files, its pictures, its words, its splits, its dialogues, its credits."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from tqdm import tqdm

from lavic_chat.catalog.checks.dialogues import check_dialogues
from lavic_chat.catalog.checks.duplicates import identical_files, near_duplicates, variants_alike
from lavic_chat.catalog.checks.fingerprints import Fingerprint, ListedPicture, fingerprint_all, listed_pictures
from lavic_chat.catalog.checks.records import (
    incomplete,
    leaking_texts,
    pictureless_variants,
    unbalanced,
    uncredited,
)
from lavic_chat.catalog.load import read_products
from lavic_chat.catalog.pictures import missing_pictures
from lavic_chat.catalog.product import PRODUCTS, Catalog, Problem
from lavic_chat.catalog.splits import SPLITS, Splits, check_splits, read_splits
from lavic_chat.catalog.terms import TERMS, USUAL, read_terms
from lavic_chat.catalog.text import listed
from lavic_chat.errors import CatalogError, LavicError

IMAGES = "images"
MAX_LISTED = 200  # problems, or warnings, of one kind
MAX_TOTAL = 60_000_000  # bytes of a catalogue that is kept in git


def check_catalog(folder: str | Path, progress: bool = False) -> list[Problem]:
    """All problems, then warnings, of a catalogue folder; opens every picture, once.

    Splits, dialogues and ATTRIBUTION.md are judged where they are present; a catalogue with splits is one to
    train and measure on, and held to more. Raises CatalogError only where there is no catalogue to check.
    """
    folder, bad_lines = Path(folder), []
    products = tuple(read_products(folder, bad_lines.append))
    problems = [bad_line(error) for error in bad_lines]
    try:
        terms = read_terms(folder)
    except CatalogError as error:
        terms = USUAL
        problems.append(Problem("unreadable terms", TERMS, str(error)))
    catalog = Catalog(folder, products, terms)
    if not catalog.products and not problems:
        problems.append(Problem("empty", PRODUCTS, "The catalogue has no products."))
    splits = None
    try:
        splits = read_splits(folder)
    except CatalogError as error:
        problems.append(Problem("unreadable splits", SPLITS, str(error)))
    problems += [*near_ids(catalog), *missing_pictures(catalog), *unused_pictures(catalog)]
    pictures = listed_pictures(catalog)
    problems += check_pictures(pictures, splits, progress)
    problems += [
        *pictureless_variants(catalog),
        *leaking_texts(catalog, has_splits=splits is not None),
        *incomplete(catalog),
        *uncredited(catalog),
    ]
    if splits is not None:
        problems += [*check_splits(catalog, splits), *unbalanced(catalog), *too_large(pictures)]
    problems += check_dialogues(catalog, splits)
    return sorted(limited(problems), key=lambda problem: problem.is_warning)


def bad_line(error: LavicError) -> Problem:
    """A line that cannot be read as a problem; the error begins with its place."""
    where, _, sentence = str(error).partition(": ")
    return Problem("bad line", where, sentence)


def check_pictures(pictures: list[ListedPicture], splits: Splits | None, progress: bool) -> list[Problem]:
    """What cannot be opened, and what looks the same."""
    problems: list[Problem] = []
    fingerprints: list[Fingerprint] = []
    with tqdm(total=len(pictures), desc="Checking pictures", unit="picture", disable=None if progress else True) as bar:
        for fingerprint in fingerprint_all(pictures):
            if isinstance(fingerprint, Problem):
                problems.append(fingerprint)
            else:
                fingerprints.append(fingerprint)
            bar.update()
    split_of = splits.split_of if splits else {}
    problems += [*identical_files(fingerprints, split_of), *near_duplicates(fingerprints, split_of)]
    return [*problems, *variants_alike(fingerprints)]


def near_ids(catalog: Catalog) -> Iterator[Problem]:
    """Ids that differ in capitals alone: on many disks their pictures are one file."""
    first: dict[str, str] = {}
    for product in catalog:
        other = first.setdefault(product.id.casefold(), product.id)
        if other != product.id:
            sentence = f"Its id differs from {other!r} in capitals only; give it one of its own."
            yield Problem("near id", product.id, sentence)


def unused_pictures(catalog: Catalog) -> Iterator[Problem]:
    """A warning for files in images/ that no product lists."""
    used = {image for product in catalog for image in product.images}
    paths = (path.relative_to(catalog.folder) for path in (catalog.folder / IMAGES).rglob("[!.]*") if path.is_file())
    unused = sorted(path.as_posix() for path in paths if path.as_posix() not in used)
    if unused:
        lie = "1 file is" if len(unused) == 1 else f"{len(unused):,} files are"
        sentence = f"{lie} listed by no product: {listed(unused)}."
        yield Problem("unused picture", f"{IMAGES}/", sentence, is_warning=True)


def too_large(pictures: list[ListedPicture]) -> Iterator[Problem]:
    """A warning when the pictures together are more than a repository should carry."""
    total = sum(path.stat().st_size for path in {path for _, _, path in pictures})
    if total > MAX_TOTAL:
        sentence = f"The pictures take {total / 1e6:.0f} MB; {MAX_TOTAL / 1e6:.0f} MB are the most for git."
        yield Problem("large", PRODUCTS, sentence, is_warning=True)


def limited(problems: Iterable[Problem]) -> Iterator[Problem]:
    """The first MAX_LISTED of each kind, then how many more there are."""
    kinds: dict[tuple[str, bool], list[Problem]] = defaultdict(list)
    counts: Counter = Counter()
    for problem in problems:
        kind = (problem.kind, problem.is_warning)
        counts[kind] += 1
        if counts[kind] <= MAX_LISTED:
            kinds[kind].append(problem)
    for (kind, is_warning), shown in kinds.items():
        yield from shown
        if left := counts[kind, is_warning] - len(shown):
            yield Problem(kind, "more", f"{left:,} more of this kind are not listed.", is_warning)
