"""Pictures that nobody has looked at yet: those of the home catalogue, mirrored, so that no cache knows them."""

from itertools import islice
from pathlib import Path

from PIL import Image, ImageOps

from lavic_chat.catalog import Catalog, Product, load_catalog, open_picture
from lavic_chat.settings import shipped
from lavic_chat.storage.files import write_jsonl


def make_catalog(folder: Path, count: int) -> Path:
    """A catalogue of so many products of the home catalogue, of as many shapes as can be, with mirrored pictures."""
    home = load_catalog(shipped("catalog"))
    products = at_distances(home, count)
    for product in products:
        for place, name in enumerate(product.images):
            if path := home.picture_path(product, place):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                mirrored(path).save(folder / name, quality=90)
    write_jsonl(folder / "products.jsonl", (product.to_row() for product in products))
    return folder


def make_photos(folder: Path, count: int) -> list[Path]:
    """So many photos, as a shopper might send them."""
    home = load_catalog(shipped("catalog"))
    paths = filter(None, map(home.picture_path, reversed(home.products)))
    photos = []
    for number, path in enumerate(islice(paths, count)):
        photos.append(folder / f"photo-{number}.jpg")
        mirrored(path).save(photos[-1], quality=90)
    return photos


def mirrored(path: Path) -> Image.Image:
    """Left for right: another picture for every cache, and as hard to look at."""
    return ImageOps.mirror(open_picture(path))


def at_distances(catalog: Catalog, count: int) -> list[Product]:
    """So many of its products at equal distances, as neighbours are one shape in several finishes."""
    return list(catalog.products[:: max(1, len(catalog) // count)][:count])
