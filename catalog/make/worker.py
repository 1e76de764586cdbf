"""The process that runs Blender: load a shape, see what shows, render its own look and then its finishes."""

import json
import sys
import time
from pathlib import Path

import bpy
import numpy as np
from PIL import Image

from lavic_chat.files import write_atomic, write_json

from . import finishes, scene, shading
from .colour import to_lab
from .identity import product_id
from .library import Paint, Piece, read_paints, read_pieces
from .render import record_path
from .shapes import Shape, read_shapes

QUALITY = 85


def main() -> None:
    """Arguments: work folder, share, number of shares, variants a shape, time to stop (0: never)."""
    work, share, shares, variants, until = Path(sys.argv[1]), *(float(x) for x in sys.argv[2:6])
    pieces = read_pieces(work / "library")
    mark = work / f"trying-{int(share)}"
    for place, shape in enumerate(read_shapes()):
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
    if record.get("failed") or len(record.get("pictures", [])) >= 1 + min(variants, record.get("options", variants)):
        return
    thing = scene.load(piece)
    paints = read_paints(piece.obj)
    eye = scene.frame(thing, shape.view)
    names = [slot.material.name if slot.material else "" for slot in thing.material_slots]
    seen = scene.probe(thing, eye)
    groups = finishes.group(paints, _shares(seen, names), shape.type)
    target = finishes.main_group(groups, shape.type)
    chosen = finishes.choose(shape.key, target, max(variants, 3), shape.type)
    for slot in thing.material_slots:
        if slot.material:
            shading.paint_natural(slot.material, paints.get(slot.material.name, Paint(slot.material.name)), shape.type)
    scene.set_stage(thing, dark=_is_light(groups), lifted=shape.lifted)
    record = {"pictures": []} | record
    record |= {"key": shape.key, "options": len(chosen), "groups": [g.__dict__ for g in groups]}
    _keep_mask(work, shape, seen, names, target)
    for finish in [None, *chosen[:variants]]:
        look = finish.name if finish else "natural"
        if look in {picture["look"] for picture in record["pictures"]} or (until and time.time() > until):
            continue
        if finish:
            for slot in thing.material_slots:
                if slot.material and slot.material.name in target.materials:
                    paint = paints.get(slot.material.name, Paint(slot.material.name))
                    shading.paint_finish(slot.material, paint, target, finish)
        started = time.time()
        name = product_id(shape.key, look)
        _shoot(work, name)
        seconds = round(time.time() - started, 2)
        record["pictures"].append({"id": name, "look": look, "view": shape.view, "seconds": seconds})
        write_json(path, record)


def _shares(seen: np.ndarray, names: list[str]) -> dict[str, float]:
    visible = seen[seen >= 0]
    if not len(visible):
        raise ValueError("nothing of the object can be seen")
    counts = np.bincount(visible, minlength=len(names)) / len(visible)
    return {name: float(counts[i]) for i, name in enumerate(names) if counts[i] > 0}


def _is_light(groups: list[finishes.Group]) -> bool:
    """Mostly white things stand before a darker backdrop."""
    return sum(g.share for g in groups if to_lab(g.rgb)[0] > 84) > 0.5


def _keep_mask(work: Path, shape: Shape, seen: np.ndarray, names: list[str], target) -> None:
    """[96, 96] picture: 0 backdrop, 1 the object, 2 the part that takes the finishes."""
    mask = (seen >= 0).astype(np.uint8)
    if target:
        mask[np.isin(seen, [i for i, name in enumerate(names) if name in target.materials])] = 2
    place = record_path(work, shape.key).with_suffix(".png")
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask).save(place)


def _shoot(work: Path, name: str) -> None:
    raw = work / f"raw-{name}.png"
    scene.shoot(raw)
    with Image.open(raw) as image:
        jpeg = work / f"raw-{name}.jpg"
        image.convert("RGB").save(jpeg, quality=QUALITY, optimize=True)
    write_atomic(work / "pictures" / f"{name}.jpg", jpeg.read_bytes())
    raw.unlink()
    jpeg.unlink()


if __name__ == "__main__":
    bpy.app.debug_wm = False
    main()
