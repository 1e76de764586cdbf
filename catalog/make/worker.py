"""The process that runs Blender: load a shape, see what shows, render its own look and then its finishes."""

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from PIL import Image

from lavic_chat.storage.files import write_atomic, write_json

from . import finishes, scene, shading
from .colour import to_lab
from .finishes import Group, choose
from .identity import product_id
from .library import Paint, Piece, read_paints, read_pieces
from .palette import Finish, finish_named
from .render import record_path
from .review import read_drops
from .shapes import SPLITS_FILE, Shape, assign_splits, read_shapes

QUALITY = 85
MOST = 9  # finishes that a shape may ever get


def main() -> None:
    """Arguments: work folder, share, number of shares, variants a shape, time to stop (0: never), splits."""
    work, share, shares, variants, until = Path(sys.argv[1]), *(float(x) for x in sys.argv[2:6])
    pieces, splits = read_pieces(work / "library"), assign_splits(SPLITS_FILE)
    shapes = [shape for name in sys.argv[6].split(",") for shape in read_shapes() if splits[shape.key] == name]
    mark = work / f"trying-{int(share)}"
    for place, shape in enumerate(shapes):
        if place % int(shares) != int(share) or (until and time.time() > until):
            continue
        mark.write_text(shape.key)
        try:
            render_shape(work, shape, pieces[shape.key], int(variants), until)
        except (RuntimeError, ValueError, KeyError, OSError) as error:
            write_json(record_path(work, shape.key), {"key": shape.key, "failed": str(error), "pictures": []})
        mark.unlink()


def render_shape(work: Path, shape: Shape, piece: Piece, variants: int, until: float) -> None:
    """Render what is still missing of one shape and keep its record up to date after every picture."""
    path = record_path(work, shape.key)
    record = json.loads(path.read_text()) if path.is_file() else {}
    if record.get("failed") or not _missing(shape, record, variants):
        return
    studio = _set_up(work, shape, piece)
    record = {"pictures": []} | record
    record |= {"key": shape.key, "groups": [group.__dict__ for group in studio.groups]}
    record["options"] = ["natural", *(finish.name for finish in choose(shape.key, studio.target, MOST, shape.type))]
    for look in _missing(shape, record, variants):
        if until and time.time() > until:
            return
        _dress(studio, finish_named(look))
        started = time.time()
        name = product_id(shape.key, look)
        _shoot(work, name, studio)
        shot = {"id": name, "look": look, "view": shape.view, "seconds": round(time.time() - started, 2)}
        record["pictures"] = [picture for picture in record["pictures"] if picture["look"] != look] + [shot]
        write_json(path, record)


def _missing(shape: Shape, record: dict, variants: int) -> list[str]:
    """The looks that have no pictures yet, the model's own first; "natural" alone while the options are unknown.
    A look that was turned down gives its place to the next option."""
    drops = read_drops()
    options = [look for look in record.get("options", ["natural"]) if not drops.reason(shape.key, look)]
    looks = options[: variants + 1]
    done = {picture["look"] for picture in record.get("pictures", [])}
    return [look for look in looks if look not in done]


@dataclass(frozen=True)
class Studio:
    """A shape before its two cameras, and what is seen of it."""

    shape: Shape
    thing: bpy.types.Object
    paints: dict[str, Paint]
    groups: list[Group]
    target: Group | None
    main: bpy.types.Object
    close: bpy.types.Object
    window: tuple[float, float]


def _set_up(work: Path, shape: Shape, piece: Piece) -> Studio:
    thing, paints = scene.load(piece), read_paints(piece.obj)
    names = [slot.material.name if slot.material else "" for slot in thing.material_slots]
    main = scene.frame(thing, shape.view)
    seen = scene.probe(thing, main)
    groups = finishes.group(paints, _shares(seen, names), shape.type)
    target = finishes.main_group(groups, shape.type, shape.finished_as)
    _keep_mask(work, shape, seen, names, target)
    close = scene.frame(thing, shape.view, other_side=True)
    nearby = scene.probe(thing, close)
    window = scene.find_window((nearby >= 0) + 1.0 * np.isin(nearby, _slots(names, target)))
    scene.set_stage(thing, dark=_is_light(groups), lifted=shape.lifted)
    return Studio(shape, thing, paints, groups, target, main, close, window)


def _slots(names: list[str], target: Group | None) -> list[int]:
    return [place for place, name in enumerate(names) if target and name in target.materials]


def _dress(studio: Studio, finish: Finish | None) -> None:
    """The model's own look, or its main part in a finish."""
    for slot in studio.thing.material_slots:
        if not slot.material:
            continue
        paint = studio.paints.get(slot.material.name, Paint(slot.material.name))
        if finish and slot.material.name in studio.target.materials:
            shading.paint_finish(slot.material, paint, studio.target, finish)
        else:
            shading.paint_natural(slot.material, paint, studio.shape.type)


def _shares(seen: np.ndarray, names: list[str]) -> dict[str, float]:
    visible = seen[seen >= 0]
    if not len(visible):
        raise ValueError("nothing of the object can be seen")
    counts = np.bincount(visible, minlength=len(names)) / len(visible)
    return {name: float(counts[i]) for i, name in enumerate(names) if counts[i] > 0}


def _is_light(groups: list[Group]) -> bool:
    """Mostly white things stand before a darker backdrop."""
    return sum(g.share for g in groups if to_lab(g.rgb)[0] > 84) > 0.5


def _keep_mask(work: Path, shape: Shape, seen: np.ndarray, names: list[str], target) -> None:
    """[96, 96] picture: 0 backdrop, 1 the object, 2 the part that takes the finishes."""
    mask = (seen >= 0).astype(np.uint8)
    if target:
        mask[np.isin(seen, _slots(names, target))] = 2
    place = record_path(work, shape.key).with_suffix(".png")
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask).save(place)


def _shoot(work: Path, name: str, studio: Studio) -> None:
    """The main view `NAME.jpg` and the close-up of the other side `NAME-2.jpg`."""
    for suffix, camera, size, window in (
        ("", studio.main, scene.SIZE, None),
        ("-2", studio.close, scene.CLOSE_SIZE, studio.window),
    ):
        raw = work / f"raw-{name}{suffix}.png"
        bpy.context.scene.camera = camera
        scene.shoot(raw, size, window)
        with Image.open(raw) as image:
            jpeg = raw.with_suffix(".jpg")
            image.convert("RGB").save(jpeg, quality=QUALITY, optimize=True)
        write_atomic(work / "pictures" / f"{name}{suffix}.jpg", jpeg.read_bytes())
        raw.unlink()
        jpeg.unlink()


if __name__ == "__main__":
    bpy.app.debug_wm = False
    main()
