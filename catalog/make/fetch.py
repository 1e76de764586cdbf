"""Get the furniture library: download the Debian package, unpack it and the five catalogues in it."""

import shutil
import subprocess
import zipfile
from pathlib import Path

from lavic_chat.errors import LavicError
from lavic_chat.storage.files import fresh_folder

PACKAGE = "sweethome3d-furniture"


def fetch(work: Path, deb: Path | None = None) -> Path:
    """Return the folder of the unpacked library, `work/library`; nothing is done when it is already there.

    `deb` is the package file when it was downloaded before; else `apt-get download` brings it.
    Raises LavicError when the package can neither be found nor unpacked.
    """
    library = work / "library"
    if library.is_dir():
        return library
    work.mkdir(parents=True, exist_ok=True)
    package = deb or _download(work)
    unpacked = work / "package"
    _run(["dpkg-deb", "-x", str(package), str(unpacked)], "The package could not be unpacked")
    with fresh_folder(library) as folder:
        for archive in sorted(unpacked.rglob("*.sh3f")):
            with zipfile.ZipFile(archive) as content:
                content.extractall(folder / archive.stem)
    shutil.rmtree(unpacked)
    return library


def _download(work: Path) -> Path:
    found = sorted(work.glob(f"{PACKAGE}_*.deb"))
    if not found:
        _run(["apt-get", "download", PACKAGE], "The package could not be downloaded", cwd=work)
        found = sorted(work.glob(f"{PACKAGE}_*.deb"))
    if not found:
        raise LavicError(f"There is no {PACKAGE} package in {work}; download it by hand and pass --deb FILE.")
    return found[-1]


def _run(command: list[str], problem: str, cwd: Path | None = None) -> None:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise LavicError(f"{problem}: this step needs {command[0]} (a Debian or Ubuntu system).") from error
    if done.returncode:
        raise LavicError(f"{problem}: {done.stderr.strip().splitlines()[-1:] or ['no reason given']}")
