"""Making a catalogue folder from a source of any known format; a further format is a reader in `READERS`.

An import is written beside its target and moved there at the end, so a stopped one leaves nothing behind.
"""

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from lavic_chat.catalog.importing.formats.catalog_folder import CREDITS, read_folder
from lavic_chat.catalog.importing.formats.csv import read_csv
from lavic_chat.catalog.importing.formats.item import Item, Notes
from lavic_chat.catalog.importing.formats.reddit_amazon import read_reddit_amazon
from lavic_chat.catalog.importing.formats.zip import read_zip
from lavic_chat.catalog.importing.urls import URLS, may_be_fetched, read_urls, write_urls
from lavic_chat.catalog.pictures import picture_format
from lavic_chat.catalog.product import PRODUCTS
from lavic_chat.errors import CatalogError, PictureError
from lavic_chat.storage.files import fresh_folder, write_jsonl

MAX_SOURCE = 500_000_000  # bytes of a source file
TEXTS = "descriptions.jsonl"
Reader = Callable[[Path, Notes], list[Item]]  # raises CatalogError naming file and line of the first bad row
READERS: Mapping[str, Reader] = {  # by the suffix of the source file
    ".csv": read_csv,
    ".tsv": read_csv,
    ".json": read_reddit_amazon,
    ".jsonl": read_reddit_amazon,
    ".zip": read_zip,
}


@dataclass(frozen=True)
class ImportReport:
    """What an import made: counts of products, of pictures copied, of pictures missing and of those among them that
    can be fetched, and remarks."""

    products: int
    pictures: int
    missing: int
    fetchable: int = 0
    notes: tuple[str, ...] = ()


def import_catalog(source: str | Path, folder: str | Path, progress: bool = True) -> ImportReport:
    """Make the catalogue `folder` from a CSV, a Reddit-Amazon .json, .jsonl or .zip, or a catalogue folder.

    Pictures are copied to `folder/images`; one that is missing or no picture is counted and stays missing. Where the
    source tells a picture's URL, `folder/urls.jsonl` keeps it for `fetch_pictures`, and what was fetched stays; where
    it describes pictures, `folder/descriptions.jsonl` has that as `distill --descriptions` reads it. An existing
    catalogue is replaced. Raises CatalogError naming file and line of the first bad row, or when `folder` holds
    anything that an import would not have written.
    """
    source, folder = Path(source), Path(folder).resolve()
    check_target(source, folder)
    notes: Notes = defaultdict(list)
    try:
        items = read_source(source, notes)
        if not items:
            raise CatalogError(f"{source} holds no products.")
        fetched = read_urls(folder)
        items = [with_fetched(item, folder, fetched) for item in items]
        with fresh_folder(folder) as temporary:
            copied = copy_pictures(items, temporary, notes, progress)
            write_jsonl(temporary / PRODUCTS, (item.product.to_row() for item in items))
            urls = {image: url for item in items for image, url in item.urls.items() if may_be_fetched(url)}
            write_urls(temporary, urls)
            write_texts(temporary, items)
            fetchable = sum(not (temporary / image).is_file() for image in urls)
            if source.is_dir() and (source / CREDITS).is_file():
                shutil.copyfile(source / CREDITS, temporary / CREDITS)
    except OSError as error:
        raise CatalogError(f"{source} could not be imported: {error.strerror or error}.") from error
    listed = sum(max(1, len(item.product.images)) for item in items)
    return ImportReport(len(items), copied, listed - copied, fetchable, tuple(note_sentences(notes)))


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
    if others := sorted(present - {PRODUCTS, "images", CREDITS, URLS, TEXTS}):
        raise CatalogError(
            f"{folder} also holds {', '.join(others[:3])}, which an import would delete; choose another folder."
        )


def read_source(source: Path, notes: Notes) -> list[Item]:
    """The items of any source, by its suffix; raises CatalogError where there is no reader for it."""
    if source.is_dir() or source.name == PRODUCTS:
        return read_folder(source if source.is_dir() else source.parent, notes)
    if not source.is_file():
        raise CatalogError(f"There is no file or folder {source}; check the name.")
    if source.stat().st_size > MAX_SOURCE:
        raise CatalogError(f"{source} is over {MAX_SOURCE // 10**6} MB; split it.")
    reader = READERS.get(source.suffix.lower())
    if not reader:
        raise CatalogError(f"{source} is neither .csv, .json, .jsonl, .zip nor a catalogue folder.")
    return reader(source, notes)


def with_fetched(item: Item, folder: Path, fetched: Mapping[str, str]) -> Item:
    """The item with what an older import of it has from the same URLs, where its source has no file."""
    same = (image for image, url in item.urls.items() if fetched.get(image) == url)
    before = {image: folder / image for image in same if (folder / image).is_file()}
    pairs = zip(item.product.images, item.files, strict=True)
    return replace(item, files=tuple(file or before.get(image) for image, file in pairs))


def copy_pictures(items: Iterable[Item], folder: Path, notes: Notes, progress: bool) -> int:
    """Copy what is a picture by its header into `folder`; return how many."""
    copied = 0
    for item in tqdm(items, desc="Importing", unit="product", disable=None if progress else True):
        for image, file in zip(item.product.images, item.files, strict=True):
            if file is None:
                notes["pictures are missing"].append(image)
                continue
            try:
                picture_format(file)
            except PictureError as error:
                notes["pictures cannot be used"].append(str(error).rstrip("."))
                continue
            to = folder / image
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, to)
            copied += 1
        if not item.product.images:
            notes["products have no picture"].append(item.product.id)
    return copied


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


def note_sentences(notes: Notes) -> Iterator[str]:
    """The notes as sentences with the first three cases each."""
    for notice, cases in notes.items():
        more = ", ..." if len(cases) > 3 else ""
        yield f"{len(cases):,} {notice} ({', '.join(cases[:3])}{more})."
