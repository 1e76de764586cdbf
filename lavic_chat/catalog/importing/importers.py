"""Making a catalogue folder from a source of any known format; a further format is a layout in `registry.LAYOUTS`.

An import is written beside its target and moved there at the end, so a stopped one leaves nothing behind.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lavic_chat.catalog.importing.assembly import assemble
from lavic_chat.catalog.importing.changes import Changes, compare, read_before
from lavic_chat.catalog.importing.copying import copy_pictures
from lavic_chat.catalog.importing.findings import REJECTED, Findings, note_sentences, write_rejected
from lavic_chat.catalog.importing.formats.catalog_folder import CREDITS, read_folder
from lavic_chat.catalog.importing.formats.item import Draft, Item
from lavic_chat.catalog.importing.picture_files import list_pictures
from lavic_chat.catalog.importing.registry import FORMATS, Choice, open_source
from lavic_chat.catalog.importing.sources import Source, is_catalog, open_files
from lavic_chat.catalog.importing.urls import URLS, may_be_fetched, read_urls, write_urls
from lavic_chat.catalog.product import PRODUCTS
from lavic_chat.catalog.terms import TERMS
from lavic_chat.errors import CatalogError
from lavic_chat.storage.files import fresh_folder, write_jsonl

TEXTS = "descriptions.jsonl"
FOLDER = "catalogue"  # the format of another catalogue folder


@dataclass(frozen=True)
class ImportOptions:
    """format, columns: see `Choice`. strict: whether the first bad row ends the import. decimal: the mark before
    decimals in prices, "" to find it. link: an address of product pages with {id} in it."""

    format: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    strict: bool = False
    decimal: str = ""
    link: str = ""


@dataclass(frozen=True)
class ImportReport:
    """What an import made: counts of products, of pictures copied, of pictures missing and of those among them that
    can be fetched, remarks, the format that was found, rows left out with how often for which reason, and, where a
    catalogue was there before, what changed."""

    products: int
    pictures: int
    missing: int
    fetchable: int = 0
    notes: tuple[str, ...] = ()
    format: str = ""
    rejected: int = 0
    reasons: tuple[tuple[str, int], ...] = ()
    changes: Changes | None = None


def import_catalog(
    source: str | Path, folder: str | Path, progress: bool = True, options: ImportOptions = ImportOptions()
) -> ImportReport:
    """Make the catalogue `folder` from a file, a zip or a folder of any format of the registry, or from a catalogue.

    Pictures are copied to `folder/images`; one that is missing or no picture is counted and stays missing. Where the
    source tells a picture's URL, `folder/urls.jsonl` keeps it for `fetch_pictures`, and what was fetched stays; where
    it describes pictures, `folder/descriptions.jsonl` has that as `distill --descriptions` reads it. Rows that cannot
    be products are in `folder/rejected.csv`. An existing catalogue is updated: only its `catalog.toml` stays as it is.
    Raises CatalogError where no product can be read, for the first bad row of a strict import, or when `folder` holds
    anything that an import would not have written.
    """
    source, folder = Path(source), Path(folder).resolve()
    check_options(options)
    check_target(source, folder)
    findings = Findings(str(source), options.strict)
    try:
        if is_catalog(source):
            kind, items = FOLDER, read_folder(source if source.is_dir() else source.parent, findings)
            return write_catalog(kind, items, folder, findings, progress)
        with open_files(source, options.format) as opened:
            try:
                choice = Choice(options.format, options.columns)
                kind, drafts = read_drafts(opened, choice, findings)
                items = assemble(drafts, list_pictures(opened.bases, drafts), findings, options.decimal, options.link)
            except CatalogError as error:  # name the source, not where it was unpacked
                names = sorted((str(file) for file in opened.files if opened.unpacked in str(file)), reverse=True)
                raise CatalogError(without(str(error), names, str(source))) from error
            return write_catalog(kind, items, folder, findings, progress)
    except OSError as error:
        raise CatalogError(f"{source} could not be imported: {error.strerror or error}.") from error


def read_drafts(opened: Source, choice: Choice, findings: Findings) -> tuple[str, list[Draft]]:
    """The format of a source's files and the drafts in them; places name the file where there are several."""
    kind, drafts = "", []
    for file in opened.files:
        findings.file = file.name if len(opened.files) > 1 else ""
        found = open_source(file, opened.bases, choice, findings)
        kind = found.format
        drafts += (
            replace(draft, place=findings.within(draft.place)) if findings.file else draft for draft in found.drafts
        )
    findings.file = ""
    return kind, drafts


def without(sentence: str, names: list[str], source: str) -> str:
    """A sentence that names the source instead of any of these files."""
    for name in names:
        sentence = sentence.replace(name, source)
    return sentence


def write_catalog(kind: str, items: list[Item], folder: Path, findings: Findings, progress: bool) -> ImportReport:
    """Write what was read in place of what was there; raises CatalogError where it is nothing."""
    if not items:
        raise nothing_read(findings)
    before, fetched = read_before(folder), {url: image for image, url in read_urls(folder).items()}
    items = [with_fetched(item, folder, fetched) for item in items] if fetched else items
    with fresh_folder(folder) as temporary:
        copied = copy_pictures(items, temporary, findings, progress)
        write_jsonl(temporary / PRODUCTS, (item.product.to_row() for item in items))
        urls = {image: url for item in items for image, url in item.urls.items() if may_be_fetched(url)}
        write_urls(temporary, urls)
        write_texts(temporary, items)
        write_rejected(temporary, findings.rejected)
        fetchable = sum(not (temporary / image).is_file() for image in urls)
        for kept in kept_files(Path(findings.source), folder):
            shutil.copyfile(kept, temporary / kept.name)
        changes = None if before is None else compare(before, items, folder, temporary)
    listed = sum(max(1, len(item.product.images)) for item in items)
    reasons, notes = tuple(findings.reasons()), tuple(note_sentences(findings.notes))
    rejected = len(findings.rejected)
    return ImportReport(len(items), copied, listed - copied, fetchable, notes, kind, rejected, reasons, changes)


def kept_files(source: Path, folder: Path) -> Iterator[Path]:
    """Files beside the products that stay, or come along: the terms of this catalogue, else those of another, and the
    other's credits."""
    if terms := next((place / TERMS for place in (folder, source) if (place / TERMS).is_file()), None):
        yield terms
    if source.is_dir() and (source / CREDITS).is_file():
        yield source / CREDITS


def nothing_read(findings: Findings) -> CatalogError:
    """The sentence for a source without a single product."""
    if not findings.rejected:
        return CatalogError(f"{findings.source} holds no products.")
    first, count = findings.rejected[0], len(findings.rejected)
    more = f" ({count:,} rows were read in vain)" if count > 1 else ""
    return CatalogError(f"{findings.where(first.place)}: {first.reason.rstrip('.')}{more}; no product is left.")


def check_options(options: ImportOptions) -> None:
    """Raises CatalogError for what no import can do."""
    if options.format and options.format not in FORMATS:
        raise CatalogError(f"There is no format {options.format!r}; choose among {', '.join(FORMATS)}.")
    if options.decimal not in ("", ".", ","):
        raise CatalogError("--decimal takes the mark before cents, a point or a comma.")
    page = options.link.replace("{id}", "1")
    if options.link and (page == options.link or not may_be_fetched(page)):
        raise CatalogError("--link takes the http or https address of a product's page, with {id} in the id's place.")


def check_target(source: Path, folder: Path) -> None:
    """Raises CatalogError where the import would delete something that is not an import's own."""
    real = source.resolve()
    if real == folder or folder in real.parents or real in folder.parents:
        raise CatalogError(f"{folder} overlaps with the source {source}; choose another folder.")
    if not folder.exists():
        return
    if not folder.is_dir():
        raise CatalogError(f"{folder} is a file; choose another folder.")
    present = {path.name for path in folder.iterdir()}
    if present and PRODUCTS not in present:
        raise CatalogError(f"{folder} is not empty and is no catalogue; choose another folder.")
    if others := sorted(present - {PRODUCTS, "images", CREDITS, URLS, TEXTS, REJECTED, TERMS}):
        raise CatalogError(
            f"{folder} also holds {', '.join(others[:3])}, which an import would delete; choose another folder."
        )


def with_fetched(item: Item, folder: Path, fetched: Mapping[str, str]) -> Item:
    """The item with what was fetched for an older import from the same URLs, where its source has no file. fetched: URL
    -> picture, in the folder."""
    files = []
    for image, file in zip(item.product.images, item.files, strict=True):
        before = fetched.get(item.urls.get(image, ""))
        files.append(file or (folder / before if before and (folder / before).is_file() else None))
    return replace(item, files=tuple(files))


def write_texts(folder: Path, items: Iterable[Item]) -> None:
    """What the source says of single pictures, one a line as `describe` writes it; no file where it says nothing."""
    rows = [
        {"id": item.product.id, "place": place, "key": "", "text": item.texts[image], "agrees": {}}
        for item in items
        for place, image in enumerate(item.product.images)
        if image in item.texts
    ]
    if rows:
        write_jsonl(folder / TEXTS, rows)
