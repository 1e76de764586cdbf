"""Looking at the pictures: contact sheets of all of them, and the list of those that a person has turned down."""

from pathlib import Path

from PIL import Image, ImageDraw

from .render import read_records

DROPS = Path(__file__).with_name("drops.tsv")


def read_drops() -> dict[str, str]:
    """{"key" or "key:look": reason} of `drops.tsv`."""
    if not DROPS.is_file():
        return {}
    lines = [line.split("\t") for line in DROPS.read_text().splitlines() if line.strip() and line[0] != "#"]
    return {what.strip(): reason.strip() for what, reason in lines}


def write_sheets(work: Path, side: int = 200, columns: int = 9, rows: int = 7) -> list[Path]:
    """PNG contact sheets of every picture under `work/sheets`, each labelled with its shape and look."""
    shots = [(shape.key, shot) for shape, record in read_records(work) for shot in record["pictures"]]
    folder = work / "sheets"
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for start in range(0, len(shots), columns * rows):
        part = shots[start : start + columns * rows]
        sheet = Image.new("RGB", (columns * side, ((len(part) - 1) // columns + 1) * (side + 14)), "white")
        pen = ImageDraw.Draw(sheet)
        for place, (key, shot) in enumerate(part):
            x, y = place % columns * side, place // columns * (side + 14)
            with Image.open(work / "pictures" / f"{shot['id']}.jpg") as image:
                sheet.paste(image.resize((side, side)), (x, y))
            pen.text((x + 2, y + side), f"{key[:20]} {shot['look'][:15]}", fill="black")
        paths.append(folder / f"sheet-{start // (columns * rows):02}.png")
        sheet.save(paths[-1])
    return paths
