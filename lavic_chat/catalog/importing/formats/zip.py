"""Products from a zip that holds one file of the Reddit-Amazon metadata, unpacked with care."""

import contextlib
import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Generator
from pathlib import Path

from lavic_chat.catalog.importing.formats.item import Item, Notes
from lavic_chat.catalog.importing.formats.reddit_amazon import read_reddit_amazon
from lavic_chat.errors import CatalogError

MAX_UNPACKED = 500_000_000  # bytes of the metadata file
MAX_RATIO = 200  # of unpacked to packed bytes; JSON packs to about a tenth


def read_zip(source: Path, notes: Notes) -> list[Item]:
    """The items of the metadata inside; pictures are looked for in images/ beside the zip."""
    with unpacked(source) as inner:
        try:
            return read_reddit_amazon(inner, notes, source.parent / "images")
        except CatalogError as error:  # name the zip, not where it was unpacked
            raise CatalogError(str(error).replace(str(inner.parent), str(source))) from error


@contextlib.contextmanager
def unpacked(source: Path) -> Generator[Path]:
    """The one metadata file of a zip, in a temporary folder that goes at the end of the block."""
    try:
        with zipfile.ZipFile(source) as archive, tempfile.TemporaryDirectory() as folder:
            found = [
                member
                for member in archive.infolist()
                if member.filename.lower().endswith((".json", ".jsonl")) and "__MACOSX" not in member.filename
            ]
            if len(found) != 1:
                raise CatalogError(f"{source} must hold one .json or .jsonl file, not {len(found)}.")
            inner = Path(folder) / f"metadata{Path(found[0].filename).suffix.lower()}"
            unpack(archive, found[0], inner, source)
            yield inner
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, EOFError, ValueError) as error:
        raise CatalogError(f"{source} is damaged, encrypted or no zip file; fetch it again.") from error


def unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, to: Path, source: Path) -> None:
    """Write one member to `to`, counting what really comes out: a zip's own figures may lie."""
    allowed = min(MAX_UNPACKED, max(1_000_000, member.compress_size * MAX_RATIO))
    with archive.open(member) as packed, to.open("wb") as file:
        while block := packed.read(1 << 20):
            allowed -= len(block)
            if allowed < 0:
                raise CatalogError(f"{source} unpacks to far more than it should; it may be a zip bomb.")
            file.write(block)
