"""Turn what was rendered into the catalogue: products.jsonl, splits.json, the pictures in use, ATTRIBUTION.md."""

import re
from dataclasses import dataclass
from pathlib import Path

from lavic_chat.errors import LavicError
from lavic_chat.storage.files import write_atomic, write_json, write_jsonl

from . import measure
from .attribution import Credit, credit, write_attribution
from .colour import distance, nearest_shade, nearest_timber
from .finishes import BY_TYPE, WASHABLE, Group, main_group, named_kind
from .library import Piece, read_paints, read_pieces
from .palette import GROUND, PATTERNS, RANGES, SHADES, Finish, finish_named, hex_to_rgb
from .render import read_records, record_path
from .review import read_drops
from .shapes import SPLITS, Shape, assign_splits, read_shapes
from .taxonomy import price, series_name, types

LEAST_COVERAGE, LEAST_CHANGE = 0.03, 0.06  # of the frame
LARGE, NOTABLE = 0.4, 0.2  # of the object
TIMBER_COLOURS = {"brown", "beige", "orange", "yellow"}
MOTLEY = 8.0  # CIE76 from a texture's mean to its typical colour, above which it is a pattern
# Words that would tell the look: none may stand in a title or a description.
LOOKS = {word for shade in SHADES for word in shade.split()} | {colour for colour, _ in SHADES.values()}
LOOKS |= {word for ranges in RANGES.values() for material in ranges for word in material.split()}
LOOKS |= {pattern for patterns in PATTERNS.values() for pattern in patterns}
LOOKS |= {"glass", "rattan", "wicker", "floral", "plain", "patterned", "gray", "dark", "wooden"}


@dataclass(frozen=True)
class Made:
    """One picture that stays: its shape, the look it shows, and where the parts of it are."""

    id: str
    shape: Shape
    finish: Finish | None
    picture: Path
    close: Path
    mask: Path
    natural: str
    pattern: str
    parts: list[dict]

    @property
    def views(self) -> tuple[Path, Path]:
        """The main picture and the close-up of the other side."""
        return self.picture, self.close


def write_catalog(work: Path, catalog: Path) -> dict[str, int]:
    """Write the catalogue's records from all pictures so far; return counts, the drops by reason among them."""
    pieces = read_pieces(work / "library")
    made, dropped = _select(work, pieces)
    names = _titles()
    credits = {shape.key: credit(pieces[shape.key]) for shape in {item.shape for item in made}}
    rows = [_row(item, pieces[item.shape.key], names[item.shape.key], credits[item.shape.key]) for item in made]
    _check(rows)
    images = catalog / "images"
    pictures = [picture for item in made for picture in item.views]
    for picture in pictures:
        target = images / picture.name
        if not target.is_file() or target.stat().st_size != picture.stat().st_size:
            write_atomic(target, picture.read_bytes())
    write_jsonl(catalog / "products.jsonl", rows)
    write_json(catalog / "splits.json", _splits(made, catalog / "splits.json"))
    write_atomic(catalog / "ATTRIBUTION.md", write_attribution(list(credits.values())))
    wanted = {picture.name for picture in pictures}
    for path in images.glob("*.jpg"):
        if path.name not in wanted:
            path.unlink()
    return {"products": len(rows), "shapes": len(credits), **dropped}


def _select(work: Path, pieces: dict[str, Piece]) -> tuple[list[Made], dict[str, int]]:
    """The pictures that stay, by the reviewed drop list and the automatic rules."""
    drops, made, dropped = read_drops(), [], {}
    for shape, record in read_records(work):
        mask, piece = record_path(work, shape.key).with_suffix(".png"), pieces[shape.key]
        natural = shape.material or _natural_material(record, shape, piece)
        pattern = shape.pattern or _natural_pattern(record, piece)
        kept = []
        for shot in record["pictures"]:
            path, close = (work / "pictures" / f"{shot['id']}{view}.jpg" for view in ("", "-2"))
            reason = drops.reason(shape.key, shot["look"])
            frame = measure.picture(path)
            if not reason and measure.coverage(mask) < LEAST_COVERAGE:
                reason = "auto: too small in the frame"
            if not reason and any(measure.changed(frame, other) < LEAST_CHANGE for other in kept):
                reason = "auto: hardly differs from another finish"
            if reason:
                dropped[reason] = dropped.get(reason, 0) + 1
                continue
            kept.append(frame)
            finish = finish_named(shot["look"])
            made.append(Made(shot["id"], shape, finish, path, close, mask, natural, pattern, _parts(shape, record)))
    return made, dropped


def _parts(shape: Shape, record: dict) -> list[dict]:
    """The groups of materials that show, with `target` true for the one that takes the finishes."""
    target = main_group([Group(**group) for group in record["groups"]], shape.type)
    return [group | {"target": bool(target) and group["materials"] == target.materials} for group in record["groups"]]


def _natural_material(record: dict, shape: Shape, piece: Piece) -> str:
    """The material of the shape's own look, where the model's names, its type or a person tells it; else ""."""
    paints = read_paints(piece.obj)
    first = max(record["groups"], key=_prominence)
    kinds = {named_kind(paints[name]) for name in first["materials"] if name in paints}
    usual = [first["kind"]] if shape.type in BY_TYPE.get(first["kind"], ()) or first["kind"] == "wood" else []
    kind = shape.finished_as or next(iter(kinds if len(kinds) == 1 and kinds != {""} else usual), "")
    kind = {"sanitary": "ceramic", "cloth": "fabric"}.get(kind, kind)
    return kind if first["share"] >= LARGE and kind in {*RANGES, "glass"} else ""


def _natural_pattern(record: dict, piece: Piece) -> str:
    """ "patterned" where the main part is cloth or glaze whose texture has plainly different colours; else "plain"."""
    first = max(record["groups"], key=_prominence)
    if first["kind"] not in ("fabric", "leather", "ceramic", "paper"):
        return "plain"
    paints = read_paints(piece.obj)
    textures = {paints[name].texture for name in first["materials"] if name in paints and paints[name].texture}
    return "patterned" if any(measure.spread(texture) > MOTLEY for texture in textures) else "plain"


def _prominence(part: dict) -> float:
    """What a shopper would name the look by: the largest part, but not the panes."""
    return part["share"] * (0.3 if part["kind"] in ("glass", "mirror", "screen") else 1)


def _titles() -> dict[str, str]:
    """A title for every shape of the list; a name taken by an earlier shape of the same noun is not used twice."""
    titles, taken = {}, set()
    for shape in read_shapes():
        attempt = 0
        while (title := f"{series_name(shape.key, attempt)} {shape.noun}") in taken:
            attempt += 1
        taken.add(title)
        titles[shape.key] = title
    return titles


def _row(item: Made, piece: Piece, title: str, owed: Credit) -> dict:
    kind = types()[item.shape.type]
    width, height, depth = piece.size
    size = f"{width:.0f} x {depth:.0f} x {height:.0f} cm" if min(piece.size) >= 1 else f"{width:.0f} x {depth:.0f} cm"
    return {
        "id": item.id,
        "title": title,
        "category": kind.category,
        "images": [f"images/{picture.name}" for picture in item.views],
        "description": f"{kind.use} Width x depth x height: {size}.",
        "attributes": {"type": kind.name, **_looks(item), "style": item.shape.style, "size": size},
        "price": price(item.shape.key, item.finish.name if item.finish else "natural", item.shape.type, piece.size),
        "source": owed.source,
        "creator": owed.creator,
        "license": owed.license,
    }


def _looks(item: Made) -> dict[str, str]:
    """Colour, shade, material and accent, true to the picture: the finish where it covers most of the object, else
    the model's own paint where that is plain, else what the object's pixels show."""
    main = max(item.parts, key=_prominence)
    rest = [part for part in item.parts if part is not main]
    if item.finish and main["target"]:
        shade = item.finish.shade
        material = shade if item.finish.material == "wood" else item.finish.material
    else:
        shade, material = _plain_shade(main) or _seen_shade(item, main), item.natural
        if main["kind"] == "wood" and SHADES[shade][0] in TIMBER_COLOURS and material != "painted wood":
            shade, material = nearest_timber(main["rgb"]), material or "wood"
        elif material == "wood":
            material = "painted wood"
    accents = [
        item.finish.shade if item.finish and part["target"] else _plain_shade(part, timber=True)
        for part in rest
        if part["share"] >= NOTABLE
    ]
    own = item.finish.pattern if item.finish and main["target"] else ""
    if item.shape.type in WASHABLE and material in ("velvet", "wool"):
        material = "fabric"
    looks = {"colour": SHADES[shade][0], "shade": shade, "material": material, "pattern": own or item.pattern}
    # a pattern is known by its ground, however near the two shades are
    looks["accent"] = GROUND if own else next((other for other in accents if other and _unlike(other, shade)), "")
    return {name: value for name, value in looks.items() if value}


def _plain_shade(part: dict, timber: bool = False) -> str:
    """The shade of a part that has one even colour (`timber`: grain passes for even); "" for other textures, and for
    what mirrors the studio."""
    if (
        (part["textured"] and not (timber and part["kind"] == "wood"))
        or part["kind"] in ("metal", "glass", "mirror", "screen")
        or part["share"] < 0.2
    ):
        return ""
    return nearest_shade(part["rgb"])


def _seen_shade(item: Made, main: dict) -> str:
    """The shade that most pixels of the main part have; of the whole object where the mask does not tell the part."""
    frame = measure.picture(item.picture)
    pixels = frame[measure.mask(item.mask, len(frame), 2 if main["target"] else 1)]
    timber = main["kind"] == "wood"
    # in shade, tan and honey timber comes out as a greenish brown
    return next(shade for shade, _ in measure.colours(pixels) if not (timber and shade in ("olive", "mustard")))


def _unlike(first: str, second: str) -> bool:
    far = distance(hex_to_rgb(SHADES[first][1]), hex_to_rgb(SHADES[second][1])) >= 35
    return far and SHADES[first][0] != SHADES[second][0]


def _check(rows: list[dict]) -> None:
    titles: dict[str, str] = {}
    for row in rows:
        if row["id"] in titles:
            both = f"{titles[row['id']]} and {row['title']}"
            raise LavicError(f"{both} got the same product id {row['id']}; turn one of them down in drops.tsv.")
        titles[row["id"]] = row["title"]
    for row in rows:
        told = LOOKS & set(re.findall(r"[a-z-]+", f"{row['title']} {row['description']}".lower()))
        if told:
            raise LavicError(
                f"{row['title']}: {', '.join(sorted(told))} tells the look; change the noun in shapes.tsv."
            )


def _splits(made: list[Made], path: Path) -> dict[str, dict[str, list[str]]]:
    """{split: {shape: [product ids]}}."""
    assigned = assign_splits(path)
    splits: dict[str, dict[str, list[str]]] = {name: {} for name in SPLITS}
    for item in made:
        splits[assigned[item.shape.key]].setdefault(item.shape.key, []).append(item.id)
    return splits
