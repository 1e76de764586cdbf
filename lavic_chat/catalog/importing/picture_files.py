"""Where a source's pictures lie: beside its file, or in a folder of pictures there, and never outside of these."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from lavic_chat.catalog.importing.formats.item import Draft, is_address
from lavic_chat.catalog.importing.picture_cells import PICTURE, name_in
from lavic_chat.catalog.load import parse_image, picture_guard
from lavic_chat.errors import CatalogError

FOLDERS = (
    "images", "train_images", "valid_images", "test_images", "pictures", "photos", "images/small", "images/original",
    "small", "original",
)  # fmt: skip
MOST_LISTED = 2_000_000  # files
ABSOLUTE = re.compile(r"file:|/(?!/)|\\|[a-z]:[/\\]", re.IGNORECASE)  # how a path of another machine begins


HINT = "put it beside the file, or in a folder images there"


@dataclass(frozen=True)
class PictureFiles:
    """Of one source. roots: folders with pictures, the nearest first, each with a test whether a path stays inside;
    names: files in these by their names; shared: names that several addresses, or paths of another machine, end with,
    which so tell nothing."""

    roots: tuple[tuple[Path, Callable[[str], bool]], ...]
    names: dict[str, Path] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    found: dict[str, Path | None] = field(default_factory=dict)

    def find(self, at: str) -> Path | None:
        """The file of a path, or of an address whose own name a file has; None where there is none. Raises
        CatalogError for a path that leads out, and for one of another machine whose name no file has."""
        if is_elsewhere(at):
            name = unquote(name_in(at))
            file = None if name in self.shared else self.names.get(name)
            if file is None and ABSOLUTE.match(at):
                raise CatalogError(f": the picture {at[:80]!r} leads out of the folder; {HINT}.")
            return file
        if at not in self.found:  # many variants show the same pictures
            self.found[at] = self.look_for(at)
        return self.found[at]

    def look_for(self, at: str) -> Path | None:
        """As `find`, of a path."""
        path = parse_image(at.replace("\\", "/"), "")
        written = [path] if "%" not in path else [path, unquote(path)]
        for name in written:
            for root, lies_inside in self.roots:
                file = os.path.join(root, name)  # noqa: PTH118 - a hundred thousand times
                if os.path.isfile(file):  # noqa: PTH113
                    if ".." in name.split("/") or not lies_inside(name):
                        raise CatalogError(f": the picture {at[:80]!r} leads out of the folder.")
                    return Path(file)
        return None


def is_elsewhere(at: str) -> bool:
    """Whether a picture is named by an address or by a path of another machine, of which only the end can help here."""
    return is_address(at) or ABSOLUTE.match(at) is not None


def list_pictures(bases: Sequence[Path], drafts: Iterable[Draft]) -> PictureFiles:
    """The pictures of a source whose files lie in `bases`. Only folders of these names are looked into."""
    folders = [base / name for base in bases for name in ("", *FOLDERS) if (base / name).is_dir()]
    roots = tuple((folder, picture_guard(folder)) for folder in dict.fromkeys(folders))
    addresses = {one.at for draft in drafts for one in draft.pictures if is_elsewhere(one.at)}
    ends = Counter(unquote(name_in(address)) for address in addresses)
    names: dict[str, Path] = {}
    for folder, lies_inside in roots if addresses else ():
        with os.scandir(folder) as entries:
            for entry in entries:
                fits = entry.name in ends and PICTURE.search(entry.name) and len(names) < MOST_LISTED
                if fits and lies_inside(entry.name) and entry.is_file():
                    names.setdefault(entry.name, folder / entry.name)
    return PictureFiles(roots, names, frozenset(name for name, count in ends.items() if count > 1))
