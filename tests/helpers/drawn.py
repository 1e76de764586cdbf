"""Drawn products: three shapes in four colours, pictures of 96 pixels."""

from pathlib import Path

from PIL import Image, ImageDraw

from lavic_chat.catalog import Catalog, Product

COLOURS = {"red": (190, 40, 40), "green": (40, 140, 70), "blue": (40, 70, 180), "yellow": (225, 190, 40)}
SHAPES = {  # title, category, price, and boxes (left, top, right, bottom) on a canvas of 96
    "sofa": ("Harbour sofa", "Sofas", 540.0, [(10, 34, 86, 58), (10, 54, 86, 74), (14, 74, 82, 80)]),
    "chair": ("Mill armchair", "Armchairs", 210.0, [(30, 16, 66, 56), (24, 50, 72, 66), (30, 66, 34, 88)]),
    "lamp": ("Beacon table lamp", "Lamps", 45.5, [(34, 14, 62, 40), (46, 40, 50, 78), (34, 78, 62, 84)]),
}


def draw_catalog(folder: Path) -> Catalog:
    """All shapes in all colours, drawn into a new folder; ids such as "sofa-red"."""
    (folder / "images").mkdir(parents=True)
    return Catalog(folder, tuple(make_product(folder, shape, colour) for shape in SHAPES for colour in COLOURS))


def make_product(folder: Path, shape: str, colour: str) -> Product:
    """Draw the product's picture into `folder` and describe it; the title keeps the colour to itself."""
    title, category, price, boxes = SHAPES[shape]
    picture = Image.new("RGB", (96, 96), (236, 236, 232))
    for box in boxes:
        ImageDraw.Draw(picture).rectangle(box, fill=COLOURS[colour])
    image = f"images/{shape}-{colour}.png"
    picture.save(folder / image)
    return Product(
        id=f"{shape}-{colour}",
        title=title,
        category=category,
        images=(image,),
        description=f"A {shape} for a quiet corner.",
        attributes={"colour": colour, "shape": shape},
        price=price,
        source="drawn by the tests",
        creator="the tests",
        license="CC0-1.0",
    )
