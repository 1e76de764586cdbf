"""What an import is given, as files that can be read: zips and gzips unpacked, and of a folder its file of products."""

import tempfile
from collections import defaultdict
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lavic_chat.catalog.importing.archives import PACKED, TABLES, unpack_gzip, unpack_zip
from lavic_chat.catalog.importing.formats.amazon_berkeley import AMAZON_BERKELEY, LEVELS
from lavic_chat.catalog.importing.formats.schema_org import SCHEMA_ORG
from lavic_chat.catalog.importing.registry import PLAIN, recognises
from lavic_chat.catalog.product import PRODUCTS
from lavic_chat.errors import CatalogError

MAX_SOURCE = 500_000_000  # bytes of a file
MAX_FILES = 500
SEVERAL = (AMAZON_BERKELEY.name, SCHEMA_ORG.name)  # formats that come in several files


@dataclass(frozen=True)
class Source:
    """files: with the products, all of one format; bases: folders in which their pictures are looked for; unpacked: the
    temporary folder of what was unpacked, which no sentence should name."""

    files: tuple[Path, ...]
    bases: tuple[Path, ...]
    unpacked: str = ""


@contextmanager
def open_files(source: Path, choice: str = "") -> Generator[Source]:
    """The files of a source, for the time of the block. choice: the format that it is said to have. Raises CatalogError
    where there are none, or several kinds of them."""
    if not source.exists():
        raise CatalogError(f"There is no file or folder {source}; check the name.")
    with tempfile.TemporaryDirectory(prefix="lavic-import-") as name:
        folder = Path(name).resolve()
        if source.is_dir():
            files = find_files(source, source, choice)
            unpacked = unpack_packed(files, folder)
            yield Source(unpacked, bases_of(files, source), str(folder))
        elif is_zip(source):
            unpack_zip(source, folder)
            files = find_files(folder, source, choice)
            unpacked = unpack_packed(files, folder)
            yield Source(unpacked, (*bases_of(files, folder), source.parent), str(folder))
        else:
            check_size(source)
            files = unpack_packed((source,), folder)
            yield Source(files, tuple(source.absolute().parents)[:1] + above(source), str(folder))


def is_zip(source: Path) -> bool:
    """By its name; a workbook is a zip, too."""
    return source.suffix.lower() == ".zip"


def check_size(source: Path) -> None:
    """Raises CatalogError for a file that is too large."""
    if source.stat().st_size > MAX_SOURCE:
        raise CatalogError(f"{source} is over {MAX_SOURCE // 10**6} MB; split it.")


def above(source: Path) -> tuple[Path, ...]:
    """Folders above the listings of Amazon Berkeley Objects, whose pictures lie elsewhere; none of other files."""
    is_listing = source.parent.name == "metadata" and source.parent.parent.name == "listings"
    return tuple(source.resolve().parents)[1:LEVELS] if is_listing else ()


def bases_of(files: Sequence[Path], top: Path) -> tuple[Path, ...]:
    """The folders from the first file's up to the source's top."""
    folders = [parent for parent in files[0].parents if parent == top or top in parent.parents]
    return tuple(folders) or (top,)


def find_files(folder: Path, source: Path, choice: str) -> tuple[Path, ...]:
    """The files with products in a folder; those of a known layout go before others."""
    kinds = (*TABLES, *PACKED)
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in kinds and is_candidate(path, folder))
    known = {"": found} if len(found) == 1 else by_format(found, folder, choice)  # the only one need not be known
    if len(known) == 1:
        ((name, files),) = known.items()
        if len(files) == 1 or name in SEVERAL:
            for file in files:
                check_size(file)
            return tuple(files)
    named = ", ".join(path.name for path in found[:5])
    count = f"{len(found):,} ({named})" if found else "none"
    raise CatalogError(f"{source} must hold one file of products, not {count}; name the file itself.")


def by_format(found: Sequence[Path], folder: Path, choice: str) -> dict[str, list[Path]]:
    """Format -> files that have it; of a known layout, the chosen one if any, where there are such files."""
    listings = [path for path in found if path.parent.name == "metadata" and path.name.startswith("listings")]
    known = {AMAZON_BERKELEY.name: listings} if listings else recognise(found, folder)
    return {name: files for name, files in known.items() if name != PLAIN and choice in ("", name)} or known


def recognise(found: Sequence[Path], folder: Path) -> dict[str, list[Path]]:
    """Format -> files that have it, of the folders nearest to the top in which there is any."""
    by_depth: defaultdict[int, list[Path]] = defaultdict(list)
    for path in found:
        by_depth[len(path.relative_to(folder).parts)].append(path)
    levels = (sort_files(files[:MAX_FILES]) for _, files in sorted(by_depth.items()))
    return next(filter(None, levels), {})


def is_candidate(path: Path, folder: Path) -> bool:
    """Whether a file may be one of products: not hidden, no table of pictures, not too deep."""
    parts = path.relative_to(folder).parts
    hidden = any(part.startswith(".") for part in parts)
    return (
        not hidden
        and len(parts) <= LEVELS
        and path.stem.partition(".")[0] not in ("images", "readme", "README")
        and (path.is_file() and not path.is_symlink())
    )


def sort_files(found: Sequence[Path]) -> dict[str, list[Path]]:
    """Format -> files that have it."""
    by_format: defaultdict[str, list[Path]] = defaultdict(list)
    for path in found:
        if path.stat().st_size <= MAX_SOURCE and path.suffix.lower() not in PACKED and (name := recognises(path)):
            by_format[name].append(path)
    return dict(by_format)


def unpack_packed(files: Sequence[Path], folder: Path) -> tuple[Path, ...]:
    """The files, the gzips among them unpacked."""
    unpacked = []
    for number, file in enumerate(files):
        if file.suffix.lower() in PACKED:
            (folder / f"gzip-{number}").mkdir(parents=True)
            file = unpack_gzip(file, folder / f"gzip-{number}")
        unpacked.append(file)
    return tuple(unpacked)


def is_catalog(source: Path) -> bool:
    """Whether a source is a catalogue folder, or its `products.jsonl`."""
    return source.name == PRODUCTS or (source / PRODUCTS).is_file()
