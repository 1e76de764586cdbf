"""All pictures of a catalogue as a whole, written to a folder: distributions, contact sheets, the overview."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

from lavic_chat.catalog.datacard.plots import draw_all
from lavic_chat.catalog.datacard.sheets import draw_overview, draw_sheets
from lavic_chat.catalog.product import Catalog
from lavic_chat.catalog.splits import read_splits
from lavic_chat.storage.files import write_atomic

OVERVIEW = "contact.jpg"
SHEET = re.compile(r"sheet-\d+\.jpg")


def write_illustrations(catalog: Catalog, folder: str | Path, progress: bool = False) -> list[str]:
    """Write plots (PNG), contact sheets and contact.jpg into `folder`; return their names.

    Other files there stay, but for sheets of an earlier, larger catalogue. Raises LavicError where nothing can be
    written, CatalogError for a splits.json that cannot be read.
    """
    folder, written = Path(folder), []
    for name, data in tqdm(draw(catalog), desc="Drawing", unit="picture", disable=None if progress else True):
        write_atomic(folder / name, data)
        written.append(name)
    for path in folder.glob("sheet-*.jpg"):
        if SHEET.fullmatch(path.name) and path.name not in written:
            path.unlink()
    return written


def draw(catalog: Catalog) -> Iterator[tuple[str, bytes]]:
    """(file name, picture) of all of them; none of an empty catalogue."""
    if not len(catalog):
        return
    yield from draw_all(catalog, read_splits(catalog.folder))
    yield OVERVIEW, draw_overview(catalog)
    yield from draw_sheets(catalog)


def link_to(out: str | Path | None, folder: str | Path) -> str:
    """The overview's path as seen from a card in `folder`; "" where it lies elsewhere, on a path of this machine."""
    if out is None:
        return ""
    out, folder = Path(out), Path(folder)
    if out.is_absolute() != folder.is_absolute() or ".." in out.parts:
        return ""
    if out.is_absolute() and not out.is_relative_to(folder):
        return ""
    return Path(os.path.relpath(out / OVERVIEW, folder)).as_posix()
