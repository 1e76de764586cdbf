"""Zips and gzips, unpacked with care into a temporary folder: the file of products, and pictures beside it."""

import gzip
import lzma
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from lavic_chat.catalog.importing.picture_cells import PICTURE
from lavic_chat.catalog.pictures import MAX_BYTES
from lavic_chat.errors import CatalogError

MAX_UNPACKED = 500_000_000  # bytes of a file that is no picture
MAX_PICTURES = 20_000_000_000  # bytes of all pictures
MAX_MEMBERS = 1_000_000
MAX_RATIO = 200  # of unpacked to packed bytes; JSON packs to about a tenth
TABLES = (".csv", ".tsv", ".tab", ".txt", ".xlsx", ".parquet", ".json", ".jsonl", ".ndjson", ".xml", ".rss", ".atom",
          ".html", ".htm")  # fmt: skip
PACKED = (".gz",)
DAMAGED = "is damaged, encrypted or no zip file; fetch it again"


def unpack_zip(source: Path, folder: Path) -> None:
    """The tables and pictures of a zip, in folders as there. Raises CatalogError where it is damaged, or a bomb."""
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS:
                raise CatalogError(f"{source} holds more than {MAX_MEMBERS:,} files; split it.")
            budget = MAX_PICTURES
            for member, path in wanted(members):
                budget -= unpack(archive, member, folder / path, source)
                if budget < 0:
                    raise CatalogError(f"{source} unpacks to over {MAX_PICTURES // 10**9} GB; split it.")
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, EOFError, ValueError) as error:
        raise CatalogError(f"{source} {DAMAGED}.") from error


def wanted(members: list[zipfile.ZipInfo]) -> Iterator[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """What may be a table or a picture, each with a path that stays inside; a zip's own paths may lead out."""
    seen = set()
    for member in members:
        name = member.filename.replace("\\", "/")
        parts = [part for part in PurePosixPath(name).parts if part not in ("/", "..", ".") and ":" not in part]
        path = PurePosixPath(*parts)
        hidden = "__MACOSX" in parts or path.name.startswith(".")
        kind = path.suffix.lower()
        fits = kind in (*TABLES, *PACKED) or PICTURE.search(path.name)
        if fits and not hidden and not member.is_dir() and str(path).casefold() not in seen:
            seen.add(str(path).casefold())
            yield member, path


def unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, to: Path, source: Path) -> int:
    """Write one member to `to`, counting what really comes out, for a zip's own figures may lie; returns how much."""
    is_picture = bool(PICTURE.search(to.name))
    allowed = MAX_BYTES if is_picture else min(MAX_UNPACKED, max(1_000_000, member.compress_size * MAX_RATIO))
    if len(to.name.encode()) > 255:
        return 0
    to.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with archive.open(member) as packed, to.open("wb") as file:
        while block := packed.read(1 << 20):
            written += len(block)
            if written > allowed and is_picture:  # none that could be used
                to.unlink()
                return written
            if written > allowed:
                raise CatalogError(f"{source} unpacks to far more than it should; it may be a zip bomb.")
            file.write(block)
    return written


def unpack_gzip(source: Path, folder: Path) -> Path:
    """The one file of a gzip, under its name without the suffix. Raises CatalogError as `unpack_zip`."""
    to = folder / (source.stem or "unpacked")
    allowed = min(MAX_UNPACKED, max(1_000_000, source.stat().st_size * MAX_RATIO))
    try:
        with gzip.open(source) as packed, to.open("wb") as file:
            shutil.copyfileobj(Counted(packed, allowed, source), file, 1 << 20)
    except (OSError, EOFError, zlib.error) as error:
        raise CatalogError(f"{source} is damaged or no gzip file; fetch it again.") from error
    return to


class Counted:
    """A file that is read so far and no further."""

    def __init__(self, file: gzip.GzipFile, allowed: int, source: Path):
        self.file, self.allowed, self.source = file, allowed, source

    def read(self, size: int = -1) -> bytes:
        """The next bytes; raises CatalogError behind those allowed."""
        block = self.file.read(size)
        self.allowed -= len(block)
        if self.allowed < 0:
            raise CatalogError(f"{self.source} unpacks to far more than it should; it may be a zip bomb.")
        return block
