"""Reading `products.jsonl` into a checked catalogue; nothing in such a file is trusted."""

import math
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath

from lavic_chat.catalog.currencies import MAX_CURRENCY
from lavic_chat.catalog.product import PRODUCTS, Catalog, Product
from lavic_chat.catalog.terms import read_terms
from lavic_chat.errors import CatalogError, LavicError
from lavic_chat.storage.files import hash_file, read_jsonl

MAX_PRODUCTS = 200_000
TRIES = 3  # to read a file that nobody writes meanwhile
MAX_ID, MAX_TITLE, MAX_TEXT = 200, 1_000, 20_000  # characters
MAX_LINK = 2_000  # characters
MAX_IMAGES, MAX_ATTRIBUTES = 50, 100  # of one product

UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # all controls but tab and newline
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def load_catalog(folder: str | Path) -> Catalog:
    """Read a catalogue folder; raises CatalogError naming file and line of the first bad product.

    Pictures may be missing (`catalog.pictures` has a blank for them) but may not lie outside the folder.
    """
    folder = Path(folder)
    for _ in range(TRIES):
        before = hash_products(folder)
        catalog = Catalog(folder, tuple(read_products(folder)), read_terms(folder), before)
        if hash_products(folder) == before:
            return catalog
    raise CatalogError(f"{folder / PRODUCTS} changes while it is read; try again when it is written.")


def hash_products(folder: Path) -> str:
    """SHA-256 of the products' file; "" where there is none that could be read."""
    try:
        return hash_file(folder / PRODUCTS)
    except OSError:
        return ""


def read_products(folder: str | Path, on_bad: Callable[[LavicError], None] | None = None) -> Iterator[Product]:
    """The products of a catalogue folder, line by line; bad lines go to `on_bad`, or raise CatalogError."""
    folder = Path(folder)
    if not folder.is_dir():
        raise CatalogError(f"There is no catalogue folder {folder}; check the name, or import one first.")
    path = folder / PRODUCTS
    if not path.is_file():
        raise CatalogError(f"{folder} holds no {PRODUCTS}, so it is no catalogue; import one first.")
    lies_inside = picture_guard(folder)
    seen: dict[str, int] = {}
    for number, row in read_jsonl(path, CatalogError, on_bad):
        try:
            product = parse_product(row, f"{path}, line {number}")
            if product.id in seen:
                first = seen[product.id]
                raise CatalogError(f"{path}, line {number}: the id {product.id!r} is already on line {first}.")
            for image in product.images:
                if not lies_inside(image):
                    raise CatalogError(f"{path}, line {number}: the picture {image!r} leads out of the folder.")
        except CatalogError as bad:
            if on_bad is None:
                raise
            on_bad(bad)
            continue
        if len(seen) == MAX_PRODUCTS:
            raise CatalogError(f"{path} holds more than {MAX_PRODUCTS:,} products; split the catalogue.")
        seen[product.id] = number
        yield product


def parse_product(row: dict, where: str) -> Product:
    """A product from one JSON object; raises CatalogError beginning with `where`. Reads no file."""
    images = row.get("images")
    if images is None:
        images = []
    if not isinstance(images, list) or len(images) > MAX_IMAGES:
        raise CatalogError(f"{where}: `images` must be a list of at most {MAX_IMAGES} paths.")
    return Product(
        id=parse_id(row.get("id"), where),
        title=" ".join(parse_text(row, "title", where, MAX_TITLE, needed=True).split()),
        category=" ".join(parse_text(row, "category", where, MAX_TITLE).split()),
        images=tuple(dict.fromkeys(parse_image(image, where) for image in images)),
        description=parse_text(row, "description", where),
        attributes=parse_attributes(row.get("attributes"), where),
        price=parse_price(row.get("price"), where),
        source=parse_text(row, "source", where),
        creator=parse_text(row, "creator", where),
        license=parse_text(row, "license", where),
        currency=parse_text(row, "currency", where, MAX_CURRENCY),
        link=parse_link(row, where),
        in_stock=parse_stock(row.get("in_stock"), where),
        shape=parse_text(row, "shape", where, MAX_TITLE),
        source_id=parse_text(row, "source_id", where, MAX_TITLE),
    )


def parse_id(value: object, where: str) -> str:
    """A product's id; raises CatalogError unless it is a text of its own that can stand in a path."""
    if not isinstance(value, str) or not value.strip():
        raise CatalogError(f"{where}: `id` is missing or empty; every product needs a text of its own.")
    if len(value) > MAX_ID:
        raise CatalogError(f"{where}: `id` has {len(value):,} characters, at most {MAX_ID} are allowed.")
    if value != value.strip() or CONTROL.search(value) or "/" in value or "\\" in value or value in (".", ".."):
        raise CatalogError(
            f"{where}: the id {value!r} must not hold slashes, control characters or spaces at its ends."
        )
    return value


def parse_text(row: dict, key: str, where: str, limit: int = MAX_TEXT, needed: bool = False) -> str:
    """A text field without control characters; absent or null is "" unless it is needed."""
    value = row.get(key)
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise CatalogError(f"{where}: `{key}` must be a text.")
    if len(value) > limit:
        raise CatalogError(f"{where}: `{key}` has {len(value):,} characters, at most {limit:,} are allowed.")
    value = UNPRINTABLE.sub(" ", value).strip()
    if needed and not value:
        raise CatalogError(f"{where}: `{key}` is missing or empty.")
    return value


def parse_attributes(value: object, where: str) -> dict[str, str]:
    """Names and values as texts; numbers are written out, null values left out."""
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > MAX_ATTRIBUTES:
        raise CatalogError(f"{where}: `attributes` must be an object of at most {MAX_ATTRIBUTES} texts.")
    attributes = {}
    for name, content in value.items():
        if isinstance(content, int | float) and not isinstance(content, bool):
            content = f"{content:g}" if isinstance(content, float) else str(content)
        text = parse_text({"attributes": content}, "attributes", where, MAX_TITLE)
        name = " ".join(CONTROL.sub(" ", name).split())
        if text and name:
            attributes[name[:MAX_ID]] = text
    return attributes


def parse_price(value: object, where: str) -> float | None:
    """A finite price of at least 0, or None."""
    if value is None:
        return None
    good = isinstance(value, int | float) and not isinstance(value, bool)
    if not good or not 0 <= value <= 1e12 or not math.isfinite(value):
        raise CatalogError(f"{where}: `price` must be a number of at least 0.")
    return float(value)


def parse_link(row: dict, where: str) -> str:
    """The address of a product's page, http or https; "" where there is none."""
    link = parse_text(row, "link", where, MAX_LINK)
    if link and not (link.isascii() and link.startswith(("http://", "https://")) and not re.search(r"[\s\"'<>]", link)):
        raise CatalogError(f"{where}: `link` must be the http or https address of a page.")
    return link


def parse_stock(value: object, where: str) -> bool | None:
    """Whether a product is in stock, or None."""
    if value is not None and not isinstance(value, bool):
        raise CatalogError(f"{where}: `in_stock` must be true or false.")
    return value


def parse_image(value: object, where: str) -> str:
    """A relative path that stays inside its folder, judged by its text alone."""
    if not isinstance(value, str) or not value.strip():
        raise CatalogError(f"{where}: every entry of `images` must be a path.")
    if len(value) > MAX_TITLE or CONTROL.search(value) or "\\" in value or "://" in value:
        raise CatalogError(f"{where}: the picture {value[:80]!r} must be a plain relative path.")
    path = PurePosixPath(value)
    drive = re.match(r"[A-Za-z]:", value)
    if path.is_absolute() or drive or ".." in path.parts or not path.name:
        raise CatalogError(f"{where}: the picture {value!r} leads out of the folder.")
    return str(path)


def picture_guard(folder: str | Path) -> Callable[[str], bool]:
    """A test whether a relative path stays inside `folder` once links are followed; quick for many paths."""
    root = Path(folder).resolve()

    @cache
    def resolved(parent: Path) -> Path:
        return parent.resolve()

    def lies_inside(image: str) -> bool:
        path = root / image
        try:
            real = path.resolve() if path.is_symlink() else resolved(path.parent)
        except (OSError, RuntimeError):  # a loop of links, a name too long
            return False
        return real.is_relative_to(root)

    return lies_inside
