"""What the catalogue's commands say on a screen, line by line."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from lavic_chat.catalog.importing.download import FetchReport
from lavic_chat.catalog.importing.findings import REJECTED
from lavic_chat.catalog.importing.importers import ImportReport
from lavic_chat.catalog.load import read_products
from lavic_chat.catalog.product import Catalog, Problem
from lavic_chat.catalog.text import count
from lavic_chat.catalog.variants import count_families, pictureless_sentence, products_and_variants, sharing_sentence

MOST_REASONS = 10  # why pictures are missing, one a line


def import_lines(report: ImportReport, folder: Path) -> Iterator[str]:
    """What an import has done, for a screen."""
    products = products_and_variants(report.products, report.families)
    yield f"{products} and {count(report.files, 'picture')} are now in {folder} (read as {report.format})."
    if report.files < report.pictures:
        yield "A picture that several products show is counted once."
    if report.changes:
        changes = asdict(report.changes).items()
        counts = [f"{len(ids):,} {name}" for name, ids in changes]
        kind = "Variants" if report.products > report.families else "Products"
        yield f"{kind} since the last import: {', '.join(counts)}."
    if report.absent:
        are = count(report.absent, "picture is", "pictures are")
        yield f"{are} missing; a grey blank stands in for each."
    if report.fetchable:
        have = count(report.fetchable, "of them has", "of them have")
        yield f"{have} an address: lavic-chat catalog fetch-images {folder}"
    if alone := report.bare - report.pictureless:  # variants are told below
        have = count(alone, "product names", "products name")
        yield f"{have} no picture that can be used; a grey blank stands in."
    if report.pictureless:
        yield pictureless_sentence(report.pictureless)
    if report.sharing:
        yield sharing_sentence(report.sharing)
    if report.rejected:
        were = count(report.rejected, "row was", "rows were")
        yield f"{were} left out, see {folder / REJECTED}:"
        yield from (f"  {count(often, 'row')}: {reason}" for reason, often in report.reasons)
    if report.refused:
        were = count(report.refused, "picture was", "pictures were")
        yield f"{were} left out, though no product was, see {folder / REJECTED}:"
        yield from (f"  {count(often, 'picture')}: {reason}" for reason, often in report.refusals)
    yield from (f"Note: {note}" for note in report.notes)


def hint_lines(report: ImportReport, sign: str) -> Iterator[str]:
    """What another import could add. sign: what the pages show before prices of which nobody says the currency."""
    if report.unnamed:
        yield (
            f"No price names its currency, so that the pages will show {sign.strip()}; if it is another, import again "
            "with --currency EUR, or whatever it is."
        )
    if not report.linked:
        yield (
            "No product links to its page; if they have pages, import again with --link "
            "'https://my-shop.example/products/{id}', as their addresses are."
        )


def fetch_lines(done: FetchReport) -> Iterator[str]:
    """What was fetched and what was not, for a screen."""
    fetched, present = count(done.fetched, "picture"), count(done.present, "was", "were")
    yield f"{fetched} fetched, {present} there, {count(len(done.failures), 'is', 'are')} missing."
    if done.failures or done.fetched:
        yield "Each is counted once, however many products show it."
    reasons = done.reasons()
    yield from (f"{often:,} missing: {reason}" for reason, often in reasons[:MOST_REASONS])
    if (left := len(reasons) - MOST_REASONS) > 0:
        yield f"{count(left, 'other reason')} can be had with --report."


def check_lines(found: Sequence[Problem], folder: Path) -> Iterator[str]:
    """What is amiss with a catalogue, one a line, and how much was looked at."""
    for problem in found:
        level = "warning: " if problem.is_warning else ""
        yield f"{level}{problem.kind}: {problem.where}: {problem.sentence}"
    products = list(read_products(folder, on_bad=lambda _: None))
    catalog = Catalog(folder, products)
    images = {
        image for one in products for place, image in enumerate(one.images) if catalog.picture_path(one, place)
    }  # fmt: skip
    counted = products_and_variants(len(products), count_families(products))
    yield f"Checked: {counted} with {count(len(images), 'different picture')}."
    warnings = sum(problem.is_warning for problem in found)
    yield f"{count(len(found) - warnings, 'problem')}, {count(warnings, 'warning')}."
