"""Contact sheets: all products on numbered pages to look through, and one picture of eighty to show."""

import io
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from PIL import Image, ImageDraw, ImageFont, ImageOps

from lavic_chat.catalog.checks.fingerprints import open_small
from lavic_chat.catalog.product import Catalog, Product
from lavic_chat.catalog.text import printable
from lavic_chat.errors import PictureError

COLUMNS, ROWS = 20, 15  # of a page
TILE, GAP, LABEL, HEAD = 112, 8, 42, 64  # pixels; three lines of label below a tile
OVERVIEW_COLUMNS, OVERVIEW_ROWS, OVERVIEW_TILE = 10, 8, 128
INK, QUIET, BLANK = "#17201b", "#536059", "#e9ede9"


def draw_sheets(catalog: Catalog) -> Iterator[tuple[str, bytes]]:
    """(file name, JPEG) of each page, the products in the order of category, type and title."""
    products = sorted(catalog, key=lambda product: (product.category, kind_of(product), product.title, product.id))
    per_page = COLUMNS * ROWS
    pages = -(-len(products) // per_page)
    for page in range(pages):
        shown = products[page * per_page : (page + 1) * per_page]
        last = page * per_page + len(shown)
        title = f"Sheet {page + 1} of {pages}: products {page * per_page + 1:,} to {last:,} of {len(products):,}"
        yield f"sheet-{page + 1:02d}.jpg", jpeg(draw_page(catalog, shown, title))


def draw_page(catalog: Catalog, products: Sequence[Product], title: str) -> Image.Image:
    """Up to COLUMNS x ROWS products as labelled tiles."""
    rows = -(-len(products) // COLUMNS)
    step_x, step_y = TILE + GAP, TILE + LABEL + GAP
    page = Image.new("RGB", (COLUMNS * step_x + GAP, HEAD + rows * step_y), "white")
    draw = ImageDraw.Draw(page)
    draw.text((GAP, 18), title, INK, ImageFont.load_default(24))
    font = ImageFont.load_default(12)
    for place, product in enumerate(products):
        x, y = GAP + place % COLUMNS * step_x, HEAD + place // COLUMNS * step_y
        page.paste(tile(catalog, product, TILE), (x, y))
        appearance = [product.attributes.get(key, "") for key in ("shade", "pattern", "material")]
        words = " ".join(word for word in dict.fromkeys(appearance) if word and word != "plain")
        for line, text in enumerate((kind_of(product), words, product.id)):
            draw.text((x, y + TILE + 2 + 13 * line), fitting(text, font, TILE), QUIET if line else INK, font)
    return page


def draw_overview(catalog: Catalog) -> bytes:
    """A JPEG of up to eighty products, evenly over the types, in a mixed order that stays the same."""
    chosen = choose_evenly(catalog, OVERVIEW_COLUMNS * OVERVIEW_ROWS)
    random.Random(7).shuffle(chosen)
    rows = -(-len(chosen) // OVERVIEW_COLUMNS)
    step = OVERVIEW_TILE + 2
    page = Image.new("RGB", (OVERVIEW_COLUMNS * step - 2, rows * step - 2), "white")
    for place, product in enumerate(chosen):
        page.paste(
            tile(catalog, product, OVERVIEW_TILE), (place % OVERVIEW_COLUMNS * step, place // OVERVIEW_COLUMNS * step)
        )
    return jpeg(page, quality=88)


def choose_evenly(catalog: Catalog, count: int) -> list[Product]:
    """One product of each type, the largest types first, then a second of each ...: new titles before known ones,
    rarer colours so far before common ones."""
    left: dict[str, list[Product]] = defaultdict(list)
    for product in catalog:
        if catalog.picture_path(product) is not None:
            left[kind_of(product)].append(product)
    kinds = sorted(left, key=lambda kind: -len(left[kind]))
    chosen: list[Product] = []
    titles, colours = Counter(), Counter()
    while len(chosen) < count and any(left.values()):
        for kind in [kind for kind in kinds if left[kind]][: count - len(chosen)]:
            product = min(left[kind], key=lambda p: (titles[p.title], colours[p.attributes.get("colour")]))
            left[kind].remove(product)
            chosen.append(product)
            titles[product.title] += 1
            colours[product.attributes.get("colour")] += 1
    return chosen


def kind_of(product: Product) -> str:
    """What a product is: its type, else its category, else its title."""
    return product.attributes.get("type") or product.category or product.title


def tile(catalog: Catalog, product: Product, side: int) -> Image.Image:
    """The product's main picture on a square of `side` pixels; a blank where it cannot be seen."""
    path = catalog.picture_path(product)
    try:
        picture = open_small(path, side) if path else None
    except PictureError:
        picture = None
    if picture is None:
        return Image.new("RGB", (side, side), BLANK)
    return ImageOps.pad(picture, (side, side), Image.Resampling.LANCZOS, color="white")


def fitting(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """The text, cut to `width` pixels."""
    text = printable(text[:200], " ")
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def jpeg(picture: Image.Image, quality: int = 82) -> bytes:
    """A picture as the bytes of a JPEG."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
    return file.getvalue()
