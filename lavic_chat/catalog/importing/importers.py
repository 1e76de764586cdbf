"""Making a catalogue folder from a source of any known format; a further format is a layout in `registry.LAYOUTS`.

An import is written beside its target and moved there at the end, so a stopped one leaves nothing behind.
"""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lavic_chat.catalog.currencies import currency_of
from lavic_chat.catalog.importing.assembly import assemble, with_page
from lavic_chat.catalog.importing.changes import Changes, compare, read_before
from lavic_chat.catalog.importing.copying import copy_pictures
from lavic_chat.catalog.importing.findings import REJECTED, Findings, count_reasons, note_sentences, write_rejected
from lavic_chat.catalog.importing.formats.catalog_folder import CREDITS, read_folder
from lavic_chat.catalog.importing.formats.item import Draft, Item
from lavic_chat.catalog.importing.picture_files import list_pictures
from lavic_chat.catalog.importing.registry import FORMATS, Choice, open_source
from lavic_chat.catalog.importing.sources import Source, is_catalog, open_files
from lavic_chat.catalog.importing.target import Target, check_losses, open_target
from lavic_chat.catalog.importing.urls import URLS, read_urls, write_urls
from lavic_chat.catalog.product import PRODUCTS
from lavic_chat.catalog.terms import TERMS
from lavic_chat.catalog.variants import count_families, sharing_pictures, variants_among
from lavic_chat.catalog.web import is_page_address, may_be_fetched
from lavic_chat.errors import CatalogError
from lavic_chat.storage.files import fresh_folder, write_atomic, write_jsonl

TEXTS = "descriptions.jsonl"
FOLDER = "catalogue"  # the format of another catalogue folder


@dataclass(frozen=True)
class ImportOptions:
    """format, columns: see `Choice`. strict: whether the first bad row ends the import. decimal: the mark before
    decimals in prices, "" to find it. link: an address of product pages with {id} in it; currency: of prices that name
    none; both are kept in `catalog.toml`, and "" is what that says. may_lose: whether most products may go."""

    format: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    strict: bool = False
    decimal: str = ""
    link: str = ""
    currency: str = ""
    may_lose: bool = False


@dataclass(frozen=True)
class ImportReport:
    """What an import made.

    Counts of products, of pictures copied and of pictures missing, as often as products show them or show none, and of
    the missing files that can be fetched; remarks, the format that was found, rows left out with how often for which
    reason, and, where a catalogue was there before, what changed. linked: products with a link to their page. unnamed:
    prices whose currency neither the source nor `catalog.toml` names, where no price has one. files, absent: pictures
    that are and that are not in the folder, each once however many products show it. bare: products that name none.
    refused: pictures that may not be read, with how often for which reason. families: products, counting variants of
    one shape once; sharing, pictureless: variants whose picture is another's, and that have none.
    """

    products: int
    pictures: int
    missing: int
    fetchable: int = 0
    notes: tuple[str, ...] = ()
    format: str = ""
    rejected: int = 0
    reasons: tuple[tuple[str, int], ...] = ()
    changes: Changes | None = None
    linked: int = 0
    unnamed: int = 0
    files: int = 0
    absent: int = 0
    bare: int = 0
    refused: int = 0
    refusals: tuple[tuple[str, int], ...] = ()
    families: int = 0
    sharing: int = 0
    pictureless: int = 0


def import_catalog(
    source: str | Path, folder: str | Path, progress: bool = True, options: ImportOptions = ImportOptions()
) -> ImportReport:
    """Make the catalogue `folder` from a file, a zip or a folder of any format of the registry, or from a catalogue.

    Pictures are copied to `folder/images`; one that is missing or no picture is counted and stays missing. Where the
    source tells a picture's URL, `folder/urls.jsonl` keeps it for `fetch_pictures`, and what was fetched stays; where
    it describes pictures, `folder/descriptions.jsonl` has that as `distill --descriptions` reads it. Rows that cannot
    be products are in `folder/rejected.csv`. An existing catalogue is updated: only its `catalog.toml` stays, but for
    what the options say. Raises CatalogError where no product can be read, for the first bad row of a strict import,
    where most products would be gone, or when `folder` holds anything that an import would not have written.
    """
    source, folder = Path(source), Path(folder).resolve()
    check_options(options)
    check_target(source, folder)
    findings = Findings(str(source), options.strict)
    chosen = {"link": options.link, "currency": currency_of(options.currency)}
    try:
        target = open_target(folder, source, chosen, options.may_lose)
        link = target.terms.link
        if is_catalog(source):
            kind, items = FOLDER, read_folder(source if source.is_dir() else source.parent, findings)
            items = [with_page(item, link, findings) for item in items] if link else items
            return write_catalog(kind, items, target, findings, progress)
        with open_files(source, options.format) as opened:
            try:
                choice = Choice(options.format, options.columns)
                kind, drafts = read_drafts(opened, choice, findings)
                items = assemble(drafts, list_pictures(opened.bases, drafts), findings, options.decimal, link)
            except CatalogError as error:  # name the source, not where it was unpacked
                names = sorted((str(file) for file in opened.files if opened.unpacked in str(file)), reverse=True)
                raise CatalogError(without(str(error), names, str(source))) from error
            return write_catalog(kind, items, target, findings, progress)
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


def write_catalog(kind: str, items: list[Item], target: Target, findings: Findings, progress: bool) -> ImportReport:
    """Write what was read in place of what was there; raises CatalogError where it is nothing."""
    if not items:
        raise nothing_read(findings)
    folder, before = target.folder, read_before(target.folder)
    check_losses(target, before or {}, items, findings)
    fetched = {url: image for image, url in read_urls(folder).items()}
    items = [with_fetched(item, folder, fetched) for item in items] if fetched else items
    with fresh_folder(folder) as temporary:
        copied = copy_pictures(items, temporary, findings, progress)
        write_jsonl(temporary / PRODUCTS, (item.product.to_row() for item in items))
        urls = {image: url for item in items for image, url in item.urls.items() if may_be_fetched(url)}
        write_urls(temporary, urls)
        write_texts(temporary, items)
        write_rejected(temporary, (*findings.rejected, *findings.refused))
        fetchable = sum(not (temporary / image).is_file() for image in urls)
        if target.text is not None:
            write_atomic(temporary / TERMS, target.text)
        if (credits := Path(findings.source) / CREDITS).is_file():
            shutil.copyfile(credits, temporary / CREDITS)
        changes = None if before is None else compare(before, items, folder, temporary)
    listed = sum(max(1, len(item.product.images)) for item in items)
    report = ImportReport(len(items), copied, listed - copied, fetchable, format=kind, changes=changes)
    return with_counts(report, items, target, findings)


def with_counts(report: ImportReport, items: Sequence[Item], target: Target, findings: Findings) -> ImportReport:
    """The report with what else is counted, once the folder is there."""
    products = [item.product for item in items]
    images = {image for product in products for image in product.images}
    shown = {item.product.id: item.originals.get(image, image) for item in items for image in item.product.images[:1]}
    files = sum((target.folder / image).is_file() for image in images)
    return replace(
        report,
        files=files,
        absent=len(images) - files,
        bare=sum(not product.images for product in products),
        notes=tuple(note_sentences(findings.notes)),
        rejected=len(findings.rejected),
        reasons=count_reasons(findings.rejected),
        refused=len(findings.refused),
        refusals=count_reasons(findings.refused),
        linked=sum(bool(product.link) for product in products),
        unnamed=count_unnamed(items, target),
        families=count_families(products),
        sharing=len(sharing_pictures(products, shown)),
        pictureless=sum(not product.images for product in variants_among(products)),
    )


def count_unnamed(items: Iterable[Item], target: Target) -> int:
    """Prices of which nobody says the currency; 0 where one of them does, by which the others then go."""
    products = [item.product for item in items]
    if target.terms.currency or any(product.currency for product in products):
        return 0
    return sum(product.price is not None for product in products)


def nothing_read(findings: Findings) -> CatalogError:
    """The sentence for a source without a single product: what is wrong with most of its rows."""
    if not findings.rejected:
        left_out = [note for note in note_sentences(findings.notes) if "left out" in note]
        return CatalogError(f"{findings.source} holds no products{': ' + left_out[0] if left_out else '.'}")
    total, ((kind, often), *_) = len(findings.rejected), count_reasons(findings.rejected)
    first = next(one for one in findings.rejected if one.kind == kind)
    share = f", for this is so in {often:,} of {total:,} rows" if total > 1 else ""
    return CatalogError(f"{findings.where(first.place)}: {first.reason.rstrip('.')}; no product is left{share}.")


def check_options(options: ImportOptions) -> None:
    """Raises CatalogError for what no import can do."""
    if options.format and options.format not in FORMATS:
        raise CatalogError(f"There is no format {options.format!r}; choose among {', '.join(FORMATS)}.")
    if options.decimal not in ("", ".", ","):
        raise CatalogError("--decimal takes the mark before cents, a point or a comma.")
    if options.currency and not currency_of(options.currency):
        raise CatalogError("--currency takes a code of three letters or a sign, such as EUR or $.")
    if options.link and not is_page_address(options.link):
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
