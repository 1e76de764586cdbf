"""Putting an import's pictures into its folder: each that is a picture by its header, under a safe name."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from lavic_chat.catalog.importing.findings import Findings
from lavic_chat.catalog.importing.formats.item import Item
from lavic_chat.catalog.pictures import catalog_picture
from lavic_chat.catalog.text import printable
from lavic_chat.errors import PictureError
from lavic_chat.storage.files import write_atomic


class Copier:
    """Into one folder; a file that several products show is copied once and linked to then."""

    def __init__(self, folder: Path, findings: Findings):
        self.folder, self.findings = folder, findings
        self.copies: dict[Path, Path | PictureError] = {}

    def copy(self, file: Path, image: str) -> None:
        """Raises PictureError for what is no picture; OSError."""
        to = self.folder / image
        done = self.copies.get(file)
        if isinstance(done, PictureError):
            raise done
        if done is not None:
            if done != to:
                link(done, to)
            return
        try:
            converted = catalog_picture(file)
        except PictureError as error:
            self.copies[file] = error
            raise
        to.parent.mkdir(parents=True, exist_ok=True)
        if converted is None:
            shutil.copyfile(file, to)
        else:
            write_atomic(to, converted)
            self.findings.note("{picture was|pictures were} written anew as JPEG", file.name)
        self.copies[file] = to


def link(file: Path, to: Path) -> None:
    """A second name for a file; a copy where the disk knows no such thing."""
    try:
        os.link(file, to)
    except OSError:
        shutil.copyfile(file, to)


def copy_pictures(items: Sequence[Item], folder: Path, findings: Findings, progress: bool) -> int:
    """Copy what is a picture by its header into `folder`; return how many. What is missing is noted as the source
    names it, unless it can be fetched."""
    copier, copied = Copier(folder, findings), 0
    for item in tqdm(items, desc="Importing", unit="product", disable=None if progress else True):
        for image, file in zip(item.product.images, item.files, strict=True):
            if file is None:
                if image not in item.urls:
                    name = item.originals.get(image, image)
                    findings.note("{picture is|pictures are} missing", printable(name[:120]))
                continue
            try:
                copier.copy(file, image)
            except PictureError as error:
                findings.note("{picture|pictures} cannot be used", str(error).rstrip("."))
                continue
            copied += 1
    return copied
