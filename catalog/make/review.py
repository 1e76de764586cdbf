"""Looking at the pictures: contact sheets of all of them, and the list of those that a person has turned down."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from lavic_chat.storage.files import fresh_folder

from .render import read_records

DROPS = Path(__file__).with_name("drops.tsv")


@dataclass(frozen=True)
class Drops:
    """What was turned down: {"key" or "key:look" or "key:*" for every finish: why}."""

    reasons: Mapping[str, str]

    def reason(self, key: str, look: str) -> str:
        """Why this look of a shape is left out; "" for one that stays."""
        finishes = f"{key}:*" if look != "natural" else ""
        return next((self.reasons[what] for what in (key, f"{key}:{look}", finishes) if what in self.reasons), "")


def read_drops() -> Drops:
    """The lines of `drops.tsv`."""
    lines = [line.split("\t") for line in DROPS.read_text().splitlines() if line.strip() and line[0] != "#"]
    return Drops({what.strip(): reason.strip() for what, reason in lines})


def write_sheets(work: Path, side: int = 130, columns: int = 10, rows: int = 11) -> list[Path]:
    """PNG contact sheets of every picture under `work/sheets`: both views of each look, a shape begins a new row."""
    drops, cells = read_drops(), []
    for shape, record in read_records(work):
        shots = [
            (f"{shape.key.split('/')[1][:22]} {shot['look']}" if view == "" else "", f"{shot['id']}{view}.jpg")
            for shot in record["pictures"]
            if not drops.reason(shape.key, shot["look"])
            for view in ("", "-2")
        ]
        cells += shots + [None] * (-len(shots) % columns)
    paths = []
    with fresh_folder(work / "sheets") as fresh:
        for start in range(0, len(cells), columns * rows):
            sheet = _draw(work / "pictures", cells[start : start + columns * rows], side, columns)
            paths.append(work / "sheets" / f"sheet-{start // (columns * rows):02}.png")
            sheet.save(fresh / paths[-1].name)
    return paths


def _draw(pictures: Path, cells: list[tuple[str, str] | None], side: int, columns: int) -> Image.Image:
    sheet = Image.new("RGB", (columns * side, -(-len(cells) // columns) * (side + 13)), "white")
    pen = ImageDraw.Draw(sheet)
    for place, cell in enumerate(cells):
        if cell:
            label, name = cell
            x, y = place % columns * side, place // columns * (side + 13)
            with Image.open(pictures / name) as image:
                sheet.paste(image.resize((side, side), Image.Resampling.LANCZOS), (x, y))
            pen.text((x + 1, y + side), label, fill="black")
    return sheet
