"""Render the catalogue's pictures, resumably: one Blender process a core, each shape's pictures one after another."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from lavic_chat.storage.files import write_json

from .shapes import Shape, read_shapes

HERE = Path(__file__).parent


def render(work: Path, jobs: int, variants: int, until: float | None, splits: str) -> None:
    """Fill `work/renders` (a record a shape) and `work/pictures`; what is there already is not made again.

    `variants` is how many finishes a shape gets besides its own look, `splits` whose shapes ("test,train"); at
    `until` (seconds since 1970) the workers stop after the picture in hand. A shape that kills its process is
    recorded as failed.
    """
    running = {share: _start(work, share, jobs, variants, until, splits) for share in range(jobs)}
    while running:
        time.sleep(2)
        for share, process in list(running.items()):
            if process.poll() is None:
                continue
            del running[share]
            if process.returncode and _blame(work, share):
                running[share] = _start(work, share, jobs, variants, until, splits)


def _start(work: Path, share: int, jobs: int, variants: int, until: float | None, splits: str) -> subprocess.Popen:
    logs = work / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "catalog.make.worker", str(work), str(share), str(jobs), str(variants)]
    command += [str(until or 0), splits]
    with (logs / f"blender-{share}.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=HERE.parents[1], env=os.environ)


def _blame(work: Path, share: int) -> bool:
    """Record the shape that a dead worker was at as failed; False when there is none (then it is no use to go on)."""
    mark = work / f"trying-{share}"
    if not mark.is_file():
        return False
    key = mark.read_text()
    write_json(record_path(work, key), {"key": key, "failed": "the renderer stopped", "pictures": []})
    mark.unlink()
    return True


def record_path(work: Path, key: str) -> Path:
    """Where what is known of a shape's pictures is kept."""
    return work / "renders" / f"{key.replace('/', '_')}.json"


def read_records(work: Path) -> list[tuple[Shape, dict]]:
    """Every shape that has pictures, in the order of the shape list."""
    found = []
    for shape in read_shapes():
        path = record_path(work, shape.key)
        if path.is_file():
            record = json.loads(path.read_text())
            if record["pictures"]:
                found.append((shape, record))
    return found
