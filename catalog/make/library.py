"""Read the library: its property files (the pieces) and its MTL files (their materials)."""

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

PREFIX = {"BlendSwap-CC-0": "cc0", "BlendSwap-CC-BY": "by", "KatorLegaz": "kl", "Scopia": "sc"}


@dataclass(frozen=True)
class Piece:
    """One model of the library. `size` is (width, height, depth) in cm; `rotation` a 3x3 matrix by rows."""

    key: str
    collection: str
    name: str
    category: str
    tags: str
    obj: Path
    size: tuple[float, float, float]
    rotation: tuple[float, ...] | None
    creator: str


@dataclass(frozen=True)
class Paint:
    """One material of an MTL file: sRGB colours in 0..1, `texture` and `alpha_map` as files that exist."""

    name: str
    diffuse: tuple[float, float, float] = (0.8, 0.8, 0.8)
    specular: float = 0.0
    exponent: float = 10.0
    opacity: float = 1.0
    texture: Path | None = None
    alpha_map: Path | None = None


def read_pieces(library: Path) -> dict[str, Piece]:
    """All pieces of the furniture collections by key, e.g. `sc/leather_sofa`."""
    pieces = {}
    for collection, prefix in PREFIX.items():
        folder = library / collection
        for row in _numbered((folder / "PluginFurnitureCatalog.properties").read_text("latin-1")):
            key = f"{prefix}/{row['id'].split('#', 1)[1]}"
            rotation = tuple(float(x) for x in row["modelRotation"].split()) if "modelRotation" in row else None
            pieces[key] = Piece(
                key=key,
                collection=collection,
                name=row["name"],
                category=row["category"],
                tags=row.get("tags", ""),
                obj=folder / row["model"].lstrip("/"),
                size=(float(row["width"]), float(row["height"]), float(row["depth"])),
                rotation=rotation,
                creator=row.get("creator", ""),
            )
    return pieces


def _numbered(text: str) -> list[dict[str, str]]:
    """The `property#N=value` lines gathered by N."""
    rows: dict[int, dict[str, str]] = defaultdict(dict)
    for name, number, value in re.findall(r"^(\w+)#(\d+)\s*=[ \t]*(.*?)\s*$", text, re.M):
        rows[int(number)][name] = re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), value)
    return [rows[number] for number in sorted(rows)]


def read_paints(obj: Path) -> dict[str, Paint]:
    """The materials of the OBJ's MTL file by name; a texture that is not there is left out."""
    mtl = obj.with_suffix(".mtl")
    if not mtl.is_file():
        return {}
    blocks = re.split(r"^\s*newmtl\s+", mtl.read_text("latin-1"), flags=re.M)[1:]
    return {paint.name: paint for paint in (_read_paint(block, obj.parent) for block in blocks)}


def _read_paint(block: str, folder: Path) -> Paint:
    lines = [line.strip() for line in block.splitlines()]
    values = {line.split(None, 1)[0]: line.split(None, 1)[1] for line in lines[1:] if len(line.split(None, 1)) == 2}
    diffuse = [float(x) for x in values.get("Kd", "0.8 0.8 0.8").split()[:3]]
    specular = [float(x) for x in values.get("Ks", "0").split()[:3]]
    return Paint(
        name=lines[0],
        diffuse=tuple(min(1.0, x) for x in diffuse),
        specular=sum(specular) / len(specular),
        exponent=float(values.get("Ns", "10").split()[0]),
        opacity=float(values.get("d", "1").split()[-1]),
        texture=_find(values.get("map_Kd"), folder),
        alpha_map=_find(values.get("map_d"), folder),
    )


def _find(value: str | None, folder: Path) -> Path | None:
    """The texture file beside the model; some MTL files name it by a path of the author's own disk."""
    if not value:
        return None
    names = {path.name.lower(): path for path in folder.iterdir()}
    name = re.split(r"[/\\]", value.strip())[-1].lower()
    return names.get(name) or names.get(name.split()[-1] if name.split() else "")
